"""What an answer is, and the one rule by which every question is answered.

`yes` needs two things: chance alone brings so much in fewer than one of a hundred cases, and the
95 % interval of the effect lies on that side of nothing. `no` is a finding too: the same on the
other side, or an interval that leaves no room for an effect that matters (Schuirmann 1987 calls
that equivalence; what matters is stated with each question). All else is `not shown`. The level is
0.01 and not 0.05, so that a second run of the same study seldom says otherwise.
"""

from typing import NamedTuple

import msgspec

YES, NO, NOT_SHOWN = "yes", "no", "not shown"
LEVEL = 0.01
"""A verdict needs a p below this."""

Rows = tuple[tuple[str, ...], ...]


class Interval(NamedTuple):
    """A 95 % interval."""

    low: float
    high: float


class Answer(msgspec.Struct, frozen=True):
    """What a study says to one question."""

    name: str
    """Short, the same in every study: `sizes-recall`."""
    question: str
    """In plain words, as a claim that may hold or not."""
    verdict: str
    """YES, NO or NOT_SHOWN; of a question with other answers, one of these or NOT_SHOWN."""
    said: str
    """One or two sentences with the figures."""
    effect: float | None = None
    """None where there is nothing to measure."""
    measure: str = ""
    """Of the effect and its interval, in words."""
    interval: Interval | None = None
    p: float | None = None
    """Two-sided."""
    rows: Rows = ()
    """A table, its head first; every cell is words."""


def verdict_of(effect: float, interval: Interval | None, p: float, matters: float) -> str:
    """The rule. A positive effect is one for the claim; `matters` is the least that counts."""
    if interval is None:
        return NOT_SHOWN
    if interval.high < matters:
        return NO
    if p < LEVEL and interval.low > 0 and effect > 0:
        return YES
    return NOT_SHOWN


def nothing(name: str, question: str, why: str, rows: Rows = ()) -> Answer:
    """The answer where nothing can be measured."""
    return Answer(name, question, NOT_SHOWN, f"Not shown: {why}.", rows=rows)


def said_p(p: float) -> str:
    """As a sentence has it."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def said_between(interval: Interval | None, form: str = "+.2f") -> str:
    """As a sentence has it."""
    return f"{interval.low:{form}} to {interval.high:{form}}" if interval else "no interval"
