"""Reports of audits: a model that recites nothing of the texts."""

from collections.abc import Callable, Sequence

import msgspec

from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.probes.controls import COPYING, controls_of
from memtests.fixtures.probes.probes import DEFAULT_HEADER, Probe, parse_prefix_lengths
from memtests.reports.gating.gates import evaluate, parse_gate
from memtests.reports.report import Report
from tests.support.reported import NURSERY, TANG, Recites, forgets, knows, probes_asked, reported

MUST_NOT = ("near<=0", "longest<=20", "discoverable(1000)<=0")
COMMAND = (
    "memtests --model ckpt --poems private.jsonl --controls full --gate 'near<=0' "
    "--gate 'longest<=20' --gate 'discoverable(1000)<=0' --recall-report reports/audit"
)


def copies(probe: Probe) -> str:
    """It recites only a poem that its cue contains."""
    return probe.suffix if probe.control == COPYING else forgets(probe)


def with_controls(collection: Collection) -> list[Probe]:
    made = controls_of(collection, parse_prefix_lengths("25%"), DEFAULT_HEADER)
    return [*probes_asked(collection), *made]


def audited(
    rules: Sequence[str] = MUST_NOT,
    recites: Recites = copies,
    *,
    collections: Sequence[Collection] = (TANG, NURSERY),
    asked: Callable[[Collection], Sequence[Probe]] = with_controls,
    unjudged: Sequence[tuple[str, str, str]] = (),
    problems: Sequence[str] = (),
) -> Report:
    """The report on one model, its gates judged."""
    found = reported({"ckpt": recites}, collections, unjudged, asked)
    found = msgspec.structs.replace(found, command=COMMAND, suite="1.2.3")
    names = [collection.name for collection in collections]
    gates = evaluate([parse_gate(rule, names) for rule in rules], found, (), problems)
    return msgspec.structs.replace(found, gates=gates)


def knows_most(probe: Probe) -> str:
    """All but the next lines."""
    return forgets(probe) if probe.case == "next_line" else knows(probe)
