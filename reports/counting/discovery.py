"""(n, p)-discoverable: what n samples show at least once with probability p (Hayes et al. 2024).

Pure functions over verdicts.
"""

import bisect
import math
from collections.abc import Iterable
from typing import NamedTuple

from memtests.plugins.verdicts import Verdict
from memtests.reports.counting.tallies import counted, queries
from memtests.reports.gating.measures import log_probability

SAMPLES = (1, 10, 100, 1_000, 1_000_000)
PROBABILITIES = (0.1, 0.5, 0.9)
USUAL = 0.5


class Discoverable(NamedTuple):
    """How many samples the probes of one model and collection need."""

    model: str
    collection: str
    """Empty for all of them."""
    probes: int
    p: float
    needed: tuple[float, ...]
    """In order; of the probes whose probability is known."""

    def share(self, samples: float) -> float | None:
        """The share of those that so many samples show with probability p."""
        shown = bisect.bisect_right(self.needed, samples)
        return shown / len(self.needed) if self.needed else None


def discoverable_by_collection(verdicts: Iterable[Verdict]) -> list[Discoverable]:
    """For each model and collection, at USUAL; and for all of a model, at each of PROBABILITIES."""
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for v in counted(verdicts):
        groups.setdefault((v.model, v.collection), []).append(v)
        groups.setdefault((v.model, ""), []).append(v)
    return [
        discoverable(model, collection, groups[model, collection], p)
        for model, collection in sorted(groups, key=lambda group: (group[0], not group[1], group))
        for p in ((USUAL,) if collection else PROBABILITIES)
    ]


def discoverable(
    model: str, collection: str, verdicts: Iterable[Verdict], p: float
) -> Discoverable:
    """Of some verdicts on a model."""
    logs = [log_probability(v) for v in verdicts]
    needed = sorted(queries(each, p) or math.inf for each in logs if each is not None)
    return Discoverable(model, collection, len(logs), p, tuple(needed))
