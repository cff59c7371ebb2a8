"""Length and recall: held against Spearman's test, and on poems whose truth is known."""

import numpy
import pytest
from msgspec.structs import replace
from scipy.stats import spearmanr

from memtests.study.answers.answer import NO, NOT_SHOWN, YES
from memtests.study.answers.poem_lengths import Table, length_interval, length_trend, longer_is_less
from tests.support.studied import SIZES, bare, recitals, taught_poems


def test_one_model_and_language_is_spearmans_test() -> None:
    rng = numpy.random.default_rng(0)
    lengths = rng.permutation(60).astype(float)
    recited = (rng.random((1, 60)) < 1 / (1 + lengths / 30)).astype(float)
    rho, p = length_trend([Table(lengths, recited, bare(SIZES[:1], 1))])
    expected = spearmanr(lengths, recited[0])
    assert rho == pytest.approx(expected.statistic)
    assert p == pytest.approx(expected.pvalue, abs=0.02)


def test_a_model_that_comes_twice_tells_as_much_as_once() -> None:
    rng = numpy.random.default_rng(0)
    lengths, recited = rng.integers(10, 60, 40).astype(float), rng.integers(0, 2, (1, 40))
    (one,) = bare(SIZES[:1], 1)
    twice = Table(lengths, numpy.repeat(recited, 20, axis=0), [one] * 20)
    once = Table(lengths, recited, [one])
    assert length_trend([twice]) == pytest.approx(length_trend([once]))
    assert length_interval([twice]) == pytest.approx(length_interval([once]), abs=0.01)


@pytest.mark.parametrize(("steep", "verdict"), [(-0.08, YES), (0.08, NO)])
def test_a_trend_is_seen(steep: float, verdict: str) -> None:
    rng = numpy.random.default_rng(0)
    models, poems = bare(), taught_poems(90, rng)
    easiness = [steep * (poem.units - 35) for poem in poems]
    matrix = recitals(rng, models, 90, slope=3, easiness=easiness)
    answer = longer_is_less("lengths", models, poems, matrix)
    assert answer.verdict == verdict
    assert answer.effect
    assert answer.effect * steep > 0
    assert "poems of chinese and english" in answer.said


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_all_or_nothing_tells_nothing(share: float) -> None:
    poems = taught_poems(90, numpy.random.default_rng(0))
    answer = longer_is_less("lengths", bare(), poems, numpy.full((24, 90), share))
    assert answer.verdict == NOT_SHOWN
    assert answer.said.startswith("Not shown: no model recites some poems")


def test_languages_are_not_compared() -> None:
    """That one has longer poems and is recited less is no trend within either."""
    rng = numpy.random.default_rng(3)
    models, poems = bare(), taught_poems(90, rng)
    longer = [
        poem if poem.language == "chinese" else replace(poem, units=200 + at)
        for at, poem in enumerate(poems)
    ]
    easiness = [2.0 if poem.language == "chinese" else -2.0 for poem in poems]
    matrix = recitals(rng, models, 90, easiness=numpy.array(easiness) + rng.normal(0, 1, 90))
    assert longer_is_less("lengths", models, longer, matrix).verdict != YES
    as_one = [replace(poem, language="both") for poem in longer]
    assert longer_is_less("lengths", models, as_one, matrix).verdict == YES


def test_nothing_is_seldom_taken_for_a_trend() -> None:
    """Poems differ, their lengths do not matter: of 100 studies one is expected below 0.01, more
    than five come in one of two thousand; and the interval holds nothing in 95 of a hundred.
    """
    models = bare(SIZES[::2], seeds=2)
    low = held = 0
    for number in range(100):
        rng = numpy.random.default_rng(number)
        lengths = rng.integers(10, 61, 50).astype(float)
        recited = recitals(rng, models, 50)
        table = Table(lengths, recited, models)
        low += length_trend([table])[1] < 0.01
        interval = length_interval([table])
        held += interval.low <= 0 <= interval.high
    assert low <= 5
    assert held >= 88
