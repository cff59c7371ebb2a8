"""Runs killed with SIGKILL at random moments, and resumed."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memtests.plugins.resuming import read_saved, whole_lines
from memtests.plugins.traces import Trace
from tests.support.running import ROOT, without_rounding, without_way


class Forks:
    """Runs of the suite in forks of a process that has imported torch already: they start fast."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forking"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={
                "PYTHONPATH": str(ROOT),
                "MEMTESTS_ASKED": str(folder / "asked"),
                "PATH": "",
                # A second thread would wait for a core that the tests' other worker has.
                "OMP_NUM_THREADS": "1",
            },
        )
        assert self._read() == "ready"

    def run(self, arguments: list[str], kill_after: float | None = None) -> int:
        """The exit status; negative if the run was killed."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        child = int(self._read())
        if kill_after is not None:
            time.sleep(kill_after)
            with contextlib.suppress(ProcessLookupError):  # it has ended already
                os.kill(child, signal.SIGKILL)
        return int(self._read())

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def forks(tmp_path: Path) -> Iterator[Forks]:
    found = Forks(tmp_path)
    yield found
    found.close()


@pytest.mark.slow
def test_twenty_kills(forks: Forks, tmp_path: Path) -> None:
    """Probes with a verdict on disk are never asked again, and the last report is that of a run
    without kills.
    """
    folder, log = tmp_path / "report", tmp_path / "asked"
    arguments = [
        *(str(ROOT / "memtests"), "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)),
        *("-p", "tests.support.asked", "-p", "no:cacheprovider", "--sample", "4", "--measure"),
        *("--controls", "none"),
        *("-k", "tang or sonnets", "--recall-report", str(folder)),
    ]

    def result() -> dict[str, Any]:
        found: dict[str, Any] = json.loads((folder / "recall.json").read_text())
        return {**without_way(found), "created": None}

    start = time.monotonic()
    assert forks.run(arguments) == 0
    seconds = time.monotonic() - start
    unbroken, draw = result(), random.Random(2409)
    traced = texts_traced(folder)
    killed = resumed = 0
    while killed < 20:
        shutil.rmtree(folder)
        for _ in range(4):
            before = set(read_saved_probes(folder))
            log.write_text("")
            status = forks.run([*arguments, "--resume"], kill_after=draw.uniform(0, seconds))
            killed += status == -signal.SIGKILL
            assert not before & set(log.read_text().splitlines())
            assert texts_judged(folder) <= texts_traced(folder)
        before = set(read_saved_probes(folder))
        resumed += bool(before)
        log.write_text("")
        assert forks.run([*arguments, "--resume"]) == 0
        assert not before & set(log.read_text().splitlines())
        assert result() == without_rounding(unbroken)
        assert texts_traced(folder) == traced
        lines = (folder / "traces.jsonl").read_bytes().splitlines()
        assert len(lines) == len(traced), "each once, and whole"
    assert resumed


def texts_judged(folder: Path) -> set[tuple[str, str]]:
    """The poems of the verdicts on disk, with their forms."""
    return {
        (verdict.poem, "header" if verdict.case == "title" else "plain")
        for verdict in read_saved(folder / "verdicts.jsonl").values()
    }


def texts_traced(folder: Path) -> set[tuple[str, str]]:
    """The poems of the traces on disk, with their forms, from whole lines only."""
    lines = whole_lines(folder / "traces.jsonl", Trace)
    return {(line.found.poem, line.found.form) for line in lines}


def read_saved_probes(folder: Path) -> Iterator[str]:
    """The probes whose verdicts are on disk."""
    for verdict in read_saved(folder / "verdicts.jsonl").values():
        yield verdict.probe
