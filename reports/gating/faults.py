"""What went wrong in a run apart from misses: why its figures prove nothing. No hooks in here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from memtests.plugins.gathering import UNUSABLE_MODEL
from memtests.reports.text.phrases import number_of


@dataclass
class Faults:
    """Taken down as a run goes on."""

    collected: int = 0
    """Cases that there are."""
    unusable: str | None = None
    """Why the model could not be loaded."""
    _run: set[str] = field(default_factory=set)
    _failed: set[str] = field(default_factory=set)
    _dead: list[str] = field(default_factory=list)

    def take(self, report: pytest.TestReport) -> None:
        """Take in a test report: a miss and what is unjudged are no faults."""
        found: dict[str, Any] = dict(report.user_properties)
        self.unusable = self.unusable or found.get(UNUSABLE_MODEL)
        if report.when == "call" or not report.passed:
            self._run.add(report.nodeid)
        if report.failed and "status" not in found:
            self._failed.add(report.nodeid)

    def died(self, worker: str) -> None:
        """Take down that an xdist worker died."""
        self._dead.append(worker)

    def problems(self, mixed: Collection[str] = ()) -> Sequence[str]:
        """A clause for each kind. `mixed`: models of which the workers loaded different states."""
        failed, left = len(self._failed), self.collected - len(self._run)
        found = [f"workers loaded different states of {name}" for name in sorted(mixed)]
        found += [f"worker {worker} died" for worker in self._dead]
        if failed and not self._dead:
            found.append(f"{number_of(failed, 'case')} failed for another reason than a miss")
        if left > 0:
            found.append(f"{number_of(left, 'case')} not run")
        return [self.unusable] if self.unusable else found
