"""What grew and what faded between two readings of the same poems. Pure functions.

Of a poem, the logarithms of its units' probabilities change. Where nothing but noise has changed
them, a part of the poem has become as likely more as less probable: the test of a poem (sign-flip
permutation) is how often flipping the signs of its parts' changes at random makes their sum as far
from zero as it is. Neighbouring units change alike, so a part is several of them.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from memtests.plugins.traces import Trace
from memtests.reports.counting.shades import Shade, shades
from memtests.reports.report import PoemKey

GREW, FADED, NOISE, TOO_SHORT = "grew", "faded", "within noise", "too short"
PART = 3
"""Units in a part, at least. Of real checkpoints no two neighbours' changes were found to go
together (docs/memory-map.md); parts of three bear that they do a little."""
FEWEST, MOST = 6, 24
"""Parts of a poem that a test is made of. Of fewer, none could have p below 0.05; of so many, p
reaches down to 1e-7, and longer parts bear more."""
GRID = 20_000
RATE = 0.05
"""Of the poems that are said to have changed, the share that is expected to have not."""


class Change(NamedTuple):
    """What became of one poem."""

    collection: str
    poem: str
    shades: Sequence[Shade]
    """What was said of each unit before, and after."""
    before: float
    """Mean logarithm of a unit's probability, of those that both readings tell of."""
    after: float
    said: tuple[int, int]
    """Units that greedy decoding says, before and after."""
    p: float | None
    """None where the poem is too short for a test."""
    state: str
    """GREW, FADED, NOISE or TOO_SHORT."""


Read = Mapping[PoemKey, Trace]
"""A trace of each poem, all in one form."""


def changes(
    before: Read, after: Read, texts: Mapping[PoemKey, str], languages: Mapping[PoemKey, str]
) -> list[Change]:
    """The poems that both tell of, those first that faded most.

    With p by Benjamini and Hochberg over all that are long enough.
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
    """The sums of neighbouring changes, in parts of PART units and more."""
    count = min(len(differences) // PART, MOST)
    cuts = [at * len(differences) // count for at in range(count + 1)] if count else [0]
    return [sum(differences[a:b]) for a, b in pairwise(cuts)]


def sign_flip(parts: Sequence[float]) -> float:
    """How probable a sum at least so far from zero is, had each part's sign as well been the other.

    Over all ways to flip them, exactly, but that the parts are rounded to a GRIDth of what they
    come to without their signs.
    """
    import numpy

    whole = sum(map(abs, parts))
    if not whole:
        return 1.0
    steps = [round(part / whole * GRID) for part in parts]
    reach = sum(map(abs, steps))
    # By the sum of those whose sign is plus.
    chances = numpy.zeros(reach + 1)
    chances[0] = 1
    for size in map(abs, steps):
        chances /= 2
        chances[size:] += chances[: reach + 1 - size].copy() if size else chances.copy()
    sums = 2 * numpy.arange(reach + 1) - reach
    return min(1.0, float(chances[abs(sums) >= abs(sum(steps))].sum()))


def adjusted(tested: Sequence[float]) -> list[float]:
    """The smallest RATE at which each is said to have changed (Benjamini and Hochberg 1995)."""
    from scipy.stats import false_discovery_control

    return [float(p) for p in false_discovery_control(tested)] if tested else []
