"""traces.jsonl, which lies beside a recall.json: a line for each text that a model read."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from memtests.plugins.traces import Trace
from memtests.reports.report_files import ReportError

TRACES = "traces.jsonl"


def read_traces(folder: Path) -> tuple[Trace, ...]:
    """The traces of a report's folder; none where there is no such file. Raises ReportError."""
    file = folder / TRACES
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ReportError(f"{file}: {error.strerror}; name another report") from None
    lines.pop()  # empty, or the torn line of a killed run
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(msgspec.json.decode(line, type=Trace))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ReportError(
                f"{file}: line {number}: not a trace ({error}); move the file away"
            ) from None
    return tuple(found)


def hashes_of(traces: Iterable[Trace]) -> dict[str, str]:
    """Model → a hash of its traces in 16 hexadecimal digits: of what they say, whatever the model
    is called, and in whatever order they are.
    """
    lines: dict[str, list[bytes]] = defaultdict(list)
    for trace in traces:
        said = msgspec.structs.replace(trace, model="", key=None)
        lines[trace.model].append(msgspec.json.encode(said))
    return {
        model: hashlib.sha256(b"\n".join(sorted(own))).hexdigest()[:16]
        for model, own in lines.items()
    }


def of_this_run(
    hashes: Mapping[str, str | None], traces: Sequence[Trace]
) -> tuple[tuple[Trace, ...], list[str]]:
    """The traces that belong to a report, and the models whose traces do not: they were made by
    another run, which has ended without a report or made another one. `hashes`: model → its hash
    as the report has it; None in an older report, which cannot tell.
    """
    found = hashes_of(trace for trace in traces if hashes.get(trace.model))
    strange = [model for model, own in found.items() if own != hashes[model]]
    return tuple(trace for trace in traces if trace.model not in strange), strange


def said_strange(folder: Path, models: Sequence[str]) -> str:
    """A line on traces that are left out."""
    return f"{folder / TRACES}: left out, as it is of another run ({', '.join(models)})"


def encode_traces(traces: Iterable[Trace]) -> bytes:
    """The content of the file."""
    return b"".join(msgspec.json.encode(trace) + b"\n" for trace in traces)
