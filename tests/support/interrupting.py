"""A pytest plugin that presses Ctrl-C: `-p tests.support.interrupting`.

MEMTESTS_CTRL_C names the moments, parted by commas: `import`, while a library is imported that
swallows it; `load`, as a model begins to load; a number, as
so many cases are over; `write`, in the middle of a line of the journal, once a case is over;
`report`, as the page is about to be written; `build`, as the report is put together; `garbage`,
where Python swallows what is raised. Each time the whole group of processes gets the signal, as
from a terminal. So a run with this plugin must be a process group of its own.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from memtests.plugins import model as asking
from memtests.reports import report_folder, writing


def press(moment: str) -> None:
    """Press Ctrl-C, if MEMTESTS_CTRL_C names this moment."""
    if moment in os.environ.get("MEMTESTS_CTRL_C", "").split(","):
        os.killpg(os.getpgid(0), signal.SIGINT)


def _pressing(moment: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def and_press(*given: Any, **named: Any) -> Any:
        press(moment)
        return function(*given, **named)

    return and_press


def _import() -> None:
    with contextlib.suppress(BaseException):  # as torch does where it imports numpy
        press("import")


class _Garbage:
    """Python ignores an error that is raised while this object is destroyed."""

    def __del__(self) -> None:
        press("garbage")


class _Cases:
    """Counts the cases that are over."""

    over = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            _Cases.over += 1
            press(str(self.over))
            if self.over == 1:
                _Garbage()
                if "garbage" in os.environ["MEMTESTS_CTRL_C"]:
                    time.sleep(5)  # like a model that goes on computing


class _Torn:
    """A file that presses Ctrl-C when a line is half written."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, line: bytes) -> None:
        self._file.write(line[: len(line) // 2])
        if _Cases.over:
            press("write")
        self._file.write(line[len(line) // 2 :])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    asking.load = _pressing("load", asking.load)
    asking.import_libraries = _import
    if hasattr(config, "workerinput"):
        return
    writing.build = _pressing("build", writing.build)  # type: ignore[attr-defined]
    report_folder.render_page = _pressing(  # type: ignore[attr-defined]
        "report", report_folder.render_page
    )
    begin = report_folder.Journal._open
    report_folder.Journal._open = (  # type: ignore[method-assign]
        lambda self: _Torn(begin(self))  # type: ignore[assignment,return-value]
    )
    config.pluginmanager.register(_Cases())
