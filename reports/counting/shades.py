"""A poem's text in the units that a memory map shades, and how probable each was to a model.

A unit is a word, or a character in scripts without spaces, with the marks beside it. A token
belongs to the unit whose characters it holds. If a token holds characters of several units, these
are shaded together: a trace does not tell how probable each of them was. Pure functions over a text
and its traces.
"""

import bisect
import functools
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import NamedTuple

from memtests.fixtures.probes.text import by_character, unit_ends
from memtests.plugins.traces import Trace

BLANK = "\n \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"
"""What stands between units: line breaks, and spaces of any width."""


class Shade(NamedTuple):
    """One unit, or several that are shaded together, and what each trace says of them."""

    begin: int
    """In code points of the poem's text."""
    end: int
    log_p: tuple[float | None, ...]
    """For each trace: the log-probability of its tokens together; None if the trace says nothing of
    one of them."""
    said: tuple[bool | None, ...]
    """For each trace: whether greedy decoding says all of its tokens; None if that is not known."""


class _Group(NamedTuple):
    """Tokens that end at one place of the text: mostly one token, but several if they share a
    character.
    """

    begin: int
    end: int
    log_p: float | None
    said: bool | None


def shades(text: str, language: str, traces: Sequence[Trace]) -> list[Shade]:
    """The shades of a text: no token of any trace reaches from one into another.

    Every character that is not BLANK is in a shade. The probabilities of a trace's shades multiply
    to that of all its tokens that end inside the poem.
    """
    places, owners = _measured(text, language)
    if not places:
        return []
    together = [False] * len(places)
    """Whether a unit is shaded together with the next one."""
    found: list[list[list[_Group]]] = []
    for trace in traces:
        of_unit: list[list[_Group]] = [[] for _ in places]
        for group in _groups(trace, len(text)):
            first, last = _units_of(group, places, owners)
            of_unit[first].append(group)
            if first < last:
                together[first:last] = [True] * (last - first)
        found.append(of_unit)
    result = []
    first = 0
    for last, joined in enumerate(together):
        if joined:
            continue
        groups = [list(chain.from_iterable(of_unit[first : last + 1])) for of_unit in found]
        result.append(
            Shade(
                places[first][0],
                places[last][1],
                tuple([_sum([group.log_p for group in each]) for each in groups]),
                tuple([_all([group.said for group in each]) for each in groups]),
            )
        )
        first = last + 1
    return result


@functools.lru_cache(maxsize=4096)
def _measured(text: str, language: str) -> tuple[list[tuple[int, int]], list[int | None]]:
    """The units of a text and the owners of its code points. Cached: a poem has several traces."""
    places = _places(text, language)
    return places, _owners(text, language, places)


def _places(text: str, language: str) -> list[tuple[int, int]]:
    """Where each unit begins and ends, with its marks. A line of marks alone is a unit, too."""
    found = []
    start = 0
    for line in text.split("\n"):
        inner = dict.fromkeys(unit_ends(line, language)[:-1])
        cuts = [0, *(end for end in inner if end < len(line)), len(line)]
        for begin, end in pairwise(cuts):
            piece = line[begin:end]
            kept = piece.strip(BLANK)
            if kept:
                first = start + begin + len(piece) - len(piece.lstrip(BLANK))
                found.append((first, first + len(kept)))
        start += len(line) + 1
    return found


def _owners(text: str, language: str, places: Sequence[tuple[int, int]]) -> list[int | None]:
    """For each code point, the number of the unit that owns it; None for marks and spaces. In a
    unit of marks alone, the unit owns the marks.
    """
    owners: list[int | None] = [None] * len(text)
    begins = [begin for begin, _ in places[1:]]
    found = [*by_character(text, language), (len(text), "")]
    unit = 0
    for (at, form), (after, _) in pairwise(found):
        while unit < len(begins) and begins[unit] <= at:
            unit += 1
        if form and form != " ":
            owners[at:after] = [unit] * (after - at)
    having = set(owners)
    for unit, (begin, end) in enumerate(places):
        if unit not in having:
            owners[begin:end] = [unit] * (end - begin)
    return owners


def _groups(trace: Trace, length: int) -> list[_Group]:
    """The tokens that end inside a poem of `length` code points, grouped by where they end."""
    found: list[_Group] = []
    at, begins = 0, trace.begins
    log_p: list[float | None] = []
    said: list[bool | None] = []
    for end, p, rank in zip(trace.ends, trace.log_p, trace.rank, strict=True):
        if end is not None and end <= begins:
            log_p, said = [], []
            continue
        log_p.append(p)
        # Some servers tell of a token only that it is not the most probable one: then its rank is
        # None.
        said.append(None if p is None else rank == 0)
        reached = min(end - begins, length) if end is not None else at
        if reached > at:
            found.append(_Group(at, reached, _sum(log_p), _all(said)))
            at, log_p, said = reached, [], []
    if log_p and found:  # the last tokens end at no known place, or add nothing to the text
        last = found.pop()
        rest = [last.log_p, _sum(log_p)], [last.said, _all(said)]
        found.append(_Group(last.begin, length, _sum(rest[0]), _all(rest[1])))
    return found


def _units_of(
    group: _Group, places: Sequence[tuple[int, int]], owners: Sequence[int | None]
) -> tuple[int, int]:
    """The first and the last unit that a group of tokens belongs to."""
    own = [unit for unit in owners[group.begin : group.end] if unit is not None]
    if own:  # units come in the order of the text
        return own[0], own[-1]
    # Marks alone belong to the unit beside them, spaces alone to the unit after them.
    unit = bisect.bisect_right(places, group.begin, key=lambda place: place[1])
    unit = min(unit, len(places) - 1)
    return unit, unit


def _sum(parts: Sequence[float | None]) -> float | None:
    if len(parts) == 1:
        return parts[0]
    known = [part for part in parts if part is not None]
    return sum(known) if known and len(known) == len(parts) else None


def _all(parts: Sequence[bool | None]) -> bool | None:
    if False in parts:
        return False
    return None if None in parts or not parts else True
