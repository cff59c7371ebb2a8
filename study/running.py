"""Doing a study, step by step; one that was interrupted goes on where it was."""

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from memtests.fixtures.poems.poems import Collection
from memtests.reports.report import write_whole
from memtests.study.plan import Plan, Step, poem_file, step_count, steps

# What a step ends with that is done: the suite's 1 is for what failed or could not be asked. Ctrl-C
# has it write a report on what was asked until then, and end with another.
_WHOLE = (0, 1)
PLAN = "plan.json"
# Seconds between two looks at what a step says of itself.
_PAUSE = 0.5


class StudyError(Exception):
    """A study that cannot go on; the message says why, and what to do."""


def begin(plan: Plan, collections: Sequence[Collection], folder: Path) -> None:
    """Write the plan and the poems. Raises StudyError where the folder holds another study."""
    file = folder / PLAN
    if folder.exists() and not folder.is_dir():
        raise StudyError(f"--out {folder}: it is a file; name a folder")
    try:
        other = file.exists() and msgspec.json.decode(file.read_bytes(), type=Plan) != plan
    except msgspec.DecodeError as error:
        raise StudyError(
            f"{file}: no plan of a study ({error}); name another folder with --out"
        ) from None
    if other:
        raise StudyError(
            f"--out {folder}: it holds a study of other sizes, epochs or poems; remove it, or name "
            "another folder"
        )
    there = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if there and not file.exists():
        raise StudyError(
            f"--out {folder}: something else is there already ({', '.join(there[:4])}"
            f"{', …' if len(there) > 4 else ''}); name another folder"
        )
    write_whole(file, msgspec.json.format(msgspec.json.encode(plan), indent=1) + b"\n")
    for collection in collections:
        lines = [msgspec.json.encode(poem) + b"\n" for poem in collection.poems]
        write_whole(poem_file(folder, collection.name), b"".join(lines))


def run(plan: Plan, folder: Path) -> None:
    """Every step that is not done yet. Raises StudyError where one fails."""
    start = time.monotonic()
    for number, step in enumerate(steps(plan, folder), start=1):
        where = f"{number:>3} of {step_count(plan)}  {step.title:<14}"
        if (step.folder / step.result).exists():
            print(f"{where} done before", flush=True)
            continue
        began = time.monotonic()
        _do(step, where, folder / "log" / f"{step.title.replace(' ', '-')}.txt")
        took, so_far = (_clock(time.monotonic() - then) for then in (began, start))
        print(f"{where} {took:>6}  {so_far:>6} in all", flush=True)


def _do(step: Step, where: str, log: Path) -> None:
    """One step; what it says goes to a file, the last line of it to a terminal as it comes."""
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log.open("wb") as file:
        command = [sys.executable, "-m", *step.command, *going_on(step)]
        done = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        try:
            while done.poll() is None:
                time.sleep(_PAUSE)
                _show(f"{where} {_clock(time.monotonic() - began):>6}  {_last_line(log)}")
        finally:
            done.terminate()
            done.wait()
            _show("")
            if done.returncode not in _WHOLE:
                (step.folder / step.result).unlink(missing_ok=True)
    if not (step.folder / step.result).exists():
        raise StudyError(f"{step.title}: {_last_line(log)} (the whole of it is in {log})")
    for state in step.folder.glob("checkpoint-*/optimizer.pt"):
        state.unlink()  # only to go on with a lesson, and twice as large as the model


def going_on(step: Step) -> list[str]:
    """A lesson goes on from the last checkpoint of it that is whole."""
    if step.result != "memorize.json":
        return []
    for place in step.folder.glob("checkpoint-*"):
        if not (place / "trainer_state.json").exists():
            shutil.rmtree(place)
    if any(step.folder.glob("checkpoint-*")):
        return ["--resume"]
    return ["--overwrite"] if step.folder.exists() else []


def _show(line: str) -> None:
    """The line that is written over, on a terminal."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{line[:width]}", end="", flush=True)


def _last_line(log: Path) -> str:
    lines = log.read_bytes()[-2000:].decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
