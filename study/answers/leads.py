"""Whether a memory moves, as probability, before greedy recall shows it.

Greedy decoding sees a memory only once every unit is the most probable one, and "emergent"
abilities can be made by such a measure (Schaeffer et al. 2023). For each poem: the first look at
which the mean logarithm of its units' probabilities has made half of the way that it makes in the
lesson, against the first look at which it is recited; and in the second lesson, the first look at
which half of the way down is made, against the first at which it is recited no more. The test is
the sign test over poems (Arbuthnott 1710; Conover 1999): of how many the probability is ahead, of
how many behind.
"""

from collections.abc import Callable, Sequence

import numpy

from memtests.study.answers.answer import (
    Answer,
    Interval,
    nothing,
    said_between,
    said_p,
    verdict_of,
)
from memtests.study.answers.by_poem import FEWEST_POEMS, matrix_of, mean_log_p, taught_poems
from memtests.study.answers.drawn import Matrix, of_models, of_poems
from memtests.study.answers.sizes import alike
from memtests.study.measured import LATER, TAUGHT, Model

PART = 0.5
"""Of the way from the first look at a lesson to its last."""
MATTERS = 0.5
"""In looks: when something happens is known to within one."""


def learning_leads(models: Sequence[Model]) -> Answer:
    """Whether probability rises before a poem is recited."""
    question = "In learning, probability moves before recall shows it"
    return _answer("leads-learning", question, models, _course(TAUGHT, False), "recited")


def forgetting_leads(models: Sequence[Model]) -> Answer:
    """Whether probability falls before a poem is recited no more."""
    question = "In forgetting, probability moves before recall shows it"
    return _answer("leads-forgetting", question, models, _course(LATER, True), "lost")


def lead(log_p: Sequence[float], recited: Sequence[bool], at_first: bool) -> float:
    """How many looks earlier the probability has made PART of its way than recall changes from what
    it is at the first look, `at_first`. NaN where one of them does not change so.
    """
    way = log_p[-1] - log_p[0]
    changed = next((at for at, each in enumerate(recited) if each != at_first), None)
    if changed in (None, 0) or way == 0 or (way < 0) != at_first:
        return numpy.nan
    moved = next(at for at, each in enumerate(log_p) if (each - log_p[0]) / way >= PART)
    return float(changed - moved)


def _course(lesson: str, at_first: bool) -> Callable[[Model], list[float]]:
    def leads(model: Model) -> list[float]:
        looks = model.at(lesson)
        return [
            lead(
                [mean_log_p(look, poem) for look in looks],
                [look.poems[poem].recited for look in looks],
                at_first,
            )
            for poem in taught_poems(model)
        ]

    return leads


def _answer(
    name: str,
    question: str,
    models: Sequence[Model],
    leads: Callable[[Model], list[float]],
    noun: str,
) -> Answer:
    matrix = matrix_of(models, leads) if models else numpy.zeros((0, 0))
    there = ~numpy.isnan(matrix)
    rows = [at for at, each in enumerate(there) if each.any()]
    models = [models[at] for at in rows]
    matrix = matrix[rows][:, there.any(axis=0)]
    if not len(matrix) or matrix.shape[1] < FEWEST_POEMS:
        return nothing(name, question, f"fewer than {FEWEST_POEMS} poems come to be {noun}")
    effect, interval = mean_lead(models, matrix)
    ahead, behind, p = signs(numpy.nanmean(matrix, axis=0))
    said = (
        f"Probability has made half of its way {effect:+.2f} looks ahead of the first at which a "
        f"poem is {noun}, on average (95 % interval {said_between(interval)}); earlier for "
        f"{ahead} poems, later for {behind}, {said_p(p)}."
    )
    verdict = verdict_of(effect, interval, p, MATTERS)
    return Answer(name, question, verdict, said, effect, "looks ahead", interval, p)


def mean_lead(models: Sequence[Model], matrix: Matrix) -> tuple[float, Interval]:
    """The mean over poems, of each the mean over models, with its interval."""
    by_poem = numpy.nanmean(matrix, axis=0)
    by_model = numpy.nanmean(matrix, axis=1)
    weights = numpy.full(len(matrix), 1 / len(matrix))
    half = of_poems(by_poem).plus(of_models(by_model, [alike(m) for m in models], weights)).half
    effect = float(by_poem.mean())
    return effect, Interval(effect - half, effect + half)


def signs(leads: Matrix) -> tuple[int, int, float]:
    """How many are above 0, how many below, and how often a fair coin is so one-sided."""
    from scipy.stats import binomtest

    ahead, behind = int((leads > 0).sum()), int((leads < 0).sum())
    told = ahead + behind
    return ahead, behind, float(binomtest(ahead, told).pvalue) if told else 1.0
