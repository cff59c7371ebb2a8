"""The recall report as text for a terminal: aligned, readable without colour. Pure functions."""

from collections.abc import Mapping, Sequence

from wcwidth import wcswidth

from plugins.misses import describe, missed, one_line
from plugins.verdicts import Verdict
from reports.report import Report, Tally, UnjudgedRecord
from reports.tallies import merged, shortest_cues


def render_table(report: Report) -> list[str]:
    """Per collection and case: counts, and recall with its 95 % interval."""
    several = len(report.models) > 1
    rows = [["model"] * several + ["collection", "case", "probes", *_COUNTS, "recall", "95 %"]]
    by_case = [tally for tally in report.tallies if tally.case != "prefix_lengths"]
    rows += [_row(tally, several) for tally in merged(by_case, ("model", "collection", "case"))]
    for total in merged(by_case, ("model",)):
        rows.append(_row(total, several, collection="all"))
    return columns(rows, left=3 if several else 2)


def render_shortest_cues(report: Report) -> list[str]:
    """Per collection: how many poems a prefix drawn by Hypothesis triggers, and how short."""
    several = len(report.models) > 1
    languages = {record.name: record.language for record in report.collections}
    rows = [
        ["model"] * several + ["shortest cue", "poems", "triggered", "shortest", "median", "in"]
    ]
    for cues in shortest_cues(report.verdicts):
        unit = "characters" if languages.get(cues.collection, "").startswith("zh") else "words"
        found = ["-", "-"] if cues.shortest is None else [str(cues.shortest), str(cues.median)]
        rows.append(
            [cues.model] * several
            + [cues.collection, str(cues.poems), str(cues.recited), *found, unit]
        )
    return columns(rows, left=2 if several else 1) if len(rows) > 1 else []


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
        + [v.probe, describe(v, languages[v.collection, v.poem])]
        for v in missed(verdicts)
    ]
    return columns(rows, left=5)


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


def columns(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Rows in aligned columns, the first `left` flush left, the others flush right.

    Wide characters take two places.
    """
    if not rows:
        return []
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


_COUNTS = ("correct", "incorrect", "forgotten")


def _row(tally: Tally, several: bool, collection: str | None = None) -> list[str]:
    judged = tally.correct + tally.incorrect + tally.forgotten
    return [
        *[tally.model] * several,
        collection or tally.collection,
        tally.case,
        str(judged),
        *(str(getattr(tally, outcome)) for outcome in _COUNTS),
        percent(tally.recall),
        f"{percent(tally.low)} to {percent(tally.high)}",
    ]


def percent(part: float) -> str:
    """A proportion as a percentage with one decimal."""
    return f"{100 * part:.1f} %"


def _width(text: str) -> int:
    width = wcswidth(text)
    return width if width >= 0 else len(text)
