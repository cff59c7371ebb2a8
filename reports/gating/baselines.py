"""Baselines: the verdicts of an earlier checkpoint, from its recall.json or from a small file that
`--update-baseline` made.
"""

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.traces import Trace
from memtests.plugins.verdicts import question_of
from memtests.reports.counting.tallies import counted
from memtests.reports.report import ModelRecord, Report, is_chat
from memtests.reports.report_files import BASELINE_SCHEMA, Known, Small, read_file
from memtests.reports.trace_files import of_this_run, read_traces, said_strange


class MismatchError(Exception):
    """A baseline whose questions differ; the message says how, and how to make a new one."""


@dataclass(frozen=True)
class Baseline:
    """The verdicts of one or several earlier models."""

    file: str
    collections: Mapping[str, str]
    """Name → sha256."""
    models: Mapping[str, Mapping[str, Known]]
    """Model → probe → verdict."""
    traces: Sequence[Trace] = ()
    """The traces that lie beside the file."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """Model → its `template`, as of ModelRecord."""
    hashes: Mapping[str, str | None] = field(default_factory=dict)
    """Model → its `traces`, as of ModelRecord."""

    def model_for(self, name: str) -> str:
        """The model to compare `name` with: the only one, or the one of that name.

        Raises MismatchError.
        """
        if len(self.models) == 1:
            return next(iter(self.models))
        if name not in self.models:
            raise MismatchError(
                f"{self.file} has several models ({', '.join(self.models)}) and none is called "
                f"{name}; make a file of one model: --update-baseline NEW.json"
            )
        return name

    def asked_otherwise(self, models: Iterable[ModelRecord]) -> Iterator[str]:
        """A clause for each model that was asked in a chat where this baseline was not, or the
        other way round: their verdicts cannot be compared.
        """
        for model in models:
            then = is_chat(self.templates.get(self.model_for(model.name), "none"))
            if then != is_chat(model.template):
                ways = ("in a chat", "plainly") if then else ("plainly", "in a chat")
                yield f"{self.file} was asked {ways[0]}, and {model.name} {ways[1]}"


def read_baseline(file: str, folder: Path) -> Baseline:
    """A baseline from its file, relative to a folder. Raises ReportError."""
    found = read_file(file, folder)
    return _of_small(file, found) if isinstance(found, Small) else baseline_of(file, found)


def with_traces(baseline: Baseline, folder: Path) -> Baseline:
    """The baseline with the traces that lie beside its file in a folder. Those of another run are
    left out, with a warning. Raises ReportError.
    """
    traces, strange = of_this_run(baseline.hashes, read_traces(folder))
    if strange:
        warnings.warn(said_strange(folder, strange), stacklevel=2)
    return replace(baseline, traces=traces)


def _of_small(file: str, small: Small) -> Baseline:
    verdicts = {known.probe: known for known in small.verdicts}
    hashes = {collection.name: collection.sha256 for collection in small.collections}
    templates = {small.model: small.template}
    return Baseline(file, hashes, {small.model: verdicts}, templates=templates)


def baseline_of(file: str, report: Report) -> Baseline:
    """A baseline of the models of a report. `file`: where the report comes from."""
    models: dict[str, dict[str, Known]] = {model.name: {} for model in report.models}
    for v in counted(report.verdicts):
        said = None if v.redacted else v.completion
        said = said if v.recited else None
        found = Known(v.probe, v.outcome, v.question, said, v.divergence)
        models.setdefault(v.model, {})[v.probe] = found
    templates = {model.name: model.template for model in report.models}
    hashes = {c.name: c.sha256 for c in report.collections}
    traces = {model.name: model.traces for model in report.models}
    return Baseline(file, hashes, models, templates=templates, hashes=traces)


def check(
    baseline: Baseline,
    models: Sequence[str],
    collections: Sequence[Collection],
    probes: Sequence[Probe],
) -> None:
    """Raise MismatchError if the baseline has other poems, other cues or other models."""
    new = "make a new one with --update-baseline NEW.json"
    for collection in collections:
        if baseline.collections.get(collection.name, collection.sha256) != collection.sha256:
            raise MismatchError(
                f"{baseline.file} has other poems: collection {collection.name} has changed "
                f"since; give the poems as they were, or {new}"
            )
    if not {collection.name for collection in collections} & baseline.collections.keys():
        raise MismatchError(
            f"{baseline.file} has other poems: {', '.join(baseline.collections) or 'none'}, "
            f"where this run asks for {', '.join(c.name for c in collections)}; name a baseline of "
            f"these, or {new}"
        )
    for model in models:
        known = baseline.models[baseline.model_for(model)]
        now, then = _asked_as(probe.name for probe in probes), _asked_as(known)
        if now and then and now.isdisjoint(then):
            raise MismatchError(
                f"{baseline.file} asked for {', '.join(sorted(then))}, and this run asks for "
                f"{', '.join(sorted(now))}; give --windows as it was then, or {new}"
            )
        for probe in probes:
            found = known.get(probe.name)
            if found is not None and found.question != question_of(probe.cue, probe.suffix):
                raise MismatchError(
                    f"{baseline.file} asked with other cues ({probe.name}); give the same --header "
                    f"and the same poems, or {new}"
                )


def _asked_as(probes: Iterable[str]) -> set[str]:
    """What probes ask for, by their names: whole poems, or windows of some size."""
    forms = (re.search(r"/window-(\d+t?)-(\d+t?):\d+$", name) for name in probes)
    return {f"windows of {form[1]}/{form[2]}" if form else "whole poems" for form in forms}


def encode_small(report: Report) -> bytes:
    """A small baseline file of a report on one model: a verdict a line, no completions."""
    (model,) = report.models
    head = {
        "baseline_schema": BASELINE_SCHEMA,
        "model": model.name,
        "weights_sha256": model.weights_sha256,
        **({"template": "chat"} if is_chat(model.template) else {}),
        "collections": [{"name": c.name, "sha256": c.sha256} for c in report.collections],
    }
    verdicts = [
        {"probe": v.probe, "outcome": v.outcome, "question": v.question}
        | ({} if v.recited or v.undecided else {"divergence": v.divergence})
        for v in counted(report.verdicts)
    ]
    lines = [f' "{name}": {_json(value)},' for name, value in head.items()]
    body = ",\n".join(f"  {_json(verdict)}" for verdict in verdicts)
    return "\n".join(["{", *lines, ' "verdicts": [', body, " ]", "}", ""]).encode()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
