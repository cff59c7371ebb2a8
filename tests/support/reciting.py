"""Probes of the canon to recite, and what came of them."""

import functools
from collections.abc import Sequence

from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.probes.probes import Probe, parse_prefix_lengths, probes_of
from memtests.plugins.reciter import Completion, Reciter, Unjudged

CANON = {collection.name: collection for collection in canon()}
LENGTHS = parse_prefix_lengths("10%,25%,50%,75%")


def some_probes(poems: int) -> list[Probe]:
    """Probes of every case over a few poems of every collection."""
    sampled: list[Collection] = [collection.sample(poems) for collection in CANON.values()]
    return [
        probe
        for collection in sampled
        for case in ("title", "prefix", "next_line")
        for probe in probes_of(collection, case, LENGTHS, "{title}\n{dynasty} {author}")
    ]


@functools.cache
def embedded_says(poems: int) -> tuple[Completion, ...]:
    """The embedded model's completions of these probes. Other ways of asking are compared with
    them.
    """
    found = Reciter(load("embedded", Loading(device="cpu"))).recite(some_probes(poems))
    completions = tuple(each for each in found if isinstance(each, Completion))
    assert len(completions) == len(found)
    return completions


def texts(found: Sequence[Completion | Unjudged]) -> list[str]:
    assert [each for each in found if isinstance(each, Unjudged)] == []
    return [each.text for each in found if isinstance(each, Completion)]
