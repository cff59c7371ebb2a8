"""The hooks that write the report: verdicts as they come in, everything else at the end."""

import datetime
import threading
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from _pytest.junitxml import xml_key

from memtests.fixtures.commands import TYPED, said
from memtests.plugins.chance import chance_bands
from memtests.plugins.gathering import UNUSABLE_MODEL, Gathered, properties_of
from memtests.plugins.hooks import (
    ASKED,
    COUNTS,
    RECITAL,
    SAVED,
    SAVED_TRACES,
    SINK,
    question_key,
)
from memtests.plugins.interrupts import INTERRUPTS
from memtests.plugins.model import UNUSABLE, given_names, model_names, report_folder
from memtests.plugins.questions import QUESTIONS
from memtests.plugins.redacting import PRIVATE
from memtests.plugins.resuming import SavedVerdict, read_saved, read_saved_traces
from memtests.plugins.stopping import stop
from memtests.plugins.traces import Trace
from memtests.reports.counting.tallies import build
from memtests.reports.gating.baselines import encode_small
from memtests.reports.gating.conclusion import Conclusion, added, conclude
from memtests.reports.gating.faults import Faults
from memtests.reports.gating.rules import RULES
from memtests.reports.latest import EARLIER
from memtests.reports.report import write_whole
from memtests.reports.report_folder import (
    DATA,
    PAGE,
    VERDICTS,
    ErrorLog,
    FolderError,
    Journal,
    claim,
    finish,
)
from memtests.reports.text.headline import (
    CUT_SHORT,
    RESULT,
    Resumed,
    said_not_resumed,
    said_to_resume,
)
from memtests.reports.text.junit import gate_reports, properties
from memtests.reports.text.last_line import last_line, others_of
from memtests.reports.text.progress import (
    Ticking,
    instead_of_counts,
    instead_of_letters,
    progress_of,
)
from memtests.reports.text.terminal import sections
from memtests.reports.trace_files import TRACES


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.help or config.option.collectonly:
        return
    folder = report_folder(config)
    worker = getattr(config, "workerinput", None)
    goes_on = config.getoption("--resume") or config.getoption("--latest")
    if goes_on or (worker and worker["begun"]):
        try:
            config.stash[SAVED] = read_saved(folder / VERDICTS, config.getoption("--redact"))
            config.stash[SAVED_TRACES] = read_saved_traces(folder / TRACES)
        except OSError as error:
            raise pytest.UsageError(
                f"--recall-report {folder}: {error.strerror}; name another folder"
            ) from None
    if not worker:
        config.pluginmanager.register(Writer(config, folder), "recall-writer")


def command_of(config: pytest.Config) -> str:
    """The command that was typed, without its secrets."""
    typed = config.pluginmanager.get_plugin(TYPED)
    words = typed.words if typed else ("pytest", *map(str, config.invocation_params.args))
    return said(words, private=PRIVATE if config.getoption("--redact") else ())


@dataclass(eq=False)
class Writer:
    """Gathers the verdicts in test reports, and writes the recall report."""

    config: pytest.Config
    folder: Path
    gathered: Gathered = field(default_factory=Gathered)
    faults: Faults = field(default_factory=Faults)
    conclusion: Conclusion | None = None
    cut_short: bool = False
    """Whether Ctrl-C came while the report was being written."""

    def __post_init__(self) -> None:
        saved = self.config.stash.get(SAVED, None)
        self.earlier = self.config.stash.get(EARLIER, None)
        self.journal = Journal(self.folder, saved, adds=self.earlier is not None)
        self.lock = threading.Lock()
        """Workers' verdicts come in on another thread than their test reports."""
        self.broken: OSError | None = None
        self.config.stash[SINK] = self.keep
        self.errors = ErrorLog(self.folder)
        self.progress = progress_of(self.config)
        self.ticking = Ticking(self.progress, self.lock) if self.progress else None
        self.interrupts = self.config.stash[INTERRUPTS]
        self.ahead: dict[tuple[str, str], SavedVerdict] = {}
        """Model and probe → what is judged, and whose case has not come."""
        self.whole: bool | None = None
        """Of a run that Ctrl-C ended: whether its report has every verdict that is on disk."""
        self.faults.most_failures = self.config.getoption("maxfail") or 0

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["report"] = str(self.folder)
        # A worker that replaces a dead one takes over the verdicts that are on disk already.
        node.workerinput["begun"] = self.journal.begun

    def pytest_report_header(self) -> list[str]:
        saved = self.config.stash.get(SAVED, None)
        if saved is not None and self.config.getoption("--resume"):
            return [said_to_resume(len(saved))]
        if (self.folder / DATA).exists():
            return []
        with suppress(OSError):
            left = read_saved(self.folder / VERDICTS, self.config.getoption("--redact"))
            return [said_not_resumed(len(left), self.folder)] if left else []
        return []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._begin([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        if ids and not self.faults.cases:
            self._begin(ids)
            # The report needs these levels. They are computed now, while the workers load a model.
            questions = self.config.stash[QUESTIONS]
            asked = {collection.name for collection in questions.asked}
            for collection in questions.collections:
                if collection.name in asked:
                    chance_bands(collection)

    def _begin(self, ids: list[str]) -> None:
        cases, counts = self.config.stash[ASKED], self.config.stash[COUNTS]
        self.faults.cases = {nodeid: counts.get(nodeid, ()) for nodeid in ids}
        asked = {nodeid: case for nodeid in ids if (case := cases.get(nodeid))}
        if asked:
            try:
                self.config.add_cleanup(claim(self.folder))
            except FolderError as error:
                raise pytest.UsageError(f"--recall-report {error}") from None
            if self.progress:
                if self.config.stash[QUESTIONS].windows:
                    self.progress.called = "part"
                self.progress.begin(asked, self.faults.probes)
                instead_of_letters(self.config)
            if self.ticking:
                self.config.add_cleanup(self._end_ticking)
                self.ticking.begin()

    def _end_ticking(self) -> None:
        if self.ticking:
            with self._alone():
                self.ticking.end()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        if error:
            self.faults.died(node.gateway.id)

    def keep(self, verdicts: Sequence[SavedVerdict], traces: Sequence[Trace]) -> None:
        """Write verdicts and traces to the disk, before their cases ask for them or after."""
        with self._alone():
            try:
                new = self.journal.add(verdicts, traces)
            except OSError as error:  # the next test report ends the run
                self.broken = self.broken or error
            else:
                self.ahead.update({(v.model, v.probe): v for v in verdicts})
                if self.progress and new:
                    self.progress.judged(new)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads out of this block, and Ctrl-C, which only reaches the main thread."""
        here = threading.current_thread() is threading.main_thread()
        with self.interrupts.held() if here else nullcontext(), self.lock:
            yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, None, None]:
        self._take(report)
        yield
        # With -n, the other workers finish their cases first (see pytest_runtestloop).
        if self.faults.unusable and self.config.getoption("dist", "no") == "no":
            stop(self.config, self.faults.unusable)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        try:
            return (yield)
        except KeyboardInterrupt:  # xdist raises it when its workers have stopped
            if self.faults.unusable:
                stop(self.config, self.faults.unusable)
            raise

    def _take(self, report: pytest.TestReport) -> None:
        self.faults.take(report)
        found = self.gathered.take(report.user_properties)
        # What was judged in this process is on the disk already.
        new = [v for v in found.new if self.ahead.get((v.model, v.probe)) != v]
        if new:
            self.keep(new, [])
        for v in found.verdicts:
            self.ahead.pop((v.model, v.probe), None)
        if found.errors:
            try:
                with self._alone():
                    self.errors.add(found.errors)
            except OSError as error:
                self.broken = self.broken or error
        if self.broken:
            reason = f"{self.broken.strerror}; --resume goes on from there"
            told = f"--recall-report {self.folder}: {reason}"
            stop(self.config, told, pytest.ExitCode.TESTS_FAILED)
        if self.progress and report.when == "teardown":
            with self._alone():
                self.progress.finished(report.nodeid)
        status = [(name, value) for name, value in report.user_properties if name == "status"]
        readable = properties(found.verdicts) if self.config.stash.get(xml_key, None) else []
        why = [(name, value) for name, value in report.user_properties if name == UNUSABLE_MODEL]
        report.user_properties = [*readable, *status, *why]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.interrupts.end()
        self._end_ticking()
        if self.interrupts.came:
            self._take_what_waits()
            self._take_ahead()
        try:
            with self.interrupts.let_through():
                self._conclude(session)
        except KeyboardInterrupt:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
            self.cut_short = True
            if self.conclusion:
                problems = (CUT_SHORT, *self.conclusion.problems)
                self.conclusion = replace(self.conclusion, problems=problems)

    def _take_what_waits(self) -> None:
        """Take in the test reports that the processes of -n have sent and nobody has read yet."""
        waiting = getattr(self.config.pluginmanager.getplugin("dsession"), "queue", None)
        while waiting is not None and not waiting.empty():
            name, told = waiting.get_nowait()
            if name == "testreport":
                self.pytest_runtest_logreport(told["rep"])

    def _take_ahead(self) -> None:
        """Take in what is judged, and whose case has not come: readings come in another order than
        cases. Of a model that no process has described yet it stays on disk; and so does what other
        processes would have taken over.
        """
        with self._alone():
            self.journal.close(finished=False)
        recital = self.config.stash.get(RECITAL, None)
        if recital:
            recital.take_down_rest()
            self.whole = True
            new = self.gathered.take(properties_of(recital)).new
        else:
            known = [v for v in self.ahead.values() if v.model in self.gathered.models]
            self.whole = len(known) == len(self.ahead) and SAVED not in self.config.stash
            new = self.gathered.take(("verdict", msgspec.to_builtins(v)) for v in known).new
        given = dict(zip(model_names(self.config), given_names(self.config), strict=True))
        self.faults.ahead = Counter(question_key(given.get(v.model, v.model), v) for v in new)

    def _conclude(self, session: pytest.Session) -> None:
        rules, collections = self.config.stash[RULES], self.config.stash[QUESTIONS].collections
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        controlled = self.config.getoption("--controls") != "none"
        names, command = model_names(self.config), command_of(self.config)
        report = build(self.gathered, collections, now, names, command, controlled=controlled)
        self.faults.unusable = self.faults.unusable or self.config.stash.get(UNUSABLE, None)
        problems = self.faults.problems(self.gathered.mixed, self.interrupts.came)
        unusable = self.faults.unusable is not None
        found = conclude(report, rules, problems, int(session.exitstatus), unusable)
        usable = found.status != pytest.ExitCode.USAGE_ERROR
        to_ask = any(self.faults.cases.values()) and usable
        found = replace(found, to_ask=to_ask, resumed=self._resumed())
        self.conclusion, session.exitstatus = found, found.status
        try:
            self.conclusion = self._write(found, finished=not problems)
            session.exitstatus = self.conclusion.status
        except OSError as error:
            session.exitstatus = max(int(session.exitstatus), pytest.ExitCode.TESTS_FAILED)
            reason = (
                f"{error.filename or self.folder}: {error.strerror}; there is no report: "
                "mend that, and run again with --resume"
            )
            self.conclusion = replace(found, refusal=reason)
        junit = self.config.stash.get(xml_key, None)
        if junit:
            for gate in gate_reports(self.conclusion.report.gates):
                junit.pytest_runtest_logreport(gate)

    def _resumed(self) -> Resumed | None:
        """How much a resumed run took over; None if it was not to resume."""
        saved = self.config.stash.get(SAVED, None)
        if saved is None or not self.config.getoption("--resume"):
            return None
        judged = self.gathered.verdicts.values()
        taken = sum(verdict.key in saved for verdict in judged)
        return Resumed(len(saved), taken, len(judged) - taken + len(self.gathered.unjudged))

    def _write(self, found: Conclusion, finished: bool) -> Conclusion:
        """Write the report. The conclusion, with what was counted from its traces."""
        rules = self.config.stash[RULES]
        with self.lock:
            self.journal.close(finished)
        if not (found.report.verdicts or found.report.unjudged):
            return found
        if self.earlier is not None:
            found = added(found, self.earlier, self.folder / DATA, rules.gates)
            if found.refusal:
                return found
        then = rules.baseline.traces if rules.baseline else ()
        found = finish(self.folder, found, then, drawn=not self.interrupts.came)
        if found.update and rules.update:
            write_whole(rules.update, encode_small(found.report))
        return found

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        shown = [(RESULT, [CUT_SHORT])] if self.cut_short else []
        if self.conclusion is not None:
            self._end_with(terminalreporter, self.conclusion)
            misses = not self.config.getoption("--measure") and not self.conclusion.report.gates
            page, data = self.folder / PAGE, self.folder / DATA
            shown = sections(self.conclusion, misses, page, data)
        for title, lines in shown:
            terminalreporter.section(title, bold=True)
            terminalreporter.write_line("\n".join(lines) + "\n")

    def _end_with(self, reporter: pytest.TerminalReporter, conclusion: Conclusion) -> None:
        """Have pytest's last line show the numbers of the table."""
        report = conclusion.report
        if report.verdicts or report.unjudged:
            cases = self.config.stash[ASKED]
            others = others_of(reporter.stats, cases)
            said = last_line(report, conclusion.headline, others, whole=self.whole)
            instead_of_counts(reporter, said, "red" if conclusion.status else "green")
