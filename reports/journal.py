"""verdicts.jsonl: a line for each verdict as it comes, so that a killed run has lost none."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

import msgspec

from memtests.plugins.resuming import SavedVerdict
from memtests.reports.report import write_whole


class Journal:
    """Writes verdicts.jsonl. What a run before has left is kept only where it is resumed."""

    def __init__(self, folder: Path, saved: Mapping[str, SavedVerdict] | None) -> None:
        """`saved`: what the file holds already, or None where the run starts anew.

        Nothing is touched before the first verdict.
        """
        self._folder = folder
        self._path = folder / "verdicts.jsonl"
        self._saved = saved
        self._file: IO[bytes] | None = None
        self._written: list[SavedVerdict] = []

    def add(self, verdicts: Iterable[SavedVerdict]) -> None:
        """Write the verdicts that are not in the file, and have the system keep them."""
        for verdict in verdicts:
            if self._file is None:
                self._file = self._open()
            self._written.append(verdict)
            if verdict.key is None or verdict.key not in (self._saved or {}):
                self._file.write(msgspec.json.encode(verdict) + b"\n")
                self._file.flush()

    def close(self, finished: bool) -> None:
        """At the end. A finished run leaves no verdict that another of its own has replaced."""
        if self._file is None:
            return
        self._file.close()
        if finished and self._saved:
            asked = {(verdict.model, verdict.probe) for verdict in self._written}
            others = [v for v in self._saved.values() if (v.model, v.probe) not in asked]
            write_whole(self._path, _lines([*others, *self._written]))

    def _open(self) -> IO[bytes]:
        for stale in ("recall.json", "summary.md", "report.html"):
            (self._folder / stale).unlink(missing_ok=True)
        # Whole lines only: the last one of a run that was killed may be torn.
        write_whole(self._path, _lines((self._saved or {}).values()))
        return self._path.open("ab")


def _lines(verdicts: Iterable[SavedVerdict]) -> bytes:
    return b"".join(msgspec.json.encode(verdict) + b"\n" for verdict in verdicts)
