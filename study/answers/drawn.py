"""How far a figure may be off, as both the poems and the models are drawn.

The same poems are put to every model, so a figure varies with the poems that happened to be taken,
with the luck of each model (its seed), and with what is between these two. The variances of the
poems and of the models are estimated apart and added (Cornfield & Tukey 1956; Owen 2007); how often
the intervals hold is simulated in bench/study_coverage.py. Pure functions.
"""

import math
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy

from memtests.reports.counting.over_poems import wilson
from memtests.study.answers.answer import Interval

Matrix = Any
"""An array of numbers: a row for each model, a column for each poem, NaN where a poem does not
count for a model."""

_QUANTILE = 1.959963984540054


class Variance(NamedTuple):
    """Of a figure, with the degrees of freedom that its estimate has."""

    value: float
    freedom: float

    def plus(self, other: "Variance") -> "Variance":
        """Of a sum of two that vary apart (Satterthwaite 1946)."""
        whole = self.value + other.value
        parts = self.value**2 / self.freedom + other.value**2 / other.freedom
        return Variance(whole, whole**2 / parts if parts else math.inf)

    @property
    def half(self) -> float:
        """Half the width of Student's 95 % interval."""
        return self._quantile * math.sqrt(self.value)

    @property
    def number(self) -> float:
        """How many draws, each of variance 1, have a mean that is known so well."""
        return (_QUANTILE / self._quantile) ** 2 / self.value

    @property
    def _quantile(self) -> float:
        from scipy.special import stdtrit

        return float(stdtrit(min(self.freedom, 1e6), 0.975))


NONE = Variance(0.0, 1.0)


def means(matrix: Matrix) -> Matrix:
    """The mean of each model over the poems that count for it."""
    return numpy.nanmean(matrix, axis=1)


def filled(matrix: Matrix) -> Matrix:
    """A matrix without gaps that has the same means and, to first order, their variances.

    Where poems are missing, a mean is a ratio of two sums that both vary (Woodruff 1971).
    """
    there = ~numpy.isnan(matrix)
    mean = means(matrix)[:, None]
    weight = matrix.shape[1] / there.sum(axis=1)[:, None]
    return mean + numpy.where(there, weight * (numpy.nan_to_num(matrix) - mean), 0.0)


def of_poems(by_poem: Sequence[float] | Matrix) -> Variance:
    """Of the mean of numbers, one for each poem."""
    count = len(by_poem)
    return Variance(float(numpy.var(by_poem, ddof=1)) / count, count - 1) if count > 1 else NONE


def of_models(
    values: Sequence[float] | Matrix, alike: Sequence[Hashable], weights: Sequence[float] | Matrix
) -> Variance:
    """Of the sum of weighted values, one for each model. Models that are `alike` in all but their
    seed say how much luck there is in one; that is taken to be as much for all. Where none are
    alike, nothing is known of it, and it is taken for none.
    """
    groups: dict[Hashable, list[float]] = {}
    for value, key in zip(values, alike, strict=True):
        groups.setdefault(key, []).append(float(value))
    freedom = sum(len(group) - 1 for group in groups.values())
    if not freedom:
        return NONE
    square = sum(len(group) * float(numpy.var(group)) for group in groups.values()) / freedom
    return Variance(square * float(numpy.square(weights).sum()), freedom)


def sum_interval(matrix: Matrix, alike: Sequence[Hashable], weights: Matrix) -> Interval:
    """The 95 % interval of a weighted sum of the models' means, poems and models being drawn."""
    whole = filled(matrix)
    variance = of_poems(weights @ whole).plus(of_models(whole.mean(axis=1), alike, weights))
    middle = float(weights @ whole.mean(axis=1))
    return Interval(middle - variance.half, middle + variance.half)


def mean_interval(matrix: Matrix) -> Interval:
    """The 95 % interval of the mean over models that are alike in all but their seed."""
    variance = _crossed(filled(matrix))
    middle = float(means(matrix).mean())
    return Interval(middle - variance.half, middle + variance.half)


def share_interval(matrix: Matrix) -> Interval:
    """The same of a share, from 0 and 1 for each model and poem: Wilson's, for the number of draws
    that would tell as much. Where all or none count, that is the number of poems.
    """
    share = float(means(matrix).mean())
    poems = float((~numpy.isnan(matrix)).sum(axis=1).mean())
    variance = _crossed(filled(matrix))
    if variance.value == 0:
        return Interval(*wilson(share, poems))
    # Recall that moves little between poems tells no more than as many poems as there are draws.
    most = (~numpy.isnan(matrix)).sum()
    return Interval(*wilson(share, min(float(most), share * (1 - share) * variance.number)))


def _crossed(whole: Matrix) -> Variance:
    """Of the mean of a matrix whose rows and columns are both drawn: what rows add to what is left
    of it and what columns add, from the mean squares of two-way analysis of variance.
    """
    rows, columns = whole.shape
    if rows == 1:
        return of_poems(whole[0])
    by_row, by_column, mean = whole.mean(axis=1), whole.mean(axis=0), whole.mean()
    rest = whole - by_row[:, None] - by_column + mean
    between_rows = columns * float(numpy.var(by_row, ddof=1))
    between_columns = rows * float(numpy.var(by_column, ddof=1)) if columns > 1 else 0.0
    left = float(numpy.square(rest).sum()) / max(1, (rows - 1) * (columns - 1))
    value = max(between_columns, left) + max(0.0, between_rows - left)
    parts = (
        between_rows**2 / (rows - 1)
        + between_columns**2 / max(1, columns - 1)
        + left**2 / max(1, (rows - 1) * (columns - 1))
    )
    # Three seeds hardly say how much seeds differ: the mean squares decide the degrees of freedom
    # (Satterthwaite 1946), also where their difference is small or nothing.
    return Variance(value / whole.size, max(1.0, value**2 / parts) if parts else 1.0)
