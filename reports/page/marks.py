"""A recitation held against the poem, character by character, for people. Pure functions.

What makes no difference to a verdict (case, width, punctuation, line breaks, traditional or
simplified characters) is not marked.
"""

import unicodedata
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from memtests.fixtures.probes.text import by_character, in_words, is_character, unit_ends


class Mark(NamedTuple):
    """A piece of text and whose it is."""

    kind: str
    """`both`, `model` (said, and not in the poem) or `poem` (in the poem, and not said)."""
    text: str


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


def marks(suffix: str, completion: str, language: str) -> list[Mark]:
    """The recitation, with what it adds and what it leaves out, in the order of reading."""
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
    return _in_reading_order(_merged(found, fewest))


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


def _in_reading_order(pieces: list[_Piece]) -> list[Mark]:
    found: list[Mark] = []
    for piece in pieces:
        if piece.kind == "both":
            found.append(Mark("both", piece.model))
        else:
            found += [Mark("poem", piece.poem), Mark("model", piece.model)]
    found = [mark for mark in found if mark.text]
    # The line break between a header and its poem belongs to the suffix.
    return [Mark(found[0].kind, found[0].text.lstrip("\n")), *found[1:]] if found else []


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
    if begins:
        begins[0] = 0
    return "".join(folded), [*begins, len(text)]
