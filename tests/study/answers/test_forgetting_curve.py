"""The form of forgetting, on curves that are known."""

from collections.abc import Callable

import numpy
import pytest

from memtests.study.answers.answer import NOT_SHOWN
from memtests.study.answers.forgetting_curve import (
    EXPONENTIAL,
    FLOOR,
    FORMS,
    POWER,
    Kept,
    fit,
    form_of_forgetting,
)

TIMES = numpy.array([1.0, 2, 4, 7, 12, 20, 32, 50])
CURVES: dict[str, Callable[[numpy.ndarray], numpy.ndarray]] = {
    POWER: lambda t: 0.9 * t**-0.6,
    EXPONENTIAL: lambda t: 0.9 * numpy.exp(-0.06 * (t - 1)),
    FLOOR: lambda t: 0.3 + 0.6 * numpy.exp(-0.2 * (t - 1)),
}


def forgotten(form: str, poems: int, models: int, seed: int = 0) -> Kept:
    """Each poem of each model has a time at which it is lost for good: looks go together."""
    lives = numpy.random.default_rng(seed).random((models, poems, 1))
    kept = (lives < CURVES[form](TIMES)).sum(axis=0).astype(float)
    return Kept(TIMES, kept, numpy.full(poems, float(models)))


@pytest.mark.parametrize("form", FORMS)
def test_a_form_fits_its_own_curve(form: str) -> None:
    share = CURVES[form](TIMES)
    found = fit(form, TIMES, 1000 * share, 1000)
    assert found.curve(TIMES) == pytest.approx(share, abs=2e-3)
    others = [fit(each, TIMES, 1000 * share, 1000) for each in FORMS if each != form]
    # With a floor of nothing one is as good as the plain one.
    assert all(found.log_likelihood >= other.log_likelihood - 0.01 for other in others)


def test_what_time_is_counted_in_says_nothing() -> None:
    kept = 100 * CURVES[FLOOR](TIMES)
    for form in FORMS:
        one, other = (fit(form, TIMES * scale, kept, 100) for scale in (1, 250))
        assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=0.01)


@pytest.mark.parametrize(
    ("form", "verdict"), [(POWER, POWER), (EXPONENTIAL, EXPONENTIAL), (FLOOR, EXPONENTIAL)]
)
def test_the_form_is_found(form: str, verdict: str) -> None:
    groups = {(size, "apart", 60): forgotten(form, 90, 6, at) for at, size in enumerate("ab")}
    answer = form_of_forgetting(groups)
    assert answer.verdict == verdict
    assert len(answer.rows) == 3
    if form == FLOOR:
        assert "which is the one with a floor" in answer.said


def test_few_poems_tell_no_form() -> None:
    assert form_of_forgetting({("a", "apart", 60): forgotten(POWER, 12, 1)}).verdict == NOT_SHOWN
    assert form_of_forgetting({("a", "apart", 60): forgotten(POWER, 3, 9)}).said.startswith("Not")
    assert form_of_forgetting({}).verdict == NOT_SHOWN


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_the_wrong_form_is_seldom_named(form: str) -> None:
    """Of 15 studies, in which 40 poems of one model are looked at eight times, one at most."""
    wrong = POWER if form != POWER else EXPONENTIAL
    named = [
        form_of_forgetting({("a", "apart", 60): forgotten(form, 40, 1, seed)}).verdict
        for seed in range(15)
    ]
    assert named.count(wrong) <= 1
