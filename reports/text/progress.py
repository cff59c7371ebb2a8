"""A line on how far a run is, while it goes on."""

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from memtests.plugins.resuming import SavedVerdict
from memtests.plugins.scheduling import Asked
from memtests.reports.counting.tallies import counted
from memtests.reports.text.phrases import number_of
from memtests.reports.text.rows import percent

# Seconds between two lines. On a terminal, each line replaces the one before; in a log they add up.
_ON_TERMINAL, _IN_LOG = 0.1, 10.0
# The share of the probes after which the line tells the time left. Before that, an estimate would
# be too high, because many texts are read before the first probe is done.
_ENOUGH = 0.1


Status = tuple[str, str, Any]


class Done(NamedTuple):
    """How far a run is."""

    poems: int
    of_poems: int
    probes: int
    of_probes: int
    correct: int
    judged: int
    seconds: float
    called: str = "poem"
    """What `poems` counts: with windows, parts of the texts."""


def render_progress(done: Done) -> str:
    """For instance ``64 of 119 poems  520 of 1,004 probes  41.6/s  recall 60.0 %  0:12 left``, and
    ``0 of 119 poems  0 of 1,004 probes  0:40 so far``.
    """
    parts = [f"{done.poems:,} of {number_of(done.of_poems, done.called)}"]
    parts.append(f"{done.probes:,} of {number_of(done.of_probes, 'probe')}")
    if done.probes and done.seconds > 0:
        parts.append(f"{done.probes / done.seconds:.1f}/s")
    if done.judged:
        parts.append(f"recall {percent(done.correct / done.judged)}")
    if not done.probes:
        parts.append(f"{_clock(done.seconds)} so far")
    elif done.poems < done.of_poems and _ENOUGH <= done.probes / done.of_probes < 1:
        left = done.seconds * (done.of_probes - done.probes) / done.probes
        parts.append(f"{_clock(left)} left")
    return "  ".join(parts)


def _clock(seconds: float) -> str:
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


@dataclass(eq=False)
class Progress:
    """Counts verdicts and cases as they are done, and writes a line from time to time."""

    write: Callable[[str], object]
    seconds_between: float
    now: Callable[[], float] = time.monotonic
    ticks: bool = False
    """Whether lines also come while nothing is done. Not on a terminal: they would overwrite what
    others write there, a debugger say."""
    called: str = "poem"
    """As Done.called."""
    _asked: dict[str, Asked] = field(default_factory=dict)
    _left: Counter[Asked] = field(default_factory=Counter)
    _of_poems: int = 0
    _of_probes: int = 0
    _probes: int = 0
    _correct: int = 0
    _judged: int = 0
    _began: float = 0.0
    _written: float = 0.0

    def begin(self, cases: Mapping[str, Asked], probes: int) -> None:
        """Note what is to be done: the cases, and how many probes they ask together."""
        self._asked = dict(cases)
        self._left = Counter(self._asked.values())
        self._of_poems, self._of_probes = len(self._left), probes
        self._began = self._written = self.now()

    def judged(self, verdicts: Sequence[SavedVerdict]) -> None:
        """Count new verdicts; write a line if it is time."""
        self._probes += len(verdicts)
        found = counted(verdicts)
        self._judged += len(found)
        self._correct += sum(verdict.correct for verdict in found)
        self.write_if_time()

    def finished(self, nodeid: str) -> None:
        """Count a case that is over; write a line if it is time."""
        asked = self._asked.pop(nodeid, None)
        if asked is None:
            return
        self._left[asked] -= 1
        self.write_if_time(last=not self._asked)

    def write_if_time(self, last: bool = False) -> None:
        """Write a line if it is time, or if it is the last one."""
        now = self.now()
        if last or (self._asked and now - self._written >= self.seconds_between):
            self._written = now
            self.write(render_progress(self.done()))

    def done(self) -> Done:
        """How far it is now."""
        return Done(
            poems=sum(left == 0 for left in self._left.values()),
            of_poems=self._of_poems,
            probes=self._probes,
            # Hypothesis may ask more probes than planned, in search of a shorter cue.
            of_probes=max(self._of_probes, self._probes),
            correct=self._correct,
            judged=self._judged,
            seconds=self.now() - self._began,
            called=self.called,
        )


class Ticking:
    """Writes lines while nothing is done, on a thread of its own: a model may be slow."""

    def __init__(self, progress: Progress, lock: AbstractContextManager[object]) -> None:
        """`lock`: held by everybody who calls `progress`."""
        self._progress = progress
        self._lock = lock
        self._ended = threading.Event()

    def begin(self) -> None:
        """Begin, if `progress` wants it; goes on until `end` is called."""
        if self._progress.ticks:
            threading.Thread(target=self._tick, name="progress", daemon=True).start()

    def end(self) -> None:
        """Write nothing more. The caller must hold the lock."""
        self._ended.set()

    def _tick(self) -> None:
        while not self._ended.wait(self._progress.seconds_between / 10):
            with self._lock:
                if not self._ended.is_set():
                    self._progress.write_if_time()


def progress_of(config: pytest.Config) -> Progress | None:
    """Progress on the terminal or in the log; None under -v, where pytest writes a line for each
    case.
    """
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.get_verbosity() > 0:
        return None
    reporter = _through_capture(config, reporter)
    if reporter.isatty:
        return Progress(lambda line: reporter.rewrite(line, erase=True), _ON_TERMINAL)
    return Progress(reporter.write_line, _IN_LOG, ticks=True)


def _through_capture(
    config: pytest.Config, reporter: pytest.TerminalReporter
) -> pytest.TerminalReporter:
    """A reporter that writes to the terminal even while a case runs. pytest captures stdout then,
    with its own lines, and one case may take most of a run.
    """
    try:
        copy = os.dup(sys.stdout.fileno())  # pytest captures nothing yet at this time
    except OSError:  # stdout is no file
        return reporter
    file = os.fdopen(copy, "w", 1, sys.stdout.encoding, "backslashreplace")
    config.add_cleanup(file.close)
    sys.stdout.flush()
    return pytest.TerminalReporter(config, file)


def instead_of_letters(config: pytest.Config) -> None:
    """Keep pytest from writing a letter for each case, and its own percentage."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    reporter.showfspath = False
    reporter._show_progress_info = False
    config.pluginmanager.register(NoLetters(), "recall-progress")


def instead_of_counts(reporter: pytest.TerminalReporter, said: str, colour: str) -> None:
    """Have pytest end with these words in place of its own counts of tests."""
    markup = {colour: True}
    counts: Any = reporter
    counts.build_summary_stats_line = lambda: ([(said, markup)], colour)


class NoLetters:
    """Shows no letters for cases; they are still counted."""

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> Generator[None, Status, Status]:
        """The status of a case, without its letter."""
        category, letter, word = yield
        return category, "", word if letter else ""
