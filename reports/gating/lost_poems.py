"""Losses since a baseline, counted by poem. Pure functions."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from memtests.reports.report import ComparisonRecord


class LostOf(NamedTuple):
    """A poem that lost something."""

    poem: str
    """`collection/id`."""
    lost: int
    """How many of its probes are lost."""
    known: int | None
    """How many of its probes the baseline knew; None in an older report, which does not say."""


def poem_of(probe: str) -> str:
    """The poem of a probe's name, as `collection/id`."""
    return probe.rpartition("/")[0]


def within(poem: str, collection: str) -> bool:
    """Whether a poem is in a collection; ``""`` stands for all collections."""
    return not collection or poem.startswith(f"{collection}/")


def lost_by_poem(record: ComparisonRecord) -> Sequence[LostOf]:
    """The poems that lost something: those that lost most probes come first, and among equals those
    that lost the greatest share.
    """
    counts = Counter(map(poem_of, record.lost))
    found = [LostOf(poem, lost, record.known.get(poem)) for poem, lost in counts.items()]
    return sorted(found, key=lambda each: (-each.lost, each.known or each.lost, each.poem))
