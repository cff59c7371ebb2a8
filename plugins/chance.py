"""Chance: how much of one poem the recitation of another has (design, section 3).

It depends on the poems alone, never on a model, and is the same in every run.
"""

import bisect
import functools
import itertools
import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.languages import family
from memtests.fixtures.probes.probes import poem_unit_ends
from memtests.fixtures.probes.text import in_words, joined, normal_form, units

PERCENTILE = 99
# Of the pairs of poems, how many may have a longer passage in common than chance allows. Similarity
# takes its one in a hundred already: a recitation is to be above either level about as seldom.
LONGER = Fraction(1, 1000)
# Poems looked at in a collection, taken evenly over it, the fewest that make a percentile, and the
# texts of other poems that each of their texts is held against.
MOST_POEMS = 150
FEWEST_POEMS = 10
PARTNERS = 24
# So much of a text is looked at from each place on: chance changes little from there to a book.
MOST_UNITS = 4096
_CUTS = (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))
# Of the units asked for, how many the other text has: one that ends early has a little more in
# common with a longer one, because what is missing can be missing anywhere.
_SAID = (Fraction(1), Fraction(7, 10))


class Chance(NamedTuple):
    """What the recitation of another poem reaches."""

    similarity: float
    passage: int
    """In units."""


class Bands(NamedTuple):
    """The chance levels of a collection, by the length of a suffix."""

    similarity: dict[int, float]
    """From so many characters in normal form on."""
    passages: dict[int, int]
    """Up to so many units."""


@dataclass(frozen=True)
class _Text:
    """A suffix in normal form, as it is judged."""

    poem: int
    parts: tuple[str, ...]
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
def chance_bands(collection: Collection) -> Bands:
    """The chance levels for suffixes of 4, 8, 16, … characters in normal form, and units.

    Similarity is no lower than that of a longer band: a suffix may be nearly as long as the next
    one. Passages get longer with the texts.
    """
    first = collection.poems[0]
    language = first.language if collection.language == "mul" else collection.language
    canon = _canon_bands(family(language), in_words(first.text))
    own = _bands(collection.poems)
    similarity = canon.similarity | own.similarity
    longest_first = sorted(similarity, reverse=True)
    highest = itertools.accumulate((similarity[band] for band in longest_first), max)
    falling = dict(sorted(zip(longest_first, highest, strict=True)))
    # A few poems have too few pairs to show what is rarer than one in a thousand.
    passages = {
        band: max(each.get(band, 0) for each in (canon.passages, own.passages))
        for band in canon.passages.keys() | own.passages.keys()
    }
    return Bands(falling, _rising(passages))


def canon_passages(language: str, words: bool) -> dict[int, int]:
    """What chance allows of passages where a collection is not known any more."""
    return _rising(_canon_bands(family(language), words).passages)


def chance(bands: Bands, suffix: str) -> Chance:
    """The levels of the bands that a suffix falls in.

    Of similarity, the longest band not longer than it. Of passages, the shortest not shorter; where
    none is, a unit more for every doubling: twice as long a text has four times as many pairs of
    places where a passage may begin, and a passage that is one unit longer is far rarer than that.
    """
    length = len(normal_form(suffix))
    levels = bands.similarity
    similarity = levels[max((band for band in levels if band <= length), default=min(levels))]
    count, longest = len(units(suffix, "")), max(bands.passages)
    if count > longest:
        return Chance(similarity, bands.passages[longest] + ((count - 1) // longest).bit_length())
    return Chance(similarity, bands.passages[min(band for band in bands.passages if band >= count)])


def _rising(passages: Mapping[int, int]) -> dict[int, int]:
    """Levels none of which is lower than that of a shorter band."""
    bands = sorted(passages)
    highest = itertools.accumulate((passages[band] for band in bands), max)
    return dict(zip(bands, highest, strict=True))


def _bands(poems: Sequence[Poem]) -> Bands:
    """The levels of every band that enough of the poems are long enough for."""
    step = max(1, len(poems) // MOST_POEMS)
    taken = [poems[at] for at in range(0, len(poems), step)[:MOST_POEMS]]
    texts = [text for number, poem in enumerate(taken) for text in _texts(number, poem)]
    return Bands(_levels(texts), _passages(texts))


def _enough(texts: Sequence[_Text]) -> bool:
    return len({text.poem for text in texts}) >= FEWEST_POEMS


def _levels(texts: Sequence[_Text]) -> dict[int, float]:
    levels: dict[int, float] = {}
    band = 4
    while _enough(long := [text for text in texts if len(text.text) >= band]):
        levels[band] = max(_percentile(long, band, said) for said in _SAID)
        band *= 2
    return levels


def _passages(texts: Sequence[_Text]) -> dict[int, int]:
    passages: dict[int, int] = {}
    band = 4
    while _enough(long := [text for text in texts if len(text.parts) >= band]):
        # One unit is never more than chance.
        passages[band] = next(n for n in itertools.count(1) if _seldom(long, band, n + 1))
        band *= 2
    return passages


def _seldom(texts: Sequence[_Text], band: int, length: int) -> bool:
    """Whether no more than LONGER of the pairs of texts of different poems, cut to a band's units,
    have a run of so many units in common.
    """
    sizes = Counter(text.poem for text in texts)
    all_pairs = (len(texts) ** 2 - sum(size**2 for size in sizes.values())) // 2
    most = math.floor(LONGER * all_pairs)
    holders: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for number, text in enumerate(texts):
        for at in range(band - length + 1):
            holders[text.parts[at : at + length]].add(number)
    pairs: set[tuple[int, int]] = set()
    for found in holders.values():
        for one, other in itertools.combinations(sorted(found), 2):
            if texts[one].poem != texts[other].poem:
                pairs.add((one, other))
        if len(pairs) > most:
            return False
    return True


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
        own = text.cut(count)
        fewer = min(PARTNERS, len(texts) - 1)
        for number in range(fewer):
            partner = texts[(at + 1 + number * (len(texts) - 1) // fewer) % len(texts)]
            if partner.poem == text.poem:
                continue
            true.append(own)
            other.append(partner.cut(min(there, len(partner.ends))))
    similar = cpdist(true, other, scorer=Levenshtein.normalized_similarity, dtype=numpy.float64)
    return float(numpy.percentile(similar, PERCENTILE))


def _texts(number: int, poem: Poem) -> list[_Text]:
    """A poem from several places on."""
    whole, ends = poem.text, array("q", [0]) + poem_unit_ends(poem)
    cuts = dict.fromkeys(int(part * (len(ends) - 1)) for part in _CUTS)
    found = []
    for cut in cuts:
        stop = ends[cut + MOST_UNITS] if cut + MOST_UNITS < len(ends) else len(whole)
        parts = units(whole[ends[cut] : stop], poem.language)
        text, part_ends = joined(parts), [0]
        for part in parts:
            part_ends.append(text.index(part, part_ends[-1]) + len(part))
        found.append(_Text(number, tuple(parts), text, tuple(part_ends[1:])))
    return [text for text in found if text.ends]


@functools.cache
def _canon_bands(language: str, words: bool) -> Bands:
    """What a collection falls back on: the canon in its language, then what is written alike."""
    poems = [poem for collection in canon() for poem in collection.poems]
    alike = [poem for poem in poems if in_words(poem.text) == words]
    same = [poem for poem in alike if poem.language == language]
    every, own = _bands(alike), _bands(same)
    return Bands(every.similarity | own.similarity, every.passages | own.passages)
