"""Every question that a study asks, and its answers."""

from collections.abc import Sequence

import msgspec

from memtests.study.answers.answer import Answer
from memtests.study.answers.by_poem import (
    kept,
    lesson_needed,
    matrix_of,
    recall,
    taught_poems,
    with_later,
)
from memtests.study.answers.forgetting_curve import form_of_forgetting, kept_of
from memtests.study.answers.leads import forgetting_leads, learning_leads
from memtests.study.answers.poem_lengths import longer_is_less
from memtests.study.answers.recognition import recognised, recognised_when_lost
from memtests.study.answers.serial_position import by_place, long_enough, positions
from memtests.study.answers.sizes import Figure, by_size
from memtests.study.answers.tokenizer_kinds import in_common, side_by_side
from memtests.study.measured import LATER, TAUGHT, Model

RECALL = Figure("sizes-recall", "Larger models remember more", "recall")
EPOCHS = Figure(
    "sizes-epochs",
    "Larger models need fewer epochs until they recite",
    "the part of the lesson that a poem needs",
    rises=False,
    share=False,
)
KEPT = Figure("sizes-kept", "Larger models keep more after other poems", "what is kept")


def answers(models: Sequence[Model]) -> tuple[Answer, ...]:
    """In the order in which they are shown."""
    later = with_later(models)
    return (
        *_of_sizes(models),
        *_parted(models),
        *_of_lengths(models),
        learning_leads(models),
        forgetting_leads(later),
        *_of_places("places-taught", models, TAUGHT),
        *_of_places("places-later", later, LATER),
        form_of_forgetting(kept_of(later)),
        recognised(models),
        recognised_when_lost(models),
        side_by_side({kind: _compared(own) for kind, own in in_common(models).items()}),
    )


def _of_sizes(models: Sequence[Model]) -> list[Answer]:
    later = with_later(models)
    return [
        by_size(RECALL, models, matrix_of(models, recall)),
        by_size(EPOCHS, models, matrix_of(models, lesson_needed)),
        by_size(KEPT, later, matrix_of(later, kept)),
    ]


def _of_lengths(models: Sequence[Model]) -> list[Answer]:
    if not models:
        return []
    poems = [models[0].poems[at] for at in taught_poems(models[0])]
    return [longer_is_less("lengths-recall", models, poems, matrix_of(models, recall))]


def _parted(models: Sequence[Model]) -> list[Answer]:
    """The first question for each tokenizer and length of teaching, where there are several."""
    groups = sorted({(model.kind, model.epochs) for model in models})
    found = []
    for kind, epochs in groups if len(groups) > 1 else []:
        own = [model for model in models if (model.kind, model.epochs) == (kind, epochs)]
        answer = by_size(RECALL, own, matrix_of(own, recall))
        found.append(
            msgspec.structs.replace(
                answer,
                name=f"{answer.name}-{kind}-{epochs}",
                question=f"{answer.question} (tokenizer {kind}, {epochs} epochs)",
                rows=(),
            )
        )
    return found


def _of_places(name: str, models: Sequence[Model], lesson: str) -> list[Answer]:
    """By place in the poem at the end of a lesson, of the first lesson's poems."""
    found = [by_place(model.at(lesson)[-1], long_enough(model, TAUGHT)) for model in models]
    # Poems that no lesson has taught show what is said without any memory of a poem.
    first = [model.at(TAUGHT)[-1] for model in models]
    control = [
        by_place(look, long_enough(model, LATER)) for model, look in zip(models, first, strict=True)
    ]
    head = ("poems", "first fifth", "second", "third", "fourth", "last fifth")
    rows: list[tuple[str, ...]] = [head]
    for words, each in (("of the first lesson", found), ("not taught yet", control)):
        if each and each[0].size:
            mean = sum(part.mean(axis=0) for part in each) / len(each)
            rows.append((words, *(f"{100 * share:.1f} %" for share in mean)))
    when = "after the first lesson" if lesson == TAUGHT else "after other poems"
    return [
        msgspec.structs.replace(answer, question=f"{answer.question}, {when}")
        for answer in positions(name, models, found, tuple(rows))
    ]


def _compared(models: Sequence[Model]) -> list[Answer]:
    """The questions whose answers are held against each other for kinds of tokenizers."""
    later = with_later(models)
    return [
        *_of_sizes(models),
        *_of_lengths(models),
        learning_leads(models),
        forgetting_leads(later),
        recognised(models),
        recognised_when_lost(models),
    ]
