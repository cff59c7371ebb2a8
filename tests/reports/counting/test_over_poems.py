"""Intervals, and the test of a change, over poems."""

import itertools
import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from memtests.reports.counting.over_poems import (
    by_poem,
    effective,
    interval,
    noise,
    sign_flips,
    wilson,
)

POEMS = st.lists(
    st.integers(1, 20).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=30,
)


@pytest.mark.parametrize(
    ("correct", "judged", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_one_probe_a_poem(correct: int, judged: int, low: float, high: float) -> None:
    """Compared with published values of Wilson's interval (Newcombe 1998, table I: 81 of 263 and
    0 of 10).
    """
    expected = (pytest.approx(low, abs=2e-4), pytest.approx(high, abs=2e-4))
    assert wilson(correct / judged, judged) == expected
    assert interval([(1, 1)] * correct + [(0, 1)] * (judged - correct)) == expected


def test_none_and_all_are_of_poems() -> None:
    assert interval([(0, 14)] * 40) == (0, pytest.approx(0.0876, abs=1e-4))
    assert interval([(14, 14)] * 40) == (pytest.approx(0.9124, abs=1e-4), 1)
    assert interval([(0, 3)]) == interval([(0, 300)]), "one poem is one, however long"


def test_a_poem_that_goes_together_counts_once() -> None:
    halves = [(14, 14)] * 20 + [(0, 14)] * 20
    assert effective(halves) == pytest.approx(40)
    alike = [(7, 14)] * 40
    assert effective(alike) == 40 * 14, "as if each had been drawn by itself"
    assert effective([(7, 14)]) == 1, "of one poem nobody knows what another would do"


@given(POEMS)
def test_interval_holds_the_share(poems: list[tuple[int, int]]) -> None:
    part, whole = (sum(each) for each in zip(*poems, strict=True))
    low, high = interval(poems)
    assert 0 <= low <= part / whole <= high <= 1
    assert 1 - 1e-9 <= effective(poems) <= whole
    misses = [(whole - part, whole) for part, whole in poems]
    assert interval(misses) == (pytest.approx(1 - high), pytest.approx(1 - low))
    assert interval(poems[::-1]) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    ("poems", "correlation", "recall"),
    [(20, 0.5, 0.05), (20, 0.9, 0.5), (100, 0.1, 0.01), (100, 0.7, 0.02), (100, 0.3, 0.99)],
)
def test_coverage(poems: int, correlation: float, recall: float) -> None:
    """A few cells of bench/coverage.py, among them the worst. With 2,000 reports, 92 % is two
    standard errors below 93 %.
    """
    rng = numpy.random.default_rng(1)
    alike = (1 - correlation) / correlation
    recalls = rng.beta(recall * alike, (1 - recall) * alike, (2000, poems))
    held = 0
    for correct in rng.binomial(14, recalls).tolist():
        low, high = interval([(each, 14) for each in correct])
        held += low <= recall <= high
    assert 0.92 * 2000 < held < 0.99 * 2000


def flipped(differences: list[int]) -> float:
    """The p value by its definition: all ways to set the signs, one by one."""
    seen = abs(sum(differences))
    signs = list(itertools.product((1, -1), repeat=len(differences)))
    sums = [abs(sum(s * d for s, d in zip(sign, differences, strict=True))) for sign in signs]
    return sum(each >= seen for each in sums) / len(signs)


@given(st.lists(st.integers(-14, 14), max_size=9))
def test_every_way_to_set_the_signs(differences: list[int]) -> None:
    assert sign_flips(differences) == pytest.approx(flipped(differences))


@pytest.mark.parametrize(("lost", "gained"), [(0, 0), (1, 0), (5, 0), (10, 2), (900, 700)])
def test_one_probe_a_poem_is_a_sign_test(lost: int, gained: int) -> None:
    """Then it is McNemar's test."""
    expected = binomtest(lost, lost + gained, 0.5).pvalue if lost + gained else 1.0
    assert sign_flips([-1] * lost + [1] * gained) == pytest.approx(expected)


def test_one_poem_is_no_proof_however_many_probes_it_lost() -> None:
    assert noise(["p"] * 14, []) == 1
    assert noise([f"p{n}" for n in range(14)], []) == pytest.approx(2 / 2**14)
    assert noise(["p", "p", "q"], ["q", "p"]) == 1, "p lost one more than it gained, q none"


def test_of_many_poems_it_is_about_the_normal_distributions() -> None:
    differences = numpy.random.default_rng(0).integers(-3, 4, 5000)
    far = abs(differences.sum()) / (differences**2).sum() ** 0.5
    assert 0.1 < far < 3
    assert sign_flips(differences.tolist()) == pytest.approx(math.erfc(far / 2**0.5), abs=0.01)
    assert sign_flips([1] * 5000) < 1e-30


def test_by_poem() -> None:
    assert by_poem([("a", True), ("b", False), ("a", False)]) == [(1, 2), (0, 1)]
