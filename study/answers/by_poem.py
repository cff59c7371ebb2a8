"""From the looks at models to one number for each model and poem. Pure functions."""

from collections.abc import Callable, Sequence

import numpy

from memtests.study.answers.drawn import Matrix
from memtests.study.measured import LATER, TAUGHT, Look, Model

FEWEST_POEMS = 4
"""Fewer are no sample."""


def taught_poems(model: Model) -> list[int]:
    """The places of the first lesson's poems."""
    return [at for at, poem in enumerate(model.poems) if poem.lesson == TAUGHT]


def with_later(models: Sequence[Model]) -> list[Model]:
    """Those that had a second lesson."""
    return [model for model in models if len(model.at(LATER)) > 1]


def matrix_of(models: Sequence[Model], row: Callable[[Model], Sequence[float]]) -> Matrix:
    """A row for each model: one number for each of the first lesson's poems."""
    return numpy.array([row(model) for model in models], dtype=float)


def recited(look: Look, poems: Sequence[int]) -> list[float]:
    """1 for each poem that its header brings back, 0 for each other one."""
    return [float(look.poems[at].recited) for at in poems]


def recall(model: Model) -> list[float]:
    """At the end of the first lesson."""
    return recited(model.at(TAUGHT)[-1], taught_poems(model))


def lesson_needed(model: Model) -> list[float]:
    """The part of the first lesson after which each poem is first recited. One that never is counts
    as the whole: what is compared is a restricted mean (Royston & Parmar 2013), as nobody knows
    when it would have been.
    """
    looks = model.at(TAUGHT)
    found = []
    for poem in taught_poems(model):
        epochs = [look.epoch for look in looks if look.poems[poem].recited]
        found.append(min([*epochs, model.epochs]) / model.epochs)
    return found


def kept(model: Model) -> list[float]:
    """1 for each poem that was recited before the second lesson and is after it, 0 for each that is
    not any more, NaN for each that was not recited before.
    """
    looks = model.at(LATER)
    poems = taught_poems(model)
    before, after = (recited(look, poems) for look in (looks[0], looks[-1]))
    return [b if a else numpy.nan for a, b in zip(before, after, strict=True)]


def mean_log_p(look: Look, poem: int) -> float:
    """Of a poem's units, the mean logarithm of their probabilities."""
    return float(numpy.mean(look.poems[poem].log_p))
