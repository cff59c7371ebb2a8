"""Traces: readings as they are kept, one for each text that a model read (design, section 2).

Pure functions over a text and its trace: no model, no pytest and no torch in here.
"""

import bisect
import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from memtests.fixtures.models.contract import MOST_PROBABLE, Encoding, Reading
from memtests.fixtures.probes.cuts import Place, places_around, places_of, tokens_up_to
from memtests.fixtures.probes.probes import TITLE, Probe
from memtests.fixtures.probes.text import normal_form
from memtests.fixtures.probes.windows import Window
from memtests.plugins.verdicts import IMPOSSIBLE

FORMS = (HEADER, PLAIN) = ("header", "plain")
"""A poem's text under its header, and alone."""


class Trace(msgspec.Struct, frozen=True):
    """What one pass over a text said of each of its T tokens, as traces.jsonl holds it.

    Every list has length T. Of the first token nothing is said: a reading tells of tokens that
    come after others. Nor is anything said of tokens that the model's context has no room for.
    """

    model: str
    collection: str
    poem: str
    form: str
    """One of FORMS; or the name of a window in its poem, `window-50-50:1230`."""
    text_sha256: str
    """Of the whole text that was read, in UTF-8; in a chat, with all that its template writes."""
    begins: int
    """Where the poem begins in that text, in code points."""
    ends: tuple[int | None, ...]
    """Where each token ends in that text, in code points; None where it ends inside a character."""
    log_p: tuple[float | None, ...]
    """Natural logarithm of the token's probability, to 4 decimals, IMPOSSIBLE where that is zero;
    None where nothing is said."""
    rank: tuple[int | None, ...]
    """How many tokens are more probable: 0 where greedy decoding says it, and nowhere else. None
    where nothing is said, and where no more is known than that it is not 0."""
    log_top: tuple[float | None, ...]
    """Natural logarithm of what the MOST_PROBABLE most probable tokens have together, to 4
    decimals; None where that is not known."""
    key: str | None = None
    """A hash of everything that decided it; None where that is not known."""
    window: Window | None = None
    """Where the text lies in its poem's, if that is a window."""


Form = tuple[str, str, str, str]
"""Model, collection, poem and form: what a trace is of."""


def form_of(probe: Probe) -> str | None:
    """The form of the text that a probe is cut from; None where it is no poem's own text."""
    if probe.control is not None:
        return None
    if probe.window is not None:
        return f"{probe.case}-{probe.variant}"
    if probe.case == TITLE:
        return HEADER
    return PLAIN if probe.text == probe.poem.text else None


def trace_of(
    model: str, probe: Probe, form: str, read: tuple[Encoding, Reading], key: str | None
) -> Trace:
    """The trace of the text of a probe as it was put to the model."""
    encoding, reading = read
    length = len(encoding.tokens)
    log_p = [_number(each) for each in reading.log_p]
    log_p[0] = None
    told = [each is not None for each in log_p]
    first = [best == true for best, true in zip(reading.best, encoding.tokens, strict=False)]
    rank: list[int | None] = [0 if each else None for each in first]
    if reading.rank is not None:
        rank = list(reading.rank)
    log_top: list[float | None] = [None] * len(log_p)
    if reading.log_top is not None:
        log_top = [_number(each) for each in reading.log_top]
    return Trace(
        model=model,
        collection=probe.collection,
        poem=probe.poem.id,
        form=form,
        text_sha256=sha256_of(probe.text),
        begins=probe.lead if probe.window else len(probe.text) - len(probe.poem.text),
        ends=encoding.ends,
        log_p=_filled(log_p, told, length),
        rank=_filled(rank, told, length),
        log_top=_filled(log_top, told, length),
        key=key,
        window=probe.window,
    )


def place_of(trace: Trace) -> Form:
    """What it is of."""
    return trace.model, trace.collection, trace.poem, trace.form


def sha256_of(text: str) -> str:
    """The hash of a text; lone surrogates, which no file holds, count as question marks."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _filled(values: Sequence[Any], told: Sequence[bool], length: int) -> tuple[Any, ...]:
    """The values where anything is said, None elsewhere."""
    found = [value if here else None for value, here in zip(values, told, strict=True)]
    return (*found, *[None] * (length - len(found)))


def _number(log: float) -> float | None:
    """A logarithm as a trace has it."""
    if math.isnan(log):
        return None
    # Written as 0: there are many of these, and of minus zeros.
    return round(max(log, IMPOSSIBLE), 4) or 0


class Said(NamedTuple):
    """What a trace says of tokens that follow on a cut."""

    recited: bool | None
    """Whether greedy decoding says them all; None where the cut lies inside a token, and the trace
    cannot tell."""
    log_p: float | None
    """Log-probability that sampling at temperature 1 says them; None where the cut lies inside a
    token: how probable one is among those that agree with the cue's end is not kept."""
    log_p_40: float | None
    """The same for sampling among the MOST_PROBABLE most probable tokens, IMPOSSIBLE where one is
    not among them; None where that is not known."""


def said(trace: Trace, text: str, start: int, stop: int | None = None) -> Said | None:
    """What is said of a poem's text between two places, to its end where no second is named; None
    where nothing is: the cue is no token whole, or the context has no room.

    In code points of the poem; below 0 is before it, where only white space stands. The cut comes
    to lie as `cut_of` lays it.
    """
    cut = _cut(trace, text, start, places_of(trace.ends))
    if cut is None:
        return None
    stop = len(text) if stop is None else stop
    return said_of_tokens(trace, *cut, tokens_up_to(trace.begins + stop, trace.ends))


def said_of_tokens(trace: Trace, first: int, sure: int, stop: int) -> Said | None:
    """What is said of the tokens from `first` up to `stop`. Those before `sure` had to agree with
    the end of a cue, where there are any.
    """
    log_p = [each for each in trace.log_p[first:stop] if each is not None]
    if not first or len(log_p) < stop - first:
        return None
    left = any(trace.rank[first:sure])
    recited: bool | None = None if left or None in trace.rank[first:sure] else True
    if any(rank != 0 for rank in trace.rank[sure:stop]):
        recited = False
    impossible = any((rank or 0) >= MOST_PROBABLE for rank in trace.rank[sure:stop])
    total = max(math.fsum(log_p), IMPOSSIBLE)
    top = [each for each in trace.log_top[first:stop] if each is not None]
    log_p_40 = IMPOSSIBLE if impossible else None
    if first < sure:
        return Said(recited, None, log_p_40)
    if not impossible and len(top) == len(log_p):
        log_p_40 = max(min(math.fsum(log_p) - math.fsum(top), 0.0), IMPOSSIBLE)
    return Said(recited, total, log_p_40)


def _cut(trace: Trace, text: str, start: int, places: Sequence[Place]) -> tuple[int, int] | None:
    """How many tokens are the cue's, and from which on they are the suffix's alone: another one
    where the cut lies inside a token. None where the cue is tokenized alone.
    """
    nearest = places_around(trace.begins + start, places)
    if nearest is None:
        return None
    (_, begun), (end, count) = nearest
    if not normal_form(text[max(0, start) : max(0, end - trace.begins)]):
        return (count, count) if count < len(trace.ends) else None
    return (begun, count) if begun else None


def recited_from(trace: Trace, text: str, starts: Iterable[int]) -> Iterator[bool | None]:
    """For each cut, whether greedy decoding says the rest of the poem: as `said`, but faster."""
    stop = tokens_up_to(trace.begins + len(text), trace.ends)
    missed = max((at for at in range(1, stop) if trace.rank[at] != 0), default=0)
    untold = max((at for at in range(stop) if trace.log_p[at] is None), default=0)
    places = places_of(trace.ends)
    for start in starts:
        cut = _cut(trace, text, start, places)
        if cut is None or untold >= cut[0]:
            yield None
        else:
            first, sure = cut
            yield None if first <= missed < sure else missed < first


def recited_to(trace: Trace, text: str, start: int, stops: Iterable[int]) -> Iterator[bool | None]:
    """For each of several places after one cut, whether greedy decoding says all up to it: as
    `said`, but faster.
    """
    cut = _cut(trace, text, start, places_of(trace.ends))
    ends = (tokens_up_to(trace.begins + stop, trace.ends) for stop in stops)
    yield from recited_tokens(trace, *cut, ends) if cut else (None for _ in ends)


def recited_tokens(
    trace: Trace, first: int, sure: int, stops: Iterable[int]
) -> Iterator[bool | None]:
    """For each of several tokens, whether greedy decoding says all from `first` up to it, without
    it: as `said_of_tokens`, but faster.
    """
    length = len(trace.ends)
    untold = next((at for at in range(first, length) if trace.log_p[at] is None), length)
    missed = next((at for at in range(sure, length) if trace.rank[at] != 0), length)
    healed = None if any(each != 0 for each in trace.rank[first:sure]) else True
    for stop in stops:
        if not first or untold < stop:
            yield None
        else:
            yield False if missed < stop else healed


def shortest_prefix(trace: Trace, text: str, unit_ends: Sequence[int]) -> int | None:
    """The fewest units of a poem after which greedy decoding recites the rest token for token; None
    where no prefix will do. `unit_ends`: where the poem's units end.

    A cut inside a token of which the trace cannot tell is passed.
    """
    found = recited_from(trace, text, unit_ends[:-1])
    return next((count for count, recited in enumerate(found, 1) if recited), None)


def longest_run(trace: Trace, text: str, unit_ends: Sequence[int]) -> int:
    """The most units in a row that greedy decoding says, each after the true words before it."""
    longest = 0
    places, begins = _places(trace), [0, *unit_ends]
    at = 1
    while at < len(trace.ends):
        if trace.rank[at] != 0:
            at += 1
            continue
        first = at
        while at < len(trace.ends) and trace.rank[at] == 0:
            at += 1
        broken = trace.ends[first - 1] is None  # the character that it begins in is not all said
        start, stop = places[first] + broken - trace.begins, places[at] - trace.begins
        one = bisect.bisect_right(begins, start) - 1  # the unit that the run begins in
        whole = one >= 0 and not normal_form(text[begins[one] : max(0, start)])
        last = bisect.bisect_right(unit_ends, stop)
        # A unit's end has its marks in it.
        if stop > 0 and last < len(unit_ends) and not normal_form(text[stop : unit_ends[last]]):
            last += 1
        longest = max(longest, last - max(0, one if whole else one + 1))
    return longest


def _places(trace: Trace) -> list[int]:
    """Where each token begins, and where the last one ends; one inside a character at its
    beginning.
    """
    reached, found = 0, [0]
    for end in trace.ends:
        reached = reached if end is None else end
        found.append(reached)
    return found
