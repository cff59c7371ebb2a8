"""Recognition against chance and against what was there before teaching."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.study.answers.answer import NO, NOT_SHOWN, YES
from memtests.study.answers.recognition import (
    Choices,
    against_chance,
    recognised,
    recognised_when_lost,
)
from tests.support.studied import SIZES, bare, study_of, taught_poems


def chosen(shares: float, poems: int, seed: int = 0, of: int = 10) -> dict[str, Choices]:
    """So many choices on each poem, each right with that probability."""
    drawn = numpy.random.default_rng(seed).binomial(of, shares, poems)
    return {f"poem-{at}": Choices(int(right), of) for at, right in enumerate(drawn)}


@pytest.mark.parametrize(
    ("now", "before", "verdict"),
    [
        (0.8, 0.5, YES),
        (0.5, 0.5, NO),
        (0.8, 0.8, NOT_SHOWN),
        (0.7, 0.9, NO),
    ],
)
def test_it_has_to_be_above_chance_and_above_before(
    now: float, before: float, verdict: str
) -> None:
    """A line that read better before anything was taught is not remembered."""
    answer = against_chance("r", "R", chosen(now, 60), chosen(before, 60, seed=1))
    assert answer.verdict == verdict
    assert f"before teaching it was {100 * before:.0f}"[:-2] in answer.said


@given(st.lists(st.integers(0, 6), min_size=4, max_size=20))
def test_shares_and_intervals_fit(right: list[int]) -> None:
    now = {str(at): Choices(each, 6) for at, each in enumerate(right)}
    answer = against_chance("r", "R", now, now)
    assert answer.interval
    assert answer.effect is not None
    assert -50 <= answer.interval.low <= answer.effect + 1e-9
    assert answer.effect - 1e-9 <= answer.interval.high <= 50
    assert answer.verdict != YES, "nothing has changed"


def test_guessing_is_seldom_taken_for_recognition() -> None:
    """Of 500 studies five are expected below 0.01; more than fourteen come in one of 2,000."""
    found = [
        against_chance("r", "R", chosen(0.5, 40, 2 * seed), chosen(0.5, 40, 2 * seed + 1)).verdict
        for seed in range(500)
    ]
    assert found.count(YES) <= 14


def test_of_lost_poems_it_is_asked_apart() -> None:
    rng = numpy.random.default_rng(0)
    poems = taught_poems(60, rng, later=10)
    models = study_of(
        rng, bare(SIZES[:4], 2), poems, learns=lambda _: 2.0, keeps=lambda t: 1 / (1 + t)
    )
    every, lost = recognised(models), recognised_when_lost(models)
    assert (every.verdict, lost.verdict) == (YES, YES)
    table = {row[0]: row for row in lost.rows}
    assert table["of the second lesson, before it"][1] == "10"
    share = float(table["of the second lesson, before it"][3].removesuffix(" %"))
    assert 35 < share < 65, "poems that nobody taught yet"
    guessed = study_of(
        rng,
        bare(SIZES[:4], 2),
        poems,
        learns=lambda _: 2.0,
        keeps=lambda t: 1 / (1 + t),
        recognises=0.5,
    )
    assert recognised_when_lost(guessed).verdict != YES
    assert recognised_when_lost([]).verdict == NOT_SHOWN
