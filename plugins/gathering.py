"""Verdicts travel from a test item to the report as pytest user properties.

Only builtins cross from an xdist worker to its controller. User properties do, and they are still
there if the worker dies later. Verdicts and traces are also written to the disk as soon as they are
settled, before the test item is over.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from memtests.fixtures.models.contract import Usage
from memtests.plugins.recital import Recital, UnjudgedError
from memtests.plugins.redacting import without_messages, without_reasons
from memtests.plugins.resuming import SavedVerdict
from memtests.plugins.traces import Trace
from memtests.plugins.verdicts import (
    CORRECT,
    FORGOTTEN,
    INCORRECT,
    NOT_RECITED,
    UnjudgedRecord,
    unjudged_record,
)

Property = tuple[str, Any]
UNJUDGED = "unjudged"
"""The status of a case that has no outcome."""

UNUSABLE_MODEL = "unusable"
"""The property of a test report that says why there was no model to ask."""


class Told(NamedTuple):
    """The traceback of an error that left a probe unjudged."""

    model: str
    probe: str
    traceback: str


class Taken(NamedTuple):
    """The verdicts in a test report, the new ones among them, and the tracebacks of errors."""

    verdicts: list[SavedVerdict]
    new: list[SavedVerdict]
    errors: list[Told]


@dataclass
class Gathered:
    """Everything that was judged in a session, gathered on the controller as it comes in."""

    verdicts: dict[tuple[str, str], SavedVerdict] = field(default_factory=dict)
    unjudged: dict[tuple[str, str], UnjudgedRecord] = field(default_factory=dict)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    mixed: set[str] = field(default_factory=set)
    """Models that differ between processes: their files changed while the run went on, say."""
    ways: dict[tuple[str, int], str] = field(default_factory=dict)
    """Model and process → the way it was computed, as last reported."""
    usages: dict[tuple[str, int], Usage] = field(default_factory=dict)
    """Model and process → the questions and tokens of a chat server, as last reported."""

    def take(self, properties: Iterable[Property]) -> Taken:
        """Take in the properties of one test report."""
        taken: list[SavedVerdict] = []
        new: list[SavedVerdict] = []
        errors: list[Told] = []
        for name, value in properties:
            if name == "verdict":
                verdict = msgspec.convert(value, SavedVerdict)
                taken.append(verdict)
                if (verdict.model, verdict.probe) not in self.verdicts:
                    self.verdicts[verdict.model, verdict.probe] = verdict
                    self.unjudged.pop((verdict.model, verdict.probe), None)
                    new.append(verdict)
            elif name == UNJUDGED and (value["model"], value["probe"]) not in self.verdicts:
                record = msgspec.convert(value, UnjudgedRecord)
                self.unjudged[record.model, record.probe] = record
            elif name == "error":
                errors.append(Told(*value))
            elif name == "way":
                self.ways[value["model"], value["process"]] = value["way"]
            elif name == "usage":
                self.usages[value["model"], value["process"]] = Usage(*value["usage"])
            elif name == "model":
                known = self.models.setdefault(value["name"], value)
                self.models[value["name"]] = _together(known, value)
                if _together(value, known) != _together(known, value):
                    self.mixed.add(value["name"])
        return Taken(taken, new, errors)

    def way(self, model: str) -> dict[str, str]:
        """The ways in which the processes computed a model, as a field of its record."""
        ways = [way for (name, _), way in sorted(self.ways.items()) if name == model]
        return {"way": " | ".join(dict.fromkeys(ways))} if ways else {}

    def usage(self, model: str) -> dict[str, dict[str, int]]:
        """The questions and tokens of a chat server, summed over processes, as a field of its
        model's record.
        """
        found = [usage for (name, _), usage in self.usages.items() if name == model]
        if not found:
            return {}
        return {"usage": Usage(*map(sum, zip(*found, strict=True)))._asdict()}


def _together(known: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """A model's record, with the versions that only another process knows."""
    return known | {"versions": other.get("versions", {}) | known.get("versions", {})}


def properties_of(recital: Recital) -> list[Property]:
    """What a recital found since the last call, as user properties, each probe once.

    Before the probes comes the model's own record, once for each process that loads it. Its way and
    its usage follow whenever they have changed.
    """
    properties: dict[str, Property] = {}
    model = recital.model
    if not recital.introduced:
        about = {**model.about(), "completions": recital.misses.option}
        value = {"name": model.name, **about, "fingerprint": model.fingerprint}
        properties["model"] = ("model", value)
        recital.introduced = True
    if recital.way != model.way:
        recital.way = model.way
        way = without_reasons(model.way) if recital.redact else model.way
        value = {"model": model.name, "process": os.getpid(), "way": way}
        properties["way"] = ("way", value)
        for at, error in enumerate(model.errors):
            if error not in recital.errors:
                recital.errors.append(error)
                shown = without_messages(error) if recital.redact else error
                properties[f"way error {at}"] = ("error", [model.name, "the way", shown])
    answerer = recital.answerer
    if answerer and recital.usage != (usage := answerer.usage()):
        recital.usage = usage
        value = {"model": model.name, "process": os.getpid(), "usage": list(usage)}
        properties["usage"] = ("usage", value)
    for asked in recital.asked:
        if isinstance(asked, SavedVerdict):
            properties[asked.probe] = ("verdict", msgspec.to_builtins(asked))
        else:
            probe, unjudged = asked
            record = unjudged_record(recital.model.name, probe, unjudged)
            properties[probe.name] = (UNJUDGED, msgspec.to_builtins(record))
            if unjudged.traceback:
                told = Told(recital.model.name, probe.name, unjudged.traceback)
                properties[f"{probe.name} error"] = ("error", list(told))
    recital.asked.clear()
    return list(properties.values())


def packed(verdicts: Sequence[SavedVerdict], traces: Sequence[Trace]) -> Any:
    """The verdicts and traces that a worker has settled, in builtins."""
    return msgspec.to_builtins([verdicts, traces])


def unpacked(settled: Any) -> tuple[list[SavedVerdict], list[Trace]]:
    """The verdicts and traces that were `packed`."""
    verdicts, traces = settled
    return msgspec.convert(verdicts, list[SavedVerdict]), msgspec.convert(traces, list[Trace])


def status_of(properties: Sequence[Property], error: BaseException | None) -> str | None:
    """The status of a case: an outcome, `unjudged`, or None if pytest's own word fits.

    A failed assertion is a miss only if no probe of the case was correct. If one was, the test
    compares several recitations, and fails for a reason of its own.
    """
    outcomes = {value["outcome"] for name, value in properties if name == "verdict"}
    if isinstance(error, UnjudgedError):
        return UNJUDGED
    if error is None:
        return CORRECT if CORRECT in outcomes else None
    if isinstance(error, AssertionError) and outcomes and CORRECT not in outcomes:
        return next(o for o in (INCORRECT, NOT_RECITED, FORGOTTEN) if o in outcomes)
    return None
