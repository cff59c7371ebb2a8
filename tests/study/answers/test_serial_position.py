"""Primacy and recency against flat."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.study.answers.answer import NO, NOT_SHOWN, YES
from memtests.study.answers.serial_position import FIFTHS, exchanged, fifths, positions
from tests.support.studied import SIZES, bare


@given(st.lists(st.floats(0, 1), min_size=FIFTHS, max_size=80))
def test_fifths_have_the_whole(values: list[float]) -> None:
    found = fifths(values)
    assert len(found) == FIFTHS
    assert min(values) - 1e-9 <= min(found) <= max(found) <= max(values) + 1e-9
    if len(values) % FIFTHS == 0:
        assert numpy.mean(found) == pytest.approx(numpy.mean(values))


@pytest.mark.parametrize(
    ("ahead", "first", "last"),
    [
        ((0.3, 0, 0, 0, 0), YES, NO),
        ((0, 0, 0, 0, 0.3), NO, YES),
        ((-0.3, 0, 0, 0, 0.3), NO, YES),
        ((0.3, 0, 0, 0, 0.3), YES, YES),
    ],
)
def test_each_end_has_an_answer_of_its_own(ahead: tuple[float, ...], first: str, last: str) -> None:
    rng = numpy.random.default_rng(0)
    models = bare(SIZES, seeds=2)
    poems = rng.normal(0.5, 0.1, (60, 1)) + ahead + rng.normal(0, 0.05, (60, FIFTHS))
    found = [poems + rng.normal(0, 0.02, poems.shape) for _ in models]
    answers = positions("places", models, found, ())
    assert [answer.verdict for answer in answers] == [first, last]
    assert [answer.name for answer in answers] == ["places-first", "places-last"]


def test_what_is_the_same_everywhere_has_no_ends() -> None:
    """An effect of exactly nothing leaves no room for one that matters."""
    models = bare(SIZES, seeds=2)
    answers = positions("places", models, [numpy.ones((30, FIFTHS))] * len(models), ())
    assert {answer.verdict for answer in answers} == {NO}
    assert {answer.p for answer in answers} == {1.0}


def test_of_poems_that_nothing_is_said_of_no_place_is_better() -> None:
    models = bare(SIZES, seeds=2)
    answers = positions("places", models, [numpy.zeros((30, FIFTHS))] * len(models), ())
    assert {answer.said for answer in answers} == {"Not shown: hardly anything of a poem is said."}


def test_too_few_poems() -> None:
    answers = positions("places", bare(SIZES[:1], 1), [numpy.zeros((3, FIFTHS))], ())
    assert {answer.said for answer in answers} == {"Not shown: too few poems are long enough."}
    assert {answer.verdict for answer in positions("places", [], [], ())} == {NOT_SHOWN}


def test_flat_is_seldom_taken_for_primacy() -> None:
    """Each poem wanders from fifth to fifth, so that its ends are far from its middle, but neither
    way. Of 100 studies one is expected below 0.01; more than five come in one of two thousand.
    """
    low = 0
    for number in range(100):
        rng = numpy.random.default_rng(number)
        low += exchanged(rng.normal(0, 1, (50, FIFTHS)).cumsum(axis=1), 0, drawn=999) < 0.01
    assert low <= 5
