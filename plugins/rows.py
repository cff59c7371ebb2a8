"""Which tokens answer a probe: a row that begins with its cue's tokens and goes on with the poem's.

The cue's tokens are what the tokenizer makes of the cue alone. Where the whole text begins with the
same tokens its row answers every such probe; a cue that is tokenized differently alone gets a row
of its own (design, sections 3 and 4).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from memtests.fixtures.models.contract import LanguageModel
from memtests.fixtures.probes.probes import Probe


@dataclass(frozen=True)
class Row:
    """Tokens to read for a probe; probes with the same tokens share the reading."""

    tokens: tuple[int, ...]
    cue: int
    """How many of them are the cue's."""
    stop: int
    """How many hold the text up to the end of the suffix."""
    offset: int
    """The length of the cue in code points, as the tokenizer decodes it."""
    shared: bool
    """Whether it is the row of the whole text."""
    true: bool
    """Whether it holds the suffix at all: where no tokens do, it is the cue's and one more."""


def row_of(model: LanguageModel, probe: Probe, whole: tuple[int, ...]) -> Row:
    """The row for a probe; `whole` are the tokens of its text."""
    cue = tuple(model.encode(probe.cue))
    offset = len(model.decode(cue))
    # Special tokens are in the text of a chat and not in what is decoded.
    start, stop_at = (place - _left_out(model, probe) for place in (probe.start, probe.stop))
    if whole[: len(cue)] == cue and len(whole) > len(cue):
        stop = len(whole) if probe.stop == len(probe.text) else end_of(model, whole, stop_at)
        return Row(whole, len(cue), stop, offset, shared=True, true=True)
    after = end_of(model, whole, start)
    between = model.decode(whole[:after])[start:]
    for filling in _tokens_inside(model, between):
        tokens = (*cue, *filling, *whole[after:])
        if len(tokens) > len(cue) and model.decode(tokens) == model.decode(whole):
            last = probe.stop == len(probe.text)
            stop = len(tokens) if last else end_of(model, tokens, stop_at)
            return Row(tokens, len(cue), stop, offset, shared=False, true=True)
    tokens = (*cue, min(model.ends, default=0))
    return Row(tokens, len(cue), len(tokens), offset, shared=False, true=False)


def _left_out(model: LanguageModel, probe: Probe) -> int:
    """How many code points of a probe's text are not in what is decoded."""
    if not probe.lead:
        return 0
    return probe.lead - len(model.decode(model.encode(probe.text[: probe.lead])))


def _tokens_inside(model: LanguageModel, piece: str) -> Iterator[list[int]]:
    """Ways to tokenize a piece of text as it stands inside a text: behind one mark or another.

    At the beginning of a text many tokenizers would put a space before it.
    """
    for mark in ("", "\n", ".", "。"):
        before, both = model.encode(mark), model.encode(mark + piece)
        if both[: len(before)] == before:
            yield both[len(before) :]


def end_of(model: LanguageModel, tokens: tuple[int, ...], offset: int) -> int:
    """The fewest tokens whose text has `offset` code points; all of them where none has."""

    def reaches(count: int) -> bool:
        return len(model.decode(tokens[:count]).rstrip("\ufffd")) >= offset

    return first_true(reaches, 1, len(tokens))


def first_true(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The smallest number from `low` on that holds, or `high`; once it holds it must go on to."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
