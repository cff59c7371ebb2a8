"""Recall by length given and length asked, in cells for terminal and Markdown. Pure functions."""

from collections.abc import Sequence

from memtests.reports.counting.inside_windows import Cell, Inside
from memtests.reports.report import Report
from memtests.reports.text.phrases import number_of
from memtests.reports.text.rows import percent


def length_rows(report: Report, found: Sequence[Inside]) -> list[list[str]]:
    """A row for each length given, a column for each length asked for."""
    several = len(report.models) > 1
    columns = asked_of(found)
    names = ["context in", *(f"next {asked}" for asked in columns), "cuts", "counted in"]
    rows = [["model"] * several + names]
    for each in found:
        cells = {(cell.given, cell.asked): cell for cell in each.cells}
        for given in given_of(each):
            row = [cells.get((given, asked)) for asked in columns]
            cuts = max(cell.cuts for cell in row if cell)
            said = [_said(cell) if cell else "-" for cell in row]
            rows.append([each.model] * several + [f"after {given}", *said, f"{cuts:,}", each.unit])
    return rows


def said_no_lengths(report: Report, found: Sequence[Inside]) -> str:
    """Why a report on windows lacks the table, if it does."""
    if found or not report.texts:
        return ""
    return (
        "no table of context in and memory out: there is no trace that tells of it; a run without "
        "--no-traces, with windows of 10 given and 10 asked for or more, has it"
    )


def asked_of(found: Sequence[Inside]) -> list[int]:
    """The lengths asked for that fit into some window."""
    return sorted({cell.asked for each in found for cell in each.cells})


def given_of(found: Inside) -> list[int]:
    """The lengths given that fit into some window."""
    return sorted({cell.given for cell in found.cells})


def said_drawn(found: Inside) -> str:
    """A note on a table: what its intervals are over, and what it leaves out."""
    texts = number_of(found.texts, "text")
    over = texts if found.drawn == found.texts else f"{number_of(found.drawn, 'block')} of {texts}"
    return (
        f"95 % intervals over {over}; lengths that a window of {found.longest} {found.unit} has no "
        "room for are left out"
    )


def _said(cell: Cell) -> str:
    return f"{percent(cell.share)} ({100 * cell.low:.0f}-{100 * cell.high:.0f})"
