"""(n, p)-discoverable: n samples recite the suffix at least once with probability p (Hayes et al.
2024).

Pure functions over verdicts and probabilities.
"""

import bisect
import math
from collections.abc import Iterable
from typing import NamedTuple

from memtests.plugins.verdicts import Verdict
from memtests.reports.counting.tallies import counted, queries

SAMPLES = (1, 10, 100, 1_000, 1_000_000)
PROBABILITIES = (0.1, 0.5, 0.9)
USUAL = 0.5


def log_probability(v: Verdict) -> float | None:
    """The log-probability that sampling recites the suffix: at temperature 1, or among the 40 most
    probable tokens if that is higher. None if it is not known.
    """
    if v.log_p is None or v.log_p_40 is None:
        return v.log_p
    return max(v.log_p, v.log_p_40)


def found_within(log_p: float | None, samples: float, p: float) -> bool:
    """Whether so many samples recite the suffix at least once with probability p."""
    return log_p is not None and needed(log_p, p) <= samples


def needed(log_p: float, p: float) -> float:
    """How many samples recite the suffix at least once with probability p; infinity if none do."""
    return queries(log_p, p) or math.inf


class Discoverable(NamedTuple):
    """How many samples the probes of one model and collection need."""

    model: str
    collection: str
    """Empty if it is over all collections."""
    probes: int
    p: float
    needed: tuple[float, ...]
    """How many samples each probe needs, in rising order; only of probes whose probability is
    known."""

    def share(self, samples: float) -> float | None:
        """The share of these probes that need at most so many samples."""
        shown = bisect.bisect_right(self.needed, samples)
        return shown / len(self.needed) if self.needed else None


def discoverable_by_collection(verdicts: Iterable[Verdict]) -> list[Discoverable]:
    """One for each model and collection, at p = USUAL; and one for each model over all collections,
    at each of PROBABILITIES.
    """
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
    """How many samples the probes of these verdicts need."""
    logs = [log_probability(v) for v in verdicts]
    counts = sorted(needed(each, p) for each in logs if each is not None)
    return Discoverable(model, collection, len(logs), p, tuple(counts))
