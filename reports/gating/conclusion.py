"""The conclusion of a run: its report is checked against its rules, which gives the exit status.
Pure functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest

from memtests.reports.counting.memories import NOTHING, Remembered
from memtests.reports.gating.baselines import Baseline, MismatchError
from memtests.reports.gating.comparing import Comparison, compare
from memtests.reports.gating.gates import Gate, evaluate
from memtests.reports.joining import controls_of, joined, other_controls
from memtests.reports.report import Report, is_chat, unjudged_of
from memtests.reports.text.headline import Resumed, headline
from memtests.reports.text.phrases import number_of

_DECIDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
_JUDGED = (*_DECIDED, pytest.ExitCode.NO_TESTS_COLLECTED)


@dataclass(frozen=True)
class Rules:
    """The rules that a run's report must meet."""

    gates: tuple[Gate, ...] = ()
    baseline: Baseline | None = None
    update: Path | None = None
    """The file of the baseline to write."""
    replaced: Baseline | None = None
    """The baseline that this file holds already."""
    measured: bool = False
    """Whether a miss fails nothing (`--measure`, `--windows`)."""


@dataclass(frozen=True)
class Conclusion:
    """The whole report, and what it means."""

    report: Report
    comparisons: tuple[Comparison, ...]
    status: int
    update: bool
    """Whether the baseline is to be written."""
    refusal: str | None
    """Why a file that should be written is not."""
    problems: tuple[str, ...] = ()
    """Reasons why its figures prove nothing."""
    remembered: Remembered = NOTHING
    """What was counted from the traces beside it."""
    passed: bool | None = None
    """Without gates: whether every case passed. None if there are gates, or if no case could fail.
    """
    to_ask: bool = False
    """Whether there were probes that could have been asked."""
    resumed: Resumed | None = None
    """What the run took from an earlier one; None if it was not to resume."""

    @property
    def headline(self) -> tuple[str, str]:
        """The headline and its mark, as of `headline`."""
        return headline(self.report, self.problems, passed=self.passed, refusal=self.refusal)


def conclude(
    report: Report, rules: Rules, problems: Sequence[str], status: int, unusable: bool = False
) -> Conclusion:
    """Check a report against the rules.

    `problems`: reasons why its figures prove nothing; `status`: pytest's own exit status;
    `unusable`: whether the model could not be loaded.
    """
    comparisons: tuple[Comparison, ...] = ()
    if rules.baseline:
        comparisons = tuple(
            compare(rules.baseline, model.name, report.verdicts) for model in report.models
        )
        problems = [*problems, *rules.baseline.asked_otherwise(report.models)]
    gates = evaluate(rules.gates, report, comparisons, problems)
    whole = msgspec.structs.replace(
        report,
        gates=gates,
        comparisons=tuple(found.record for found in comparisons),
        problems=tuple(problems),
    )
    passed = status == pytest.ExitCode.OK if status in _DECIDED else None
    if gates or rules.measured:
        passed = None
    why = _why_not_updated(whole, rules.replaced, problems) if rules.update else None
    refusal = f"{rules.update}: {why}" if why else None
    if unusable:
        status = pytest.ExitCode.USAGE_ERROR
    elif status in _JUDGED:
        left = unjudged_of(report)
        if any(gate.value is None and not problems and not left for gate in gates):
            status = pytest.ExitCode.USAGE_ERROR
        elif refusal or problems or left or not all(gate.passed for gate in gates):
            status = pytest.ExitCode.TESTS_FAILED
    update = rules.update is not None and refusal is None
    return Conclusion(
        whole, comparisons, int(status), update, refusal, tuple(problems), passed=passed
    )


def added(found: Conclusion, earlier: Report, file: Path, gates: Sequence[Gate] = ()) -> Conclusion:
    """The conclusion with the run's models added to an earlier report, which `file` holds. If they
    cannot be added, it says why in its refusal. `gates`: judged on all models of the report.
    """
    why = "this run is not whole; the same command goes on" if found.problems else None
    try:
        report = joined({str(file): earlier, "this run": found.report})
    except MismatchError as error:
        why = str(error)
    if why is None:
        why = other_controls(controls_of(found.report), controls_of(earlier))
    if len({is_chat(model.template) for model in (*earlier.models, *found.report.models)}) > 1:
        why = why or "some of its models were asked in a chat, and others plainly"
    if why is None:
        report = msgspec.structs.replace(report, gates=evaluate(gates, report, ()))
        status = found.status
        # As in a single run, what is unjudged anywhere fails it, also of the models of before.
        if not all(gate.passed for gate in report.gates) or (gates and unjudged_of(report)):
            status = max(status, int(pytest.ExitCode.TESTS_FAILED))
        return replace(found, report=report, comparisons=(), status=status)
    status = max(found.status, int(pytest.ExitCode.TESTS_FAILED))
    return replace(found, status=status, refusal=f"{file}: left as it was, as {why}")


def _why_not_updated(
    report: Report, replaced: Baseline | None, problems: Sequence[str]
) -> str | None:
    breached = [gate.rule for gate in report.gates if not gate.passed]
    if breached:
        return f"gate {breached[0]} was not passed; to accept that, run without it"
    if left := unjudged_of(report):
        return f"{number_of(len(left), 'probe')} unjudged"
    if problems or not report.verdicts:
        return "; ".join(problems) or "nothing was judged"
    asked = {verdict.probe for verdict in report.verdicts}
    dropped = {probe for known in (replaced.models if replaced else {}).values() for probe in known}
    if dropped - asked:
        return (
            f"the file has {len(dropped - asked)} probes that this run did not judge "
            f"({min(dropped - asked)}, …); name another file, or delete this one to start anew"
        )
    return None
