"""The cells and phrases that terminal, Markdown and page share. Pure functions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median_low

from memtests.fixtures.models.local.unplaced import said_unplaced
from memtests.fixtures.models.local.ways import is_slow
from memtests.fixtures.probes.controls import MOST_TO_COPY
from memtests.fixtures.probes.cuts import ALONE, BETWEEN, CUTS, HEALED
from memtests.fixtures.probes.text import in_words
from memtests.plugins.verdicts import FORGOTTEN, INCORRECT, NOT_RECITED, OUTCOMES, Verdict
from memtests.reports.counting.controlled import control_interval, merged_controls
from memtests.reports.counting.discovery import (
    SAMPLES,
    Discoverable,
    discoverable_by_collection,
    found_within,
)
from memtests.reports.counting.lengths import LENGTHS, beginnings, correlations
from memtests.reports.counting.memories import Memory, Remembered, by_collection
from memtests.reports.counting.tallies import (
    counted,
    cuts_made,
    shortest_cues,
    totals,
)
from memtests.reports.gating.gates import HIGH, LOW, ability_unknown
from memtests.reports.report import (
    UNITS,
    ComparisonRecord,
    ControlRecord,
    GateRecord,
    Report,
    Tally,
    field_of,
    in_model_order,
    texts_of,
)
from memtests.reports.text.digits import said_end, said_value
from memtests.reports.text.phrases import TELLS, number_of
from memtests.reports.text.said_asides import said_usage

_SCRIPTS = {"spaced": "characters (with spaces)", "unspaced": "characters (Chinese and its like)"}


def table_rows(report: Report) -> list[list[str]]:
    """The main table, its head first: a row for each case, and one for all cases of a model."""
    several = len(report.models) > 1
    found = counted(report.verdicts)
    shown = outcomes_of(found)
    names = ["collection", "case", "poems", "probes", *shown, "verbatim", "near"]
    rows = [["model"] * several + [*names, "recall", "95 %"]]
    by_case = in_model_order(report, totals(found, "model", "collection", "case"))
    rows += [_row(tally, several, shown) for tally in by_case]
    for total in in_model_order(report, totals(found, "model")):
        rows.append(_row(total, several, shown, collection="all"))
    return rows


def outcomes_of(verdicts: Iterable[Verdict]) -> Sequence[str]:
    """The outcomes that have a column: `not recited` only if some probes were only read."""
    read = not all(v.recited for v in verdicts)
    return [outcome for outcome in OUTCOMES if outcome != NOT_RECITED or read]


def shortest_rows(report: Report, remembered: Remembered) -> list[list[str]]:
    """A row for each collection: how many poems are recited after a prefix of a drawn length, and
    how short it is; beside it the same over every prefix, from traces.
    """
    several = len(report.models) > 1
    of_words: dict[str, set[bool]] = defaultdict(set)
    for (collection, _), text in texts_of(report.verdicts).items():
        of_words[collection].add(in_words(text))
    drawn = {(cues.model, cues.collection): cues for cues in shortest_cues(report.verdicts)}
    exact = by_collection(remembered.memories)
    names = ["shortest cue", "poems", "drawn: found", "shortest", "median"]
    rows = [["model"] * several + names + _EXACT * bool(exact) + ["counted in"]]
    order = {model.name: at for at, model in enumerate(report.models)}
    for model, collection in sorted({*drawn, *exact}, key=lambda row: (order[row[0]], row[1])):
        words = of_words[collection]
        unit = " or ".join(["words"] * (True in words) + ["characters"] * (False in words))
        cues, found = drawn.get((model, collection)), ["-"] * 4
        if cues:
            found = [str(cues.poems), str(cues.recited), *_shortest([cues.shortest, cues.median])]
        row = [model] * several + [collection, *found]
        rows.append([*row, *(_exact(exact.get((model, collection), ())) if exact else []), unit])
    return rows


_EXACT = ["exact: found", "shortest", "median", "strength", "longest run"]


def _exact(memories: Sequence[Memory]) -> list[str]:
    """The cells under _EXACT."""
    if not memories:
        return ["-"] * len(_EXACT)
    shortest = [each.shortest for each in memories if each.shortest is not None]
    middle = median_low(shortest) if shortest else None
    strength = sum(each.strength for each in memories) / len(memories)
    return [
        f"{len(shortest)} of {len(memories)}",
        *_shortest([min(shortest, default=None), middle]),
        f"{strength:.3f}",
        str(max(each.longest for each in memories)),
    ]


def _shortest(lengths: Sequence[int | None]) -> list[str]:
    return ["-" if length is None else str(length) for length in lengths]


def discoverable_rows(report: Report) -> list[list[str]]:
    """The share of the probes that are recited at least once in n samples with probability p."""
    several = len(report.models) > 1
    names = ["(n, p)-discoverable", "probes", "p", *(f"n = {n:,}" for n in SAMPLES)]
    rows = [["model"] * several + names]
    for row in in_model_order(report, discoverable_by_collection(report.verdicts)):
        shares = [row.share(n) for n in SAMPLES]
        cells = ["-" if share is None else percent(share) for share in shares]
        rows.append(
            [row.model] * several + [row.collection or "all", _probes(row), str(row.p), *cells]
        )
    return rows


def _probes(row: Discoverable) -> str:
    known = len(row.needed)
    return f"{row.probes}" + (f" ({known} known)" if 0 < known < row.probes else "")


def protocol_rows(report: Report, remembered: Remembered) -> list[list[str]]:
    """Of the texts that are long enough for the protocol, how many are recited: by greedy decoding,
    and in n samples with a probability of 50 %.
    """
    several = len(report.models) > 1
    given, asked = remembered.protocol
    names = [f"first {given}, next {asked} tokens", "texts", "extractable"]
    names += [f"n = {n:,}" for n in _PROTOCOL_SAMPLES]
    names += [f"top-k 40, n = {n:,}" for n in _PROTOCOL_SAMPLES]
    rows = [["model"] * several + names]
    for model in dict.fromkeys(memory.model for memory in remembered.memories):
        found = [each for each in remembered.extracted if each.model == model]
        row = [model] * several + ["all poems, alone", str(len(found))]
        if not found:
            rows.append([*row, "none long enough", *["-"] * (len(names) - 3)])
            continue
        row.append(_share([each.recited for each in found]))
        for logs in ([each.log_p for each in found], [each.log_p_40 for each in found]):
            for n in _PROTOCOL_SAMPLES:
                shown = [found_within(log_p, n, 0.5) for log_p in logs]
                row.append("-" if None in logs else _share(shown))  # some servers do not tell
        rows.append(row)
    return rows


def _share(found: Sequence[bool]) -> str:
    return f"{sum(found)} ({percent(sum(found) / len(found))})"


_PROTOCOL_SAMPLES = (1, 1_000)


def beginning_rows(report: Report) -> list[list[str]]:
    """The share of the same poems that are recited up to their first 16, 32, 64, … characters."""
    several = len(report.models) > 1
    rows = [
        ["model"] * several
        + ["poems of at least", "poems", *(f"first {length}" for length in LENGTHS)]
    ]
    for row in beginnings(report):
        shares = [percent(recited / row.poems) for recited in row.recited]
        name = f"{row.at_least} {_SCRIPTS[row.script]}"
        empty = [""] * (len(LENGTHS) - len(shares))
        rows.append([row.model] * several + [name, str(row.poems), *shares, *empty])
    return rows


def correlation_rows(report: Report) -> list[list[str]]:
    """The rank correlation between a poem's length and whether it is recited from its header."""
    several = len(report.models) > 1
    rows = [["model"] * several + ["length and recall", "poems", "Spearman's rho", "95 %"]]
    for row in correlations(report):
        interval = f"{row.low:+.2f} to {row.high:+.2f}"
        rows.append(
            [row.model] * several
            + [f"in {_SCRIPTS[row.script]}", str(row.poems), f"{row.rho:+.2f}", interval]
        )
    return rows


def control_rows(report: Report) -> list[list[str]]:
    """A row for each kind of control: outcomes, and how many of the same poems the true header
    brings back.
    """
    several = len(report.models) > 1
    shown = outcomes_of(v for v in report.verdicts if v.control)
    rows = [
        ["model"] * several
        + ["control", "poems", "probes", *shown, "recall", "95 %", "with the true cue"]
    ]
    for found in in_model_order(report, merged_controls(report.controls)):
        counts = [getattr(found, field_of(outcome)) for outcome in shown]
        titles = "{} of {}".format(*found.unchanged) if found.unchanged else "-"
        poems, span = sum(many for *_, many in found.by_poem), "-"
        if poems:  # 0 in an older report, which does not say
            span = said_interval(counts[0], sum(counts), poems, *control_interval(found))
        rows.append(
            [found.model] * several
            + [found.kind, str(poems or "-"), str(sum(counts)), *_said_outcomes(found, shown)]
            + [percent(counts[0] / sum(counts)), span, titles]
        )
    return rows


def gate_rows(report: Report) -> list[list[str]]:
    """The table of gates, its head first."""
    several = len(report.models) > 1
    rows = [["gate"] + ["model"] * several + ["value", "probes", "95 %", "result"]]
    for gate in report.gates:
        result = "passed" if gate.passed else f"NOT PASSED: {gate.reason}"
        result += ", but see below" if gate.doubt else ""
        rows.append([gate.rule] + [gate.model or ""] * several + [*_measured(gate), result])
    return rows


def doubts_of(report: Report) -> list[str]:
    """A line for each gate that was passed but proves little."""
    several = len(report.models) > 1
    return [
        f"{gate.rule}{f' ({gate.model})' if several else ''} was passed, and is {gate.doubt}"
        for gate in report.gates
        if gate.doubt
    ]


def ability_notes(report: Report) -> list[str]:
    """A line for the passed gates of which it is not known whether the model can say the words."""
    several = len(report.models) > 1
    rules = [
        f"{gate.rule}{f' ({gate.model})' if several else ''}" for gate, _ in ability_unknown(report)
    ]
    if not rules:
        return []
    return [
        f"{', '.join(rules)}: it is not known whether the model can say these words at all "
        f"(control copying); {how_to_ask_ability(report)}"
    ]


def how_to_ask_ability(report: Report) -> str:
    """What to type so that the control `copying` is asked where it was not."""
    where = {name for _, collections in ability_unknown(report) for name in collections}
    texts = [text for key, text in texts_of(report.verdicts).items() if key[0] in where]
    windows = any(v.window and v.collection in where for v in report.verdicts)
    if windows or any(len(text) <= MOST_TO_COPY for text in texts):
        return "--controls sample asks that, where -k and the like leave test_copying in"
    return (
        f"no poem of {', '.join(sorted(where))} is short enough to be asked that, with at most "
        f"{MOST_TO_COPY} characters: add some to the file"
    )


def against(found: ComparisonRecord) -> str:
    """The two models of a comparison."""
    where = "" if found.baseline == found.baseline_model else f" ({found.baseline_model})"
    return f"{found.model} against {found.baseline}{where}"


def changes_of(found: ComparisonRecord) -> str:
    """A clause that counts what was retained, lost and gained."""
    return (
        f"{found.retained} retained, {len(found.lost)} lost, {len(found.gained)} gained, "
        f"{found.still_missing} still missing; {chance_of(found)}"
    )


def chance_of(found: ComparisonRecord) -> str:
    """Whether losses and gains differ by more than noise."""
    word = "more than" if found.p < 0.05 else "within"
    return f"{word} noise (sign flips over poems, p = {found.p:.2g})"


def not_compared(found: ComparisonRecord) -> list[str]:
    """A line for each group of probes that a comparison leaves out."""
    left_out = [
        (found.new, "asked now are not in the baseline"),
        (found.not_asked, "of the baseline were not judged now"),
        (found.undecided, f"were only read, then or now, and are not compared ({TELLS})"),
    ]
    if found.baseline == found.baseline_model:  # another model of the same report
        left_out = [
            (found.new, f"were judged of {found.model} alone, and are not compared"),
            (found.not_asked, f"were judged of {found.baseline_model} alone, and are not compared"),
            (found.undecided, f"were only read of one of them, and are not compared ({TELLS})"),
        ]
    return [f"{number_of(count, 'probe')} {what}" for count, what in left_out if count]


_CUTS = {
    BETWEEN: "between tokens",
    HEALED: "inside a token (healed)",
    ALONE: "tokenized alone, where recall may come out too low",
}


def said_cuts(made: Mapping[str, int]) -> str:
    """A line on how a model's cues were cut."""
    return "cuts: " + ", ".join(f"{made[kind]:,} {_CUTS[kind]}" for kind in CUTS if made[kind])


def notes_of(report: Report) -> list[str]:
    """Lines on circumstances of a model's result: a chat template, a slow way, cuts that are not
    between tokens, tensors that were left out, the usage of a server.
    """
    made = cuts_made(report.verdicts)
    lines = []
    for model in report.models:
        own = made.get(model.name, {})
        notes = [
            f"template {model.template}" if model.template != "none" else "",
            f"way {model.way}" if is_slow(model.way) else "",
            said_cuts(own) if any(n for kind, n in own.items() if kind != BETWEEN) else "",
            said_unplaced(model.unplaced) if model.unplaced else "",
            said_usage(model.usage) if model.usage else "",
        ]
        lines += [f"{note}: {model.name}" for note in notes if note]
    return lines


def percent(part: float) -> str:
    """A proportion as a percentage with one decimal."""
    return f"{100 * part:.1f} %"


def _measured(gate: GateRecord) -> list[str]:
    """The cells of a gate: value, counts and interval."""
    value = said_value(gate)
    if gate.counts is None:
        return [value, "-", "-"]
    part, whole = gate.counts
    span = "-"  # older reports have none
    if gate.low is not None and gate.high is not None:
        ends = (said_end(gate, LOW), said_end(gate, HIGH))
        span = _span(part, whole, gate.poems, *ends)
    unit = f" {gate.counted_in} asked for" if gate.counted_in == UNITS else ""
    return [value, f"{part} of {whole}{unit}", span]


def said_interval(part: int, whole: int, poems: int, low: float, high: float) -> str:
    """The interval of a share of probes. If none or all of them count, the number of poems is
    shown: the interval depends on that alone.
    """
    return _span(part, whole, poems, percent(low), percent(high))


def _span(part: int, whole: int, poems: int, low: str, high: str) -> str:
    if part == 0:
        return f"0 of {number_of(poems, 'poem')}, to {high}"
    if part == whole:
        return f"{poems} of {number_of(poems, 'poem')}, from {low}"
    return f"{low} to {high}"


def recall_interval(tally: Tally) -> str:
    """The interval of a tally's recall."""
    return said_interval(tally.correct, tally.judged, tally.poems, tally.low, tally.high)


def _said_outcomes(found: Tally | ControlRecord, shown: Sequence[str]) -> list[str]:
    """How many there are of each outcome. If misses were only read, nobody knows how many of them
    are incorrect and how many forgotten.
    """
    counts = {outcome: getattr(found, field_of(outcome)) for outcome in shown}
    unknown = [INCORRECT, FORGOTTEN] if found.not_recited else []
    return ["-" if o in unknown and not n else str(n) for o, n in counts.items()]


def _row(
    tally: Tally, several: bool, shown: Sequence[str], collection: str | None = None
) -> list[str]:
    return [
        *[tally.model] * several,
        collection or tally.collection,
        tally.case,
        *map(str, (tally.poems, tally.judged)),
        *_said_outcomes(tally, shown),
        # How many are nearly correct is not known if some were only read.
        *(str(tally.verbatim), "-" if tally.not_recited else str(tally.near)),
        percent(tally.recall),
        recall_interval(tally),
    ]
