"""Python processes that benchmarks run and measure."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent


class Ran(NamedTuple):
    """A process that has ended."""

    seconds: float
    processor: float
    """In seconds."""
    peak: float
    """The most memory held at a time, in MiB."""
    said: str

    @property
    def last(self) -> str:
        """The last line that it said."""
        return "".join(self.said.splitlines()[-1:])


def ran(*arguments: str, environment: Mapping[str, str] | None = None) -> Ran:
    """Run Python in the folder of the project. `environment`: by default, that of this process.
    Raises SystemExit with what it said if it fails.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode()
    if process.returncode:
        raise SystemExit(text)
    return Ran(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, text)
