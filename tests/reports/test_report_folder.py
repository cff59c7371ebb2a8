"""The files that a run leaves in its folder: the tracebacks of unforeseen errors."""

from pathlib import Path

import pytest

from memtests.plugins.gathering import Told
from memtests.plugins.recital import ERRORS
from memtests.reports.report_folder import ErrorLog
from tests.support.running import report, run_suite

pytest_plugins = ["pytester"]


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_an_unforeseen_error_keeps_its_traceback(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    """A bug costs only the probes it breaks. The report names it, and its traceback is kept."""
    log = pytester.path / "report" / ERRORS

    def run() -> pytest.RunResult:
        some = ("--controls", "none", "-k", "tang and (test_title or test_next_line)", *workers)
        return run_suite(pytester, "-p", "tests.support.standin", "--model", "A", *some)

    monkeypatch.setenv("MEMTESTS_BUG", "jing-ye-si")
    result = run()
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*UNJUDGED  A  TypeError: a fault nobody foresaw (traceback in errors.log)  (tang/jing*"]
    )
    unjudged = report(pytester)["unjudged"]
    assert {each["probe"].split("/")[1] for each in unjudged} == {"jing-ye-si"}
    text = log.read_text()
    assert text.count("Traceback (most recent call last)") == 1, "each text once"
    assert "in _read" in text
    assert text.count("A: tang/jing-ye-si/") == len(unjudged) == 4
    monkeypatch.delenv("MEMTESTS_BUG")
    assert run().ret == 0
    assert not log.exists(), "what a run before has left is gone"


def test_the_traceback_of_an_error_is_written_once(tmp_path: Path) -> None:
    log = ErrorLog(tmp_path)
    told = Told("A", "tang/a/title", "Traceback …\nValueError: \ud800\n")
    log.add([told, told])
    log.add([told._replace(probe="tang/b/title")])
    assert (tmp_path / ERRORS).read_text().splitlines() == [
        "A: tang/a/title",
        *("Traceback …", "ValueError: \\ud800", ""),
        "A: tang/b/title",
        *("as tang/a/title", ""),
    ]
