"""Passages: runs of a suffix's own units anywhere in a completion (design, section 3).

Pure functions over sequences of units.
"""

import functools
import heapq
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
    # Whoever says one word again and again has as many runs as the poem has that word.
    found = [(-length, suffix, completion) for length, suffix, completion in runs(said, true)]
    heapq.heapify(found)
    cue = functools.cache(functools.partial(_runs_of, given))
    while found:
        less, suffix, completion = heapq.heappop(found)
        if tuple(true[suffix : suffix - less]) not in cue(-less):
            return Passage(-less, suffix, completion)
    return None


def runs(said: Sequence[str], true: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Every run that both have and that goes on in neither direction: its length, and where it
    begins in `true` and in `said`.
    """
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
            yield length, at + 1 - length, end - length
        before = now


def _runs_of(parts: Sequence[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(parts[at : at + length]) for at in range(len(parts) - length + 1)}
