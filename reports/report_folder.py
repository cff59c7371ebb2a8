"""The files that a run writes to its report's folder, and a lock that keeps other runs out."""

import os
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

import msgspec
from filelock import FileLock, Timeout

from memtests.fixtures.models.server.starting_vllm import LOG
from memtests.plugins.gathering import Told
from memtests.plugins.recital import ERRORS
from memtests.plugins.resuming import SavedVerdict, whole_lines
from memtests.plugins.traces import Form, Trace, place_of
from memtests.reports.counting.memories import remembered
from memtests.reports.gating.conclusion import Conclusion
from memtests.reports.page.maps import Kept
from memtests.reports.page.page import render_page
from memtests.reports.report import Report, encode, write_whole
from memtests.reports.report_files import ReportError
from memtests.reports.text.certificate import CERTIFICATE, render_certificate
from memtests.reports.text.markdown import render_summary
from memtests.reports.trace_files import TRACES, hashes_of, read_traces

DATA, PAGE, SUMMARY, VERDICTS = "recall.json", "report.html", "summary.md", "verdicts.jsonl"


class FolderError(Exception):
    """A folder that this run cannot write to; the message names it and says what to do."""


def claim(folder: Path) -> Callable[[], None]:
    """Lock the folder for this run, check that it can be written to, and remove the logs of an
    earlier run. The returned function unlocks it. Raises FolderError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock", timeout=0)
        lock.acquire()
        tempfile.TemporaryFile(dir=folder).close()
        for log in (ERRORS, LOG):
            (folder / log).unlink(missing_ok=True)
    except Timeout:
        reason = f"{folder}: another run writes there; name another folder"
        raise FolderError(reason) from None
    except OSError as error:
        raise FolderError(f"{folder}: {error.strerror}; name another folder") from None
    return lock.release


def finish(folder: Path, found: Conclusion, then: Sequence[Trace] = (), **how: bool) -> Conclusion:
    """Write the report beside its traces. The conclusion, with what was counted from the traces.
    `then`: the traces of the baseline; `how`: as in `write_report`.
    """
    traces = traces_there(folder)
    hashes = hashes_of(traces)
    models = [
        msgspec.structs.replace(model, traces=hashes.get(model.name))
        for model in found.report.models
    ]
    report = msgspec.structs.replace(found.report, models=tuple(models))
    found = replace(found, report=report, remembered=remembered(report, traces))
    write_report(folder, found, Kept(traces, then), **how)
    return found


def write_report(
    folder: Path, found: Conclusion, kept: Kept, *, drawn: bool = True, published: bool = True
) -> None:
    """Write the data, the page, the summary, and the certificate if there is one. `drawn`: whether
    the page has figures; `published`: whether the summary also goes to the page of the CI job, if
    there is one.
    """
    write_whole(folder / DATA, encode(found.report))
    write_certificate(folder, found.report, found.problems)
    summary = render_summary(found).encode()
    write_whole(folder / SUMMARY, summary)
    shown = render_page(
        *(found.report, found.problems, kept, found.remembered),
        comparisons=found.comparisons,
        passed=found.passed,
        refusal=found.refusal,
        drawn=drawn,
    )
    write_whole(folder / PAGE, shown.encode())
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page and published:
        append(Path(page), summary + b"\n")


def write_certificate(folder: Path, report: Report, problems: Sequence[str] = ()) -> None:
    """Write the certificate; if the report gets none, remove that of an earlier run."""
    page = render_certificate(report, problems)
    if page:
        write_whole(folder / CERTIFICATE, page.encode())
    else:
        (folder / CERTIFICATE).unlink(missing_ok=True)


def traces_there(folder: Path) -> tuple[Trace, ...]:
    """The traces in a folder; none, with a warning, if they cannot be read."""
    try:
        return read_traces(folder)
    except ReportError as error:
        warnings.warn(str(error), stacklevel=2)
        return ()


def append(page: Path, text: bytes) -> None:
    """Add to the page of a CI job. If that fails, the run goes on with a warning."""
    try:
        with page.open("ab") as file:
            file.write(text)
    except OSError as error:
        warnings.warn(
            f"GITHUB_STEP_SUMMARY {page}: {error.strerror}; the summary is in summary.md",
            stacklevel=2,
        )


class Journal:
    """Writes verdicts.jsonl and traces.jsonl: a line for each verdict and trace as soon as it is
    settled, so that a killed run loses none. Lines of an earlier run are kept only if this one
    resumes it.
    """

    def __init__(
        self, folder: Path, saved: Mapping[str, SavedVerdict] | None, *, adds: bool = False
    ) -> None:
        """`saved`: the verdicts of the run that is resumed, None if the run starts anew; `adds`:
        whether the folder's report stays until one with this run's models added replaces it.

        No file is touched before the first verdict or trace.
        """
        self._folder = folder
        self._path = folder / VERDICTS
        self._saved = saved
        self._adds = adds
        self._traces = folder / TRACES
        self._file: IO[bytes] | None = None
        self._file_of_traces: IO[bytes] | None = None
        self._lines: dict[tuple[str, str], int] = {}
        """Model and probe → the hash of the line of this run's verdict."""
        self._traced: set[Form] = set()
        self._closed = False

    @property
    def begun(self) -> bool:
        """Whether this run has written anything yet."""
        return self._file is not None

    def add(
        self, verdicts: Iterable[SavedVerdict], traces: Iterable[Trace] = ()
    ) -> list[SavedVerdict]:
        """Write the verdicts and traces that are not there yet, and flush them to the system.
        Traces go first, so that every verdict on disk has its trace. Returns the verdicts on probes
        that had none in this run.
        """
        new: list[SavedVerdict] = []
        if self._closed:  # the run is over, but a process of -n still computes
            return new
        for trace in traces:
            if place_of(trace) in self._traced:
                continue
            self._traced.add(place_of(trace))
            if self._file is None:
                self._file = self._open()
            if self._file_of_traces is None:
                self._file_of_traces = self._traces.open("ab")
            self._file_of_traces.write(msgspec.json.encode(trace) + b"\n")
            self._file_of_traces.flush()
        for verdict in verdicts:
            if self._file is None:
                self._file = self._open()
            line = msgspec.json.encode(verdict) + b"\n"
            before = self._lines.get((verdict.model, verdict.probe))
            self._lines[verdict.model, verdict.probe] = hash(line)
            new += [verdict] if before is None else []
            there = verdict.key is not None and verdict.key in (self._saved or {})
            if not there and before != hash(line):
                self._file.write(line)
                self._file.flush()
        return new

    def close(self, finished: bool) -> None:
        """Close the files. A finished run removes the verdicts that later ones have replaced, and
        puts the traces in order.
        """
        self._closed = True
        if self._file is None:
            return
        self._file.close()
        if finished:
            write_whole(self._path, self._not_replaced())
        if self._file_of_traces:
            self._file_of_traces.close()
        if finished and self._traces.exists():
            write_whole(self._traces, in_order_of_place(self._traces))

    def _not_replaced(self) -> Iterator[bytes]:
        """The lines of verdicts.jsonl, without those that this run replaced by a later verdict."""
        for line in whole_lines(self._path, SavedVerdict):
            found = self._lines.get((line.found.model, line.found.probe), hash(line.text))
            if found == hash(line.text):
                yield line.text

    def _open(self) -> IO[bytes]:
        for stale in () if self._adds else (DATA, SUMMARY, PAGE, CERTIFICATE):
            (self._folder / stale).unlink(missing_ok=True)
        # Only whole lines are kept: the last line of a killed run may be torn.
        write_whole(self._path, _lines((self._saved or {}).values()))
        if self._saved is None:
            self._traces.unlink(missing_ok=True)
        elif self._traces.exists():
            lines = (line.text for line in whole_lines(self._traces, _Line))
            write_whole(self._traces, lines)
        return self._path.open("ab")


class _Line(msgspec.Struct):
    """The fields of a trace by which lines are sorted."""

    model: str
    collection: str
    poem: str
    form: str


def in_order_of_place(path: Path) -> Iterator[bytes]:
    """The lines of a traces.jsonl in order; if a text has several, the last of them. The file may
    be larger than memory, so lines are read again one by one.
    """
    places: dict[tuple[str, ...], tuple[int, int]] = {}
    for line in whole_lines(path, _Line):
        found = line.found
        place = (found.collection, found.poem, found.form, found.model)
        places[place] = line.begins, len(line.text)
    with path.open("rb") as file:
        for _, (begins, length) in sorted(places.items()):
            file.seek(begins)
            yield file.read(length)


class ErrorLog:
    """Writes errors.log: the tracebacks of errors that left a probe unjudged. A traceback that came
    before is named by the probe that had it first.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / ERRORS
        self._first: dict[str, str] = {}
        """Traceback → the probe under which it was written."""
        self._told: set[tuple[str, str]] = set()

    def add(self, errors: Iterable[Told]) -> None:
        """Write the errors, one entry for each model and probe."""
        for told in errors:
            if (told.model, told.probe) in self._told:
                continue
            self._told.add((told.model, told.probe))
            first = self._first.setdefault(told.traceback, told.probe)
            text = told.traceback if first == told.probe else f"as {first}\n"
            with self._path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{told.model}: {told.probe}\n{text}\n")


def _lines(verdicts: Iterable[SavedVerdict]) -> bytes:
    return b"".join(msgspec.json.encode(verdict) + b"\n" for verdict in verdicts)
