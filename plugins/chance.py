"""Chance: how similar the recitation of one poem is to another (design, section 3).

It depends on the poems alone, never on a model, and is the same in every run.
"""

import bisect
import functools
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.languages import family
from memtests.fixtures.probes.probes import poem_unit_ends
from memtests.fixtures.probes.text import in_words, joined, normal_form, units

PERCENTILE = 99
# Poems looked at in a collection, taken evenly over it, the fewest that make a percentile, and the
# texts of other poems that each of their texts is held against.
MOST_POEMS = 150
FEWEST_POEMS = 10
PARTNERS = 24
_CUTS = (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))
# Of the units asked for, how many the other text has: one that ends early has a little more in
# common with a longer one, because what is missing can be missing anywhere.
_SAID = (Fraction(1), Fraction(7, 10))


@dataclass(frozen=True)
class _Text:
    """A suffix in normal form, as it is judged."""

    poem: int
    text: str
    ends: tuple[int, ...]
    """Where each unit ends."""

    def count(self, length: int) -> int:
        """The fewest units that have so many characters."""
        return bisect.bisect_left(self.ends, length) + 1

    def cut(self, count: int) -> str:
        """So many units of it."""
        return self.text[: self.ends[count - 1]]


@functools.cache
def chance_bands(collection: Collection) -> dict[int, float]:
    """The chance level for suffixes of 4, 8, 16, … characters in normal form.

    No lower than that of a longer band: a suffix may be nearly as long as the next one.
    """
    first = collection.poems[0]
    language = first.language if collection.language == "mul" else collection.language
    bands = _canon_levels(family(language), in_words(first.text)) | _levels(collection.poems)
    longest_first = sorted(bands, reverse=True)
    highest = itertools.accumulate((bands[band] for band in longest_first), max)
    return dict(sorted(zip(longest_first, highest, strict=True)))


def chance(bands: Mapping[int, float], suffix: str) -> float:
    """The level of the band that a suffix falls in: the longest not longer than it."""
    length = len(normal_form(suffix))
    return bands[max((band for band in bands if band <= length), default=min(bands))]


def _levels(poems: Sequence[Poem]) -> dict[int, float]:
    """The level of every band that enough of the poems are long enough for."""
    step = max(1, len(poems) // MOST_POEMS)
    taken = [poems[at] for at in range(0, len(poems), step)[:MOST_POEMS]]
    texts = [text for number, poem in enumerate(taken) for text in _texts(number, poem)]
    levels: dict[int, float] = {}
    band = 4
    while True:
        long = [text for text in texts if len(text.text) >= band]
        if len({text.poem for text in long}) < FEWEST_POEMS:
            return levels
        levels[band] = max(_percentile(long, band, said) for said in _SAID)
        band *= 2


def _percentile(texts: Sequence[_Text], band: int, said: Fraction) -> float:
    """The percentile of the similarity between texts of different poems, the one cut to the units
    that make a band's length, the other to as many units or a part of them.
    """
    import numpy

    true: list[str] = []
    other: list[str] = []
    for at, text in enumerate(texts):
        count = text.count(band)
        there = max(1, round(count * said))
        fewer = min(PARTNERS, len(texts) - 1)
        for number in range(fewer):
            partner = texts[(at + 1 + number * (len(texts) - 1) // fewer) % len(texts)]
            if partner.poem == text.poem:
                continue
            true.append(text.cut(count))
            other.append(partner.cut(min(there, len(partner.ends))))
    similar = cpdist(true, other, scorer=Levenshtein.normalized_similarity, dtype=numpy.float64)
    return float(numpy.percentile(similar, PERCENTILE))


def _texts(number: int, poem: Poem) -> list[_Text]:
    """A poem from several places on."""
    ends = (0, *poem_unit_ends(poem))
    cuts = dict.fromkeys(ends[int(part * (len(ends) - 1))] for part in _CUTS)
    found = []
    for cut in cuts:
        parts = units(poem.text[cut:], poem.language)
        text, part_ends = joined(parts), [0]
        for part in parts:
            part_ends.append(text.index(part, part_ends[-1]) + len(part))
        found.append(_Text(number, text, tuple(part_ends[1:])))
    return [text for text in found if text.ends]


@functools.cache
def _canon_levels(language: str, words: bool) -> dict[int, float]:
    """What a collection falls back on: the canon in its language, then what is written alike."""
    poems = [poem for collection in canon() for poem in collection.poems]
    alike = [poem for poem in poems if in_words(poem.text) == words]
    same = [poem for poem in alike if poem.language == language]
    return _levels(alike) if same == alike else _levels(alike) | _levels(same)
