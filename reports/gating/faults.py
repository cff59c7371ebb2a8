"""Faults of a run, apart from misses: reasons why its figures prove nothing. No hooks in here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from memtests.plugins.gathering import UNUSABLE_MODEL
from memtests.plugins.hooks import Counts
from memtests.reports.text.phrases import number_of


def said_failed(cases: int) -> str:
    """A clause on failed cases that compare several recitations, or that want no recitation."""
    return f"{number_of(cases, 'case')} failed for another reason than a miss"


@dataclass
class Faults:
    """Collects faults while a run goes on."""

    cases: Mapping[str, Counts] = field(default_factory=dict)
    """Node id of every case → how many probes it asks."""
    most_failures: int = 0
    """The run stops after so many failed cases (`--maxfail`, `-x`); 0 if it does not."""
    ahead: Mapping[str, int] = field(default_factory=dict)
    """A model and its question → how many of its probes are judged although their case was not
    run."""
    unusable: str | None = None
    """Why the model could not be loaded."""
    _run: set[str] = field(default_factory=set)
    _missed: set[str] = field(default_factory=set)
    """Cases that failed, for a miss or for another reason."""
    _failed: set[str] = field(default_factory=set)
    """Cases that failed for another reason than a miss."""
    _skipped: set[str] = field(default_factory=set)
    """Cases with probes that another plugin has skipped."""
    _dead: list[str] = field(default_factory=list)

    def take(self, report: pytest.TestReport) -> None:
        """Take in a test report. A miss or an unjudged probe is no fault."""
        found: dict[str, Any] = dict(report.user_properties)
        self.unusable = self.unusable or found.get(UNUSABLE_MODEL)
        if report.when == "call" or not report.passed:
            self._run.add(report.nodeid)
        if report.skipped and not hasattr(report, "wasxfail") and self.cases.get(report.nodeid):
            self._skipped.add(report.nodeid)
        if report.failed:
            self._missed.add(report.nodeid)
            if "status" not in found:
                self._failed.add(report.nodeid)

    def died(self, worker: str) -> None:
        """Note that an xdist worker died."""
        self._dead.append(worker)

    def problems(self, mixed: Collection[str] = (), interrupted: bool = False) -> Sequence[str]:
        """A clause for each kind of fault; missing probes come first. `mixed`: models that differ
        between workers; `interrupted`: whether Ctrl-C ended the run.
        """
        if self.unusable:
            return [self.unusable]
        found = [self._incomplete(interrupted)] if interrupted or self._left() else []
        found += [f"worker {worker} died" for worker in self._dead]
        found += [f"workers loaded different states of {name}" for name in sorted(mixed)]
        if self._skipped:
            found.append(f"{number_of(len(self._skipped), 'case')} skipped")
        if self._failed and not self._dead:
            found.append(said_failed(len(self._failed)))
        return found

    @property
    def probes(self) -> int:
        """How many probes there are to ask. A probe that two cases ask counts once."""
        return sum(self._asked().values())

    def _asked(self) -> dict[str, int]:
        """A model and its question → the number of probes in it."""
        return {key: count for counts in self.cases.values() for key, count in counts}

    def _left(self) -> set[str]:
        """The cases that were not run."""
        return self.cases.keys() - self._run

    def _incomplete(self, interrupted: bool) -> str:
        """A clause on a run that was broken off: by which option if the user may not know, how many
        probes are missing, and what to type.
        """
        if not self.cases:
            return "interrupted before anything was asked"
        left = self._left()
        if not left:
            return "interrupted, with no probe missing"
        word, option = "interrupted", ""
        if not interrupted and 0 < self.most_failures <= len(self._missed):
            option = "-x" if self.most_failures == 1 else f"--maxfail={self.most_failures}"
            word += f" after {number_of(len(self._missed), 'failed case')} ({option})"
        asked = self._asked()
        done = {key for case in self._run for key, _ in self.cases.get(case, ())}
        missing = sum(
            max(0, count - self.ahead.get(key, 0))
            for key, count in asked.items()
            if key not in done
        )
        said = f"{missing:,} of {number_of(sum(asked.values()), 'probe')} missing"
        if not missing:
            said = f"{number_of(len(left), 'case')} not run"
        return f"{word}: {said}; go on with --resume" + (f", without {option}" if option else "")
