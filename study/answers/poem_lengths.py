"""Whether longer texts are remembered less.

Spearman's rank correlation of a poem's length and whether it is recited, over the poems of one
language, for each model that recites some of them and not all; the effect is the mean. Poems are
what is drawn, so the test exchanges lengths among the poems of a language, the same way for all
models (Good 2005, on permutation tests of correlation): forty models that read the same hundred
poems are no more than a hundred poems.
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
from memtests.study.answers.drawn import Matrix, Variance, of_models
from memtests.study.answers.sizes import alike
from memtests.study.measured import Model, Taught

MATTERS = 0.1
"""A rank correlation that is nearer to none explains less than one hundredth (Cohen 1988)."""
FEWEST_EITHER = 3
"""So many poems of a language have to be recited, and so many not, or a model tells nothing."""
_DRAWN = 9_999


class Table(NamedTuple):
    """The poems of one language, and what the models recite of them."""

    lengths: Matrix
    recited: Matrix
    """A row for each model that recites enough of them, and not too many."""
    models: Sequence[Model]


def longer_is_less(
    name: str, models: Sequence[Model], poems: Sequence[Taught], matrix: Matrix
) -> Answer:
    """The answer, from 0 or 1 for each model (row) and poem (column)."""
    question = "Longer text is remembered less"
    tables = _tables(models, poems, matrix)
    rows = _rows(tables)
    if not tables:
        why = "no model recites some poems of a language and not others, or all are of one length"
        return nothing(name, question, why, rows)
    effect, p = length_trend(list(tables.values()))
    interval = length_interval(list(tables.values()))
    towards = Interval(-interval.high, -interval.low)
    counted = sum(len(table.models) for table in tables.values())
    said = (
        f"The rank correlation of length and recall is {effect:+.2f} (95 % interval "
        f"{said_between(interval)}), {said_p(p)}: the mean of {counted} over poems of "
        f"{' and '.join(tables)}, of models that recite some of them and not others."
    )
    verdict = verdict_of(-effect, towards, p, MATTERS)
    measure = "rank correlation of length and recall"
    return Answer(name, question, verdict, said, effect, measure, interval, p, rows)


def length_trend(tables: Sequence[Table]) -> tuple[float, float]:
    """The mean rank correlation, and how often exchanging lengths brings so strong a one."""
    rng = numpy.random.default_rng(0)
    whole = sum(len(table.models) for table in tables)
    seen, drawn = 0.0, numpy.zeros(_DRAWN)
    for table in tables:
        lengths = _standard(table.lengths[None])[0]
        # The mean correlation is that with the sum of the models' standardized ranks.
        recited = _standard(table.recited).sum(axis=0) / whole
        seen += float(lengths @ recited)
        drawn += rng.permuted(numpy.tile(lengths, (_DRAWN, 1)), axis=1) @ recited
    extreme = int((numpy.abs(drawn) >= abs(seen) - 1e-12).sum())
    return seen, (extreme + 1) / (_DRAWN + 1)


def length_interval(tables: Sequence[Table]) -> Interval:
    """Of the mean rank correlation, poems and models being drawn. That poems are is counted by
    leaving out each in turn (the jackknife; Efron & Stein 1981).
    """
    whole = sum(len(table.models) for table in tables)
    every = [
        (_rho(table), [(at, *alike(m)) for m in table.models]) for at, table in enumerate(tables)
    ]
    rhos = numpy.concatenate([found for found, _ in every])
    luck = of_models(rhos, [key for _, keys in every for key in keys], numpy.full(whole, 1 / whole))
    value, freedom = 0.0, 0.0
    for table in tables:
        count = len(table.lengths)
        left = []
        for out in range(count):
            rest = numpy.arange(count) != out
            part = Table(table.lengths[rest], table.recited[:, rest], table.models)
            left.append(float(_rho(part).sum()) / whole)
        value += (count - 1) * float(numpy.var(left))
        freedom += count - 1
    half = Variance(value, freedom).plus(luck).half
    middle = float(rhos.mean())
    return Interval(max(-1.0, middle - half), min(1.0, middle + half))


def _tables(models: Sequence[Model], poems: Sequence[Taught], matrix: Matrix) -> dict[str, Table]:
    tables = {}
    for language in sorted({poem.language for poem in poems}):
        own = [at for at, poem in enumerate(poems) if poem.language == language]
        lengths = numpy.array([poems[at].units for at in own], dtype=float)
        recited = matrix[:, own]
        counts = recited.sum(axis=1)
        enough = (counts >= FEWEST_EITHER) & (len(own) - counts >= FEWEST_EITHER)
        # With two lengths, one of a single poem, leaving that out would leave no order.
        if enough.any() and len(set(lengths)) > 2:
            taken = [model for model, yes in zip(models, enough, strict=True) if yes]
            tables[language] = Table(lengths, recited[enough], taken)
    return tables


def _rho(table: Table) -> Matrix:
    return _standard(table.recited) @ _standard(table.lengths[None])[0]


def _standard(values: Matrix) -> Matrix:
    """The ranks of each row, with mean 0 and squares that add up to 1."""
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    return ranks / numpy.sqrt(numpy.square(ranks).sum(axis=1, keepdims=True))


def _rows(tables: dict[str, Table]) -> Rows:
    rows: list[tuple[str, ...]] = [
        ("poems", "tokenizer", "epochs", "model", "seed", "recited", "rank correlation")
    ]
    for language, table in tables.items():
        for model, recited, rho in zip(table.models, table.recited, _rho(table), strict=True):
            share = f"{int(recited.sum())} of {len(recited)}"
            rows.append(
                (
                    language,
                    model.kind,
                    str(model.epochs),
                    model.size,
                    str(model.seed),
                    share,
                    f"{rho:+.2f}",
                )
            )
    return tuple(rows)
