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
    automaton = _Automaton(text)
    state = length = 0
    for unit in said:
        while state and unit not in automaton.steps[state]:
            state = automaton.links[state]
            length = automaton.lengths[state]
        if unit in automaton.steps[state]:
            state, length = automaton.steps[state][unit], length + 1
        yield Run(length, automaton.ends[state] - length)


class _Automaton:
    """The suffix automaton of a text (Blumer et al. 1985). Its time and memory are linear in the
    length of the text, even if one word stands in it ten thousand times.

    A state is the set of all runs that end at the same places; state 0 is the empty run.
    """

    def __init__(self, text: Sequence[str]) -> None:
        self.steps: list[dict[str, int]] = [{}]
        """For each state: unit → the state after that unit."""
        self.links: list[int] = [-1]
        """For each state: the state of its longest suffix that ends at more places."""
        self.lengths: list[int] = [0]
        """For each state: the length of its longest run."""
        self.ends: list[int] = [0]
        """For each state: the first place where its runs end."""
        last = 0
        for end, unit in enumerate(text, start=1):
            last = self._add(last, unit, end)

    def _add(self, last: int, unit: str, end: int) -> int:
        """Append a unit to the text whose state is `last`."""
        new = self._state({}, -1, self.lengths[last] + 1, end)
        at = last
        while at != -1 and unit not in self.steps[at]:
            self.steps[at][unit] = new
            at = self.links[at]
        if at == -1:
            self.links[new] = 0
            return new
        there = self.steps[at][unit]
        if self.lengths[there] == self.lengths[at] + 1:
            self.links[new] = there
            return new
        # The shorter runs of `there` end here, too, and its longer ones do not: split the state.
        shorter = self._state(
            dict(self.steps[there]), self.links[there], self.lengths[at] + 1, self.ends[there]
        )
        while at != -1 and self.steps[at].get(unit) == there:
            self.steps[at][unit] = shorter
            at = self.links[at]
        self.links[there] = self.links[new] = shorter
        return new

    def _state(self, steps: dict[str, int], link: int, length: int, end: int) -> int:
        self.steps.append(steps)
        self.links.append(link)
        self.lengths.append(length)
        self.ends.append(end)
        return len(self.steps) - 1
