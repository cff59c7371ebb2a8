"""Every question of a study, from looks at models that nobody taught."""

import itertools

import msgspec
import numpy
import pytest

from memtests.study.answers.all_answers import answers
from memtests.study.answers.answer import NO, NOT_SHOWN, YES, Answer
from memtests.study.answers.forgetting_curve import EXPONENTIAL, POWER
from memtests.study.measured import LATER, Model
from tests.support.studied import SIZES, bare, study_of, taught_poems

NAMES = {
    "sizes-recall",
    "sizes-epochs",
    "sizes-kept",
    "lengths-recall",
    "leads-learning",
    "leads-forgetting",
    "places-taught-first",
    "places-taught-last",
    "places-later-first",
    "places-later-last",
    "forgetting-curve",
    "recognition",
    "recognition-lost",
    "tokenizer-kinds",
}


def studied(seed: int = 0, kinds: tuple[str, ...] = ("apart", "joined")) -> list[Model]:
    """Larger models recite more and sooner, none keeps more than another, all recognise."""
    rng = numpy.random.default_rng(seed)
    poems = taught_poems(40, rng, later=10)
    return study_of(
        rng,
        bare(SIZES[:6], 2, kinds),
        poems,
        learns=lambda model: 1.5 * float(numpy.log10(model.parameters / 4e5)) + 0.5,
        keeps=lambda epochs: 0.9 * float(numpy.exp(-epochs / 8)) if epochs else 1.0,
    )


@pytest.fixture(scope="module")
def found() -> dict[str, Answer]:
    return {answer.name: answer for answer in answers(studied())}


def test_every_question_has_an_answer(found: dict[str, Answer]) -> None:
    assert found.keys() >= NAMES
    for answer in found.values():
        assert answer.verdict in {YES, NO, NOT_SHOWN, POWER, EXPONENTIAL}
        assert answer.said.endswith(".")
        assert "nan" not in answer.said
        assert len({len(row) for row in answer.rows}) <= 1
        assert all(cell and isinstance(cell, str) for row in answer.rows for cell in row)


def test_the_answers_are_the_truth(found: dict[str, Answer]) -> None:
    assert found["sizes-recall"].verdict == YES
    assert found["sizes-epochs"].verdict == YES
    assert found["sizes-kept"].verdict != YES
    assert found["leads-learning"].verdict == YES
    assert found["recognition-lost"].verdict == YES
    assert found["forgetting-curve"].verdict in {EXPONENTIAL, NOT_SHOWN}
    assert found["lengths-recall"].verdict != YES
    assert found["tokenizer-kinds"].verdict != NO


def test_answers_can_be_saved(found: dict[str, Answer]) -> None:
    for answer in found.values():
        assert msgspec.json.decode(msgspec.json.encode(answer), type=Answer) == answer


def test_the_same_study_has_the_same_answers() -> None:
    models = studied(kinds=("apart",))[::3]
    assert answers(models) == answers(models)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_study_of_next_to_nothing_shows_nothing(count: int) -> None:
    few = studied(kinds=("apart",))[:count]
    trend = [answer for answer in answers(few) if answer.name.startswith("sizes")]
    assert {answer.verdict for answer in trend} == {NOT_SHOWN}


def test_models_without_a_second_lesson() -> None:
    models = [
        msgspec.structs.replace(
            model, looks=tuple(itertools.takewhile(lambda each: each.lesson != LATER, model.looks))
        )
        for model in studied(kinds=("apart",))
    ]
    by_name = {answer.name: answer for answer in answers(models)}
    for name in ("sizes-kept", "leads-forgetting", "places-later-first", "forgetting-curve"):
        assert by_name[name].verdict == NOT_SHOWN
        assert by_name[name].said.startswith("Not shown: ")
