"""Chance: how similar suffixes of different poems are (design, section 3).

It depends on the poems alone, never on a model, and is the same in every run.
"""

import functools
import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from fixtures.poems import Collection, Poem, canon
from fixtures.probes import poem_unit_ends
from fixtures.text import has_spaces, normal_form

PERCENTILE = 99
# Poems looked at in a collection, taken evenly over it, and the fewest that make a percentile.
MOST_POEMS = 150
FEWEST_POEMS = 10
_CUTS = (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))


@functools.cache
def chance_bands(collection: Collection) -> dict[int, float]:
    """The chance level for suffixes of 4, 8, 16, … characters in normal form."""
    bands = _levels(collection.poems)
    for poems in _canon_like(collection):
        bands = _levels(poems) | bands
    return dict(sorted(bands.items()))


def chance(bands: Mapping[int, float], suffix: str) -> float:
    """The level of the band that a suffix falls in: the longest not longer than it."""
    length = len(normal_form(suffix))
    return bands[max((band for band in bands if band <= length), default=min(bands))]


def _levels(poems: Sequence[Poem]) -> dict[int, float]:
    """The level of every band that enough of the poems are long enough for."""
    step = max(1, len(poems) // MOST_POEMS)
    taken = list(itertools.islice(poems, 0, None, step))[:MOST_POEMS]
    suffixes = [(number, text) for number, poem in enumerate(taken) for text in _suffixes(poem)]
    levels: dict[int, float] = {}
    band = 4
    while True:
        long = [(number, text[:band]) for number, text in suffixes if len(text) >= band]
        if len({number for number, _ in long}) < FEWEST_POEMS:
            return levels
        levels[band] = _percentile(long)
        band *= 2


def _percentile(suffixes: Sequence[tuple[int, str]]) -> float:
    """The percentile of the similarity over all pairs of suffixes of different poems."""
    texts = [text for _, text in suffixes]
    numbers = numpy.array([number for number, _ in suffixes])
    similar = cdist(texts, texts, scorer=Levenshtein.normalized_similarity, dtype=numpy.float64)
    of_different_poems = numbers[:, None] < numbers[None, :]
    level = numpy.percentile(similar[of_different_poems], PERCENTILE)
    return float(level)


def _suffixes(poem: Poem) -> list[str]:
    ends = (0, *poem_unit_ends(poem))
    cuts = dict.fromkeys(ends[int(part * (len(ends) - 1))] for part in _CUTS)
    return [normal_form(poem.text[cut:]) for cut in cuts]


def _canon_like(collection: Collection) -> list[Sequence[Poem]]:
    """The canon's poems to fall back on: those of the language, then those written alike."""
    language = collection.language.split("-")[0]
    if language == "mul":
        language = collection.poems[0].language.split("-")[0]
    poems = _canon_poems()
    alike = [poem for poem in poems if has_spaces(poem.language) == has_spaces(language)]
    same = [poem for poem in alike if poem.language == language]
    return [same, alike] if same else [alike]


@functools.cache
def _canon_poems() -> tuple[Poem, ...]:
    return tuple(poem for collection in canon() for poem in collection.poems)
