"""What was lost against a baseline, counted by poem. Pure functions."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from memtests.reports.report import ComparisonRecord


class LostOf(NamedTuple):
    """A poem that lost something."""

    poem: str
    """`collection/id`."""
    lost: int
    """Probes."""
    known: int | None
    """Of so many that the baseline knew; None where an older report does not say."""


def poem_of(probe: str) -> str:
    """The poem of a probe's name, as `collection/id`."""
    return probe.rpartition("/")[0]


def within(poem: str, collection: str) -> bool:
    """Whether a poem is of a collection; every poem is of ``""``."""
    return not collection or poem.startswith(f"{collection}/")


def lost_by_poem(record: ComparisonRecord) -> Sequence[LostOf]:
    """The poems that lost something, first those that lost most probes, then the greatest share."""
    counts = Counter(map(poem_of, record.lost))
    found = [LostOf(poem, lost, record.known.get(poem)) for poem, lost in counts.items()]
    return sorted(found, key=lambda each: (-each.lost, each.known or each.lost, each.poem))
