"""Traces: the readings that are kept, one of each text that was read (docs/design.md, section 4).

Pure functions over a text and its trace: no model, no pytest and no torch in here.
"""

import bisect
import hashlib
import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from memtests.fixtures.models.contract import MOST_PROBABLE, Encoding, Reading
from memtests.fixtures.probes.cuts import Place, places_around, places_of, tokens_up_to
from memtests.fixtures.probes.probes import TITLE, Probe
from memtests.fixtures.probes.text import normal_form
from memtests.fixtures.probes.windows import Window
from memtests.plugins.verdicts import IMPOSSIBLE

FORMS = (HEADER, PLAIN) = ("header", "plain")
"""Whether a poem's text was read under its header, or alone."""


class Trace(msgspec.Struct, frozen=True):
    """What one pass over a text said of each of its T tokens, as traces.jsonl holds it.

    Every list has length T. Nothing is said of the first token, because a reading tells of each
    token after those before it. Nothing is said of tokens beyond the model's context, either,
    unless the text was read in pieces.
    """

    model: str
    collection: str
    poem: str
    form: str
    """One of FORMS; or the name of a window in its poem, `window-50-50:1230`."""
    text_sha256: str
    """The hash of the whole text that was read, in UTF-8; in a chat, with everything that its
    template adds."""
    begins: int
    """Where the poem begins in that text, in code points."""
    ends: tuple[int | None, ...]
    """Where each token ends in that text, in code points; None if it ends inside a character."""
    log_p: tuple[float | None, ...]
    """Natural logarithm of the token's probability, to 4 decimals; IMPOSSIBLE if that is zero, None
    if nothing is said."""
    rank: tuple[int | None, ...]
    """How many tokens are more probable: 0 if greedy decoding says this token, and only then. None
    if nothing is said, or if only so much is known that it is not 0."""
    log_top: tuple[float | None, ...]
    """Natural logarithm of the summed probability of the MOST_PROBABLE most probable tokens, to 4
    decimals; None if that is not known."""
    key: str | None = None
    """A hash of everything that decided the trace; None if the model has no fingerprint."""
    window: Window | None = None
    """If the text is a window: where it lies in its poem's text."""
    piece: int | None = None
    """If the text is longer than the model's context: the length in tokens of the pieces in which
    it was read. They overlap by half. Only the tokens of the first piece were read with all of the
    text before them; the others with half a piece or more."""
    text: str | None = None
    """If it was read in pieces: the poem's text, as there may be no verdict that holds it. Under
    `--redact`, a mask of it."""


Form = tuple[str, str, str, str]
"""What a trace is of: model, collection, poem and form."""


def form_of(probe: Probe) -> str | None:
    """The form of a probe's text; None if it is not a poem's own text."""
    if probe.control is not None:
        return None
    if probe.window is not None:
        return f"{probe.case}-{probe.variant}"
    if probe.case == TITLE:
        return HEADER
    return PLAIN if probe.text == probe.poem.text else None


def trace_of(
    model: str,
    probe: Probe,
    form: str,
    read: tuple[Encoding, Reading],
    key: str | None,
    *,
    ends: Collection[int] = (),
) -> Trace:
    """The trace of a probe's text. `probe`: as it was put to the model. `ends`: the model's end
    tokens. One that is part of the poem is never said there: decoding does not go beyond it.
    """
    encoding, reading = read
    length = len(encoding.tokens)
    log_p = _numbers(reading.log_p)
    log_p[0] = None
    told = [each is not None for each in log_p]
    first = [best == true for best, true in zip(reading.best, encoding.tokens, strict=False)]
    rank: list[int | None] = [0 if each else None for each in first]
    if reading.rank is not None:
        rank = list(reading.rank)
    log_top: list[float | None] = [None] * len(log_p)
    if reading.log_top is not None:
        log_top = _numbers(reading.log_top)
    begins = probe.lead if probe.window else len(probe.text) - len(probe.poem.text)
    for at, token in enumerate(encoding.tokens[: len(log_p)] if ends else ()):
        end = encoding.ends[at]
        if token in ends and told[at] and (end is None or end > begins):
            log_p[at], rank[at] = IMPOSSIBLE, None
    return Trace(
        model=model,
        collection=probe.collection,
        poem=probe.poem.id,
        form=form,
        text_sha256=sha256_of(probe.text),
        begins=begins,
        ends=encoding.ends,
        log_p=_filled(log_p, told, length),
        rank=_filled(rank, told, length),
        log_top=_filled(log_top, told, length),
        key=key,
        window=probe.window,
    )


def in_pieces(trace: Trace, piece: int, text: str) -> Trace:
    """The trace of a text that was read in pieces of so many tokens. `text`: the poem's."""
    return msgspec.structs.replace(trace, piece=piece, text=text)


def place_of(trace: Trace) -> Form:
    """What a trace is of."""
    return trace.model, trace.collection, trace.poem, trace.form


def sha256_of(text: str) -> str:
    """The hash of a text; lone surrogates, which no file holds, count as question marks."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _filled(values: Sequence[Any], told: Sequence[bool], length: int) -> tuple[Any, ...]:
    """The values of the tokens that the reading tells of, and None for all others."""
    found = [value if here else None for value, here in zip(values, told, strict=True)]
    return (*found, *[None] * (length - len(found)))


def _numbers(logs: Iterable[float]) -> list[float | None]:
    """Logarithms as a trace holds them: None for NaN."""
    # `or 0` makes 0.0 and -0.0 shorter in the file: there are many of them.
    return [
        None if math.isnan(log) else round(log if log > IMPOSSIBLE else IMPOSSIBLE, 4) or 0
        for log in logs
    ]


class Said(NamedTuple):
    """What a trace says of the tokens after a cut."""

    recited: bool | None
    """Whether greedy decoding says them all; None if the cut lies inside a token, and the trace
    cannot tell."""
    log_p: float | None
    """Log-probability that sampling at temperature 1 says them. None if the cut lies inside a
    token: a trace does not keep how probable it is among those that agree with the cue's end."""
    log_p_40: float | None
    """As `log_p`, for sampling among the MOST_PROBABLE most probable tokens: IMPOSSIBLE if one of
    the tokens is not among them, None if that is not known."""


def said(trace: Trace, text: str, start: int, stop: int | None = None) -> Said | None:
    """What a trace says of a poem's text from `start` to `stop`, or to its end without `stop`. None
    if it says nothing: the cue holds no whole token, or the text reaches beyond the context.

    Both are in code points of the poem. A negative `start` lies before the poem, in the white space
    after the header. The cut is made as `cut_of` makes it.
    """
    cut = _cut(trace, text, start, places_of(trace.ends))
    if cut is None:
        return None
    stop = len(text) if stop is None else stop
    return said_of_tokens(trace, *cut, tokens_up_to(trace.begins + stop, trace.ends))


def said_of_tokens(trace: Trace, first: int, sure: int, stop: int) -> Said | None:
    """What a trace says of the tokens from `first` up to `stop`. If the cut lies inside a token,
    the tokens before `sure` had to agree with the end of the cue; otherwise `sure` is `first`.
    """
    if stop > _whole(trace):
        return None
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


def _whole(trace: Trace) -> int:
    """How many tokens, from the first on, were read with all of the text before them."""
    return trace.piece or len(trace.ends)


def _cut(trace: Trace, text: str, start: int, places: Sequence[Place]) -> tuple[int, int] | None:
    """How many tokens are the cue's, and from which token on they are the suffix's alone. The two
    differ if the cut lies inside a token. None if the cue is tokenized alone.
    """
    nearest = places_around(trace.begins + start, places)
    if nearest is None:
        return None
    (_, begun), (end, count) = nearest
    passed = text[max(0, start) : max(0, end - trace.begins)]
    if not passed or not normal_form(passed):
        return (count, count) if count < len(trace.ends) else None
    return (begun, count) if begun else None


def recited_from(trace: Trace, text: str, starts: Iterable[int]) -> Iterator[bool | None]:
    """For each cut, whether greedy decoding says the rest of the poem: `said(…).recited`, but
    faster.
    """
    stop = tokens_up_to(trace.begins + len(text), trace.ends)
    missed = max((at for at in range(1, stop) if trace.rank[at] != 0), default=0)
    untold = max((at for at in range(stop) if trace.log_p[at] is None), default=0)
    if stop > _whole(trace):
        untold = stop
    places = places_of(trace.ends)
    for start in starts:
        cut = _cut(trace, text, start, places)
        if cut is None or untold >= cut[0]:
            yield None
        else:
            first, sure = cut
            yield None if first <= missed < sure else missed < first


def recited_to(trace: Trace, text: str, start: int, stops: Iterable[int]) -> Iterator[bool | None]:
    """For each place after one cut, whether greedy decoding says everything up to there:
    `said(…).recited`, but faster.
    """
    cut = _cut(trace, text, start, places_of(trace.ends))
    ends = (tokens_up_to(trace.begins + stop, trace.ends) for stop in stops)
    yield from recited_tokens(trace, *cut, ends) if cut else (None for _ in ends)


def recited_tokens(
    trace: Trace, first: int, sure: int, stops: Iterable[int]
) -> Iterator[bool | None]:
    """For each of `stops`, whether greedy decoding says the tokens from `first` up to it:
    `said_of_tokens(…).recited`, but faster.
    """
    length = _whole(trace)
    untold = next((at for at in range(first, length) if trace.log_p[at] is None), length)
    missed = next((at for at in range(sure, length) if trace.rank[at] != 0), length)
    healed = None if any(each != 0 for each in trace.rank[first:sure]) else True
    for stop in stops:
        if not first or untold < stop:
            yield None
        else:
            yield False if missed < stop else healed


def shortest_prefix(trace: Trace, text: str, unit_ends: Sequence[int]) -> int | None:
    """The length in units of the shortest prefix after which greedy decoding recites the rest token
    for token; None if there is none. `unit_ends`: where the poem's units end.

    Cuts inside a token of which the trace cannot tell are skipped.
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
        broken = trace.ends[first - 1] is None  # the run begins inside a character: skip that one
        start, stop = places[first] + broken - trace.begins, places[at] - trace.begins
        one = bisect.bisect_right(begins, start) - 1  # the unit that the run begins in
        whole = one >= 0 and not normal_form(text[begins[one] : max(0, start)])
        last = bisect.bisect_right(unit_ends, stop)
        # A unit ends after its marks. If only marks are left of it, the run has said the unit.
        if stop > 0 and last < len(unit_ends) and not normal_form(text[stop : unit_ends[last]]):
            last += 1
        longest = max(longest, last - max(0, one if whole else one + 1))
    return longest


def _places(trace: Trace) -> list[int]:
    """Where each token begins, and where the last one ends. A place inside a character counts as
    the character's beginning.
    """
    reached, found = 0, [0]
    for end in trace.ends:
        reached = reached if end is None else end
        found.append(reached)
    return found
