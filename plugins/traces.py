"""Traces: readings as they are kept, one for each text that a model read (design, section 2).

Pure functions over a text and its trace: no model, no pytest and no torch in here.
"""

import hashlib
import math
from collections.abc import Sequence
from typing import Any

import msgspec

from memtests.fixtures.models.contract import Encoding, Reading
from memtests.fixtures.probes.probes import TITLE, Probe
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
    """One of FORMS."""
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


Form = tuple[str, str, str, str]
"""Model, collection, poem and form: what a trace is of."""


def form_of(probe: Probe) -> str | None:
    """The form of the text that a probe is cut from; None where it is no poem's own text."""
    if probe.control is not None:
        return None
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
        begins=len(probe.text) - len(probe.poem.text),
        ends=encoding.ends,
        log_p=_filled(log_p, told, length),
        rank=_filled(rank, told, length),
        log_top=_filled(log_top, told, length),
        key=key,
    )


def place_of(trace: Trace) -> Form:
    """What it is of."""
    return trace.model, trace.collection, trace.poem, trace.form


def sha256_of(text: str) -> str:
    """The hash of a text; lone surrogates, which no file holds, count as question marks."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def as_builtins(trace: Trace) -> dict[str, Any]:
    """What crosses from an xdist worker."""
    found: dict[str, Any] = msgspec.to_builtins(trace)
    return found


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
