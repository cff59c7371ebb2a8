"""What the scripts that make pictures share: their options, and running the suite."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path


def options(description: str) -> tuple[Path, str | None]:
    """Where models and reports go, a folder that is there now; and the file of Chromium."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--work", type=Path, required=True, help="where models and reports go")
    parser.add_argument("--chromium", default=shutil.which("chromium"), metavar="FILE")
    given = parser.parse_args()
    work: Path = given.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    return work, given.chromium


def run(work: Path, command: str, *words: str) -> None:
    """`memtests` in a folder, with a command line and more words for it."""
    line = [*command.split(), *words]
    print("memtests", *line, flush=True)
    done = subprocess.run([sys.executable, "-m", "memtests", *line], cwd=work, check=False)
    if done.returncode:
        sys.exit(done.returncode)
