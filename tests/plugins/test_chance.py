"""Chance levels depend on the poems alone, are the same in every run, and fall with length."""

import itertools
import random
from collections import Counter

import pytest
from rapidfuzz.distance import Levenshtein

from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.text import normal_form, units
from memtests.plugins.chance import Bands, Chance, canon_passages, chance, chance_bands
from memtests.plugins.passages import longest_passage
from memtests.plugins.verdicts import judge

CANON = {collection.name: collection for collection in canon()}


@pytest.mark.parametrize("name", CANON)
def test_levels_fall_with_length(name: str) -> None:
    bands = chance_bands(CANON[name]).similarity
    assert list(bands)[:4] == [4, 8, 16, 32]
    levels = list(bands.values())
    assert all(0 <= level < 1 for level in levels)
    assert all(later <= earlier + 0.02 for earlier, later in itertools.pairwise(levels))


def test_near_the_levels_that_were_measured() -> None:
    """The levels of 8,597 English poems; the collections here have only 13 to 20 poems."""
    english = [0.46, 0.40, 0.36, 0.34, 0.33]
    for name in ("sonnets", "british", "american"):
        bands = chance_bands(CANON[name]).similarity
        for length, level in zip((8, 16, 32, 64, 128), english, strict=True):
            assert bands[length] == pytest.approx(level, abs=0.05)
    assert 0.05 < chance_bands(CANON["tang"]).similarity[16] < 0.13


@pytest.mark.parametrize("name", CANON)
def test_one_poem_recited_for_another_is_forgotten(name: str) -> None:
    """Also if one poem is shorter than the other: this is the purpose of chance levels."""
    collection = CANON[name]
    bands = chance_bands(collection)
    by_chance = asked = 0
    for true, other in itertools.permutations(collection.poems, 2):
        for start in (0, len(true.lines) // 2):
            suffix = "\n".join(true.lines[start:])
            found = judge(other.text, suffix, true.language, chance(bands, suffix))
            by_chance += found.outcome == "incorrect"
            asked += 1
    assert by_chance <= 0.015 * asked


def test_percentile_by_hand() -> None:
    """The poems are one word of four letters each. Pairs of different poems are compared."""
    draw = random.Random(1)
    words = ["".join(draw.choices("abc", k=4)) for _ in range(25)]
    poems = tuple(Poem(str(n), "T", "A", "en", (word,)) for n, word in enumerate(words))
    pairs = sorted(
        Levenshtein.normalized_similarity(one, other)
        for one, other in itertools.permutations(words, 2)
    )
    expected = pairs[round(0.99 * (len(pairs) - 1))]
    assert chance_bands(Collection("words", poems)).similarity[4] == pytest.approx(
        expected, abs=0.01
    )


def test_few_poems_take_the_canon_of_their_language() -> None:
    one = Collection("one", CANON["sonnets"].poems[:1])
    english = [poem for c in CANON.values() for poem in c.poems if poem.language == "en"]
    assert chance_bands(one) == chance_bands(Collection("english", tuple(english)))
    foreign = Poem("p", "T", "A", "fr", ("Les sanglots longs des violons",))
    assert chance_bands(Collection("fr", (foreign,))) == chance_bands(one)
    long = Collection("tang", CANON["tang"].poems)
    assert 4 in chance_bands(long).similarity


def test_the_band_is_the_longest_that_fits() -> None:
    bands = Bands({4: 0.5, 8: 0.4, 16: 0.3}, {4: 1, 8: 2})
    for length, level in ((1, 0.5), (4, 0.5), (7, 0.5), (8, 0.4), (15, 0.4), (16, 0.3), (999, 0.3)):
        assert chance(bands, "x" * length).similarity == level
    assert chance(bands, "明月，光。").similarity == 0.5, "in normal form"
    assert normal_form("明月，光。") == "明月光"


def test_levels_are_looked_up_without_looking_at_the_poems() -> None:
    """Every probe looks its levels up: that must not take longer if there are more poems."""

    class Poems(tuple[Poem, ...]):
        __slots__ = ()

        def __hash__(self) -> int:
            raise AssertionError("every poem was hashed")

    collection = Collection("c", Poems(CANON["tang"].poems))
    assert chance_bands(collection) is chance_bands(collection)
    assert chance_bands(collection) == chance_bands(CANON["tang"])


@pytest.mark.parametrize("name", CANON)
def test_passages_get_longer_with_the_texts(name: str) -> None:
    levels = chance_bands(CANON[name]).passages
    assert list(levels)[:4] == [4, 8, 16, 32]
    assert list(levels.values()) == sorted(levels.values())
    assert set(levels.values()) <= {2, 3}


def test_beyond_the_last_band_a_passage_is_a_unit_longer_for_every_doubling() -> None:
    bands = Bands({4: 0.5}, {4: 1, 8: 3})
    for length, level in ((1, 1), (4, 1), (5, 3), (8, 3), (9, 4), (16, 4), (17, 5), (999, 10)):
        assert chance(bands, "月" * length).passage == level
        assert chance(bands, "word " * length).passage == level


@pytest.mark.parametrize("name", CANON)
def test_a_passage_adds_a_tenth_to_what_is_above_chance(name: str) -> None:
    """At most one in a thousand of all pairs has a longer passage in common than chance allows."""
    collection, levels = CANON[name], chance_bands(CANON[name]).passages
    for band, level in levels.items():
        texts = [
            (poem.id, units("\n".join(poem.lines[start:]), poem.language)[:band])
            for poem in collection.poems
            for start in (0, len(poem.lines) // 2)
        ]
        pairs = [
            longest_passage(one, other)
            for (this, one), (that, other) in itertools.combinations(texts, 2)
            if this != that and len(one) == len(other) == band
        ]
        longer = sum(found is not None and found.length > level for found in pairs)
        assert longer <= 0.003 * len(pairs), (band, level)


def test_what_many_poems_share_is_no_longer_than_chance() -> None:
    """A formula of six words raises the level if a fifth of the poems have it. If only two poems
    have it, it does not: whoever says it says a part of the poem.
    """
    draw = random.Random(3)
    words = ["".join(draw.choices("abcdefgh", k=5)) for _ in range(4000)]
    formula = "there was an old man of"

    def collection(sharing: int) -> Collection:
        lines = [" ".join(draw.sample(words, 14)) for _ in range(100)]
        texts = [f"{formula} {line}" if n < sharing else line for n, line in enumerate(lines)]
        return Collection(
            "c", tuple(Poem(str(n), "T", "A", "en", (t,)) for n, t in enumerate(texts))
        )

    for sharing, outcome in ((20, "forgotten"), (2, "incorrect")):
        shared = collection(sharing)
        suffix = shared.poems[0].text
        levels = chance(chance_bands(shared), suffix)._replace(similarity=0.99)
        said = f"{formula} who knows nothing more to say than that, and it is no poem at all"
        assert judge(said, suffix, "en", levels).outcome == outcome


def test_no_run_of_three_units_is_common_in_the_canon() -> None:
    """The suite needs no list of formulas, because they are shorter than a passage that counts."""
    for language in ("en", "zh"):
        held: Counter[tuple[str, ...]] = Counter()
        for collection in CANON.values():
            for poem in collection.poems:
                if poem.language == language:
                    parts = units(poem.text, language)
                    held.update({tuple(parts[at : at + 3]) for at in range(len(parts) - 2)})
        assert max(held.values()) == 2


def test_reports_of_old_take_the_canon() -> None:
    assert canon_passages("en", True) == chance_bands(CANON["sonnets"]).passages
    assert canon_passages("de", True) == canon_passages("en", True)
    assert canon_passages("zh", False)[4] == 2
    assert chance(chance_bands(CANON["sonnets"]), "one two") == Chance(0.6, 2)
