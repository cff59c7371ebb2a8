"""Serial position: whether the beginning and the end are remembered better than the middle.

People recall the first and the last of a list best (Ebbinghaus 1885; Murdock 1962). Here a poem is
the list, in fifths, and what is compared is how many of a fifth's units greedy decoding says, each
after the true ones before it: whoever recites freely and slips once has lost all that follows, and
every poem would seem to have primacy. A later unit has more of the poem before it, which a list of
words has not.

Were a poem's fifths alike, their order would be chance. The test exchanges them within each poem,
the same way for all models. Neighbouring fifths resemble each other, so that the first and the last
are further from the middle than any exchange makes them; hence the mean is divided by its own
standard error, with which such a test holds all the same (Janssen 1997).
"""

from collections.abc import Sequence

import numpy

from memtests.study.answers.answer import (
    Answer,
    Interval,
    Rows,
    nothing,
    said_between,
    said_p,
    verdict_of,
)
from memtests.study.answers.by_poem import FEWEST_POEMS
from memtests.study.answers.drawn import Matrix, of_models, of_poems
from memtests.study.answers.sizes import alike
from memtests.study.measured import Look, Model

FIFTHS = 5
FEWEST_UNITS = 10
"""A poem of fewer has less than two in a fifth."""
MATTERS = 0.05
LITTLE = 0.05
"""Of models that say less than this of the poems, no place is better than another."""
_DRAWN = 9_999
_PLACES = {"first": 0, "last": FIFTHS - 1}
_QUESTIONS = {
    "first": "The beginning of a poem is remembered better than its middle",
    "last": "The end of a poem is remembered better than its middle",
}


def by_place(look: Look, poems: Sequence[int]) -> Matrix:
    """The part of each fifth that greedy decoding says: a row for each poem that is long enough."""
    return numpy.array([fifths(look.poems[at].said) for at in poems]).reshape(-1, FIFTHS)


def long_enough(model: Model, lesson: str) -> list[int]:
    """The places of a lesson's poems that have enough units."""
    return [
        at
        for at, poem in enumerate(model.poems)
        if poem.lesson == lesson and poem.units >= FEWEST_UNITS
    ]


def fifths(values: Sequence[float]) -> list[float]:
    """The mean of each fifth, as even as may be."""
    return [float(numpy.mean(part)) for part in numpy.array_split(numpy.array(values), FIFTHS)]


def positions(
    name: str, models: Sequence[Model], found: Sequence[Matrix], rows: Rows
) -> list[Answer]:
    """The answers for the first fifth and for the last, from the fifths of each poem (row) that
    each model has.
    """
    answers = []
    whole = numpy.array(found)
    for place, question in _QUESTIONS.items():
        named = f"{name}-{place}"
        if whole.size == 0 or whole.shape[1] < FEWEST_POEMS:
            answers.append(nothing(named, question, "too few poems are long enough", rows))
            continue
        if whole.mean() < LITTLE:
            answers.append(nothing(named, question, "hardly anything of a poem is said", rows))
            continue
        ahead = beside_middle(whole, _PLACES[place])
        effect = float(ahead.mean())
        luck = of_models(
            ahead.mean(axis=1), [alike(m) for m in models], numpy.full(len(ahead), 1 / len(ahead))
        )
        half = of_poems(ahead.mean(axis=0)).plus(luck).half
        interval = Interval(effect - half, effect + half)
        p = exchanged(whole.mean(axis=0), _PLACES[place])
        points = Interval(100 * interval.low, 100 * interval.high)
        said = (
            f"Of the {place} fifth {100 * effect:+.1f} points more units are said than of the "
            f"three in the middle (95 % interval {said_between(points, '+.1f')}), {said_p(p)} "
            f"over {whole.shape[1]} poems."
        )
        verdict = verdict_of(effect, interval, p, MATTERS)
        measure = "points of units said, against the middle"
        answers.append(
            Answer(named, question, verdict, said, 100 * effect, measure, points, p, rows)
        )
    return answers


def beside_middle(parts: Matrix, place: int) -> Matrix:
    """How far one fifth is above the mean of the three in the middle; along the last axis."""
    return parts[..., place] - parts[..., 1:-1].mean(axis=-1)


def exchanged(parts: Matrix, place: int, drawn: int = _DRAWN) -> float:
    """How often exchanging the fifths of each poem brings so much between one and the middle."""
    rng = numpy.random.default_rng(0)
    seen = abs(_studentized(beside_middle(parts, place)))
    extreme = 0
    for _ in range(drawn):
        ahead = beside_middle(rng.permuted(parts, axis=1), place)
        extreme += abs(_studentized(ahead)) >= seen - 1e-12
    return (extreme + 1) / (drawn + 1)


def _studentized(ahead: Matrix) -> float:
    error = float(numpy.std(ahead, ddof=1))
    return float(ahead.mean()) / error if error > 1e-12 else 0.0
