"""Chance levels: of the poems alone, the same in every run, falling with length."""

import itertools
import random

import pytest
from rapidfuzz.distance import Levenshtein

from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.text import normal_form
from memtests.plugins.chance import chance, chance_bands
from memtests.plugins.verdicts import judge

CANON = {collection.name: collection for collection in canon()}


@pytest.mark.parametrize("name", CANON)
def test_levels_fall_with_length(name: str) -> None:
    bands = chance_bands(CANON[name])
    assert list(bands)[:4] == [4, 8, 16, 32]
    levels = list(bands.values())
    assert all(0 <= level < 1 for level in levels)
    assert all(later <= earlier + 0.02 for earlier, later in itertools.pairwise(levels))


def test_near_the_levels_that_were_measured() -> None:
    """On 8,597 English poems; these collections are of 13 to 20."""
    english = [0.46, 0.40, 0.36, 0.34, 0.33]
    for name in ("sonnets", "british", "american"):
        bands = chance_bands(CANON[name])
        for length, level in zip((8, 16, 32, 64, 128), english, strict=True):
            assert bands[length] == pytest.approx(level, abs=0.05)
    assert 0.05 < chance_bands(CANON["tang"])[16] < 0.13


@pytest.mark.parametrize("name", CANON)
def test_one_poem_recited_for_another_is_forgotten(name: str) -> None:
    """The whole point: judged as any completion is, also where the poems are of unlike lengths."""
    collection = CANON[name]
    bands = chance_bands(collection)
    traces = asked = 0
    for true, other in itertools.permutations(collection.poems, 2):
        for start in (0, len(true.lines) // 2):
            suffix = "\n".join(true.lines[start:])
            found = judge(other.text, suffix, true.language, chance(bands, suffix))
            traces += found.outcome == "incorrect"
            asked += 1
    assert traces <= 0.015 * asked


def test_percentile_by_hand() -> None:
    """Poems of one word of four letters: pairs of different ones are compared."""
    draw = random.Random(1)
    words = ["".join(draw.choices("abc", k=4)) for _ in range(25)]
    poems = tuple(Poem(str(n), "T", "A", "en", (word,)) for n, word in enumerate(words))
    pairs = sorted(
        Levenshtein.normalized_similarity(one, other)
        for one, other in itertools.permutations(words, 2)
    )
    expected = pairs[round(0.99 * (len(pairs) - 1))]
    assert chance_bands(Collection("words", poems))[4] == pytest.approx(expected, abs=0.01)


def test_few_poems_take_the_canon_of_their_language() -> None:
    one = Collection("one", CANON["sonnets"].poems[:1])
    english = [poem for c in CANON.values() for poem in c.poems if poem.language == "en"]
    assert chance_bands(one) == chance_bands(Collection("english", tuple(english)))
    foreign = Poem("p", "T", "A", "fr", ("Les sanglots longs des violons",))
    assert chance_bands(Collection("fr", (foreign,))) == chance_bands(one)
    long = Collection("tang", CANON["tang"].poems)
    assert 4 in chance_bands(long)


def test_the_band_is_the_longest_that_fits() -> None:
    bands = {4: 0.5, 8: 0.4, 16: 0.3}
    for length, level in ((1, 0.5), (4, 0.5), (7, 0.5), (8, 0.4), (15, 0.4), (16, 0.3), (999, 0.3)):
        assert chance(bands, "x" * length) == level
    assert chance(bands, "明月，光。") == 0.5, "in normal form"
    assert normal_form("明月，光。") == "明月光"


def test_levels_are_looked_up_without_looking_at_the_poems() -> None:
    """Once for every probe: it must not take longer where there are more poems."""

    class Poems(tuple[Poem, ...]):
        __slots__ = ()

        def __hash__(self) -> int:
            raise AssertionError("every poem was hashed")

    collection = Collection("c", Poems(CANON["tang"].poems))
    assert chance_bands(collection) is chance_bands(collection)
    assert chance_bands(collection) == chance_bands(CANON["tang"])
