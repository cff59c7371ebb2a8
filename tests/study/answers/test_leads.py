"""Probability ahead of recall."""

import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from memtests.study.answers.answer import NO, NOT_SHOWN, YES
from memtests.study.answers.leads import forgetting_leads, lead, learning_leads, signs
from memtests.study.measured import LATER, TAUGHT, Look
from tests.support.studied import SIZES, bare, course, taught_poems


@pytest.mark.parametrize(
    ("log_p", "recited", "at_first", "looks"),
    [
        ([-4, -2, -1, 0], [0, 0, 0, 1], 0, 2),
        ([-4, -4, -4, 0], [0, 0, 0, 1], 0, 0),
        ([-4, -3.9, -1, 0], [0, 1, 1, 1], 0, -1),
        ([0, -2, -4], [1, 1, 0], 1, 1),
        ([0, -0.1, -4], [1, 0, 0], 1, -1),
    ],
)
def test_a_lead_is_counted_in_looks(
    log_p: list[float], recited: list[int], at_first: int, looks: int
) -> None:
    assert lead(log_p, list(map(bool, recited)), bool(at_first)) == looks


@pytest.mark.parametrize(
    ("log_p", "recited"), [([-4, -1], [0, 0]), ([-1, -1], [0, 1]), ([-1, -4], [0, 1]), ([-4], [1])]
)
def test_where_nothing_happens_nothing_leads(log_p: list[float], recited: list[int]) -> None:
    assert math.isnan(lead(log_p, list(map(bool, recited)), False))


@given(st.lists(st.floats(-20, 0), min_size=2, max_size=12), st.integers(1, 11))
def test_a_lead_is_within_the_looks(log_p: list[float], when: int) -> None:
    found = lead(log_p, [at >= when for at in range(len(log_p))], False)
    assert math.isnan(found) or -len(log_p) < found < len(log_p)
    doubled = lead([2 * each for each in log_p], [at >= when for at in range(len(log_p))], False)
    assert math.isnan(found) or found == doubled


def test_signs() -> None:
    assert signs(numpy.array([1.0, 2.0, 0.0, 0.5])) == (3, 0, pytest.approx(0.25))
    assert signs(numpy.zeros(3)) == (0, 0, 1)


@pytest.mark.parametrize(("ahead", "verdict"), [(2, YES), (0, NO), (-1, NO)])
def test_a_study(ahead: int, verdict: str) -> None:
    """Recall comes with the fourth look or so, probability so many looks before; and goes alike."""
    rng = numpy.random.default_rng(0)
    poems = taught_poems(30, rng)
    models = []
    for bare_model in bare(SIZES[:3], 2):
        when = rng.integers(3, 6, len(poems))
        looks = [
            Look(
                lesson,
                at,
                tuple(
                    course(
                        (at >= each) == (lesson == TAUGHT),
                        -0.1 if (at >= each - ahead) == (lesson == TAUGHT) else -4.0,
                    )
                    for each in when
                ),
            )
            for lesson in (TAUGHT, LATER)
            for at in range(8)
        ]
        models.append(replace(bare_model, poems=tuple(poems), looks=tuple(looks)))
    for answer in (learning_leads(models), forgetting_leads(models)):
        assert answer.verdict == verdict
        assert answer.effect == ahead


def test_without_models_nothing_is_shown() -> None:
    assert learning_leads([]).verdict == NOT_SHOWN
