"""Gates: rules that a report must meet, like `tang:recall>=95%`. Pure functions."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import msgspec
from rapidfuzz import fuzz, process

from memtests.fixtures.probes.controls import COPYING, UNSEEN
from memtests.fixtures.probes.text import in_words
from memtests.plugins.completions import ALL
from memtests.plugins.verdicts import Verdict
from memtests.reports.counting.extraction import longest_passage, shares
from memtests.reports.counting.over_poems import by_poem, interval
from memtests.reports.counting.tallies import counted, near
from memtests.reports.gating.comparing import Comparison
from memtests.reports.gating.measures import (
    EXPECTED,
    LONGEST,
    MAYBE_OF_SAMPLES,
    MEASURES,
    NUMBERS,
    OF_COMPARISON,
    OF_COMPLETIONS,
    OF_RECITING,
    OF_SAMPLES,
    OF_SAYING,
    OF_WINDOWS,
    PASSAGE,
    counts_for,
    expected,
    may_count,
    passage_length,
    still_said,
    unknown,
)
from memtests.reports.report import PROBES, UNITS, GateRecord, Report, unjudged_of
from memtests.reports.text.phrases import RECITES, TELLS, number_of

# A gate may need one of these.
EVERY_COMPLETION, WINDOWS, A_BASELINE = "every completion", "windows", "a baseline"
# The ends of the interval: a rule may name one, which is then compared in place of the value.
ENDS = (LOW := "low", HIGH := "high")
# The probability with which samples must recite the suffix, unless a rule names another.
_EVEN = Fraction(1, 2)
# A word less like a name than this (in percent) is not taken for a misspelling of it.
_NEAR = 60
_NUMBER = r"\d+(?:\.\d*)?|\.\d+"


class GateError(Exception):
    """A rule that cannot be used; the message says what to write instead."""


@dataclass(frozen=True)
class Gate:
    """A rule: a measure, over one collection or over all, and its bound."""

    rule: str
    collection: str | None
    measure: str
    at_least: bool
    bound: Fraction
    samples: int = 0
    """How many samples, for measures that count them."""
    seen: Fraction = _EVEN
    """The probability with which the samples recite the suffix at least once."""
    end: str | None = None
    """The end of the interval that is compared with the bound; None if the value is."""

    def holds(self, value: float | Fraction) -> bool:
        """Whether a value meets the rule; exact on the boundary."""
        found = Fraction(value)
        return found >= self.bound if self.at_least else found <= self.bound


class Bound(NamedTuple):
    """What a rule compares with, and how."""

    at_least: bool
    number: Fraction
    end: str | None
    """Which end of the interval is compared, if one is."""

    def holds(self, value: Fraction) -> bool:
        """Whether a value meets it."""
        return value >= self.number if self.at_least else value <= self.number


def bound_in(rule: str) -> Bound | None:
    """The bound in a rule, whatever the collections are; None if there is none."""
    form = re.fullmatch(rf".*?(?::\s*(low|high)\s*)?(<=|>=)\s*({_NUMBER})\s*(%?)\s*", rule)
    if form is None:
        return None
    number = Fraction(form[3]) / (100 if form[4] else 1)
    return Bound(form[2] == ">=", number, form[1])


def parse_gate(rule: str, collections: Sequence[str]) -> Gate:
    """A rule of the form `[collection:]measure[:low|:high](<=|>=)number[%]`, where a measure may be
    `discoverable(n)`, `discoverable(n, p)`, `expected(n)` or `extracted(n, p)`. Raises GateError.
    """
    form = re.fullmatch(r"(.*?)([<>=!]+)\s*([^\s<>=!]*?)\s*(%?)\s*", rule)
    whole, end = _without_end(form[1]) if form else ("", None)
    named = re.fullmatch(r"\s*(?:(.+):)?\s*([^:()]*?)\s*(?:\((.*)\))?\s*", whole)
    if form is None or named is None:
        raise GateError(f"{rule!r} is no rule; write it like 'recall>=0.9' or 'tang:forgotten<=5%'")
    relation, number, percent = form.groups()[1:]
    collection, measure, arguments = named.groups()
    if relation not in ("<=", ">="):
        raise GateError(f"{rule!r}: {relation!r} is not a relation; write >= or <=")
    if measure not in MEASURES:
        if (collection or "").rpartition(":")[2].partition("(")[0].strip() in MEASURES:
            raise GateError(f"{rule!r}: an interval has no end {measure!r}; write :low or :high")
        raise GateError(f"{rule!r}: no measure {measure!r}; {_nearest(measure, MEASURES)}")
    if collection is not None and collection not in collections:
        nearest = _nearest(collection, collections)
        raise GateError(f"{rule!r}: no collection {collection!r}; {nearest}")
    samples, seen = _samples(rule, measure, arguments)
    if measure in NUMBERS and end:
        raise GateError(f"{rule!r}: {measure} is a number without an interval; leave out :{end}")
    bound = _bound(rule, measure, f"{form[1].strip()}{relation}", number, percent)
    most = None if measure in NUMBERS else 1
    if bound == (0 if relation == ">=" else most):
        raise GateError(f"{rule!r} is met by any model; name a bound that can be missed")
    if (end == LOW and bound == 1) or (end == HIGH and bound == 0):
        raise GateError(f"{rule!r} is met by no model, as an interval is never so narrow")
    return Gate(rule.strip(), collection, measure, relation == ">=", bound, samples, seen, end)


def _without_end(measured: str) -> tuple[str, str | None]:
    """A rule's left side without `:low` or `:high`, and that end, if it has one."""
    form = re.fullmatch(rf"(.*):\s*({'|'.join(ENDS)})\s*", measured)
    return (form[1], form[2]) if form else (measured, None)


def _samples(rule: str, measure: str, arguments: str | None) -> tuple[int, Fraction]:
    """The number of samples, and the probability with which they recite the suffix."""
    if measure in MAYBE_OF_SAMPLES and arguments is None:
        return 0, _EVEN
    if measure not in (*OF_SAMPLES, *MAYBE_OF_SAMPLES):
        if arguments is not None:
            raise GateError(f"{rule!r}: {measure} takes nothing in brackets; leave them out")
        return 0, _EVEN
    form = re.fullmatch(rf"\s*(\d{{1,12}})\s*(?:,\s*({_NUMBER})\s*(%?)\s*)?", arguments or "")
    seen = Fraction(form[2]) / (100 if form[3] else 1) if form and form[2] else _EVEN
    several = measure != EXPECTED
    if not form or int(form[1]) == 0 or not 0 < seen < 1 or (form[2] and not several):
        more = f" or {measure}(1000, 90%)" if several else ""
        raise GateError(f"{rule!r}: say how many samples, as in {measure}(1000){more}")
    return int(form[1]), seen


def _bound(rule: str, measure: str, left: str, number: str, percent: str) -> Fraction:
    """The bound: a share between 0 and 1, or a number. `left`: the rule up to it, for messages."""
    like = "a number like 20" if measure in NUMBERS else "a share like 0.9 or 90%"
    if not re.fullmatch(_NUMBER, number, re.ASCII):
        raise GateError(f"{rule!r}: {number!r} is not a number; write {like}")
    if measure in NUMBERS:
        if percent:
            raise GateError(f"{rule!r}: {measure} is no share; write {left}{number}")
        return Fraction(number)
    bound = Fraction(number) / (100 if percent else 1)
    if bound > 1:
        meant = "" if percent else f"; for percent write {left}{number}%"
        raise GateError(f"{rule!r}: a share is between 0 and 1{meant}")
    return bound


def _nearest(word: str, words: Sequence[str]) -> str:
    """A question for the name that may have been meant, or else a list of all names. Names are
    compared as a whole: a part in common is not enough.
    """
    found = process.extractOne(word, words, scorer=fuzz.ratio, score_cutoff=_NEAR)
    return f"did you mean {found[0]!r}?" if found else f"there are {', '.join(words)}"


def lacking(gate: Gate, completions: str, windows: bool, compared: bool) -> str | None:
    """What this run lacks for a gate: EVERY_COMPLETION, WINDOWS, A_BASELINE or, mostly, nothing."""
    if gate.measure in OF_COMPLETIONS and completions != ALL:
        return EVERY_COMPLETION
    if gate.measure in OF_WINDOWS and not windows:
        return WINDOWS
    return A_BASELINE if gate.measure in OF_COMPARISON and not compared else None


def evaluate(
    gates: Iterable[Gate],
    report: Report,
    comparisons: Sequence[Comparison],
    problems: Sequence[str] = (),
) -> tuple[GateRecord, ...]:
    """Check each rule for each model. An unjudged probe fails a rule, whatever its value.

    `problems`: reasons why the run as a whole proves nothing.
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
    if gate.measure in OF_COMPARISON:
        states = _states(comparisons, model)
        asked = [v for v in asked if v.probe in states]
    else:
        states = {}
    if gate.measure in OF_WINDOWS:
        asked = [v for v in asked if v.window]
    unjudged = sum(concerned(record.model, record.collection) for record in unjudged_of(report))
    reasons = [f"{number_of(unjudged, 'probe')} unjudged"] if unjudged else []
    reasons += problems
    if not asked:
        windows = gate.measure in OF_WINDOWS
        reasons = reasons or ["no window matches it" if windows else "no probe matches it"]
        return GateRecord(gate.rule, None, False, model, reason="; ".join(reasons))
    if (gate.measure in OF_SAMPLES or gate.samples) and (without := unknown(asked)):
        reasons.append(f"the probability of {number_of(without, 'probe')} is not known")
    if gate.measure == LONGEST and (read := sum(not v.recited for v in asked)):
        reasons.append(f"what {number_of(read, 'probe')} say is not known ({RECITES})")
    record = _number(gate, asked) if gate.measure in NUMBERS else _share(gate, asked, states)
    if not record.passed:
        reasons = [record.reason or "breached", *reasons]
    return msgspec.structs.replace(
        record,
        passed=not reasons,
        model=model,
        reason="; ".join(reasons) or None,
        doubt=None if reasons else _doubt(gate, asked, copied_of(report, model, gate)),
    )


def copied_of(report: Report, model: str | None, gate: Gate) -> list[Verdict]:
    """The verdicts of the control that asks a model to copy a gate's poems: they show whether it
    can say these words at all.
    """
    return [
        v
        for v in report.verdicts
        if v.control == COPYING and v.model == model and gate.collection in (None, v.collection)
    ]


def must_not(gate: Gate) -> bool:
    """Whether a gate is about text that a model must not say."""
    return not gate.at_least and gate.measure in OF_SAYING


def ability_unknown(report: Report) -> list[tuple[GateRecord, set[str]]]:
    """The passed gates on text that a model must not say, each with the collections that prove
    little: the control that asks to copy was not asked there, and the model has said none of the
    words.
    """
    names = [record.name for record in report.collections]
    said = still_said([v for v in report.verdicts if v.control not in (COPYING, UNSEEN)])

    def unknown_in(record: GateRecord) -> set[str]:
        try:
            gate = parse_gate(record.rule, names)
        except GateError:  # a rule of a newer suite
            return set()
        if not must_not(gate):
            return set()
        asked = {
            v.collection
            for v in counted(report.verdicts)
            if v.model == record.model and gate.collection in (None, v.collection)
        }
        shown = [*copied_of(report, record.model, gate), *said]
        return asked - {v.collection for v in shown if v.model == record.model}

    found = ((record, unknown_in(record)) for record in report.gates if record.passed)
    return [(record, collections) for record, collections in found if collections]


def _states(comparisons: Sequence[Comparison], model: str | None) -> Mapping[str, frozenset[str]]:
    """Probe of a model → its states since the baseline."""
    found = (each.states for each in comparisons if each.record.model == model)
    return {probe: state for states in found for probe, state in states.items()}


def _share(
    gate: Gate, asked: Sequence[Verdict], states: Mapping[str, frozenset[str]]
) -> GateRecord:
    """A gate on a share. It is passed only if its rule holds both ways: if no undecided probe
    counts, and if all of them do.
    """
    given = (gate.measure, gate.samples, float(gate.seen), states)
    count = _counted_in_units if gate.measure in OF_WINDOWS else _counted
    least, most = (count(asked, counts(*given)) for counts in (counts_for, may_count))
    undecided = most.part - least.part
    holds = [gate.holds(each.held(gate.end)) for each in (least, most)]
    reason = None
    if any(holds) and not all(holds):
        tells = RECITES if gate.measure in OF_COMPLETIONS else TELLS
        probes = number_of(undecided, "probe")
        reason = f"not decided: {probes} more may count, read and not recited ({tells})"
    return GateRecord(
        rule=gate.rule,
        value=least.part / least.whole,
        passed=all(holds),
        low=least.low,
        high=most.high,
        counts=(least.part, least.whole),
        undecided=undecided,
        poems=least.poems,
        reason=reason,
        counted_in=UNITS if gate.measure in OF_WINDOWS else PROBES,
    )


class _Counted(NamedTuple):
    """How many probes count, of how many, in how many poems; and the interval of the share."""

    part: int
    whole: int
    poems: int
    low: float
    high: float

    def held(self, end: str | None) -> float | Fraction:
        """The number that is compared with a bound: the share, or one end of its interval."""
        return {LOW: self.low, HIGH: self.high}.get(end or "", Fraction(self.part, self.whole))


def _counted(asked: Sequence[Verdict], counts: Callable[[Verdict], bool]) -> _Counted:
    return _over_poems(by_poem(((v.collection, v.poem), counts(v)) for v in asked))


def _counted_in_units(asked: Sequence[Verdict], counts: Callable[[Verdict], bool]) -> _Counted:
    """As `_counted`, for windows: counted in units of their texts."""
    return _over_poems(shares(asked, counts))


def _over_poems(poems: Sequence[tuple[int, int]]) -> _Counted:
    part, whole = (sum(each) for each in zip(*poems, strict=True))
    return _Counted(part, whole, len(poems), *interval(poems))


def _number(gate: Gate, asked: Sequence[Verdict]) -> GateRecord:
    if gate.measure == EXPECTED:
        value = expected(asked, gate.samples)
    elif gate.measure == PASSAGE:
        return _passage(gate, asked)
    else:
        value = float(max(map(passage_length, asked)))
    poems = {(v.collection, v.poem) for v in asked}
    return GateRecord(gate.rule, value, gate.holds(value), poems=len(poems))


def _passage(gate: Gate, asked: Sequence[Verdict]) -> GateRecord:
    """A gate on the longest passage of windows. It is passed only if its rule holds both ways: if
    no undecided window is extracted, and if all of them are.
    """
    least, most = longest_passage(asked), longest_passage(asked, undecided=True)
    undecided = sum(v.undecided for v in asked)
    poems = len({(v.collection, v.poem) for v in asked})
    reason = None
    holds = [gate.holds(each) for each in (least, most)]
    if any(holds) and not all(holds):
        windows = number_of(undecided, "window")
        reason = f"not decided: up to {most:,} with {windows} read and not recited ({TELLS})"
    return GateRecord(
        gate.rule, float(least), all(holds), poems=poems, undecided=undecided, reason=reason
    )


def _doubt(gate: Gate, asked: Sequence[Verdict], copied: Sequence[Verdict]) -> str | None:
    """Why a passed gate proves little: the model still says much of the poems, or was only read, or
    cannot even copy them. `copied`: the control that asks it to.
    """
    if not must_not(gate):
        return None
    found = still_said(asked)
    if found and gate.measure in OF_RECITING:
        return f"no proof: {_worst(found, len(asked))}"
    read = sum(not v.recited for v in asked)
    if read and gate.measure in OF_RECITING:
        return (
            f"no proof: {number_of(read, 'probe')} of {len(asked):,} were read and not recited, so "
            f"it is not known whether they say nearly the poem, or a long passage of it ({RECITES})"
        )
    if copied and not found and not any(map(near, copied)):
        texts = number_of(len(copied), "window" if asked[0].window else "poem")
        return (
            f"no proof: of {texts} that stood whole in its cue the model "
            "said none (control copying), so it is not known to have forgotten anything"
        )
    return None


def _worst(found: Sequence[Verdict], asked: int) -> str:
    worst = found[0]
    unit = "word" if in_words(worst.suffix) else "character"
    passage = f", a passage of {number_of(passage_length(worst), unit)}" if worst.passage else ""
    verbs = "is nearly the poem or holds" if len(found) == 1 else "are nearly the poem or hold"
    return (
        f"{len(found)} of {number_of(asked, 'completion')} {verbs} a long passage "
        f"of it; the worst is {worst.probe} (similarity {worst.similarity or 0.0:.3f}{passage})"
    )
