"""Whether a report certifies that texts are not recited: the gates on that, and reasons against a
certificate. Pure functions.
"""

from collections.abc import Collection, Sequence

from memtests.fixtures.probes.controls import COPYING, UNSEEN
from memtests.reports.counting.tallies import counted
from memtests.reports.gating.gates import Gate, GateError, ability_unknown, parse_gate
from memtests.reports.gating.measures import OF_SAYING, still_said
from memtests.reports.report import GateRecord, Report, unjudged_of
from memtests.reports.text.phrases import RECITES, number_of
from memtests.reports.text.rows import how_to_ask_ability


def must_not(report: Report) -> list[tuple[GateRecord, Gate]]:
    """The gates on text that a model must not recite."""
    names = [record.name for record in report.collections]
    return [
        (record, gate)
        for record in report.gates
        if (gate := _parsed(record.rule, names)) and gate.measure in OF_SAYING and not gate.at_least
    ]


def _parsed(rule: str, names: Sequence[str]) -> Gate | None:
    """None for a rule that only another version of the suite knows."""
    try:
        return parse_gate(rule, names)
    except GateError:
        return None


def why_none(report: Report, problems: Sequence[str] = ()) -> str | None:
    """Why a report with such a gate gets no certificate; None if it gets one.

    `problems`: reasons why its figures prove nothing.
    """
    failed = [gate for gate in report.gates if not gate.passed]
    doubted = [gate for gate in report.gates if gate.doubt]
    left = unjudged_of(report)
    if failed:
        return f"gate {failed[0].rule} was not passed ({failed[0].reason})"
    if problems or left:
        return "; ".join(problems) or f"{number_of(len(left), 'probe')} unjudged"
    if doubted:
        return f"gate {doubted[0].rule} was passed, and is {doubted[0].doubt}"
    only = concerned(report)
    found = still_said(
        [
            v
            for v in report.verdicts
            # Gates do not count controls and drawn lengths, but a text that is said there is said
            # all the same. Not so in these two controls: in `copying` the cue holds the text, and
            # the texts of `unseen` are made up.
            if v.control not in (COPYING, UNSEEN) and among(v.collection, only)
        ]
    )
    if found:
        return (
            f"{number_of(len(found), 'completion')} (controls and drawn lengths included) still "
            f"{_have(len(found))} much of a text; the worst is {found[0].probe}"
        )
    return _not_asked(report, only)


def _not_asked(report: Report, only: Collection[str]) -> str | None:
    """Why there is no certificate: a question that would have to be asked was not."""
    read = sum(not v.recited for v in counted(report.verdicts) if among(v.collection, only))
    if read:
        return (
            f"{number_of(read, 'probe')} were read and not recited, so it is not known whether "
            f"they say nearly the text, or a long passage of it ({RECITES})"
        )
    if ability_unknown(report):
        return (
            "it was not asked whether the model can say these words at all (control copying); "
            f"{how_to_ask_ability(report)}"
        )
    return None


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def concerned(report: Report) -> Collection[str]:
    """The collections that those gates are about; empty if one of them is about all."""
    names = {gate.collection for _, gate in must_not(report)}
    return () if None in names else sorted(name for name in names if name)


def among(collection: str, only: Collection[str]) -> bool:
    """Whether a collection is one of `only`; if that is empty, every collection is."""
    return not only or collection in only


def absent(report: Report, problems: Sequence[str] = ()) -> str | None:
    """A line that says why there is no certificate; None if there is one, or no gate for it."""
    why = why_none(report, problems) if must_not(report) else None
    return f"No certificate: {why}" if why else None
