"""Additions to the file of `--junitxml`: properties of each case, and a case for each gate."""

from collections.abc import Sequence
from typing import Any

import pytest

from memtests.plugins.resuming import SavedVerdict
from memtests.reports.report import GateRecord
from memtests.reports.text.digits import said_value
from memtests.reports.text.phrases import one_line


def properties(verdicts: Sequence[SavedVerdict]) -> list[tuple[str, str]]:
    """Outcome, kind, similarity and recitation of each verdict of a case.

    If a case has several verdicts, the names have their prefix lengths: `outcome[5]`.
    """
    found = []
    for verdict in verdicts:
        mark = f"[{verdict.prefix_length}]" if len(verdicts) > 1 else ""
        found += [
            (f"outcome{mark}", verdict.outcome),
            (f"kind{mark}", verdict.kind or ""),
        ]
        if verdict.similarity is not None:
            found.append((f"similarity{mark}", f"{verdict.similarity:.4f}"))
        if verdict.recited and not verdict.redacted:
            found.append((f"recitation{mark}", one_line(verdict.completion)))
    return found


def gate_reports(gates: Sequence[GateRecord]) -> list[pytest.TestReport]:
    """Each gate as the reports of a test case, which fails if the gate was not passed."""
    reports = []
    for gate in gates:
        name = f"{gate.rule} {gate.model}" if gate.model else gate.rule
        outcome = "passed" if gate.passed else "failed"
        value = "-" if gate.value is None else f"{gate.value:.4f}"
        doubt = [("doubt", gate.doubt)] if gate.doubt else []
        reason = None if gate.passed else f"{gate.rule}: {said_value(gate)}, {gate.reason}"
        phases: Any = (("call", outcome, reason), ("teardown", "passed", None))
        for when, result, why in phases:
            reports.append(
                pytest.TestReport(
                    nodeid=f"gates::{one_line(name)}",
                    location=("gates", None, gate.rule),
                    keywords={},
                    outcome=result,
                    longrepr=why,
                    when=when,
                    user_properties=[("value", value), *doubt],
                )
            )
    return reports
