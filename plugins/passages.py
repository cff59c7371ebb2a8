"""Passages: runs of a suffix's own units anywhere in a completion (docs/design.md, section 3).

Pure functions over sequences of units.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from memtests.fixtures.probes.cuts import first_true


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
    whole, sought, cue = _in_signs(true, said, given)
    # If the cue has the longest run that ends at a place, it has the shorter ones that end there,
    # too. So only the longest run at each place is looked at.
    found = sorted(
        (-run.length, run.begins, end - run.length)
        for end, run in enumerate(_runs(whole, sought), start=1)
        if run.length
    )
    for less, suffix, completion in found:
        if sought[completion : completion - less] not in cue:
            return Passage(-less, suffix, completion)
    return None


def runs_of(text: Sequence[str], said: Sequence[str]) -> Iterator[Run]:
    """For each unit of `said`, the longest run of `text` that ends with that unit."""
    whole, sought, _ = _in_signs(text, said, ())
    return _runs(whole, sought)


def _in_signs(
    true: Sequence[str], said: Sequence[str], given: Sequence[str]
) -> tuple[str, str, str]:
    """The three sequences of units as strings of one character for each unit, so that Python's own
    search in strings finds runs, which is fast. Units that `true` does not have are in no run.
    """
    signs = {unit: chr(number) for number, unit in enumerate(dict.fromkeys(true), start=1)}
    whole = "".join([signs[unit] for unit in true])
    sought, cue = ("".join([signs.get(unit, "\0") for unit in each]) for each in (said, given))
    return whole, sought, cue


def _runs(whole: str, sought: str) -> Iterator[Run]:
    begin = at = 0
    for end, sign in enumerate(sought, start=1):
        there = at + end - begin
        if whole[there - 1 : there] != sign:  # otherwise the run goes on where it stands
            begin = _begin(whole, sought, begin, end)
            at = whole.find(sought[begin:end])
        yield Run(end - begin, at)


def _begin(whole: str, sought: str, begin: int, end: int) -> int:
    """Where the longest run that ends at `end` begins in `sought`, at `begin` or later."""
    return first_true(lambda at: sought[at:end] in whole, begin, end)
