"""The one rule for verdicts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.study.answers.answer import NO, NOT_SHOWN, YES, Interval, nothing, verdict_of


@pytest.mark.parametrize(
    ("effect", "low", "high", "p", "verdict"),
    [
        (0.3, 0.1, 0.5, 0.001, YES),
        (0.3, 0.1, 0.5, 0.03, NOT_SHOWN),
        (0.3, -0.1, 0.7, 0.001, NOT_SHOWN),
        (0.0, -0.04, 0.04, 0.8, NO),
        (0.02, 0.01, 0.03, 0.001, NO),
        (-0.3, -0.5, -0.1, 0.001, NO),
        (-0.3, -0.9, 0.3, 0.03, NOT_SHOWN),
    ],
)
def test_the_rule(effect: float, low: float, high: float, p: float, verdict: str) -> None:
    """What matters is 0.05 here: the fifth is an effect too small to count."""
    assert verdict_of(effect, Interval(low, high), p, 0.05) == verdict


def test_without_an_interval_nothing_is_shown() -> None:
    assert verdict_of(0.5, None, 0.0001, 0.05) == NOT_SHOWN
    answer = nothing("a", "A claim", "there is one model")
    assert (answer.verdict, answer.said) == (NOT_SHOWN, "Not shown: there is one model.")


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_claim_and_its_opposite_are_never_both_true(effect: float, half: float, p: float) -> None:
    claim = verdict_of(effect, Interval(effect - half, effect + half), p, 0.05)
    other = verdict_of(-effect, Interval(-effect - half, -effect + half), p, 0.05)
    assert (claim, other) != (YES, YES)
    if claim == YES:
        assert other == NO
