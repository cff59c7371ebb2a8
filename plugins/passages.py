"""Passages: runs of a suffix's own units anywhere in a completion (design, section 3).

Pure functions over sequences of units.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec


class Passage(msgspec.Struct, frozen=True):
    """A run of the suffix's own units anywhere in a completion."""

    length: int
    """In units, at least 1."""
    suffix: int
    """How many units of the suffix come before it."""
    completion: int
    """How many units of the completion come before it."""


def longest_passage(
    said: Sequence[str], true: Sequence[str], given: Sequence[str] = ()
) -> Passage | None:
    """The longest run of `true` that is said and does not stand in `given`, the cue.

    Of equals the first in `true`, then the first in `said`. Whoever repeats a title that is the
    poem's first line, or a refrain that the cue ends with, needs no memory for it.
    """
    found = sorted(runs(said, true), key=lambda run: (-run.length, run.suffix, run.completion))
    for run in found:
        if not holds(given, true[run.suffix : run.suffix + run.length]):
            return run
    return None


def runs(said: Sequence[str], true: Sequence[str]) -> Iterator[Passage]:
    """Every run that both have and that goes on in neither direction."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, unit in enumerate(true):
        places[unit].append(at)
    before: dict[int, int] = {}  # where a run ends in `true` → its length
    for end in range(len(said) + 1):
        now: dict[int, int] = {}
        if end < len(said):
            for at in places.get(said[end], ()):
                now[at] = before.pop(at - 1, 0) + 1
        for at, length in before.items():  # those that have not gone on
            yield Passage(length, at + 1 - length, end - length)
        before = now


def holds(parts: Sequence[str], run: Sequence[str]) -> bool:
    """Whether a run of units stands in others."""
    length = len(run)
    return any(parts[at : at + length] == run for at in range(len(parts) - length + 1))
