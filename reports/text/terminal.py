"""The recall report as text for a terminal: aligned, readable without colour. Pure functions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from wcwidth import wcswidth

from memtests.plugins.verdicts import UnjudgedRecord, Verdict
from memtests.reports.counting.extraction import extractions
from memtests.reports.counting.memories import NOTHING, Remembered
from memtests.reports.gating.comparing import Comparison, among_models
from memtests.reports.gating.conclusion import Conclusion
from memtests.reports.report import Report, languages_of
from memtests.reports.text.extraction_rows import extraction_rows, passage_lines, place_rows
from memtests.reports.text.headline import RESULT, said_resumed
from memtests.reports.text.length_rows import length_rows, said_drawn, said_no_lengths
from memtests.reports.text.phrases import describe, missed, one_line
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
from memtests.reports.text.said_asides import said_asides
from memtests.reports.text.said_completions import completion_notes
from memtests.reports.text.said_losses import describe_loss, said_losses, said_worst, worst_first

# How many poems with losses, and how many lost probes, are shown here. The page shows all of them.
_MOST_POEMS, _MOST_LOSSES = 8, 12


def sections(
    conclusion: Conclusion, misses: bool, page: Path, data: Path
) -> list[tuple[str, list[str]]]:
    """Everything that a run shows at its end: titles, and the lines under each."""
    report = conclusion.report
    languages = languages_of(report)
    parts = [
        render_table(report),
        *render_extraction(report),
        render_lengths(report, conclusion.remembered),
        render_shortest_cues(report, conclusion.remembered),
        render_discoverable(report),
        render_protocol(report, conclusion.remembered),
        render_controls(report),
        render_unjudged(report.unjudged),
        list(map(one_line, (*completion_notes(report), *notes_of(report)))),
        [f"report: {page}", f"data:   {data}"],
    ]
    refusal = conclusion.refusal
    judged = report.verdicts or report.unjudged
    broken_off = conclusion.to_ask and conclusion.problems
    result = opening(conclusion) if judged or report.gates or broken_off else []
    found = [
        (RESULT, result),
        ("misses", render_misses(report.verdicts, languages) if misses else []),
        ("recall", "\n\n".join("\n".join(part) for part in parts if part).splitlines()),
        ("models", render_comparisons(among_models(report), languages)),
        ("baseline", render_comparisons(conclusion.comparisons, languages)),
        ("gates", render_gates(report)),
        ("not written", [one_line(refusal)] if refusal else []),
    ]
    return [(title, lines) for title, lines in found if lines and (judged or title != "recall")]


def opening(conclusion: Conclusion) -> list[str]:
    """The headline, and what a resumed run took over."""
    resumed = [said_resumed(conclusion.resumed)] if conclusion.resumed else []
    return [conclusion.headline[0], *resumed]


def render_table(report: Report) -> list[str]:
    """The main table: counts, and recall with its 95 % interval."""
    return columns(table_rows(report), left=3 if len(report.models) > 1 else 2)


def render_shortest_cues(report: Report, remembered: Remembered = NOTHING) -> list[str]:
    """The table of `shortest_rows`."""
    return _rendered(report, shortest_rows(report, remembered))


def render_discoverable(report: Report) -> list[str]:
    """The table of `discoverable_rows`."""
    return _rendered(report, discoverable_rows(report))


def render_protocol(report: Report, remembered: Remembered) -> list[str]:
    """The table of `protocol_rows`."""
    return _rendered(report, protocol_rows(report, remembered))


def render_extraction(report: Report) -> list[list[str]]:
    """Long texts: a row for each, recall by place, and the longest passages."""
    found = extractions(report)
    if not found:
        return []
    return [
        _rendered(report, extraction_rows(report, found)),
        _rendered(report, place_rows(report, found)),
        passage_lines(report, found),
    ]


def render_lengths(report: Report, remembered: Remembered) -> list[str]:
    """The table of `length_rows`, with a note on its intervals."""
    rows = _rendered(report, length_rows(report, remembered.inside))
    missing = said_no_lengths(report, remembered.inside)
    return [*rows, *dict.fromkeys(map(said_drawn, remembered.inside)), *[missing] * bool(missing)]


def render_controls(report: Report) -> list[str]:
    """The table of `control_rows`."""
    return _rendered(report, control_rows(report))


def _rendered(report: Report, rows: Sequence[Sequence[str]]) -> list[str]:
    """A table; nothing if it has only a head."""
    return columns(rows, left=2 if len(report.models) > 1 else 1) if len(rows) > 1 else []


def render_misses(
    verdicts: Sequence[Verdict], languages: Mapping[tuple[str, str], str]
) -> list[str]:
    """One line for each verdict that is not correct: where it left the poem.

    `languages`: collection and poem → the poem's language.
    """
    several = len({verdict.model for verdict in verdicts}) > 1
    rows = [
        [v.outcome.upper(), v.kind or ""]
        + [v.model] * several
        + [v.probe, _described(v, languages[v.collection, v.poem])]
        for v in missed(verdicts)
    ]
    return columns(rows, left=5)


def _described(v: Verdict, language: str) -> str:
    return "; ".join(filter(None, (describe(v, language), said_asides(v))))


def render_unjudged(unjudged: Sequence[UnjudgedRecord]) -> list[str]:
    """One line for each model and reason: how many probes, and the first of them."""
    groups: dict[tuple[str, str], list[str]] = {}
    for record in unjudged:
        groups.setdefault((record.model, record.reason), []).append(record.probe)
    return [
        f"{len(probes)} UNJUDGED  {model}  {one_line(reason)}  ({probes[0]}"
        + (", …)" if len(probes) > 1 else ")")
        for (model, reason), probes in groups.items()
    ]


def render_gates(report: Report) -> list[str]:
    """A line for each gate and model: its value, its 95 % interval, and the result. Then a line for
    each gate that was passed but proves little.
    """
    if not report.gates:
        return []
    notes = [*doubts_of(report), *ability_notes(report)]
    return [*columns(gate_rows(report), left=2), *map(one_line, notes)]


def render_comparisons(
    comparisons: Sequence[Comparison], languages: Mapping[tuple[str, str], str]
) -> list[str]:
    """Each model against its baseline: counts, the poems that lost something, both recitations of
    the worst, then a line for each lost probe. The page also has those that are left out here.
    """
    lines: list[str] = []
    for comparison in comparisons:
        found = comparison.record
        lines += [f"{against(found)}: {changes_of(found)}", *not_compared(found)]
        if comparison.losses:
            lines += [said_losses(found, _MOST_POEMS), *said_worst(comparison, languages)]
        losses = worst_first(comparison)
        rows = [
            ["LOST", loss.verdict.probe, describe_loss(loss, languages)]
            for loss in losses[:_MOST_LOSSES]
        ]
        lines += columns(rows, left=3)
        if len(losses) > _MOST_LOSSES:
            lines.append(f"and {len(losses) - _MOST_LOSSES:,} more, in report.html")
    return [one_line(line) for line in lines]


def columns(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Rows in aligned columns, the first `left` flush left, the others flush right.

    Wide characters count as two columns. Control characters are escaped (`one_line`).
    """
    if not rows:
        return []
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(_width(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            text + " " * (width - _width(text))
            if at < left
            else " " * (width - _width(text)) + text
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def _width(text: str) -> int:
    width = wcswidth(text)
    return width if width >= 0 else len(text)
