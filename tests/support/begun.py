"""A run in a process of its own that is under way, to be interrupted in a test or a benchmark."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Begun:
    """A run that has begun, in a session of its own, so that a signal can go to all of its
    processes.
    """

    process: subprocess.Popen[str]
    journal: Path
    said: str
    """Its first line."""


def begin(folder: Path, model: str, *how: str, recites: bool) -> Begun:
    """Begin a run on the canon in a folder. Returns three seconds after its first line, while it
    loads the model; or, for `recites`, three seconds after its first verdict is on disk.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "memtests", "--model", model, "--measure", *how],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    journal = folder / "reports" / "latest" / "verdicts.jsonl"
    said = process.stdout.readline()
    while recites and not (journal.exists() and journal.stat().st_size):
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.05)
    time.sleep(3)
    return Begun(process, journal, said)
