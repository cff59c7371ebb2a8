"""Chance: how much two different poems have in common (docs/design.md, section 3).

A completion with more of a poem than that remembers something of it. Chance depends on the poems
alone, never on a model, and is the same in every run.
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
# The share of pairs of texts that may have a longer passage in common than chance allows. By
# similarity alone, one pair in a hundred is already above chance. Passages add only a tenth of
# that, so a recitation is above either level by chance about once in a hundred times.
LONGER = Fraction(1, 1000)
# The most poems of a collection that are compared, taken evenly over it.
MOST_POEMS = 150
# With fewer poems there is no percentile.
FEWEST_POEMS = 10
# Each text is compared with at most this many texts of other poems.
PARTNERS = 24
# Only this many units are compared from each cut on: chance hardly changes beyond that, even for a
# book.
MOST_UNITS = 4096
_CUTS = (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))
# Suffixes are compared with texts as long and with shorter ones. A completion that ends early is a
# little more similar by chance: Levenshtein distance may place the missing units anywhere.
_SAID = (Fraction(1), Fraction(7, 10))


class Chance(NamedTuple):
    """The most that the recitation of another poem reaches by chance."""

    similarity: float
    passage: int
    """The length of the longest passage, in units."""


class Bands(NamedTuple):
    """The chance levels of a collection, by the length of a suffix."""

    similarity: dict[int, float]
    """Length in characters of the normal form → level for suffixes of at least that length."""
    passages: dict[int, int]
    """Length in units → level for suffixes of at most that length."""


@dataclass(frozen=True)
class _Text:
    """A suffix in normal form, as it is judged."""

    poem: int
    parts: tuple[str, ...]
    text: str
    ends: tuple[int, ...]
    """Where each unit ends."""

    def count(self, length: int) -> int:
        """The fewest units that hold `length` characters."""
        return bisect.bisect_left(self.ends, length) + 1

    def cut(self, count: int) -> str:
        """Its first `count` units, or all if it has fewer."""
        return self.text[: self.ends[count - 1]] if count < len(self.ends) else self.text


@functools.cache
def chance_bands(collection: Collection) -> Bands:
    """The chance levels of a collection, for suffixes of 4, 8, 16, … characters in normal form
    (similarity) and of as many units (passages).

    No band's similarity is lower than that of a longer band: a suffix of 7 characters is in band 4,
    and nearly as long as those of band 8. Passages get longer with the texts.
    """
    first = collection.poems[0]
    language = first.language if collection.language == "mul" else collection.language
    canon = _canon_bands(family(language), in_words(first.text))
    own = _bands(collection.poems)
    similarity = canon.similarity | own.similarity
    longest_first = sorted(similarity, reverse=True)
    highest = itertools.accumulate((similarity[band] for band in longest_first), max)
    falling = dict(sorted(zip(longest_first, highest, strict=True)))
    # A small collection has too few pairs to show what happens once in a thousand. So chance allows
    # it no shorter passages than the canon.
    passages = {
        band: max(each.get(band, 0) for each in (canon.passages, own.passages))
        for band in canon.passages.keys() | own.passages.keys()
    }
    return Bands(falling, _rising(passages))


def canon_passages(language: str, words: bool) -> dict[int, int]:
    """The passages that chance allows, by the canon alone: for verdicts whose collection is not at
    hand any more.
    """
    return _rising(_canon_bands(family(language), words).passages)


def chance(bands: Bands, suffix: str) -> Chance:
    """The chance levels of a suffix.

    Similarity is that of the longest band that is no longer than the suffix. Passages are those of
    the shortest band that is no shorter. If every band is shorter, the longest one's passage gets
    one unit more for every doubling of the length. That is enough: a text twice as long has four
    times as many pairs of places where a passage may begin, but a passage one unit longer is far
    more than four times rarer.
    """
    length, count = len(normal_form(suffix)), len(units(suffix, ""))
    levels = bands.similarity
    similarity = levels[max((band for band in levels if band <= length), default=min(levels))]
    longest = max(bands.passages)
    if count > longest:
        return Chance(similarity, bands.passages[longest] + ((count - 1) // longest).bit_length())
    return Chance(similarity, bands.passages[min(band for band in bands.passages if band >= count)])


def _rising(passages: Mapping[int, int]) -> dict[int, int]:
    """The levels, each raised to the highest of the shorter bands."""
    bands = sorted(passages)
    highest = itertools.accumulate((passages[band] for band in bands), max)
    return dict(zip(bands, highest, strict=True))


def _bands(poems: Sequence[Poem]) -> Bands:
    """The levels of every band that at least FEWEST_POEMS poems are long enough for."""
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
        # Starting at 1: a passage of one unit is never above chance.
        passages[band] = next(n for n in itertools.count(1) if _seldom(long, band, n + 1))
        band *= 2
    return passages


def _seldom(texts: Sequence[_Text], band: int, length: int) -> bool:
    """Whether passages of `length` units are rarer than LONGER, in pairs of texts of different
    poems that are cut to `band` units.
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
    """The percentile of the similarity between texts of different poems. One text is cut to the
    units that hold `band` characters, the other to the share `said` of as many units.
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
            if partner.poem != text.poem:
                true.append(own)
                other.append(partner.cut(there))
    similar = cpdist(true, other, scorer=Levenshtein.normalized_similarity, dtype=numpy.float64)
    return float(numpy.percentile(similar, PERCENTILE))


def _texts(number: int, poem: Poem) -> list[_Text]:
    """The texts of a poem that begin at each of _CUTS."""
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
    """The levels for bands that a collection is too small for: those of the canon's poems in its
    language, or else of all that count their units alike (words, or characters).
    """
    poems = [poem for collection in canon() for poem in collection.poems]
    alike = [poem for poem in poems if in_words(poem.text) == words]
    same = [poem for poem in alike if poem.language == language]
    every = _bands(alike)
    own = every if len(same) == len(alike) else _bands(same)
    return Bands(every.similarity | own.similarity, every.passages | own.passages)
