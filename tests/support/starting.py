"""Runs as a user types them, in a clone and in folders with traps."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from memtests.fixtures.models.local.loading import EMBEDDED
from memtests.fixtures.poems.files import read_collections
from memtests.reports.gating.baselines import encode_small
from tests.support.reported import knows, reported

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PARTS = ("memtests", "fixtures", "plugins", "reports", "study", "conftest.py", "pyproject.toml")
# Files that Python or pytest would run if it took their folder for an import path or a folder of
# tests.
TRAPS = ("conftest.py", "sitecustomize.py", "usercustomize.py", "torch.py", "queue.py", "trap.py")
POEM = (
    '{"id": "m", "title": "Magpie", "author": "?", "language": "en",'
    ' "lines": ["One for sorrow", "Two for joy"]}'
)


@dataclass(frozen=True)
class Place:
    """A project with a clone in it, folders of data with traps, and an empty folder."""

    root: Path

    @property
    def clone(self) -> Path:
        return self.root / "project" / "clone"

    @property
    def ran(self) -> str:
        """The traps that were run."""
        log = self.root / "ran"
        return log.read_text() if log.exists() else ""

    def set_traps(self, folder: Path) -> None:
        """Put traps into a folder: files that record when they are run, and a configuration of
        pytest.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name in TRAPS:
            (folder / name).write_text(
                f"open({str(self.root / 'ran')!r}, 'a').write(__file__ + ' ')\n"
            )
        (folder / "pytest.ini").write_text("[pytest]\naddopts = -p trap\npythonpath = .\n")

    def add_checkpoint(self, folder: Path) -> None:
        """A checkpoint with traps."""
        self.set_traps(folder)
        for file in EMBEDDED.iterdir():
            (folder / file.name).symlink_to(file)

    def run(
        self, folder: str, *command: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """A command in a folder of the place; `CLONE` stands for the clone's path."""
        words = [word.replace("CLONE", str(self.clone)) for word in command]
        return run(self.root / folder, *words, **environment)


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command of this environment, in a folder; it takes the suite from this clone."""
    program, *words = command
    return subprocess.run(
        [shutil.which(program, path=f"{BIN}:{os.environ['PATH']}") or program, *words],
        cwd=folder,
        env={
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def copy_clone(to: Path) -> None:
    """The suite, as a clone holds it."""
    to.mkdir(parents=True)
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(
                ROOT / part, to / part, ignore=shutil.ignore_patterns("__pycache__", "latest")
            )
        else:
            shutil.copy(ROOT / part, to)


def make_place(root: Path) -> Place:
    """A place with valid data: a checkpoint, poems, a baseline, and a folder for reports."""
    place = Place(root)
    copy_clone(place.clone)
    (root / "elsewhere").mkdir()
    for name in ("poems", "base", "report"):
        place.set_traps(root / "data" / name)
    place.add_checkpoint(root / "data" / "ckpt")
    poems = root / "data" / "poems" / "mine.jsonl"
    poems.write_text(POEM)
    small = encode_small(reported({"embedded": knows}, read_collections([str(poems)])))
    (root / "data" / "base" / "good.json").write_bytes(small)
    return place


def options(place: Place, folder: str, joined: bool) -> list[str]:
    """The options that name files, as they are typed in a folder: joined by `=`, or by a space."""
    values = {
        "--model": "ckpt",
        "--poems": "poems/mine.jsonl",
        "--baseline": "base/good.json",
        "--recall-report": "report",
    }
    data = os.path.relpath(place.root / "data", place.root / folder)
    return typed([(name, f"{data}/{value}") for name, value in values.items()], joined)


def typed(values: Sequence[tuple[str, str]], joined: bool) -> list[str]:
    """Options with their values, joined by `=` or by a space."""
    if joined:
        return [f"{name}={value}" for name, value in values]
    return [word for pair in values for word in pair]
