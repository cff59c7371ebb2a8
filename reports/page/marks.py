"""A recitation held against the poem, character by character, for people. Pure functions.

What makes no difference to a verdict (case, width, punctuation, line breaks, traditional or
simplified characters) is not marked.
"""

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from memtests.fixtures.probes.text import by_character, in_words, is_character, unit_ends
from memtests.plugins.passages import Passage


class Mark(NamedTuple):
    """A piece of text and whose it is."""

    kind: str
    """`both`, `model` (said, and not in the poem) or `poem` (in the poem, and not said)."""
    text: str
    passage: bool = False
    """Whether it is of the passage."""


class _Piece(NamedTuple):
    kind: str
    model: str
    poem: str


# Characters of agreement, at least, between two differences of a language with spaces: single
# letters that two words happen to share tell a reader nothing.
_FEWEST = 6


def recited(suffix: str, completion: str, language: str) -> str:
    """The completion as far as it is judged: as many units as the suffix has."""
    asked = len(unit_ends(suffix, language))
    ends = unit_ends(completion, language)
    return completion[: ends[asked - 1]] if 0 < asked < len(ends) else completion


def marks(
    suffix: str, completion: str, language: str, passage: Passage | None = None
) -> list[Mark]:
    """The recitation, with what it adds and what it leaves out, in the order of reading; where a
    passage is given, what is of it in either text.
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
    if not of_model:  # nothing that counts, but maybe a full stop
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
    """Where so many units of a text stand in it, from unit `at` on."""
    ends = [0, *unit_ends(text, language)]
    start = ends[at]
    start += len(text[start:]) - len(text[start:].lstrip())
    return range(start, ends[at + length])


def _merged(pieces: list[_Piece], fewest: int) -> list[_Piece]:
    """Differences joined over what is too short an agreement between them."""
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
    """Where the passage stands."""

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
    """What is before a passage, of it and behind it, of a text that begins at `at`."""
    start, stop = (
        min(max(place - at, 0), len(text)) for place in (of_passage.start, of_passage.stop)
    )
    for part, inside in ((text[:start], False), (text[start:stop], True), (text[stop:], False)):
        if part:
            yield Mark(kind, part, inside)


def _compared(text: str, language: str) -> tuple[str, list[int]]:
    """The characters that count, folded, and where each begins in the text.

    The list has one more place, for the end. What does not count belongs to what is before it.
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
    if folded and folded[-1] == " ":  # at the end it parts nothing
        del folded[-1], begins[-1]
    if begins:
        begins[0] = 0
    return "".join(folded), [*begins, len(text)]
