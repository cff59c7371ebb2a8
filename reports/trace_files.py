"""traces.jsonl, which lies beside a recall.json: a line for each text that a model read."""

from collections.abc import Iterable
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


def encode_traces(traces: Iterable[Trace]) -> bytes:
    """The content of the file."""
    return b"".join(msgspec.json.encode(trace) + b"\n" for trace in traces)
