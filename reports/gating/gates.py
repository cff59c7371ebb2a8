"""Gates: rules that a report must meet, like `tang:recall>=95%`. Pure functions."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rapidfuzz import process

from memtests.plugins.verdicts import CORRECT, OUTCOMES
from memtests.reports.counting.over_poems import by_poem, interval
from memtests.reports.counting.tallies import counted
from memtests.reports.gating.comparing import GAINED, LOST, Comparison
from memtests.reports.report import GateRecord, Report, unjudged_of
from memtests.reports.text.phrases import number_of

OF_VERDICTS = (RECALL := "recall", *OUTCOMES)
OF_COMPARISON = (LOST, GAINED)
MEASURES = (*OF_VERDICTS, *OF_COMPARISON)


class GateError(Exception):
    """A rule that cannot be used; the message says what to write instead."""


@dataclass(frozen=True)
class Gate:
    """A rule: a measure, over a collection or over all, and its bound. Measures are shares."""

    rule: str
    collection: str | None
    measure: str
    at_least: bool
    bound: Fraction

    def holds(self, part: int, whole: int) -> bool:
        """Whether `part` of `whole` probes meets the rule; exact on the boundary."""
        share = Fraction(part, whole)
        return share >= self.bound if self.at_least else share <= self.bound


def parse_gate(rule: str, collections: Sequence[str]) -> Gate:
    """A rule of the form `[collection:]measure(<=|>=)number[%]`. Raises GateError."""
    form = re.fullmatch(r"\s*(?:(.+):)?\s*([^:<>=!]*?)\s*([<>=!]+)\s*(\S*?)\s*(%?)\s*", rule)
    if form is None:
        raise GateError(f"{rule!r} is no rule; write it like 'recall>=0.9' or 'tang:forgotten<=5%'")
    collection, measure, relation, number, percent = form.groups()
    if relation not in ("<=", ">="):
        raise GateError(f"{rule!r}: {relation!r} is not a relation; write >= or <=")
    if measure not in MEASURES:
        raise GateError(f"{rule!r}: no measure {measure!r}; {_nearest(measure, MEASURES)}")
    if collection is not None and collection not in collections:
        nearest = _nearest(collection, collections)
        raise GateError(f"{rule!r}: no collection {collection!r}; {nearest}")
    if not re.fullmatch(r"\d+(\.\d*)?|\.\d+", number, re.ASCII):
        raise GateError(f"{rule!r}: {number!r} is not a number; write a share like 0.9 or 90%")
    bound = Fraction(number) / (100 if percent else 1)
    if bound > 1:
        meant = "" if percent else f"; for percent write {measure}{relation}{number}%"
        raise GateError(f"{rule!r}: a share is between 0 and 1{meant}")
    if bound == (0 if relation == ">=" else 1):
        raise GateError(f"{rule!r} is met by any model; name a bound that can be missed")
    return Gate(rule.strip(), collection, measure, relation == ">=", bound)


def _nearest(word: str, words: Sequence[str]) -> str:
    found = process.extractOne(word, words, score_cutoff=50)
    return f"did you mean {found[0]!r}?" if found else f"there are {', '.join(words)}"


def evaluate(
    gates: Iterable[Gate],
    report: Report,
    comparisons: Sequence[Comparison],
    problems: Sequence[str] = (),
) -> tuple[GateRecord, ...]:
    """Each rule for each model. What was not judged fails it, whatever the value.

    `problems`: why the run as a whole proves nothing, if so.
    """
    models: list[str | None] = [model.name for model in report.models] or [None]
    return tuple(
        _evaluate(gate, model, report, comparisons, problems) for gate in gates for model in models
    )


def _evaluate(
    gate: Gate,
    model: str | None,
    report: Report,
    comparisons: Sequence[Comparison],
    problems: Sequence[str],
) -> GateRecord:
    def concerned(of_model: str, collection: str) -> bool:
        return of_model == model and gate.collection in (None, collection)

    asked = [v for v in counted(report.verdicts) if concerned(v.model, v.collection)]
    wanted = CORRECT if gate.measure == RECALL else gate.measure
    if gate.measure in OF_COMPARISON:
        states = {
            probe: state
            for comparison in comparisons
            if comparison.record.model == model
            for probe, state in comparison.states.items()
        }
        asked = [v for v in asked if v.probe in states]
        poems = by_poem(((v.collection, v.poem), states[v.probe] == wanted) for v in asked)
    else:
        poems = by_poem(((v.collection, v.poem), v.outcome == wanted) for v in asked)
    unjudged = sum(concerned(record.model, record.collection) for record in unjudged_of(report))
    reasons = [f"{number_of(unjudged, 'probe')} unjudged"] if unjudged else []
    reasons += problems
    if not poems:
        reasons = reasons or ["no probe matches it"]
        return GateRecord(gate.rule, None, False, model, None, None, None, "; ".join(reasons))
    part, whole = (sum(each) for each in zip(*poems, strict=True))
    low, high = interval(poems)
    met = gate.holds(part, whole)
    return GateRecord(
        rule=gate.rule,
        value=part / whole,
        passed=met and not reasons,
        model=model,
        low=low,
        high=high,
        counts=(part, whole),
        reason="; ".join([*([] if met else ["breached"]), *reasons]) or None,
        poems=len(poems),
    )
