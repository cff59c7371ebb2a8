"""Length on the same poems: how far each poem is recited from its beginning. Pure functions.

The paper compares longer poems with shorter ones. There, a difference may come from the length or
from the poems. Here every poem is followed from its first character on, as it is recited from its
header: the same poems have their first 64 characters or not, their first 128 or not, and so on.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from memtests.fixtures.probes.probes import TITLE
from memtests.fixtures.probes.text import in_words
from memtests.plugins.redacting import characters, reached
from memtests.plugins.verdicts import Verdict
from memtests.reports.report import Report, languages_of

# In characters of the normal form.
LENGTHS = (16, 32, 64, 128, 256, 512)
# The fewest poems that make a row.
FEWEST_POEMS = 4


class Beginnings(NamedTuple):
    """Of the poems with at least so many characters, how many are recited up to each length."""

    model: str
    script: str
    """`spaced` for texts written with spaces, else `unspaced`."""
    at_least: int
    poems: int
    recited: tuple[int, ...]
    """For each of LENGTHS up to `at_least`."""


class Correlation(NamedTuple):
    """Spearman's rank correlation between a poem's length and whether it is recited."""

    model: str
    script: str
    poems: int
    rho: float
    low: float
    high: float
    """A 95 % interval (Bonett & Wright 2000)."""


class _Recited(NamedTuple):
    length: int
    up_to: int
    correct: bool
    told: bool
    """Whether `up_to` is known: the poem was recited, and not only read."""


def beginnings(report: Report) -> list[Beginnings]:
    """A row for each model, script and length that enough poems have. A model and script with poems
    that were only read get none: how far those would be recited is not known.
    """
    rows = []
    for (model, script), found in _recited(report).items():
        if not all(one.told for one in found):
            continue
        for at, at_least in enumerate(LENGTHS):
            long = [one for one in found if one.length >= at_least]
            if len(long) >= FEWEST_POEMS:
                recited = tuple(
                    sum(one.up_to >= length for one in long) for length in LENGTHS[: at + 1]
                )
                rows.append(Beginnings(model, script, at_least, len(long), recited))
    return rows


def correlations(report: Report) -> list[Correlation]:
    """One for each model and script, unless all poems are recited, or none."""
    import numpy

    rows = []
    for (model, script), found in _recited(report).items():
        lengths, correct = {one.length for one in found}, {one.correct for one in found}
        if len(found) > 3 and len(lengths) > 1 and len(correct) > 1:
            lengths_ranked = _ranks([one.length for one in found])
            rho = float(
                numpy.corrcoef(lengths_ranked, _ranks([one.correct for one in found]))[0, 1]
            )
            # On the scale of Fisher's z, which is infinite for a correlation of exactly one.
            middle = math.atanh(max(-0.9999, min(0.9999, rho)))
            half = 1.96 * math.sqrt((1 + rho**2 / 2) / (len(found) - 3))
            low, high = math.tanh(middle - half), math.tanh(middle + half)
            rows.append(Correlation(model, script, len(found), rho, low, high))
    return rows


def _ranks(values: Sequence[int]) -> Any:
    """The ranks of values; equal values share their middle rank. scipy.stats could do it, too, but
    importing that takes longer than making all the tables.
    """
    import numpy

    _, kind, counts = numpy.unique(values, return_inverse=True, return_counts=True)
    return (counts.cumsum() - counts / 2)[kind]


def _recited(report: Report) -> dict[tuple[str, str], Sequence[_Recited]]:
    languages = languages_of(report)
    found: dict[tuple[str, str], list[_Recited]] = defaultdict(list)
    for v in report.verdicts:
        if v.case == TITLE:
            language = languages.get((v.collection, v.poem), "")
            script = "spaced" if in_words(v.suffix) else "unspaced"
            found[v.model, script].append(_follow(v, language))
    models = [model.name for model in report.models]
    return dict(sorted(found.items(), key=lambda item: (models.index(item[0][0]), item[0][1])))


def _follow(v: Verdict, language: str) -> _Recited:
    """How far a poem is recited from its header."""
    return _Recited(characters(v, language), reached(v, language), v.correct, v.recited)
