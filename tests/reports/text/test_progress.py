"""The line that says how far a run is."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec

from memtests.plugins.resuming import SavedVerdict
from memtests.reports.text.progress import Done, Progress, Ticking, render_progress
from tests.support.reported import TANG, forgets, knows, reported
from tests.support.running import STAND_IN, few_poems


def test_line() -> None:
    assert (
        render_progress(Done(64, 119, 520, 1040, 300, 500, 12.5))
        == "64 of 119 poems  520 of 1,040 probes  41.6/s  recall 60.0 %  0:12 left"
    )
    waiting = render_progress(Done(0, 6, 0, 84, 0, 0, 40.0))
    assert waiting == "0 of 6 poems  0 of 84 probes  0:40 so far"
    first = render_progress(Done(0, 119, 9, 18, 0, 9, 4.5))
    assert first == "0 of 119 poems  9 of 18 probes  2.0/s  recall 0.0 %  0:04 left"
    assert render_progress(Done(1, 9, 1000, 9000, 9, 9, 1000.0)).endswith("2:13:20 left")
    early = render_progress(Done(0, 119, 30, 2549, 30, 30, 41.0))
    assert early == "0 of 119 poems  30 of 2,549 probes  0.7/s  recall 100.0 %"
    last = render_progress(Done(2, 2, 9, 9, 9, 9, 9.0))
    assert last == "2 of 2 poems  9 of 9 probes  1.0/s  recall 100.0 %"
    unjudged = render_progress(Done(2, 2, 8, 9, 8, 8, 8.0))
    assert unjudged == "2 of 2 poems  8 of 9 probes  1.0/s  recall 100.0 %"


def saved(recites: object) -> list[SavedVerdict]:
    verdicts = reported({"m": recites}, [TANG]).verdicts  # type: ignore[dict-item]
    return [SavedVerdict(**msgspec.structs.asdict(v), key=None, followed=None) for v in verdicts]


def test_a_poem_is_done_when_all_its_cases_are() -> None:
    clock, lines = [0.0], []
    progress = Progress(lines.append, seconds_between=10, now=lambda: clock[0])
    progress.begin({"a1": ("", "a"), "a2": ("", "a"), "b1": ("", "b"), "m/b1": ("m", "b")}, 4)
    clock[0] = 5
    progress.finished("a1")
    progress.finished("no poem")
    assert lines == [], "not yet"
    clock[0] = 12
    progress.finished("b1")
    assert lines == ["1 of 3 poems  0 of 4 probes  0:12 so far"]
    progress.finished("a2")
    progress.finished("a2")
    clock[0] = 13
    progress.finished("m/b1")
    assert lines[1:] == ["3 of 3 poems  0 of 4 probes  0:13 so far"], "the last one always"
    clock[0] = 30
    progress.write_if_time()
    assert len(lines) == 2, "and nothing after it"


def test_recall_so_far_leaves_drawn_lengths_out() -> None:
    progress = Progress(lambda _: None, seconds_between=0, now=lambda: 0.0)
    progress.begin({"a": ("", "a")}, 20)
    progress.judged(saved(knows))
    progress.judged(saved(forgets))
    done = progress.done()
    assert (done.probes, done.correct, done.judged) == (32, 12, 24)
    assert done.of_probes == 32, "Hypothesis may ask more than there seemed to be"


def test_lines_come_while_nothing_is_done() -> None:
    lines: list[str] = []
    lock, written = threading.Lock(), threading.Event()

    def write(line: str) -> None:
        assert lock.locked()
        lines.append(line)
        written.set()

    progress = Progress(write, seconds_between=0.01, ticks=True)
    progress.begin({"a": ("", "a")}, 1)
    ticking = Ticking(progress, lock)
    ticking.begin()
    assert written.wait(20)
    with lock:
        ticking.end()
        so_far = len(lines)
    assert lines[0] == "0 of 1 poem  0 of 1 probe  0:00 so far"
    time.sleep(0.1)
    assert len(lines) == so_far


def test_a_log_has_lines_while_a_case_runs(tmp_path: Path) -> None:
    """Lines that are written then would be captured by pytest, and shown nowhere."""
    slow = "import memtests.reports.text.progress as p\np._IN_LOG = 0.01\n"
    (tmp_path / "often.py").write_text(slow)
    command = (sys.executable, "-m", "memtests", "-p", "often", *STAND_IN, *few_poems())
    some = ("-k", "test_title", "--measure", "--recall-report", str(tmp_path / "report"))
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{Path.cwd()}"}
    ran = subprocess.run(
        (*command, *some), env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = [line for line in ran.stdout.splitlines() if " of 8 poems  " in line]
    assert lines[0].startswith("0 of 8 poems  ")
    assert lines[-1].startswith("8 of 8 poems  8 of 8 probes  ")
