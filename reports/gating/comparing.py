"""A run against a baseline, probe by probe: what was retained, lost and gained. Pure functions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from memtests.plugins.verdicts import Verdict
from memtests.reports.counting.over_poems import noise
from memtests.reports.counting.tallies import counted
from memtests.reports.gating.baselines import Baseline, baseline_of
from memtests.reports.gating.lost_poems import poem_of
from memtests.reports.report import ComparisonRecord, PoemKey, Report
from memtests.reports.report_files import Known

STATES = (
    RETAINED := "retained",
    LOST := "lost",
    GAINED := "gained",
    STILL_MISSING := "still missing",
)


@dataclass(frozen=True)
class Loss:
    """A probe that was correct in the baseline and is not now, with both recitations."""

    verdict: Verdict
    then: str | None
    """The baseline's recitation; None if the baseline is not at hand."""


@dataclass(frozen=True)
class Comparison:
    """One model against a baseline."""

    record: ComparisonRecord
    states: Mapping[str, frozenset[str]]
    """Probe → its state: one of STATES; several if the probe was only read, then or now, and the
    reading does not decide."""
    losses: tuple[Loss, ...]


def compare(baseline: Baseline, model: str, verdicts: Sequence[Verdict]) -> Comparison:
    """Compare the verdicts on a model with a baseline, which `check` has accepted."""
    name = baseline.model_for(model)
    known = baseline.models[name]
    asked = {v.probe: v for v in counted(verdicts) if v.model == model}
    both = {probe: asked[probe] for probe in sorted(asked) if probe in known}
    states = {probe: state(known[probe], verdict) for probe, verdict in both.items()}
    of = {each: tuple(p for p, found in states.items() if found == {each}) for each in STATES}
    record = ComparisonRecord(
        model=model,
        baseline=baseline.file,
        baseline_model=name,
        retained=len(of[RETAINED]),
        still_missing=len(of[STILL_MISSING]),
        lost=of[LOST],
        gained=of[GAINED],
        new=len(asked) - len(both),
        not_asked=len(known.keys() - asked.keys()),
        known=dict(Counter(map(poem_of, sorted((*of[RETAINED], *of[LOST]))))),
        undecided=sum(len(found) > 1 for found in states.values()),
        p=noise(*([_poem(both[probe]) for probe in of[each]] for each in (LOST, GAINED))),
    )
    # A small baseline has no completions. But the probe was correct then, so the model said the
    # suffix, except for marks and the like.
    losses = tuple(
        Loss(both[probe], known[probe].completion or both[probe].asked) for probe in of[LOST]
    )
    return Comparison(record, states, losses)


def saved_comparisons(report: Report) -> tuple[Comparison, ...]:
    """The comparisons in a report on disk, which has no recitations and states of the baseline."""
    verdicts = {(v.model, v.probe): v for v in report.verdicts}
    return tuple(
        Comparison(
            record,
            {},
            tuple(Loss(verdicts[record.model, probe], None) for probe in record.lost),
        )
        for record in report.comparisons
    )


def among_models(report: Report) -> tuple[Comparison, ...]:
    """Each further model of a report, compared with the first and with the one before it."""
    names = [model.name for model in report.models]
    known = baseline_of("", report).models
    return tuple(
        compare(Baseline(other, {}, {other: known[other]}), name, report.verdicts)
        for at, name in enumerate(names[1:], start=1)
        for other in dict.fromkeys([names[0], names[at - 1]])
    )


def state(then: Known, now: Verdict) -> frozenset[str]:
    """The state of a memory; all possible ones if a reading does not decide."""
    return frozenset(
        _STATES[before, after] for before in _may_be(then.correct) for after in _may_be(now.settled)
    )


_STATES = {
    (True, True): RETAINED,
    (True, False): LOST,
    (False, True): GAINED,
    (False, False): STILL_MISSING,
}


def _may_be(correct: bool | None) -> tuple[bool, ...]:
    return (True, False) if correct is None else (correct,)


def _poem(v: Verdict) -> PoemKey:
    return v.collection, v.poem
