"""Notices which files of a folder are opened by any code in this process."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_watched: list[tuple[Path, set[str]]] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event != "open" or not _watched or not isinstance(arguments[0], (str, bytes, os.PathLike)):
        return
    file = Path(os.fsdecode(arguments[0]))
    for folder, found in _watched:
        if folder in file.parents:
            found.add(str(file.relative_to(folder)))


sys.addaudithook(_hook)  # an audit hook cannot be removed


@contextlib.contextmanager
def opened_in(folder: Path) -> Iterator[set[str]]:
    """A set that fills with the names of the files as they are opened."""
    found: set[str] = set()
    _watched.append((folder, found))
    try:
        yield found
    finally:
        _watched.pop()
