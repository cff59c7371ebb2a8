"""Which poems grew and which faded between two readings of them. Pure functions.

Between the readings, the log-probability of each unit of a poem changes. If the changes are only
noise, each part of the poem is as likely to grow as to fade. So a poem's test is a sign-flip
permutation: p is how often random signs make the sum of its parts' changes as far from zero as it
is. Neighbouring units may change alike, so a part holds several of them.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from memtests.plugins.traces import Trace
from memtests.reports.counting.shades import Shade, shades
from memtests.reports.report import PoemKey

GREW, FADED, NOISE, TOO_SHORT = "grew", "faded", "within noise", "too short"
PART = 3
"""The fewest units in a part. In real checkpoints, neighbours were not found to change alike
(docs/memory-map.md); with three units in a part, the test still holds if they do a little."""
FEWEST, MOST = 6, 24
"""How many parts a test takes. With fewer, p could never be below 0.05. With MOST, p can reach
1e-7; longer poems get longer parts instead, which stand more likeness between neighbours."""
GRID = 20_000
"""A part's change is rounded to this fraction of the sum of all changes without their signs."""
RATE = 0.05
"""The expected share of false alarms among the poems that are said to have changed."""


class Change(NamedTuple):
    """How one poem changed."""

    collection: str
    poem: str
    shades: Sequence[Shade]
    """The poem's units with what both readings, before and after, say of each."""
    before: float
    """Mean log-probability of the units that both readings tell of."""
    after: float
    said: tuple[int, int]
    """How many units greedy decoding says, before and after."""
    p: float | None
    """None if the poem is too short for a test."""
    state: str
    """GREW, FADED, NOISE or TOO_SHORT."""


Read = Mapping[PoemKey, Trace]
"""A trace of each poem, all in one form."""


def changes(
    before: Read, after: Read, texts: Mapping[PoemKey, str], languages: Mapping[PoemKey, str]
) -> list[Change]:
    """The changes of the poems that both readings tell of; those that faded most come first.

    Which of them are more than noise is decided over all tested poems together, by Benjamini and
    Hochberg.
    """
    found = []
    for key in sorted(before.keys() & after.keys() & texts.keys()):
        pair = shades(texts[key], languages.get(key, ""), (before[key], after[key]))
        known = [
            (then, now)
            for then, now in (each.log_p for each in pair)
            if then is not None and now is not None
        ]
        if known:
            found.append(_change(key, pair, known))
    tested = [each.p for each in found if each.p is not None]
    least = iter(adjusted(tested))
    judged = [
        each if each.p is None or next(least) > RATE else each._replace(state=_state(each))
        for each in found
    ]
    return sorted(judged, key=lambda each: each.after - each.before)


def _change(key: PoemKey, pair: Sequence[Shade], known: Sequence[tuple[float, float]]) -> Change:
    differences = [now - then for then, now in known]
    parts = parts_of(differences)
    p = sign_flip(parts) if len(parts) >= FEWEST else None
    return Change(
        *key,
        pair,
        sum(then for then, _ in known) / len(known),
        sum(now for _, now in known) / len(known),
        (sum(each.said[0] is True for each in pair), sum(each.said[1] is True for each in pair)),
        p,
        TOO_SHORT if p is None else NOISE,
    )


def _state(change: Change) -> str:
    return GREW if change.after > change.before else FADED


def parts_of(differences: Sequence[float]) -> list[float]:
    """The sums of neighbouring changes, in at most MOST parts of at least PART units."""
    count = min(len(differences) // PART, MOST)
    cuts = [at * len(differences) // count for at in range(count + 1)] if count else [0]
    return [sum(differences[a:b]) for a, b in pairwise(cuts)]


def sign_flip(parts: Sequence[float]) -> float:
    """The p value of the parts' sum: the share of all ways to choose their signs that make the sum
    at least as far from zero.

    It is exact over all ways, except that the parts are rounded to a grid (GRID).
    """
    import numpy

    whole = sum(map(abs, parts))
    if not whole:
        return 1.0
    steps = [round(part / whole * GRID) for part in parts]
    reach = sum(map(abs, steps))
    # chances[s]: how probable it is that the parts with a plus add up to s steps.
    chances = numpy.zeros(reach + 1)
    chances[0] = 1
    for size in map(abs, steps):
        chances /= 2
        chances[size:] += chances[: reach + 1 - size].copy() if size else chances.copy()
    sums = 2 * numpy.arange(reach + 1) - reach
    return min(1.0, float(chances[abs(sums) >= abs(sum(steps))].sum()))


def adjusted(tested: Sequence[float]) -> list[float]:
    """For each p, the smallest RATE at which its poem is said to have changed (Benjamini and
    Hochberg 1995).
    """
    from scipy.stats import false_discovery_control

    return [float(p) for p in false_discovery_control(tested)] if tested else []
