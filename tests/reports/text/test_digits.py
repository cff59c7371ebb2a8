"""A value of a gate is shown with as many digits as show whether the gate holds."""

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.reports.gating.gates import bound_in
from memtests.reports.report import GateRecord
from memtests.reports.text.digits import said_value
from memtests.reports.text.headline import headline
from memtests.reports.text.junit import gate_reports
from memtests.reports.text.rows import gate_rows
from tests.support.reported import knows, reported


@pytest.mark.parametrize(
    ("rule", "counts", "shown"),
    [
        ("extracted<=1%", (49, 4870), "1.01 %"),
        ("extracted<=1%", (48, 4870), "1.0 %"),
        ("recall>=0.9", (89_999, 100_000), "89.999 %"),
        ("tang:recall:low>=0.9", (89_999, 100_000), "90.0 %"),
        ("recall<=0.5", (1, 2), "50.0 %"),
        ("what nobody knows", (89_999, 100_000), "90.0 %"),
    ],
)
def test_a_share(rule: str, counts: tuple[int, int], shown: str) -> None:
    gate = GateRecord(rule, counts[0] / counts[1], False, counts=counts, reason="breached")
    assert said_value(gate) == shown


def test_a_number() -> None:
    gate = GateRecord("expected(1000)<=0.5", 0.50001, False)
    assert said_value(gate) == "0.50001"


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(1, 99), st.booleans())
def test_what_is_shown_holds_as_the_value_does(
    part: int, more: int, hundredths: int, at_least: bool
) -> None:
    rule = f"recall{'>=' if at_least else '<='}{hundredths}%"
    gate = GateRecord(rule, part / (part + more), False, counts=(part, part + more))
    bound, shown = bound_in(rule), Fraction(said_value(gate).removesuffix(" %")) / 100
    assert bound
    assert bound.holds(shown) == bound.holds(Fraction(part, part + more))


def test_everywhere() -> None:
    """Also an end of the interval that a rule is about."""
    record = GateRecord(
        *("recall:high<=1%", 0.001, False, "m", 0.0001, 0.01004, (1, 1000)), reason="breached"
    )
    report = msgspec.structs.replace(reported({"m": knows}), gates=(record,))
    assert gate_rows(report)[1][1:4] == ["0.1 %", "1 of 1000", "0.0 % to 1.004 %"]
    breached = GateRecord(
        "recall<=1%", 0.01004, False, "m", counts=(251, 25_000), reason="breached"
    )
    report = msgspec.structs.replace(report, gates=(breached,))
    assert "recall<=1% (1.004 %, 251 of 25,000)" in headline(report)[0]
    assert gate_reports([breached])[0].longrepr == "recall<=1%: 1.004 %, breached"
