"""A gate's values with as many digits as show whether its rule holds. Pure functions."""

from fractions import Fraction

from memtests.reports.gating.gates import HIGH, LOW, bound_in
from memtests.reports.report import GateRecord

_MOST = 12


def said_value(gate: GateRecord) -> str:
    """The value: a percentage, or a number if the gate is of one."""
    if gate.value is None:
        return "-"
    if gate.counts is None:
        return _number(gate, gate.value)
    part, whole = gate.counts
    return _share(gate, Fraction(part, whole), None)


def said_end(gate: GateRecord, end: str) -> str:
    """One end of its interval, LOW or HIGH, as a percentage."""
    value = {LOW: gate.low, HIGH: gate.high}[end]
    return "-" if value is None else _share(gate, Fraction(value), end)


def _share(gate: GateRecord, value: Fraction, end: str | None) -> str:
    bound = bound_in(gate.rule)
    for digits in range(1, _MOST + 1):
        shown = f"{float(100 * value):.{digits}f}"
        if bound is None or bound.end != end:
            break
        if bound.holds(Fraction(shown) / 100) == bound.holds(value):
            break
    return f"{shown} %"


def _number(gate: GateRecord, value: float) -> str:
    bound = bound_in(gate.rule)
    for digits in range(4, 4 + _MOST):
        shown = f"{value:.{digits}g}"
        if bound is None or bound.holds(Fraction(shown)) == bound.holds(Fraction(value)):
            break
    return shown
