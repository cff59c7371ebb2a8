"""Losses against another model, by poem, as the page shows them. Pure functions."""

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
    """How many of its probes are lost: ``3 of 9``."""
    probes: Sequence[tuple[str, str]]
    """Each lost probe, with both recitations."""


class Losses(NamedTuple):
    """The losses of one comparison."""

    summary: str
    """How many poems lost something."""
    poems: Sequence[LostPoem]
    """Those that lost most come first."""
    worst: Sequence[str]
    """Lines on the poem that lost most, as of `said_worst`."""


def losses_of(
    comparison: Comparison, places: Mapping[str, Place], languages: Mapping[PoemKey, str]
) -> Losses | None:
    """The losses of a comparison; None if there are none. `places`: `collection/id` → the poem's
    place.
    """
    if not comparison.losses:
        return None
    summary, counts = counts_of(comparison.record)
    probes: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for loss in comparison.losses:
        probe = loss.verdict.probe
        probes[poem_of(probe)].append((probe, describe_loss(loss, languages)))
    poems = [LostPoem(poem, places[poem], count, probes[poem]) for poem, count in counts]
    return Losses(summary, poems, said_worst(comparison, languages))
