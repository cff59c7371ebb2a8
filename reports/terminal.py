"""The recall report as text for a terminal: aligned, readable without colour. Pure functions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from wcwidth import wcswidth

from plugins.misses import describe, excerpt, missed, one_line
from plugins.verdicts import Verdict
from reports.comparing import Comparison, Loss
from reports.conclusion import Conclusion
from reports.report import ComparisonRecord, GateRecord, Report, Tally, UnjudgedRecord
from reports.tallies import QUERIES, merged, seen_by_sampling, shortest_cues


def sections(
    conclusion: Conclusion, languages: Mapping[tuple[str, str], str], misses: bool, folder: Path
) -> list[tuple[str, list[str]]]:
    """Everything that a run shows at its end: titles, and the lines under each.

    `languages`: collection and poem → the poem's language.
    """
    report = conclusion.report
    parts = [
        render_table(report),
        render_shortest_cues(report),
        render_sampling(report),
        render_unjudged(report.unjudged),
        [f"report: {folder / 'recall.json'}"],
    ]
    refusal = conclusion.refusal
    found = [
        ("misses", render_misses(report.verdicts, languages) if misses else []),
        ("recall", "\n\n".join("\n".join(part) for part in parts if part).splitlines()),
        ("baseline", render_comparisons(conclusion.comparisons, languages)),
        ("gates", render_gates(report.gates)),
        ("not written", [one_line(refusal)] if refusal else []),
    ]
    judged = report.verdicts or report.unjudged
    return [(title, lines) for title, lines in found if lines and (judged or title != "recall")]


def render_table(report: Report) -> list[str]:
    """Per collection and case: counts, and recall with its 95 % interval."""
    return columns(table_rows(report), left=3 if len(report.models) > 1 else 2)


def table_rows(report: Report) -> list[list[str]]:
    """The cells of the table, its head first, one row for each case and one for all of a model."""
    several = len(report.models) > 1
    rows = [["model"] * several + ["collection", "case", "probes", *_COUNTS, "recall", "95 %"]]
    by_case = [tally for tally in report.tallies if tally.case != "prefix_lengths"]
    rows += [_row(tally, several) for tally in merged(by_case, ("model", "collection", "case"))]
    for total in merged(by_case, ("model",)):
        rows.append(_row(total, several, collection="all"))
    return rows


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


def render_sampling(report: Report) -> list[str]:
    """Per collection: of the missed probes, how many sampling would show within some queries."""
    several = len(report.models) > 1
    rows = [["model"] * several + ["seen by sampling", "missed", *(f"{n:,}" for n in QUERIES), ""]]
    for seen in seen_by_sampling(report.verdicts):
        rows.append(
            [seen.model] * several
            + [seen.collection, str(seen.missed), *map(str, seen.within), "queries"]
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


def render_gates(gates: Sequence[GateRecord]) -> list[str]:
    """One line for each gate and model: its value, the 95 % interval, passed or why not."""
    return columns(gate_rows(gates), left=2) if gates else []


def gate_rows(gates: Sequence[GateRecord]) -> list[list[str]]:
    """The cells of the table of gates, its head first."""
    several = len({gate.model for gate in gates}) > 1
    rows = [["gate"] + ["model"] * several + ["value", "probes", "95 %", "result"]]
    for gate in gates:
        result = "passed" if gate.passed else f"NOT PASSED: {gate.reason}"
        rows.append([gate.rule] + [gate.model or ""] * several + [*_measured(gate), result])
    return rows


def _measured(gate: GateRecord) -> list[str]:
    """Value, counts and interval of a gate."""
    if gate.value is None or gate.low is None or gate.high is None or gate.counts is None:
        return ["-", "-", "-"]
    part, whole = gate.counts
    interval = f"{percent(gate.low)} to {percent(gate.high)}"
    return [percent(gate.value), f"{part} of {whole}", interval]


def render_comparisons(
    comparisons: Sequence[Comparison], languages: Mapping[tuple[str, str], str]
) -> list[str]:
    """Each model against its baseline: counts, then a line for each poem that was lost."""
    lines: list[str] = []
    for comparison in comparisons:
        found = comparison.record()
        lines += [
            f"{found.model} against {found.baseline} ({found.baseline_model}): "
            f"{found.retained} retained, {len(found.lost)} lost, {len(found.gained)} gained, "
            f"{found.still_missing} still missing; {chance_of(found)}",
            *not_compared(found),
        ]
        rows = [
            ["LOST", loss.verdict.probe, describe_loss(loss, languages)]
            for loss in comparison.losses
        ]
        lines += columns(rows, left=3)
    return [one_line(line) for line in lines]


def chance_of(found: ComparisonRecord) -> str:
    """Whether so unequal a change is more than noise."""
    word = "more than" if found.p < 0.05 else "within"
    return f"{word} noise (McNemar p = {found.p:.2g})"


def not_compared(found: ComparisonRecord) -> list[str]:
    """What was left out of a comparison, a line each."""
    left_out = [
        (found.new, "asked now are not in the baseline"),
        (found.not_asked, "of the baseline were not judged now"),
    ]
    return [f"{count} probes {what}" for count, what in left_out if count]


def describe_loss(loss: Loss, languages: Mapping[tuple[str, str], str]) -> str:
    """Both recitations, from where the present one leaves the poem."""
    verdict = loss.verdict
    language, at = languages[verdict.collection, verdict.poem], verdict.divergence or 0
    then, now = (excerpt(text, at, language) for text in (loss.then, verdict.completion))
    return f"after {at}: then “{then}” now “{now}”"


def columns(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Rows in aligned columns, the first `left` flush left, the others flush right.

    Wide characters take two places; what a terminal would act on is escaped.
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
