"""Doing a study, model by model; one that was interrupted goes on with those that are missing."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import msgspec

from memtests.fixtures.poems.files import read_collections
from memtests.fixtures.poems.poems import Collection
from memtests.reports.report import write_whole
from memtests.study.measured import LATER, TAUGHT, Model
from memtests.study.measuring import described
from memtests.study.plan import BEGINS, Lessons, Plan, Planned

PLAN = "plan.json"
_WHOLE = (0, 1)
"""What asking ends with that is done: the suite's 1 is for what failed or could not be asked."""


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
            f"--out {folder}: it holds a study of other models or poems; remove it, or name "
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


def poem_file(folder: Path, collection: str) -> Path:
    """Where the poems of a collection of the study are."""
    return folder / "poems" / f"{collection}.jsonl"


def model_file(folder: Path, planned: Planned) -> Path:
    """Where a model's looks are, once all of them are."""
    return folder / "models" / f"{planned.name}.json"


def checkpoint(folder: Path, planned: Planned) -> Path:
    """Where a model is that is kept."""
    return folder / "kept" / planned.name


def lessons_of(plan: Plan, folder: Path) -> Lessons:
    """The poems of a study that was begun."""
    files = [poem_file(folder, name) for name in plan.collections]
    pairs = [
        (poem, described(named.removeprefix(BEGINS), lesson, poem))
        for collection in read_collections(files)
        for named in (collection.name,)
        for lesson in (LATER if named.startswith(BEGINS) else TAUGHT,)
        for poem in collection.poems
    ]
    poems, known = zip(*pairs, strict=True)
    return Lessons(poems, known, plan.vocabulary)


def run(plan: Plan, folder: Path, together: int) -> None:
    """Teach every model that is not there yet, so many at once. Raises StudyError."""
    lessons = lessons_of(plan, folder)
    left = [each for each in plan.models if not model_file(folder, each).exists()]
    done = len(plan.models) - len(left)
    if done:
        print(f"{done} of {len(plan.models)} models are there already", flush=True)
    if not left:
        return
    start = time.monotonic()
    # The dearest first: what is left for the end is short.
    left.sort(key=lambda each: -each.cost)
    works = [(each, checkpoint(folder, each) if plan.keeps(each) else None) for each in left]
    for planned, took in _taught(works, lessons, folder, min(together, len(left))):
        done += 1
        said, so_far = f"{done:>3} of {len(plan.models)}", _clock(time.monotonic() - start)
        print(f"{said}  {planned.name:<36} {_clock(took):>6}  {so_far:>6} in all", flush=True)


def ask_at_length(plan: Plan, folder: Path) -> None:
    """Ask the models that are kept every case and control. Raises StudyError."""
    asked = folder / "asked"
    kept = [checkpoint(folder, each) for each in plan.models if plan.keeps(each)]
    if not kept or (asked / "recall.json").exists():
        return
    words = [word for model in kept for word in ("--model", str(model))]
    for name in plan.collections:
        words += ["--poems", str(poem_file(folder, name))]
    words += ["--measure", "--controls", "full", "--recall-report", str(asked), "--resume"]
    print(f"asking {len(kept)} models at length", flush=True)
    status = None
    try:
        status = subprocess.run([sys.executable, "-m", "memtests", *words], check=False).returncode
    finally:
        # Ctrl-C has it write a report on what was asked until then.
        if status not in _WHOLE:
            (asked / "recall.json").unlink(missing_ok=True)
    if status not in _WHOLE:
        raise StudyError("asking at length did not come to its end; the same command goes on")


def read_models(plan: Plan, folder: Path) -> list[Model]:
    """What was measured, in the order of the plan."""
    files = (model_file(folder, each) for each in plan.models)
    return [msgspec.json.decode(file.read_bytes(), type=Model) for file in files]


def _taught(
    works: Sequence[tuple[Planned, Path | None]], lessons: Lessons, folder: Path, together: int
) -> Iterator[tuple[Planned, float]]:
    """Each model once it is there, and the seconds that it took."""
    workers = ProcessPoolExecutor(together, multiprocessing.get_context("spawn"), _become_worker)
    try:
        going: dict[Future[float], Planned] = {
            workers.submit(_one, each, lessons, model_file(folder, each), kept): each
            for each, kept in works
        }
        for future in as_completed(going):
            planned = going[future]
            try:
                yield planned, future.result()
            except BrokenProcessPool:
                raise StudyError(
                    "a process that teaches was ended from outside (was there too little memory?); "
                    "the same command goes on from here"
                ) from None
            except Exception as error:  # whatever is in the way of a model
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                raise StudyError(f"{planned.name}: {reason}") from error
    finally:
        workers.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()


def _become_worker() -> None:
    """Compute in one thread; leave Ctrl-C to the process that began this one, and end with it."""
    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - as long as the process
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _one(planned: Planned, lessons: Lessons, file: Path, kept: Path | None) -> float:
    from memtests.study.one_model import teach_one

    began = time.monotonic()
    teach_one(planned, lessons, file, kept)
    return time.monotonic() - began


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
