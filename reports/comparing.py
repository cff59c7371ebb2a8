"""A run against a baseline, probe by probe: what was retained, lost and gained. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plugins.verdicts import Verdict
from reports.baselines import Baseline, Known
from reports.report import ComparisonRecord
from reports.tallies import counted


@dataclass(frozen=True)
class Loss:
    """A poem that was known and no more is, with both recitations."""

    verdict: Verdict
    then: str


@dataclass(frozen=True)
class Comparison:
    """One model against a baseline."""

    model: str
    baseline: str
    baseline_model: str
    states: Mapping[str, str]
    """Probe → `retained`, `lost`, `gained` or `still missing`."""
    losses: tuple[Loss, ...]
    new: int
    not_asked: int

    def record(self) -> ComparisonRecord:
        """As recall.json holds it."""

        def of(state: str) -> tuple[str, ...]:
            return tuple(sorted(probe for probe, found in self.states.items() if found == state))

        return ComparisonRecord(
            model=self.model,
            baseline=self.baseline,
            baseline_model=self.baseline_model,
            retained=len(of("retained")),
            still_missing=len(of("still missing")),
            lost=of("lost"),
            gained=of("gained"),
            new=self.new,
            not_asked=self.not_asked,
            p=mcnemar(len(of("lost")), len(of("gained"))),
        )


def compare(baseline: Baseline, model: str, verdicts: Sequence[Verdict]) -> Comparison:
    """The verdicts on a model against a baseline that has been checked against the poems."""
    name = baseline.model_for(model)
    known = baseline.models[name]
    asked = {v.probe: v for v in counted(verdicts) if v.model == model}
    both = {probe: verdict for probe, verdict in asked.items() if probe in known}
    states = {probe: state(known[probe], verdict) for probe, verdict in both.items()}
    return Comparison(
        model=model,
        baseline=baseline.file,
        baseline_model=name,
        states=states,
        losses=tuple(
            # It was correct then: but for punctuation and the like it was the suffix.
            Loss(verdict, known[probe].completion or verdict.suffix)
            for probe, verdict in sorted(both.items())
            if states[probe] == "lost"
        ),
        new=len(asked) - len(both),
        not_asked=len(known.keys() - asked.keys()),
    )


def state(then: Known, now: Verdict) -> str:
    """What became of a memory."""
    if then.outcome == "correct":
        return "retained" if now.correct else "lost"
    return "gained" if now.correct else "still missing"


def mcnemar(lost: int, gained: int) -> float:
    """The exact McNemar test: the two-sided probability of so unequal a change by chance alone."""
    from scipy.stats import binomtest

    return float(binomtest(lost, lost + gained, 0.5).pvalue) if lost + gained else 1.0
