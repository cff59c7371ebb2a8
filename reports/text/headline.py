"""The headline of a run: one line for whoever must decide, the same on terminal, summary and page.
Pure functions.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from memtests.reports.counting.tallies import counted, shortest_cues
from memtests.reports.gating.comparing import LOST
from memtests.reports.gating.gates import GateError, ability_unknown, parse_gate
from memtests.reports.report import GateRecord, Report, unjudged_of
from memtests.reports.text.digits import said_value
from memtests.reports.text.phrases import number_of, one_line
from memtests.reports.text.said_losses import said_losses

# How many gates and poems the headline names. The tables below name all of them.
_MOST_GATES = 3
_MOST_POEMS = 3

INTERRUPTED = "interrupted"
"""The first word of the headline if the run was broken off."""
RESULT = "result"
"""The title above the headline."""
CUT_SHORT = (
    "interrupted while the report was written: what was judged is on disk; --resume writes the "
    "report, and does not ask it again"
)


class Resumed(NamedTuple):
    """How much a resumed run took from an earlier one."""

    there: int
    """How many verdicts the earlier run had left."""
    taken: int
    """How many of them were taken over."""
    asked: int
    """How many probes were asked now."""


def said_to_resume(there: int) -> str:
    """The header line of a run that is to resume another."""
    return f"resumed: {number_of(there, 'verdict')} on disk; those asked again are taken over"


def said_not_resumed(there: int, folder: Path) -> str:
    """The header line of a run that replaces the verdicts of an unfinished one."""
    return (
        f"not resumed: {number_of(there, 'verdict')} of an unfinished run in {folder}, which this "
        "run's own replace; --resume would take them over"
    )


def said_resumed(found: Resumed) -> str:
    """A line at the end on how much a resumed run took over."""
    asked = f"{number_of(found.asked, 'probe')} asked now"
    if found.taken or not found.there:
        return f"resumed: {number_of(found.taken, 'verdict')} taken over, {asked}"
    return (
        f"resumed: none of {number_of(found.there, 'verdict')} there could be taken over, as they "
        f"are of another model, of other questions or of another version of the suite; {asked}"
    )


def headline(
    report: Report,
    problems: Sequence[str] = (),
    *,
    passed: bool | None = None,
    refusal: str | None = None,
) -> tuple[str, str]:
    """The headline and its mark: `good`, `bad`, or empty for neither.

    `problems`: reasons why the run's figures prove nothing, an interruption first; if it is empty,
    the report's own are taken. `passed`: without gates, whether every case passed; None if no case
    could fail (`--measure`, a saved report). `refusal`: why a file that should be written is not.
    """
    said, mark = _said(report, problems or report.problems, passed, refusal)
    return one_line(said), mark


def _said(
    report: Report, problems: Sequence[str], passed: bool | None, refusal: str | None
) -> tuple[str, str]:
    failed = [gate for gate in report.gates if not gate.passed]
    left = unjudged_of(report)
    if problems:
        gates = [f"{len(failed)} of {_gates(report)} not passed"] if failed else []
        return "; ".join([*problems, *gates]), "bad"
    why = [_breached(report, failed)] if failed else []
    why += [f"{number_of(len(left), 'probe')} could not be asked"] if left else []
    if not report.gates and passed is False:
        why += _misses(report) or ([] if left else ["a case failed, and no probe was missed"])
    if why or refusal:
        return f"NOT PASSED: {'; '.join(why or [str(refusal)])}", "bad"
    if any(gate.doubt for gate in report.gates):
        return f"passed: {_named(report, report.gates)}, but that is no proof", ""
    if ability_unknown(report):
        unknown = "it is not known whether the model can say these words"
        return f"passed: {_named(report, report.gates)}, but {unknown}", ""
    if report.gates:
        return f"passed: {_named(report, report.gates)}", "good"
    correct = _correct(report)
    return (f"passed: {correct}", "good") if passed else (f"{correct}; no gates", "")


def _gates(report: Report) -> str:
    return number_of(len(report.gates), "gate")


def _breached(report: Report, failed: Sequence[GateRecord]) -> str:
    """The gates that were not passed. If one is on losses, also the poems that lost something."""
    said = [f"{len(failed)} of {_named(report, failed)}"]
    for record in report.comparisons:
        places = [_lost_in(gate, report) for gate in failed if gate.model == record.model]
        wanted = [""] if "" in places else sorted({of for of in places if of})
        lost = "; ".join(filter(None, (said_losses(record, _MOST_POEMS, of) for of in wanted)))
        if lost:
            said.append((f"{record.model}: " if len(report.models) > 1 else "") + lost)
    return "; ".join(said)


def _named(report: Report, gates: Sequence[GateRecord]) -> str:
    """The number of all gates, then the first of these gates with their values."""
    several = len(report.models) > 1
    named = [
        f"{gate.rule}{f' of {gate.model}' if several and gate.model else ''} ({_came_to(gate)})"
        for gate in gates[:_MOST_GATES]
    ]
    more = [f"and {len(gates) - _MOST_GATES} more"] if len(gates) > _MOST_GATES else []
    return f"{_gates(report)}: {', '.join([*named, *more])}"


def _came_to(gate: GateRecord) -> str:
    if gate.value is None:
        return gate.reason or "no value"
    if gate.counts is None:
        return said_value(gate)
    part, whole = gate.counts
    return f"{said_value(gate)}, {part:,} of {whole:,}"


def _lost_in(gate: GateRecord, report: Report) -> str | None:
    """The collection of a gate on losses, empty if it is over all; None if the gate is on another
    measure.
    """
    try:
        rule = parse_gate(gate.rule, [collection.name for collection in report.collections])
    except GateError:
        return None
    return (rule.collection or "") if rule.measure == LOST else None


def _correct(report: Report) -> str:
    """How many probes of each model are correct."""
    found = counted(report.verdicts)
    said = []
    for model in [model.name for model in report.models]:
        own = [v for v in found if v.model == model]
        correct, undecided = (sum(v.settled is each for v in own) for each in (True, None))
        name = f"{model}: " if len(report.models) > 1 else ""
        may = f" ({undecided:,} more may be)" if undecided else ""
        said.append(f"{name}{correct:,} of {number_of(len(own), 'probe')} correct{may}")
    return ", ".join(said) or "no probes"


def _misses(report: Report) -> list[str]:
    """Why cases failed, if there are no gates and every miss fails a case."""
    found, cues = counted(report.verdicts), shortest_cues(report.verdicts)
    missed = sum(not v.correct for v in found)
    untriggered = sum(each.poems - each.recited for each in cues)
    if missed:
        return [f"{missed:,} of {number_of(len(found), 'probe')} missed"]
    poems = number_of(sum(each.poems for each in cues), "poem")
    return [f"no prefix that was tried triggers {untriggered:,} of {poems}"] if untriggered else []
