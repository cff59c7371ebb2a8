"""Whether a figure rises with the size of the model: recall, speed of learning, what is kept.

The test is Page's for ordered alternatives (1963), with ties, by permutation: the statistic is the
rank correlation of size and figure within models that are alike in seed, tokenizer and length of
teaching, pooled over these. Sizes are exchanged, the same way in all of them: a size that learns
well at this learning rate does so with every seed, so seeds repeat a size and are no further ones.
With fewer than FEWEST sizes not even a perfect order is rarer than one in a hundred.

The effect is the slope of the figure over the logarithm of the parameters, by least squares.
"""

from collections.abc import Sequence
from typing import NamedTuple

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
from memtests.study.answers.drawn import Matrix, mean_interval, means, share_interval, sum_interval
from memtests.study.measured import Model

FEWEST = 6
"""Sizes that can be in an order so rare that it shows anything: 2 of 720 are as extreme."""
_EXACT, _DRAWN = 40_320, 19_999


class Figure(NamedTuple):
    """What is asked about, and how it is said."""

    name: str
    question: str
    noun: str
    """Of the figure: `recall`."""
    rises: bool = True
    """Whether the claim is that it rises with size; or else that it falls."""
    share: bool = True
    """Whether it is 0 or 1 for each poem."""
    matters: float = 0.05
    """The least change for ten times the parameters that counts."""


class Trend(NamedTuple):
    """The order of models by size and by a figure."""

    rho: float
    p: float


def by_size(figure: Figure, models: Sequence[Model], matrix: Matrix) -> Answer:
    """The answer, from a figure for each model (row) and poem (column), 0 to 1."""
    there = [at for at, row in enumerate(matrix) if (~numpy.isnan(row)).sum() > 1]
    models, matrix = [models[at] for at in there], matrix[there]
    rows = _rows(figure, models, matrix)
    sizes = {model.size for model in models}
    if len(sizes) < 2:
        return nothing(figure.name, figure.question, "there are no two sizes to compare", rows)
    found = trend(models, means(matrix))
    if found is None:
        why = f"{figure.noun} is the same for every size"
        return nothing(figure.name, figure.question, why, rows)
    weights = slope_weights(models)
    effect = float(weights @ means(matrix))
    interval = sum_interval(matrix, [alike(model) for model in models], weights)
    sign = 1 if figure.rises else -1
    towards = Interval(*sorted((sign * interval.low, sign * interval.high)))
    verdict = verdict_of(sign * effect, towards, found.p, figure.matters)
    points = Interval(100 * interval.low, 100 * interval.high)
    said = (
        f"{figure.noun[0].upper()}{figure.noun[1:]} changes by {100 * effect:+.1f} points for ten "
        f"times the parameters (95 % interval {said_between(points, '+.1f')}); rank correlation "
        f"with size {found.rho:+.2f}, {said_p(found.p)} over {len(sizes)} sizes."
    )
    if len(sizes) < FEWEST:
        said += f" Fewer than {FEWEST} sizes cannot show a trend at this level."
    measure = f"points of {figure.noun} for ten times the parameters"
    return Answer(
        figure.name,
        figure.question,
        verdict,
        said,
        100 * effect,
        measure,
        points,
        found.p,
        rows,
    )


def trend(models: Sequence[Model], values: Sequence[float] | Matrix) -> Trend | None:
    """The rank correlation within models that differ in their size alone, and how often exchanging
    sizes brings so strong a one. None where the values never differ.
    """
    from scipy.stats import permutation_test, rankdata

    sizes = _in_order(models)
    groups: dict[tuple[int, str, int], list[int]] = {}
    for at, model in enumerate(models):
        groups.setdefault((model.seed, model.kind, model.epochs), []).append(at)
    # Models of the same sizes are in the same order, whatever that is: their ranks are added.
    blocks: dict[tuple[int, ...], Matrix] = {}
    squares, most = 0.0, 0.0
    for group in groups.values():
        ranks = rankdata([values[at] for at in group]) - (len(group) + 1) / 2
        own = tuple(sizes.index(models[at].size) for at in group)
        blocks[own] = blocks.get(own, 0.0) + ranks
        squares += float(numpy.square(ranks).sum())
        most += len(group) * (len(group) ** 2 - 1) / 12
    if not squares:
        return None

    def rho(order: Matrix, axis: int) -> Matrix:
        crossed = sum(rankdata(order[..., own], axis=axis) @ ranks for own, ranks in blocks.items())
        return numpy.round(crossed / (squares * most) ** 0.5, 12)

    found = permutation_test(
        (numpy.arange(len(sizes)),),
        rho,
        permutation_type="pairings",
        vectorized=True,
        n_resamples=_EXACT if len(sizes) < 9 else _DRAWN,
        batch=4096,
        random_state=numpy.random.default_rng(0),
    )
    return Trend(float(found.statistic), float(found.pvalue))


def slope_weights(models: Sequence[Model]) -> Matrix:
    """How much each model counts in the slope by least squares over the decimal logarithm of the
    parameters, with a level of its own for each tokenizer and length of teaching.
    """
    x = numpy.log10([model.parameters for model in models])
    keys = [(model.kind, model.epochs) for model in models]
    for key in set(keys):
        own = [at for at, each in enumerate(keys) if each == key]
        x[own] -= x[own].mean()
    square = float(numpy.square(x).sum())
    return x / square if square else x


def alike(model: Model) -> tuple[str, str, int]:
    """What models have in common that differ in their seed alone."""
    return model.size, model.kind, model.epochs


def _in_order(models: Sequence[Model]) -> list[str]:
    """The sizes, the smallest first; a size has other parameters with another tokenizer."""
    parameters: dict[str, list[int]] = {}
    for model in models:
        parameters.setdefault(model.size, []).append(model.parameters)
    return sorted(parameters, key=lambda size: sum(parameters[size]) / len(parameters[size]))


def _rows(figure: Figure, models: Sequence[Model], matrix: Matrix) -> Rows:
    head = ("tokenizer", "epochs", "model", "parameters", "seeds", figure.noun, "95 % interval")
    rows = [head]
    sizes = _in_order(models)
    groups: dict[tuple[str, int, int], list[int]] = {}
    for at, model in enumerate(models):
        key = (model.kind, model.epochs, sizes.index(model.size))
        groups.setdefault(key, []).append(at)
    for (kind, epochs, size), group in sorted(groups.items()):
        own = matrix[group]
        low, high = share_interval(own) if figure.share else mean_interval(own)
        rows.append(
            (
                kind,
                str(epochs),
                sizes[size],
                f"{models[group[0]].parameters:,}",
                str(len(group)),
                f"{100 * float(means(own).mean()):.1f} %",
                f"{100 * low:.1f} to {100 * high:.1f} %",
            )
        )
    return tuple(rows)
