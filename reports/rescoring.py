"""Saved completions are judged again, after a change of definitions. Pure functions."""

from typing import NamedTuple

import msgspec

from memtests import __version__
from memtests.plugins.chance import chance
from memtests.plugins.verdicts import Verdict, judge
from memtests.reports.counting.controlled import control_records
from memtests.reports.counting.tallies import tallies
from memtests.reports.report import Report, bands_of, is_redacted, language_of


def refusal(report: Report) -> str | None:
    """Why a report cannot be judged again; None if it can."""
    if is_redacted(report):
        return "it was made with --redact and holds no completions; judge again where the texts are"
    return None


class Changed(NamedTuple):
    """A verdict before and after."""

    before: Verdict
    after: Verdict


def rescored(report: Report) -> tuple[Report, list[Changed]]:
    """The report with every completion judged again, and the verdicts that changed.

    Chance levels are the report's own. The new report has no gates and comparisons, because they
    belonged to the old verdicts.
    """
    collections, bands = {record.name: record for record in report.collections}, bands_of(report)
    verdicts = []
    for v in report.verdicts:
        if not v.recited:  # it has no completion to judge
            verdicts.append(v)
            continue
        level = chance(bands[v.collection], v.suffix)
        language = language_of(v, collections[v.collection])
        judgement = judge(v.completion, v.asked, language, level, v.cue)
        verdicts.append(msgspec.structs.replace(v, **judgement._asdict()))
    changed = [
        Changed(before, after)
        for before, after in zip(report.verdicts, verdicts, strict=True)
        if before != after
    ]
    new = msgspec.structs.replace(
        report,
        suite=__version__,
        verdicts=tuple(verdicts),
        tallies=tuple(tallies(verdicts)),
        gates=(),
        comparisons=(),
    )
    # Under `--controls none` there is no control, not even the one of chance.
    wanted = report.controls or any(v.control for v in report.verdicts)
    return msgspec.structs.replace(new, controls=control_records(new) if wanted else ()), changed


def changed_rows(changed: list[Changed]) -> list[list[str]]:
    """The rows of a table of changed verdicts: probe, model, before, after."""
    return [
        [before.probe, before.model, _said(before), "→", _said(after)] for before, after in changed
    ]


def _said(v: Verdict) -> str:
    kind = f" {v.kind}" if v.kind else " verbatim" if v.verbatim else ""
    return f"{v.outcome}{kind} {v.similarity or 0.0:.3f}"
