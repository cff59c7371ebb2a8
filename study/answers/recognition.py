"""Recognition beside recall: whether the true line is more probable than a changed one.

People recognise long after they cannot recall (Tulving & Pearlstone 1966; Standing 1973). A choice
between two that knows nothing is right in half of the cases, were both lines as likely to be
written; but a changed line reads badly to a model that knows the language and not the poem. So a
line counts as recognised beyond chance only if the share is above one half and, for the same lines
and models, above what it was before teaching; the p is the larger of the two tests (an
intersection of two, Berger 1982). Poems are what is drawn.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from memtests.reports.counting.over_poems import interval, sign_flips
from memtests.study.answers.answer import (
    NO,
    YES,
    Answer,
    Interval,
    Rows,
    nothing,
    said_p,
    verdict_of,
)
from memtests.study.answers.by_poem import FEWEST_POEMS, with_later
from memtests.study.measured import LATER, TAUGHT, Look, Model

MATTERS = 0.05
"""Above one half."""

Chosen = Callable[[Model, int], bool]
"""Whether a poem of a model, by its place, belongs to those that are asked about."""


class Choices(NamedTuple):
    """Of one poem, over models: how often the true line was more probable, of how many."""

    right: int
    asked: int


def choices(
    models: Sequence[Model], look: Callable[[Model], Look], chosen: Chosen
) -> dict[str, Choices]:
    """By poem, at one look at each model."""
    found: dict[str, Choices] = {}
    for model in models:
        for pair in look(model).pairs:
            if chosen(model, pair.poem):
                key = model.poems[pair.poem].id
                right, asked = found.get(key, (0, 0))
                found[key] = Choices(right + (pair.true > pair.changed), asked + 1)
    return found


def recognised(models: Sequence[Model]) -> Answer:
    """Whether taught lines are told from changed ones at the end of the first lesson."""
    question = "A taught line is told from a changed one"
    now = choices(models, _end, _taught)
    before = choices(models, _beginning, _taught)
    return against_chance("recognition", question, now, before, recognition_rows(models))


def recognised_when_lost(models: Sequence[Model]) -> Answer:
    """Whether poems that the second lesson drove out of recall are recognised still."""
    question = "A poem that is recited no more is recognised still"
    models = with_later(models)
    now = choices(models, _later_end, _lost)
    before = choices(models, _beginning, _lost)
    return against_chance("recognition-lost", question, now, before, recognition_rows(models))


def against_chance(
    name: str, question: str, now: dict[str, Choices], before: dict[str, Choices], rows: Rows = ()
) -> Answer:
    """The answer, from the choices now and those of the same models on the same lines before."""
    if len(now) < FEWEST_POEMS:
        return nothing(name, question, f"fewer than {FEWEST_POEMS} poems to ask about", rows)
    share, low, high = _share(now)
    p_half = _p_half(now)
    p_before = sign_flips(found.right - before[poem].right for poem, found in now.items())
    p = max(p_half, p_before)
    above = Interval(low - 0.5, high - 0.5)
    earlier = _share(before)[0]
    verdict = verdict_of(share - 0.5, above, p, MATTERS)
    if verdict == YES and share <= earlier:
        verdict = NO
    said = (
        f"The true line is the more probable one in {100 * share:.1f} % of "
        f"{sum(found.asked for found in now.values())} choices on {len(now)} poems (95 % interval "
        f"{100 * low:.1f} to {100 * high:.1f} %; against one half {said_p(p_half)}); before "
        f"teaching it was {100 * earlier:.1f} % of the same ({said_p(p_before)})."
    )
    measure = "points above one half"
    points = Interval(100 * above.low, 100 * above.high)
    return Answer(name, question, verdict, said, 100 * (share - 0.5), measure, points, p, rows)


def recognition_rows(models: Sequence[Model]) -> Rows:
    """Recognition of poems that are recited and of poems that are not, at each time."""
    later = with_later(models)
    asked: list[tuple[str, dict[str, Choices]]] = [
        ("before teaching", choices(models, _beginning, _taught)),
        ("after the first lesson, recited", choices(models, _end, _recited)),
        ("after the first lesson, not recited", choices(models, _end, _not_recited)),
        ("after the second lesson, recited still", choices(later, _later_end, _held)),
        ("after the second lesson, recited no more", choices(later, _later_end, _lost)),
        ("of the second lesson, before it", choices(models, _end, _untaught)),
    ]
    head = ("poems", "how many", "choices", "true line more probable", "95 % interval", "p")
    rows = [head]
    for words, found in asked:
        if not found:
            rows.append((words, "none", "-", "-", "-", "-"))
            continue
        share, low, high = _share(found)
        rows.append(
            (
                words,
                str(len(found)),
                str(sum(each.asked for each in found.values())),
                f"{100 * share:.1f} %",
                f"{100 * low:.1f} to {100 * high:.1f} %",
                said_p(_p_half(found)).removeprefix("p ").removeprefix("= "),
            )
        )
    return tuple(rows)


def _share(found: dict[str, Choices]) -> tuple[float, float, float]:
    asked = sum(each.asked for each in found.values())
    low, high = interval(list(found.values()))
    return sum(each.right for each in found.values()) / asked, low, high


def _p_half(found: dict[str, Choices]) -> float:
    return sign_flips(2 * each.right - each.asked for each in found.values())


def _beginning(model: Model) -> Look:
    return model.at(TAUGHT)[0]


def _end(model: Model) -> Look:
    return model.at(TAUGHT)[-1]


def _later_end(model: Model) -> Look:
    return model.at(LATER)[-1]


def _taught(model: Model, poem: int) -> bool:
    return model.poems[poem].lesson == TAUGHT


def _untaught(model: Model, poem: int) -> bool:
    return not _taught(model, poem)


def _recited(model: Model, poem: int) -> bool:
    return _taught(model, poem) and _end(model).poems[poem].recited


def _not_recited(model: Model, poem: int) -> bool:
    return _taught(model, poem) and not _recited(model, poem)


def _held(model: Model, poem: int) -> bool:
    return _recited(model, poem) and _later_end(model).poems[poem].recited


def _lost(model: Model, poem: int) -> bool:
    return _recited(model, poem) and not _later_end(model).poems[poem].recited
