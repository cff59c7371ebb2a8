"""Chance levels: of the poems alone, the same in every run, falling with length."""

import itertools
import random

import pytest
from rapidfuzz.distance import Levenshtein

from fixtures.poems import Collection, Poem, canon
from fixtures.text import normal_form
from plugins.chance import chance, chance_bands

CANON = {collection.name: collection for collection in canon()}


@pytest.mark.parametrize("name", CANON)
def test_levels_fall_with_length(name: str) -> None:
    bands = chance_bands(CANON[name])
    assert list(bands)[:4] == [4, 8, 16, 32]
    levels = list(bands.values())
    assert all(0 <= level < 1 for level in levels)
    assert all(later <= earlier + 0.02 for earlier, later in itertools.pairwise(levels))


def test_near_the_levels_that_were_tried() -> None:
    """Design, section 3, on 500 poems: 0.50, 0.38, 0.34, 0.31 for English at 8 to 64."""
    bands = chance_bands(CANON["sonnets"])
    for length, level in ((8, 0.50), (16, 0.38), (32, 0.34), (64, 0.31)):
        assert bands[length] == pytest.approx(level, abs=0.03)
    assert chance_bands(CANON["tang"])[16] == pytest.approx(0.06, abs=0.03)


def test_percentile_by_hand() -> None:
    """Poems of one word of four letters: every pair of different ones is compared once."""
    draw = random.Random(1)
    words = ["".join(draw.choices("abc", k=4)) for _ in range(30)]
    poems = tuple(Poem(str(n), "T", "A", "en", (word,)) for n, word in enumerate(words))
    pairs = sorted(
        Levenshtein.normalized_similarity(one, other)
        for at, one in enumerate(words)
        for other in words[:at]
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
