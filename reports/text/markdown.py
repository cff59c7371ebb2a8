"""The recall report as Markdown, for a pull request or a CI job's summary page. Pure functions."""

import re
from collections.abc import Mapping, Sequence

from memtests.reports.counting.extraction import extractions
from memtests.reports.gating.certifying import absent
from memtests.reports.gating.comparing import Comparison, among_models
from memtests.reports.gating.conclusion import Conclusion
from memtests.reports.report import Report, languages_of
from memtests.reports.text.extraction_rows import extraction_rows, passage_lines, place_rows
from memtests.reports.text.length_rows import length_rows, said_drawn, said_no_lengths
from memtests.reports.text.phrases import one_line
from memtests.reports.text.rows import (
    ability_notes,
    against,
    changes_of,
    control_rows,
    discoverable_rows,
    doubts_of,
    gate_rows,
    not_compared,
    notes_of,
    protocol_rows,
    shortest_rows,
    table_rows,
)
from memtests.reports.text.said_completions import completion_notes
from memtests.reports.text.said_losses import describe_loss, said_losses, said_worst, worst_first
from memtests.reports.text.statement import said_not_tried, statements
from memtests.reports.text.terminal import opening

# How many lost poems and lost probes are shown: a CI job's summary may have one megabyte.
MOST_LOSSES = 50
_MARKS = "\\`*_[]#~$"
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;", "|": "&#124;"}


def render_summary(conclusion: Conclusion) -> str:
    """The summary: headline, gates, tables, controls, losses and notes."""
    report = conclusion.report
    languages = languages_of(report)
    headline, *resumed = opening(conclusion)
    missing = said_no_lengths(report, conclusion.remembered.inside)
    parts = [
        [f"**{escaped(headline)}**"],
        list(map(escaped, resumed)),
        [f"## Recall of {', '.join(escaped(model.name) for model in report.models)}"],
        table(gate_rows(report)) if report.gates else [],
        [f"- {escaped(note)}" for note in (*doubts_of(report), *ability_notes(report))],
        [escaped(without)] if (without := absent(report, conclusion.problems)) else [],
        *([escaped(said)] for said in statements(report)),
        [escaped(said_not_tried(report))] if report.verdicts else [],
        table(table_rows(report)),
        *_extraction(report),
        *(table(rows) for rows in _from_traces(conclusion) if len(rows) > 1),
        *([f"{said_drawn(each)}."] for each in conclusion.remembered.inside),
        [f"{missing}."] if missing else [],
        ["### Controls", "", *table(control_rows(report))] if report.controls else [],
        *(
            _comparison(comparison, languages)
            for comparison in (*conclusion.comparisons, *among_models(report))
        ),
        [f"- {escaped(note)}" for note in (*completion_notes(report), *notes_of(report))],
        _unjudged(report),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _extraction(report: Report) -> list[list[str]]:
    """The tables and passages of long texts that windows were asked of."""
    found = extractions(report)
    if not found:
        return []
    places = place_rows(report, found)
    lines = [f"- {escaped(line)}" for line in passage_lines(report, found)]
    return [
        table(extraction_rows(report, found)),
        table(places) if len(places) > 1 else [],
        ["### Passages extracted", "", *lines] if lines else [],
    ]


def _from_traces(conclusion: Conclusion) -> list[list[list[str]]]:
    """The tables on sampling, and those from traces."""
    report, remembered = conclusion.report, conclusion.remembered
    return [
        shortest_rows(report, remembered),
        discoverable_rows(report),
        protocol_rows(report, remembered),
        length_rows(report, remembered.inside),
    ]


def escaped(text: str) -> str:
    """A text on one line, escaped so that Markdown and HTML show it as it is and make no links."""
    marked = "".join(_ENTITIES.get(c, f"\\{c}" if c in _MARKS else c) for c in one_line(text))
    return re.sub(r"(?i)(?<=www)\.", "&#46;", marked).replace("://", "&#58;//")


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table, its head first."""
    head, *body = [[escaped(cell) for cell in row] for row in rows]
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *body)]


def _comparison(comparison: Comparison, languages: Mapping[tuple[str, str], str]) -> list[str]:
    found = comparison.record
    lines = [
        f"### {escaped(against(found))}",
        "",
        escaped(changes_of(found)),
        *not_compared(found),
    ]
    if not comparison.losses:
        return lines
    worst, *both = said_worst(comparison, languages)
    lines += ["", f"**{escaped(said_losses(found, MOST_LOSSES))}**", "", escaped(worst), ""]
    lines += [f"- {escaped(recitation)}" for recitation in both]
    losses = [
        f"- {escaped(loss.verdict.probe)}, {escaped(describe_loss(loss, languages))}"
        for loss in worst_first(comparison)
    ]
    more = len(losses) - MOST_LOSSES
    lines += ["", "Lost:", "", *losses[:MOST_LOSSES]]
    return [*lines, f"- and {more:,} more, in report.html"] if more > 0 else lines


def _unjudged(report: Report) -> list[str]:
    if not report.unjudged:
        return []
    first = report.unjudged[0]
    count = len(report.unjudged)
    return [f"{count} unjudged: {escaped(first.probe)}, {escaped(first.reason)}"]
