"""The hooks that write the report: verdicts as they come in, the whole of it at the end."""

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import msgspec
import pytest

from fixtures.questions import QUESTIONS
from plugins.gathering import Gathered
from reports.report import Report, encode, write_whole
from reports.tallies import build
from reports.terminal import render_misses, render_shortest_cues, render_table, render_unjudged


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("reports", "memtests: what is reported").addoption(
        "--recall-report",
        metavar="DIR",
        default="reports/latest",
        help="where the reports go (default: %(default)s)",
    )


def pytest_configure(config: pytest.Config) -> None:
    on_controller = not hasattr(config, "workerinput")
    if on_controller and not (config.option.help or config.option.collectonly):
        folder = config.invocation_params.dir / config.getoption("--recall-report")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise pytest.UsageError(f"--recall-report {folder}: {error.strerror}") from None
        config.pluginmanager.register(Writer(config, folder), "recall-writer")


@dataclass(eq=False)
class Writer:
    """Takes in every test report, and writes what it says of memories."""

    config: pytest.Config
    folder: Path
    gathered: Gathered = field(default_factory=Gathered)
    report: Report | None = None
    _lines: IO[bytes] | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        new = self.gathered.take(report.user_properties)
        if new and self._lines is None:
            self._lines = (self.folder / "verdicts.jsonl").open("wb")
        if new and self._lines is not None:
            self._lines.write(b"".join(msgspec.json.encode(verdict) + b"\n" for verdict in new))
            self._lines.flush()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        if self._lines is not None:
            self._lines.close()
        if self.gathered.verdicts or self.gathered.unjudged:
            now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            self.report = build(self.gathered, self.config.stash[QUESTIONS].collections, now)
            write_whole(self.folder / "recall.json", encode(self.report))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.report is None:
            return
        show = terminalreporter
        if not self.config.getoption("--measure"):
            collections = self.config.stash[QUESTIONS].collections
            languages = {(c.name, poem.id): poem.language for c in collections for poem in c.poems}
            misses = render_misses(self.report.verdicts, languages)
            if misses:
                show.section("misses", bold=True)
                show.write_line("\n".join(misses))
        show.section("recall", bold=True)
        for part in (
            render_table(self.report),
            render_shortest_cues(self.report),
            render_unjudged(self.report.unjudged),
            [f"report: {self.folder / 'recall.json'}"],
        ):
            if part:
                show.write_line("\n".join(part) + "\n")
