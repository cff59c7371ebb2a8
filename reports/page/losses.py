"""What was lost against another model, by poem, as the page shows it. Pure functions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from memtests.reports.gating.comparing import Comparison
from memtests.reports.gating.lost_poems import poem_of
from memtests.reports.report import PoemKey
from memtests.reports.text.said_losses import counts_of, describe_loss, said_worst


class Place(NamedTuple):
    """A poem on the page."""

    id: str
    title: str


class LostPoem(NamedTuple):
    """A poem that lost something."""

    poem: str
    """`collection/id`."""
    place: Place
    how_many: str
    """Of its probes."""
    probes: Sequence[tuple[str, str]]
    """Each that was lost, with both recitations."""


class Losses(NamedTuple):
    """What one comparison lost."""

    summary: str
    """How many poems."""
    poems: Sequence[LostPoem]
    """First those that lost most."""
    worst: Sequence[str]
    """On the poem that lost most: which probe, what was recited then, and what is now."""


def losses_of(
    comparison: Comparison, places: Mapping[str, Place], languages: Mapping[PoemKey, str]
) -> Losses | None:
    """Nothing where nothing was lost; `places`: those of the poems, by `collection/id`."""
    if not comparison.losses:
        return None
    summary, counts = counts_of(comparison.record)
    probes: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for loss in comparison.losses:
        probe = loss.verdict.probe
        probes[poem_of(probe)].append((probe, describe_loss(loss, languages)))
    poems = [LostPoem(poem, places[poem], count, probes[poem]) for poem, count in counts]
    return Losses(summary, poems, said_worst(comparison, languages))
