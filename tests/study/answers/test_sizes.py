"""Trends over sizes: held against Page's test, and on models whose truth is known."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import page_trend_test, spearmanr

from memtests.study.answers.answer import NO, NOT_SHOWN, YES
from memtests.study.answers.sizes import Figure, by_size, slope_weights, trend
from tests.support.studied import SIZES, bare, recitals

RECALL = Figure("sizes", "Larger models remember more", "recall")
EPOCHS = Figure("epochs", "Larger models need fewer epochs", "the part", rises=False, share=False)


def test_a_perfect_order_is_as_rare_as_there_are_orders() -> None:
    models = bare(SIZES[:6], seeds=1)
    found = trend(models, [0.0, 0.1, 0.2, 0.3, 0.5, 0.9])
    assert found == (pytest.approx(1), pytest.approx(2 / 720))
    assert trend(models, [0.9, 0.5, 0.3, 0.2, 0.1, 0.0]) == (-1, pytest.approx(2 / 720))


@given(st.permutations(range(5)))
def test_one_seed_is_spearmans_test(values: list[int]) -> None:
    found = trend(bare(SIZES[:5], seeds=1), values)
    assert found is not None
    assert found.rho == pytest.approx(spearmanr(range(5), values).statistic)


def test_the_statistic_is_pages() -> None:
    """Page's L, but for its scale, where no two values are alike."""
    rng = numpy.random.default_rng(0)
    models = bare(SIZES[:5], seeds=4)
    drawn = [rng.random(len(models)) for _ in range(5)]
    seeds = numpy.array([model.seed for model in models])
    large = [
        page_trend_test([values[seeds == seed] for seed in range(4)]).statistic for values in drawn
    ]
    found = [trend(models, values) for values in drawn]
    assert numpy.corrcoef(large, [each.rho for each in found if each])[0, 1] == pytest.approx(1)


@given(st.lists(st.floats(0, 1), min_size=12, max_size=12), st.randoms())
def test_the_order_of_models_says_nothing(values: list[float], random: object) -> None:
    models = bare(SIZES[:4], seeds=3)
    order = numpy.random.default_rng(0).permutation(len(models))
    again = trend([models[at] for at in order], [values[at] for at in order])
    assert again == trend(models, values)


def test_a_slope_is_least_squares() -> None:
    models = bare(SIZES, seeds=2, epochs=(30, 60))
    x = numpy.log10([model.parameters for model in models])
    level = numpy.array([0.1 * (model.epochs == 60) for model in models])
    assert slope_weights(models) @ (level + 0.3 * x) == pytest.approx(0.3)


def test_sizes_that_remember_more_are_seen() -> None:
    models = bare()
    matrix = recitals(numpy.random.default_rng(1), models, 90, slope=4)
    answer = by_size(RECALL, models, matrix)
    assert answer.verdict == YES
    assert answer.interval
    assert answer.interval.low > 20
    assert "over 8 sizes" in answer.said
    assert len(answer.rows) == 1 + len(SIZES)
    assert by_size(EPOCHS, models, matrix).verdict == NO, "it rises, and was to fall"
    assert by_size(EPOCHS, models, 1 - matrix).verdict == YES


def test_a_wide_study_without_a_trend_says_no() -> None:
    """Where the interval leaves no room for five points, that is a finding."""
    models = bare(seeds=6)
    matrix = recitals(numpy.random.default_rng(5), models, 400, of_models=0.02, of_poems=4)
    assert by_size(RECALL, models, matrix).verdict == NO


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_at_the_ceiling_and_on_the_floor_nothing_is_shown(share: float) -> None:
    models = bare()
    answer = by_size(RECALL, models, numpy.full((len(models), 20), share))
    assert (answer.verdict, answer.effect, answer.p) == (NOT_SHOWN, None, None)
    assert answer.said == "Not shown: recall is the same for every size."


def test_a_few_sizes_are_too_few() -> None:
    models = bare(SIZES[:4], seeds=8)
    matrix = recitals(numpy.random.default_rng(1), models, 90, slope=8)
    answer = by_size(RECALL, models, matrix)
    assert answer.verdict == NOT_SHOWN
    assert answer.said.endswith("Fewer than 6 sizes cannot show a trend at this level.")
    one = by_size(RECALL, models[:8], matrix[:8])
    assert one.said == "Not shown: there are no two sizes to compare."


def test_models_that_recited_nothing_keep_nothing_that_counts() -> None:
    models = bare()
    matrix = recitals(numpy.random.default_rng(1), models, 90, slope=4)
    gaps = matrix.copy()
    gaps[:3] = numpy.nan
    answer = by_size(RECALL, models, gaps)
    assert answer.verdict == YES
    assert "over 7 sizes" in answer.said
    assert by_size(RECALL, models, numpy.full(matrix.shape, numpy.nan)).verdict == NOT_SHOWN


def test_sizes_with_fewer_seeds_have_their_place() -> None:
    """The dearest are taught once."""
    models = [m for m in bare() if m.parameters < 3e6 or m.seed == 0]
    matrix = recitals(numpy.random.default_rng(1), models, 90, slope=4)
    answer = by_size(RECALL, models, matrix)
    assert answer.verdict == YES
    assert [row[4] for row in answer.rows[1:]] == ["3"] * 6 + ["1"] * 2


@pytest.mark.slow
@pytest.mark.parametrize("of_sizes", [0.0, 1.0])
def test_nothing_is_seldom_taken_for_a_trend(of_sizes: float) -> None:
    """Sizes that differ, but in no order, are no trend either. Of 100 studies one is expected
    below 0.01; more than five come in one of two thousand.
    """
    models = [m for m in bare() if m.parameters < 3e6 or m.seed == 0]
    low = 0
    for number in range(100):
        rng = numpy.random.default_rng(number)
        found = trend(models, recitals(rng, models, 80, of_sizes=of_sizes).mean(axis=1))
        low += found is not None and found.p < 0.01
    assert low <= 5
