"""A run that cannot go on says so in one line, once, and with the right exit status; alone and with
-n 2.
"""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from memtests.reports.report_folder import Journal
from tests.support.running import STAND_IN, few_poems, run_suite

pytest_plugins = ["pytester"]

PROCESSES = pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["serial", "n2"])
TITLES = (*STAND_IN, *few_poems(), "-k", "test_title")


def only_line(result: pytest.RunResult, reason: str) -> str:
    """The one line that says why, after a check that no other line is alarming."""
    lines = result.outlines + result.errlines
    for alarm in ("Exit", "Interrupted", "INTERNALERROR", "Traceback", "usage: ", "!!!"):
        assert not [line for line in lines if alarm in line], alarm
    (line,) = (line for line in lines if reason in line)
    return line


@PROCESSES
def test_a_model_that_cannot_be_loaded(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, processes: tuple[str, ...]
) -> None:
    monkeypatch.setenv("MEMTESTS_FAIL", "1")
    result = run_suite(pytester, *TITLES, *processes)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert only_line(result, "its weights are torn").startswith("ERROR: --model A: its weights")


@PROCESSES
def test_a_folder_that_cannot_be_written_to_any_more(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, processes: tuple[str, ...]
) -> None:
    add = Journal.add

    def full(journal: Journal, *added: Any) -> None:
        if journal._folder != pytester.path / "report":  # the run of this test itself
            return add(journal, *added)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Journal, "add", full)
    result = run_suite(pytester, *TITLES, *processes)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    line = only_line(result, "No space left on device")
    assert line.startswith("ERROR: --recall-report ")
    assert line.endswith("/report: No space left on device; --resume goes on from there")


@PROCESSES
def test_a_baseline_of_other_poems(pytester: pytest.Pytester, processes: tuple[str, ...]) -> None:
    """The file must not be overwritten: it may be a good baseline for its own poems."""
    assert run_suite(pytester, *TITLES, "--measure").ret == 0
    (pytester.path / "report" / "recall.json").rename(pytester.path / "good.json")
    poem = {"id": "a", "title": "T", "author": "A", "language": "en", "lines": ["one two", "six"]}
    Path("mine.jsonl").write_text(json.dumps(poem))
    other = (*STAND_IN, "--poems", "mine.jsonl", "--baseline", "good.json", *processes)
    result = run_suite(pytester, *other)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert only_line(result, "good.json") == (
        "ERROR: --baseline good.json has other poems: tang, where this run asks for mine; "
        "name a baseline of these, or make a new one with --update-baseline NEW.json"
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--mesure"], "--mesure: no such option; did you mean --measure?"),
        (["--prefix-length=3"], "--prefix-length: no such option; did you mean --prefix-lengths?"),
        (["--qqqq"], "--qqqq: no such option; see memtests --help"),
        (["--model"], "--model: expected one argument; see memtests --help"),
        (["--sample", "some"], "--sample: invalid int value: 'some'; see memtests --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_unknown_option(pytester: pytest.Pytester, arguments: list[str], line: str) -> None:
    result = run_suite(pytester, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert only_line(result, line) == f"ERROR: {line}"
