"""How soon a run ends after Ctrl-C: while it loads, and while it recites.

    python bench/ctrl_c.py [--model NAME] [-n N]

It prints the wall time from the signal to the end of the process, and how much processor time the
process itself used in it, because other processes may keep the machine busy.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.support.begun import begin


def interrupted(model: str, how: list[str], recites: bool) -> tuple[float, float]:
    """Seconds of wall time and of processor time from the signal to the end. The signal comes three
    seconds after the first line, or after the first verdict is on disk.
    """
    with tempfile.TemporaryDirectory() as folder:
        process = begin(Path(folder), model, *how, recites=recites).process
        assert process.stdout
        busy, began = processor_seconds(process.pid), time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 2, f"exit status {process.returncode}"
        return time.monotonic() - began, used.ru_utime + used.ru_stime - busy


def processor_seconds(process: int) -> float:
    """The processor time that a process has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="embedded", help="as of memtests (default: embedded)")
    parser.add_argument("-n", default="0", help="workers (default: none)")
    given = parser.parse_args()
    how = ["-n", given.n] if given.n != "0" else []
    for name, recites in (("loading", False), ("reciting", True)):
        wall, used = interrupted(given.model, how, recites)
        print(f"{name:<9}{wall:6.2f} s  {used:6.2f} s of the processor")


if __name__ == "__main__":
    main()
