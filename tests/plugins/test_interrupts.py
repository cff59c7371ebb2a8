"""Ctrl-C at every moment: all verdicts so far are on disk, and the first line says how many probes
are missing.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import pytest

from memtests.plugins.interrupts import Interrupts
from memtests.reports.text.headline import CUT_SHORT
from tests.support.begun import begin
from tests.support.running import ROOT, STAND_IN, few_poems
from tests.support.smollm2 import gguf

RUN = (
    *(sys.executable, "-m", "memtests", *STAND_IN, "-p", "tests.support.interrupting"),
    *(*few_poems(), "--controls", "none", "-k", "test_title or test_next_line"),
)


class Ended(NamedTuple):
    """A run that is over."""

    status: int
    output: str
    folder: Path

    @property
    def probes(self) -> list[str]:
        """The probes in the journal, of which every line must be whole."""
        lines = (self.folder / "verdicts.jsonl").read_bytes().splitlines()
        return [json.loads(line)["probe"] for line in lines]

    @property
    def result(self) -> list[str]:
        """The lines under the first heading after pytest's progress."""
        _, _, rest = self.output.partition(" result ")
        return [line for line in rest.partition("\n\n")[0].splitlines()[1:] if line]


def run(folder: Path, *arguments: str, at: str = "", unknown: str = "") -> Ended:
    """A run in a folder, as a process group of its own, interrupted `at` some moments."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "MEMTESTS_CTRL_C": at}
    environ["MEMTESTS_AT_ONCE"] = "1"  # so that there is something to interrupt
    done = subprocess.run(
        [*RUN, *arguments],
        cwd=folder,
        env={**environ, "MEMTESTS_UNKNOWN": unknown},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    ended = Ended(done.returncode, done.stdout, folder / "reports" / "latest")
    assert "Traceback" not in ended.output, ended.output
    assert "KeyboardInterrupt" not in ended.output, ended.output
    left = [file.name for file in ended.folder.glob(".*") if file.name != ".lock"]
    assert not left, "no file that was not finished"
    return ended


@pytest.mark.parametrize("how", [(), ("-n", "2")], ids=["alone", "workers"])
def test_what_was_judged_is_reported_and_the_rest_is_asked_later(
    tmp_path: Path, how: tuple[str, ...]
) -> None:
    ended = run(tmp_path, "--measure", *how, at="5")
    assert ended.status == pytest.ExitCode.INTERRUPTED
    report = json.loads((ended.folder / "recall.json").read_text())
    judged = {verdict["probe"] for verdict in report["verdicts"]}
    on_disk = set(ended.probes)
    assert judged == on_disk, "those too whose cases had not come"
    assert len(judged) >= 5
    assert "interrupted, all that was judged is counted in " in ended.output
    total = len(probes_of(tmp_path))
    said = f"interrupted: {total - len(judged)} of {total} probes missing; go on with --resume"
    assert ended.result == [said]
    assert report["problems"] == [said]
    assert ended.output.count("Interrupted: by Ctrl-C") == 1
    assert (ended.folder / "summary.md").read_text().splitlines()[0] == f"**{said}**"
    page = (ended.folder / "report.html").read_text()
    assert f">{said}<" in page
    assert "<h2>Curves</h2>\n<p>Left out" in page

    again = run(tmp_path, "--measure", "--resume", *how)
    assert again.status == 0
    left = total - len(on_disk)
    resumed = f"resumed: {len(on_disk)} verdicts taken over, {left} probes asked now"
    assert again.result == [f"{total} of {total} probes correct; no gates", resumed]
    assert (again.folder / "summary.md").read_text().split("\n\n")[1] == resumed
    assert "Left out, so that" not in (again.folder / "report.html").read_text()


def test_readings_that_come_in_another_order_than_cases(tmp_path: Path) -> None:
    """The first window is the longest, so that many are read before it."""
    words = [f"w{number}" for number in range(10**12, 10**12 + 20)]
    words += [f"w{number}" for number in range(60)]
    poem = {"id": "long", "title": "L", "author": "A", "language": "en", "lines": [" ".join(words)]}
    (tmp_path / "shelf.jsonl").write_text(json.dumps(poem))
    windows = ("--poems", "shelf.jsonl", "-k", "window", "--windows", "5/5", "--every", "2")
    ended = run(tmp_path, *windows, at="2")
    report = json.loads((ended.folder / "recall.json").read_text())
    assert {verdict["probe"] for verdict in report["verdicts"]} == {*ended.probes}
    assert len(ended.probes) > 10
    total = int(ended.result[0].split(" of ")[1].split()[0])
    assert ended.result == [
        f"interrupted: {total - len(ended.probes)} of {total} probes missing; go on with --resume"
    ]
    again = run(tmp_path, *windows, "--resume", at="1")
    report = json.loads((again.folder / "recall.json").read_text())
    assert {*ended.probes} <= {verdict["probe"] for verdict in report["verdicts"]}


def probes_of(folder: Path) -> list[str]:
    """The probes of a run without an interruption."""
    other = folder / "whole"
    other.mkdir()
    return run(other, "--measure").probes


@pytest.mark.parametrize("how", [(), ("-n", "2")], ids=["alone", "workers"])
def test_while_the_model_is_loaded(tmp_path: Path, how: tuple[str, ...]) -> None:
    ended = run(tmp_path, *how, at="load")
    assert ended.status == pytest.ExitCode.INTERRUPTED
    (said,) = ended.result
    missing, total = said.split(" of ")
    assert missing == f"interrupted: {total.split()[0]}"
    assert not (ended.folder / "recall.json").exists(), "nothing was judged"


@pytest.mark.parametrize("how", [(), ("-n", "2")], ids=["alone", "workers"])
def test_where_a_library_swallows_it(tmp_path: Path, how: tuple[str, ...]) -> None:
    """Processes of -n import before their controller knows what there is to ask."""
    ended = run(tmp_path, *how, at="import")
    assert ended.status == pytest.ExitCode.INTERRUPTED
    assert not (ended.folder / "recall.json").exists(), "nothing was judged"


def test_it_is_not_swallowed(tmp_path: Path) -> None:
    ended = run(tmp_path, at="garbage")
    assert ended.status == pytest.ExitCode.INTERRUPTED
    assert "probes missing" in ended.result[0]


def test_no_line_is_torn(tmp_path: Path) -> None:
    ended = run(tmp_path, at="write")
    assert ended.status == pytest.ExitCode.INTERRUPTED
    assert len(ended.probes) > 1
    assert "probes missing" in ended.result[0]


@pytest.mark.parametrize("at", ["build", "report", "5,build", "5,report", "write,report"])
def test_while_the_report_is_written(tmp_path: Path, at: str) -> None:
    ended = run(tmp_path, at=at)
    assert ended.status == pytest.ExitCode.INTERRUPTED
    assert ended.result[0].startswith(CUT_SHORT)
    assert ("probes missing" in ended.result[0]) == (at.endswith(",report"))
    assert not (ended.folder / "report.html").exists()
    judged = len(ended.probes)
    again = run(tmp_path, "--resume")
    assert again.status == 0
    assert again.result[1].startswith(f"resumed: {judged} verdict")
    assert (again.folder / "report.html").exists()


@pytest.mark.parametrize("how", [(), ("-n", "2")], ids=["alone", "workers"])
@pytest.mark.parametrize("option", ["-x", "--maxfail=2"])
def test_a_run_that_stops_at_misses_says_so(
    tmp_path: Path, how: tuple[str, ...], option: str
) -> None:
    ended = run(tmp_path, option, *how, unknown="*")
    (said,) = ended.result
    assert said.startswith("interrupted after ")
    assert said.endswith(f"probes missing; go on with --resume, without {option}")
    assert f"({option}): " in said


def test_verdicts_of_another_model_cannot_be_taken_over(tmp_path: Path) -> None:
    first = run(tmp_path)
    count = len(first.probes)
    again = run(tmp_path, "--resume", unknown="nothing")  # another fingerprint: another model
    assert again.result[1] == (
        f"resumed: none of {count} verdicts there could be taken over, as they are of another "
        f"model, of other questions or of another version of the suite; {count} probes asked now"
    )
    other = tmp_path / "other"
    other.mkdir()
    assert run(other, "--resume").result[1] == (
        f"resumed: 0 verdicts taken over, {count} probes asked now"
    )


def test_held_up_until_something_is_whole() -> None:
    found = Interrupts()
    done = []
    with pytest.raises(pytest.Session.Interrupted), found.held():  # noqa: PT012
        with found.held():
            found.handle()
            done.append("inner")
        done.append("outer")
    assert done == ["inner", "outer"]
    assert found.came


def test_another_one_while_python_swallows_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a destructor Python asks a hook, which may be interrupted, too. Neither shows an error."""
    shown: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", shown.append)
    found, pressed = Interrupts(), threading.Event()
    monkeypatch.setattr(found, "_press_again", pressed.set)

    class Config:
        def add_cleanup(self, function: object) -> None:
            pass

    found._watch(Config())  # type: ignore[arg-type]

    class Swallowed:
        @property
        def exc_value(self) -> BaseException:
            found.handle()
            return ValueError("of somebody else")

    swallowed = Swallowed()
    sys.unraisablehook(swallowed)  # type: ignore[arg-type]
    assert shown == [swallowed]
    assert pressed.wait(20), "it is pressed again"
    with pytest.raises(pytest.Session.Interrupted):
        found.handle()


def test_a_run_that_is_ending_is_not_interrupted_again() -> None:
    found = Interrupts()
    found.end()
    found.handle()
    with pytest.raises(pytest.Session.Interrupted), found.let_through():
        found.handle()
    found.handle()
    with pytest.raises(pytest.Session.Interrupted):
        found.handle()


def test_it_may_come_where_python_has_no_line() -> None:
    def raises() -> None:
        try:
            raise ValueError
        except ValueError:
            found.handle()

    found = Interrupts()
    raises.__code__ = raises.__code__.replace(co_linetable=b"")
    with pytest.raises(pytest.Session.Interrupted) as excinfo:
        raises()
    assert [entry.tb_lineno for entry in _raw(excinfo.tb)][1] is None
    found.pytest_keyboard_interrupt(excinfo)  # type: ignore[arg-type]
    shown = excinfo.getrepr(funcargs=True)  # as pytest calls it
    assert shown.reprcrash
    assert shown.reprcrash.message == "Interrupted: by Ctrl-C"


def _raw(entry: TracebackType | None) -> Iterator[TracebackType]:
    while entry:
        yield entry
        entry = entry.tb_next


def real_models() -> list[str]:
    """The embedded one, and a pretrained one."""
    return ["embedded", str(gguf())]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("which", "after", "how"),
    [(0, "header", ()), (0, "verdict", ()), (0, "verdict", ("-n", "2")), (1, "verdict", ())],
    ids=["loads", "recites", "recites on workers", "recites, pretrained"],
)
def test_a_real_model_is_interrupted(
    tmp_path: Path, which: int, after: str, how: tuple[str, ...]
) -> None:
    """After the first line the model is loading, after the first verdict it is reciting.
    bench/ctrl_c.py measures how long the run takes to end.
    """
    found = begin(tmp_path, real_models()[which], *how, recites=after == "verdict")
    process, journal = found.process, found.journal
    os.killpg(process.pid, signal.SIGINT)
    output = found.said + process.communicate()[0]
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    assert "Traceback" not in output, output
    if after == "verdict":
        # Verdicts on disk may be ahead of their cases. Then there is nothing to report yet.
        assert "interrupted: " in output
        assert [json.loads(line) for line in journal.read_bytes().splitlines()]
