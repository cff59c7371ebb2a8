"""A line of a poem with two of its words exchanged: what recognition tells the true one from.

In a forced choice between two, a person says which one was there (Standing 1973). The words that
come in are the poem's own, from other lines where there are any, so that none gives itself away by
being rare: what has to be known is how they go together. Pure functions.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import regex

from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.probes.text import in_words, is_character, normal_form

EXCHANGED = 2
"""Words, or characters where there are no spaces; one in a line that has no more."""
Thing = TypeVar("Thing")
_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*")


class Changed(NamedTuple):
    """A line that is not the poem's."""

    line: int
    """Which one it stands for; not the first, where there are others."""
    text: str


def changed_line(poem: Poem, others: Sequence[Poem]) -> Changed | None:
    """One line of a poem, changed, always the same one. `others`: poems whose words come in where
    the poem has none of like length. None where no line can be changed.
    """
    true = {normal_form(line, poem.language) for line in poem.lines}
    spaced = in_words(poem.text)
    last = len(poem.lines)
    for number in _in_turn(poem, "line", range(1 if last > 1 else 0, last)):
        line = poem.lines[number]
        places = _words(line, spaced)
        taken = sorted(_in_turn(poem, f"place {number}", places)[:EXCHANGED])
        beside = [each for at, each in enumerate(poem.lines) if at != number]
        own = _spelled(beside, spaced) | _spelled([line], spaced)
        foreign = {
            word
            for other in others
            if other.language == poem.language
            for word in _spelled(other.lines, spaced)
        }
        text, changed = line, 0
        for start, end in reversed(taken):
            for word in _alike(poem, line[start:end], [own, foreign]):
                made = text[:start] + word + text[end:]
                if normal_form(made, poem.language) not in true:
                    text, changed = made, changed + 1
                    break
        if changed == len(taken) and changed and normal_form(text, poem.language) not in true:
            return Changed(number, text)
    return None


def _words(line: str, spaced: bool) -> list[tuple[int, int]]:
    """Where the words of a line begin and end, or its characters."""
    if spaced:
        return [found.span() for found in _WORD.finditer(line)]
    return [(at, at + 1) for at, letter in enumerate(line) if is_character(letter)]


def _spelled(lines: Iterable[str], spaced: bool) -> set[str]:
    return {line[start:end] for line in lines for start, end in _words(line, spaced)}


def _alike(poem: Poem, word: str, supplies: Sequence[set[str]]) -> Iterable[str]:
    """Words for this one, those of its length first, and of these the poem's own; spelled with a
    capital where it is.
    """
    form = normal_form(word, poem.language)
    for difference in (0, 1, 2):
        for supply in supplies:
            fitting = {
                each[:1].upper() + each[1:] if word[:1].isupper() else each.lower()
                for each in supply
                if abs(len(each) - len(word)) == difference
                and normal_form(each, poem.language) != form
            }
            yield from _in_turn(poem, word, fitting)


def _in_turn(poem: Poem, purpose: str, found: Iterable[Thing]) -> list[Thing]:
    """In an order that says nothing, always the same one."""

    def drawn(each: Thing) -> bytes:
        return hashlib.sha256(f"{purpose}\0{each}\0{poem.text}".encode()).digest()

    return sorted(found, key=drawn)
