"""What whoever must decide wants first: one line, the same on terminal, summary and page. Pure."""

from collections.abc import Sequence

from memtests.reports.counting.tallies import counted
from memtests.reports.report import Report, unjudged_of
from memtests.reports.text.phrases import number_of


def headline(report: Report, problems: Sequence[str] = ()) -> tuple[str, str]:
    """What a reader wants first, and whether that is `good`, `bad` or neither."""
    gates = number_of(len(report.gates), "gate")
    failed = [gate for gate in report.gates if not gate.passed]
    left = unjudged_of(report)
    if failed:
        return f"{len(failed)} of {gates} not passed", "bad"
    if problems:
        return problems[0], "bad"
    if left:
        return f"{number_of(len(left), 'probe')} could not be asked", "bad"
    if any(gate.doubt for gate in report.gates):
        return f"{gates} passed, and that is no proof", ""
    if report.gates:
        return f"{gates} passed", "good"
    return f"{number_of(len(counted(report.verdicts)), 'probe')}, no gates", ""
