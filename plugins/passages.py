"""Passages: runs of a suffix's own units anywhere in a completion (docs/design.md, section 3).

Pure functions over sequences of units.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec


class Passage(msgspec.Struct, frozen=True):
    """A run of the suffix's own units anywhere in a completion."""

    length: int
    """In units, at least 1."""
    suffix: int
    """How many units of the suffix come before it."""
    completion: int
    """How many units of the completion come before it."""


class Run(NamedTuple):
    """The longest run of a text that ends at some place in another."""

    length: int
    begins: int
    """Where the run begins in the text; if it stands there several times, the first of them."""


def longest_passage(
    said: Sequence[str], true: Sequence[str], given: Sequence[str] = ()
) -> Passage | None:
    """The longest run of `true` that stands in `said`, and not in `given`, the cue.

    Among runs of equal length the first in `true` is taken, then the first in `said`. Runs in the
    cue do not count: to repeat a title that is the poem's first line, or a refrain that the cue
    ends with, needs no memory.
    """
    # If the cue has the longest run that ends at a place, it has the shorter ones that end there,
    # too. So only the longest run at each place is looked at.
    pairs = zip(runs_of(true, said), runs_of(given, said), strict=True)
    found = [
        (-run.length, run.begins, end - run.length)
        for end, (run, cue) in enumerate(pairs, start=1)
        if run.length > cue.length
    ]
    if not found:
        return None
    less, suffix, completion = min(found)
    return Passage(-less, suffix, completion)


def runs_of(text: Sequence[str], said: Sequence[str]) -> Iterator[Run]:
    """For each unit of `said`, the longest run of `text` that ends with that unit."""
    # With a character for each unit, Python's own search in strings finds the runs. It is fast, and
    # its time is linear even if one word stands in the text ten thousand times.
    signs = {unit: chr(number) for number, unit in enumerate(dict.fromkeys(text), start=1)}
    whole = "".join(signs[unit] for unit in text)
    sought = "".join(signs.get(unit, "\0") for unit in said)
    begin = at = 0
    for end in range(1, len(sought) + 1):
        at = whole.find(sought[begin:end], at)
        while at < 0:
            begin += 1
            at = whole.find(sought[begin:end])
        yield Run(end - begin, at)
