"""What went wrong in a run apart from misses: why its figures prove nothing. No hooks in here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from memtests.plugins.gathering import UNUSABLE_MODEL
from memtests.plugins.hooks import Counts
from memtests.reports.text.phrases import number_of


def said_failed(cases: int) -> str:
    """That cases failed which are about more than one recitation, or about one that must not be."""
    return f"{number_of(cases, 'case')} failed for another reason than a miss"


@dataclass
class Faults:
    """Taken down as a run goes on."""

    cases: Mapping[str, Counts] = field(default_factory=dict)
    """Node id → how many probes the case asks, of all cases that there are."""
    most_failures: int = 0
    """After so many failed cases the run stops (`--maxfail`, `-x`); 0 where it does not."""
    ahead: Mapping[str, int] = field(default_factory=dict)
    """A model and its question → how many of its probes are judged though no case of theirs was
    run."""
    unusable: str | None = None
    """Why the model could not be loaded."""
    _run: set[str] = field(default_factory=set)
    _missed: set[str] = field(default_factory=set)
    """Cases that failed, for a miss too."""
    _failed: set[str] = field(default_factory=set)
    _dead: list[str] = field(default_factory=list)

    def take(self, report: pytest.TestReport) -> None:
        """Take in a test report: a miss and what is unjudged are no faults."""
        found: dict[str, Any] = dict(report.user_properties)
        self.unusable = self.unusable or found.get(UNUSABLE_MODEL)
        if report.when == "call" or not report.passed:
            self._run.add(report.nodeid)
        if report.failed:
            self._missed.add(report.nodeid)
            if "status" not in found:
                self._failed.add(report.nodeid)

    def died(self, worker: str) -> None:
        """Take down that an xdist worker died."""
        self._dead.append(worker)

    def problems(self, mixed: Collection[str] = (), interrupted: bool = False) -> Sequence[str]:
        """A clause for each kind, first whether anything is missing. `mixed`: models of which the
        workers loaded different states; `interrupted`: whether Ctrl-C ended the run.
        """
        if self.unusable:
            return [self.unusable]
        found = [self._incomplete(interrupted)] if interrupted or self._left() else []
        found += [f"worker {worker} died" for worker in self._dead]
        found += [f"workers loaded different states of {name}" for name in sorted(mixed)]
        if self._failed and not self._dead:
            found.append(said_failed(len(self._failed)))
        return found

    @property
    def probes(self) -> int:
        """How many probes there are to ask; two cases may ask the same."""
        return sum(self._asked().values())

    def _asked(self) -> dict[str, int]:
        """A model and its question → how many probes that is."""
        return {key: count for counts in self.cases.values() for key, count in counts}

    def _left(self) -> set[str]:
        """The cases that were not run."""
        return self.cases.keys() - self._run

    def _incomplete(self, interrupted: bool) -> str:
        """That the run was broken off, by what where its user may not know, what is missing and
        what to type.
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
