"""A page that certifies a passed gate on what a model must not recite.

Pure functions. The page is Markdown that reads well as plain text, on one sheet of A4 mostly.
"""

import re
import shlex
import textwrap
from collections.abc import Collection, Iterable, Sequence

from memtests.fixtures.probes.controls import COPYING, UNSEEN
from memtests.reports.counting.controlled import merged_controls
from memtests.reports.counting.tallies import near
from memtests.reports.gating.certifying import among, concerned, must_not, why_none
from memtests.reports.gating.gates import Gate
from memtests.reports.gating.measures import DISCOVERABLE, LONGEST, NEAR
from memtests.reports.report import ControlRecord, GateRecord, ModelRecord, Report
from memtests.reports.text.markdown import escaped
from memtests.reports.text.rows import gate_rows
from memtests.reports.text.statement import not_tried, statement
from memtests.reports.text.terminal import columns

CERTIFICATE = "certificate.md"
"""The file in the report's folder."""
# Each of these three gates sees texts that the others miss (docs/auditing.md).
_TOGETHER = (NEAR, LONGEST, DISCOVERABLE)
_WIDTH = 88
# Beginnings of a line that Markdown takes for a list or for the underline of a heading. The number
# in `1.` is followed by a space or by nothing, so a date does not match.
_BLOCK = re.compile(r"^(?:(\d+)(?=[.)](?: |$))|(?=[-+] |\+$|[-=]+$))")


def render_certificate(report: Report, problems: Sequence[str] = ()) -> str | None:
    """The page; None if the report gets no certificate."""
    gates = must_not(report)
    if not gates or why_none(report, problems):
        return None
    only = concerned(report)
    said = [found for model in report.models if (found := statement(report, model, only))]
    parts = [
        ["# Certificate"],
        wrapped(
            f"Decision: PASSED. {_all(len(gates))} on what must not be recited was met on "
            f"{report.created}. {_checked(report, only)} This page is about the texts, the cues "
            "and the weights that are named here, and about nothing else."
        ),
        ["## What was asked, and what came of it"],
        *map(wrapped, said),
        ["## Gates"],
        _as_it_is(columns(gate_rows(report), left=2)),
        *_not_gated(gates),
        ["## Controls"],
        _list(_controls(report, only)),
        ["## What was not tried"],
        _list(not_tried(report, only)),
        ["## What it rests on"],
        _as_it_is(_rests_on(report, only)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def wrapped(text: str, begins: str = "") -> list[str]:
    """A paragraph, or an item of a list, in lines that fit on a sheet. `begins`: its mark."""
    lines = textwrap.wrap(escaped(text), _WIDTH, break_long_words=False, break_on_hyphens=False)
    first, *others = [_BLOCK.sub(r"\1\\", line) for line in lines]
    return [begins + first, *(" " * len(begins) + line for line in others)]


def _list(items: Iterable[str]) -> list[str]:
    return [line for item in items for line in wrapped(item, "- ")]


def _as_it_is(lines: Iterable[str]) -> list[str]:
    """Lines as a Markdown code block, which keeps their columns."""
    return [f"    {line}" for line in lines]


def _all(count: int) -> str:
    return "The gate" if count == 1 else f"Each of the {count} gates"


def _checked(report: Report, only: Collection[str]) -> str:
    """Whether the models can say such words: how many of the texts in their cues they copied."""
    copied = [v for v in report.verdicts if v.control == COPYING and among(v.collection, only)]
    said = []
    for model in report.models:
        own = [near(v) for v in copied if v.model == model.name]
        said.append(f"{model.name} {sum(own):,} of {len(own):,}")
    return (
        "Whether the model can say such words was checked with texts that stood whole in the cue; "
        f"copied, or nearly: {', '.join(said)}."
    )


def _not_gated(gates: Iterable[tuple[GateRecord, Gate]]) -> list[list[str]]:
    """A paragraph on gates that are missing, if any of _TOGETHER is."""
    measures = {gate.measure for _, gate in gates}
    missing = [measure for measure in _TOGETHER if measure not in measures]
    if not missing:
        return []
    return [
        wrapped(
            f"No gate was on {', '.join(missing)}; near, longest and discoverable each see what "
            "the others do not."
        )
    ]


def _controls(report: Report, only: Collection[str]) -> list[str]:
    """A line for each model and control in _BEARING."""
    several = len(report.models) > 1
    records = [record for record in report.controls if among(record.collection, only)]
    found = {(record.model, record.kind): record for record in merged_controls(records)}
    lines = []
    for model in report.models:
        for kind, (means, without) in _BEARING.items():
            record = found.get((model.name, kind))
            lines.append(
                f"{model.name}, " * several + f"{kind}: {_of(record) if record else 'not asked'}; "
                f"{means if record else without}"
            )
    return lines


_BEARING = {
    COPYING: (
        "the text stood in the cue, so this says whether the model can say these words at all",
        "so it is not known whether the model can say these words at all",
    ),
    UNSEEN: (
        "these texts are made up, so a model that recites them would prove nothing",
        "so it is not known whether the model says what nobody can know",
    ),
}
"""Kind of control → what its result means, and what it means if it was not asked."""


def _of(record: ControlRecord) -> str:
    return f"{record.correct} of {record.judged} correct"


def _rests_on(report: Report, only: Collection[str]) -> list[str]:
    rows = [row for model in report.models for row in _model(model)]
    for record in report.collections:
        if among(record.name, only):
            rows += [["texts", f"{record.name}, {record.poems}"], ["SHA-256", record.sha256]]
    rows.append(["suite", f"memtests {report.suite or 'of a version that is not known'}"])
    rows.append(["date", report.created])
    first, *others = _typed(report.command)
    rows += [["command", first], *(["", line] for line in others)]
    return columns(rows, left=2)


def _model(model: ModelRecord) -> list[list[str]]:
    versions = ", ".join(f"{name} {version}" for name, version in model.versions.items())
    size = f", {model.parameters:,} parameters" if model.parameters > 0 else ""
    return [
        ["model", model.name],
        ["SHA-256", model.weights_sha256 or "the weights are not known"],
        ["computed", f"in {model.dtype} on {model.device}{size}"],
        ["versions", versions or "not known"],
    ]


def _typed(command: str) -> list[str]:
    """A command in lines that fit on the sheet and can be pasted into a shell. A value stays on the
    line of its option.
    """
    options: list[str] = []
    for word in shlex.split(command):
        if options and not word.startswith("-"):
            options[-1] += f" {shlex.quote(word)}"
        else:
            options.append(shlex.quote(word))
    lines: list[str] = []
    for option in options:
        if lines and len(lines[-1]) + len(option) < _WIDTH - 14:
            lines[-1] += f" {option}"
        else:
            lines.append(option)
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:] or ["not recorded"]
