"""A recitation compared with the poem, character by character, to show to people. Pure functions.

Differences that make none to a verdict (case, width, punctuation, line breaks, traditional or
simplified characters) are not marked.
"""

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from memtests.fixtures.probes.text import by_character, in_words, is_character, unit_ends
from memtests.plugins.passages import Passage


class Mark(NamedTuple):
    """A piece of text, and which of the two texts has it."""

    kind: str
    """`both`, `model` (said, and not in the poem) or `poem` (in the poem, and not said)."""
    text: str
    passage: bool = False
    """Whether it is part of the passage."""


class _Piece(NamedTuple):
    kind: str
    model: str
    poem: str


# In a language with spaces, two differences are joined into one unless so many characters between
# them agree: single letters that two words happen to share tell a reader nothing.
_FEWEST = 6


def recited(suffix: str, completion: str, language: str) -> str:
    """The part of a completion that is judged: as many units as the suffix has."""
    asked = len(unit_ends(suffix, language))
    ends = unit_ends(completion, language)
    return completion[: ends[asked - 1]] if 0 < asked < len(ends) else completion


def marks(
    suffix: str, completion: str, language: str, passage: Passage | None = None
) -> list[Mark]:
    """The recitation in marks, in the order of reading: agreements, additions and omissions. With a
    passage, also which marks belong to it, in either text.
    """
    poem = unicodedata.normalize("NFC", suffix)
    model = unicodedata.normalize("NFC", recited(suffix, completion, language))
    of_poem, poem_at = _compared(poem, language)
    of_model, model_at = _compared(model, language)
    found: list[_Piece] = []
    for step in Levenshtein.opcodes(of_poem, of_model):
        found.append(
            _Piece(
                "both" if step.tag == "equal" else "differs",
                model[model_at[step.dest_start] : model_at[step.dest_end]],
                poem[poem_at[step.src_start] : poem_at[step.src_end]],
            )
        )
    if not of_model:  # the recitation has no words, but maybe a full stop
        found.append(_Piece("both", model, ""))
    fewest = _FEWEST if in_words(suffix) else 1
    of_passage = _Spans(range(0), range(0))
    if passage:
        length = passage.length
        of_passage = _Spans(
            model=span(model, passage.completion, length, language),
            poem=span(poem, passage.suffix, length, language),
        )
    return _in_reading_order(_merged(found, fewest), of_passage)


def span(text: str, at: int, length: int, language: str) -> range:
    """The place in a text of `length` units, from unit `at` on, in code points."""
    ends = [0, *unit_ends(text, language)]
    start = ends[at]
    start += len(text[start:]) - len(text[start:].lstrip())
    return range(start, ends[at + length])


def _merged(pieces: list[_Piece], fewest: int) -> list[_Piece]:
    """The pieces, with differences joined if the agreement between them is too short."""
    merged: list[_Piece] = []
    for at, piece in enumerate(pieces):
        inside = 0 < at < len(pieces) - 1
        agrees = piece.kind == "both" and not (inside and len(piece.model.strip()) < fewest)
        kind = "both" if agrees else "differs"
        if merged and merged[-1].kind == kind:
            last = merged.pop()
            merged.append(_Piece(kind, last.model + piece.model, last.poem + piece.poem))
        else:
            merged.append(piece._replace(kind=kind))
    return merged


class _Spans(NamedTuple):
    """Where the passage stands in both texts."""

    model: range
    poem: range


def _in_reading_order(pieces: list[_Piece], of_passage: _Spans) -> list[Mark]:
    found: list[Mark] = []
    model = poem = 0
    for piece in pieces:
        if piece.kind == "both":
            found += _split("both", piece.model, model, of_passage.model)
        else:
            found += _split("poem", piece.poem, poem, of_passage.poem)
            found += _split("model", piece.model, model, of_passage.model)
        model, poem = model + len(piece.model), poem + len(piece.poem)
    # The line break between a header and its poem belongs to the suffix.
    return [found[0]._replace(text=found[0].text.lstrip("\n")), *found[1:]] if found else []


def _split(kind: str, text: str, at: int, of_passage: range) -> Iterator[Mark]:
    """The parts of a piece before, in and after the passage. `at`: where the piece begins."""
    start, stop = (
        min(max(place - at, 0), len(text)) for place in (of_passage.start, of_passage.stop)
    )
    for part, inside in ((text[:start], False), (text[start:stop], True), (text[stop:], False)):
        if part:
            yield Mark(kind, part, inside)


def _compared(text: str, language: str) -> tuple[str, list[int]]:
    """The characters that count, folded, and where each begins in the text.

    The list has one more place, for the end. Characters that do not count belong to the one before.
    """
    folded: list[str] = []
    begins: list[int] = []
    for at, form in by_character(text, language):
        if form == " ":
            kept = "" if not folded or folded[-1] == " " or is_character(folded[-1]) else " "
        else:
            kept = form
            if is_character(form) and folded and folded[-1] == " ":
                del folded[-1], begins[-1]
        folded += kept
        begins += [at] * len(kept)
    if folded and folded[-1] == " ":  # a space at the end separates nothing
        del folded[-1], begins[-1]
    if begins:
        begins[0] = 0
    return "".join(folded), [*begins, len(text)]
