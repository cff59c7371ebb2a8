"""A text that is longer than a model's context is read for its trace in pieces, each as long as the
context. They overlap by half. No pytest and no torch in here.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

from memtests.fixtures.models.contract import Encoding, LanguageModel, Reading
from memtests.fixtures.models.whole_texts import tokens_before

Number = TypeVar("Number", int, float)


class Piece(NamedTuple):
    """The tokens of a text from `first` up to `stop`, read together. The reading tells of those
    from `told` on. Of the tokens before, the last piece tells: there, more stands before them.
    """

    first: int
    told: int
    stop: int


def pieces(length: int, context: int, before: int = 0) -> Iterator[Piece]:
    """The pieces of a text of `length` tokens. `before`: how many tokens at its beginning, like a
    beginning-of-text token, stand before every piece, too.

    Each token but the first is told of once: by the piece in which most tokens stand before it. At
    least half a context does, except at the beginning of the text. The context must have room for
    two tokens behind those before.
    """
    room = context - before
    step = room // 2
    told = 1
    for first in range(before, max(before + 1, length - room + step), step):
        stop = min(first + room, length)
        yield Piece(first, told, stop)
        told = stop


def read_in_pieces(model: LanguageModel, encoding: Encoding) -> Reading | None:
    """The reading of a text in pieces. None if the model cannot be read in one pass, or if its
    context has no room.
    """
    tokens = encoding.tokens
    before = tokens_before(model.encode)
    if model.context < before + 2:
        return None
    left = pieces(len(tokens), model.context, before)
    most = model.portion
    together = max(1, min(most.texts, most.tokens // model.context))
    best, log_p, gap = [-1], [0.0], [math.inf]
    rank: list[int] | None = [0]
    log_top: list[float] | None = [0.0]
    while some := list(itertools.islice(left, together)):
        rows = [(*tokens[:before], *tokens[each.first : each.stop]) for each in some]
        starts = [before + each.told - each.first for each in some]
        for start, read in zip(starts, model.read(rows, starts, [()] * len(rows)), strict=True):
            if read is None:
                return None
            best += read.best[start:]
            log_p += read.log_p[start:]
            gap += read.gap[start:]
            rank = _longer(rank, read.rank, start)
            log_top = _longer(log_top, read.log_top, start)
    return Reading(best, log_p, gap, rank=rank, log_top=log_top)


def _longer(
    told: list[Number] | None, more: Sequence[Number] | None, start: int
) -> list[Number] | None:
    """What is told, and what a piece tells from `start` on; None if either does not tell it."""
    if told is None or more is None:
        return None
    told += more[start:]
    return told
