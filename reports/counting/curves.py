"""What the plots of a report show, as numbers. Pure functions."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy

from memtests.fixtures.probes.probes import PREFIX, TITLE
from memtests.fixtures.probes.text import in_words, unit_ends
from memtests.plugins.redacting import recited
from memtests.plugins.verdicts import OUTCOMES, Verdict
from memtests.reports.counting.discovery import discoverable_by_collection
from memtests.reports.counting.memories import Remembered, by_collection
from memtests.reports.counting.over_poems import by_poem, interval
from memtests.reports.counting.tallies import counted, shortest_by_poem, totals
from memtests.reports.report import PoemKey, Report, languages_of, texts_of

Group = tuple[str, str]
"""A model and a collection, or another word that tells a model's curves apart (`p = 0.5`)."""


# Curves over the number of samples reach up to 10 ** MOST_SAMPLES, with so many points for each
# power of ten.
MOST_SAMPLES, PLACES_A_POWER = 6, 10


class Point(NamedTuple):
    """A share at some place, with its 95 % interval."""

    x: float
    share: float
    low: float
    high: float


class Line(NamedTuple):
    """Shares without intervals."""

    x: Sequence[float]
    share: Sequence[float]


# How many places of a text are looked at, evenly from its beginning to its end.
PLACES = 24
# The most bins of poems by length, and the fewest poems in each.
MOST_BINS, FEWEST_POEMS = 6, 4
# The lowest power of ten in the plot of probabilities; its bin also counts all lower ones.
LEAST_POWER = -60


def by_prefix_length(report: Report, percent: bool) -> dict[Group, list[Point]]:
    """Recall against the length of the prefix, in percent of the poem or in units.

    In percent, the header alone (`title`) is the prefix of length 0.
    """
    curves: dict[Group, list[Point]] = defaultdict(list)
    for tally in report.tallies:
        length = tally.prefix_length or ""
        if tally.case == PREFIX and length.endswith("%") == percent:
            x = float(length.removesuffix("%"))
        elif tally.case == TITLE and percent:
            x = 0.0
        else:
            continue
        point = Point(x, tally.recall, tally.low, tally.high)
        curves[tally.model, tally.collection].append(point)
    return {group: sorted(points) for group, points in curves.items()}


def by_poem_length(report: Report) -> dict[Group, list[Point]]:
    """Recall of poems and of their rests against the poem's length, in bins with about equally many
    poems: (model, `words` or `characters`) → a point at the median length of each bin.
    """
    languages = languages_of(report)
    lengths: dict[str, dict[PoemKey, int]] = {"words": {}, "characters": {}}
    for key, text in texts_of(report.verdicts).items():
        language = languages.get(key, "")
        unit = "words" if in_words(text) else "characters"
        lengths[unit][key] = len(unit_ends(text, language))
    asked: dict[PoemKey, list[Verdict]] = defaultdict(list)
    for v in _long(report.verdicts):
        asked[v.collection, v.poem].append(v)
    curves: dict[Group, list[Point]] = {}
    for unit, found in lengths.items():
        for bin_ in _bins({key: length for key, length in found.items() if key in asked}):
            x = float(numpy.median([found[key] for key in bin_]))
            for model in report.models:
                probes = ((key, v) for key in bin_ for v in asked[key] if v.model == model.name)
                poems = by_poem((key, v.correct) for key, v in probes)
                if poems:
                    share = sum(part for part, _ in poems) / sum(all_ for _, all_ in poems)
                    point = Point(x, share, *interval(poems))
                    curves.setdefault((model.name, unit), []).append(point)
    return curves


def shortest(report: Report) -> dict[Group, Line]:
    """The share of the poems that are recited after a prefix, against the length of the prefix in
    units: a poem counts from its shortest such prefix on.
    """
    curves: dict[Group, Line] = {}
    for group, poems in shortest_by_poem(report.verdicts).items():
        found = Counter(length for length in poems.values() if length is not None)
        lengths = sorted(found)
        triggered = itertools.accumulate(found[length] for length in lengths)
        shares = [count / len(poems) for count in triggered]
        curves[group] = Line([1.0, *map(float, lengths)], [0.0, *shares])
    return curves


def by_percentage(found: Remembered) -> dict[Group, Line]:
    """The share of the poems whose rest is recited token for token, against the percentage of the
    poem in the cue, from 0 (the header alone) to 99. At each percentage, only poems count of which
    it is known.
    """
    curves: dict[Group, Line] = {}
    for group, memories in by_collection(found.memories).items():
        x, share = [], []
        for percentage in range(100):
            known = [m.shares[percentage] for m in memories]
            known = [each for each in known if each is not None]
            if known:
                x.append(float(percentage))
                share.append(sum(map(bool, known)) / len(known))
        if x:
            curves[group] = Line(x, share)
    return curves


def by_samples(report: Report) -> dict[Group, Line]:
    """The share of the probes that are recited at least once in n samples with probability p,
    against n.
    """
    steps = range(MOST_SAMPLES * PLACES_A_POWER + 1)
    x = [10 ** (at / PLACES_A_POWER) for at in steps]
    curves: dict[Group, Line] = {}
    for row in discoverable_by_collection(report.verdicts):
        if not row.collection and row.needed:
            share = [row.share(n * (1 + 1e-9)) or 0.0 for n in x]
            curves[row.model, f"p = {row.p}"] = Line(x, share)
    return curves


def along_the_text(report: Report, unbroken: bool) -> dict[Group, Line]:
    """Recall by place in the suffix, from its beginning (0) to its end (100 %).

    It is the share of the recitations that have the poem's unit at that place, also after a slip
    (aligned by Levenshtein distance; a forgotten one has no unit). With `unbroken` it is the share
    of those that have not left the poem yet. A model and collection get no line unless this is
    known of all their probes.
    """
    languages = languages_of(report)
    sums: dict[Group, numpy.ndarray] = {}
    counts: Counter[Group] = Counter()
    whole = numpy.ones(PLACES)
    # A probe that was only read may not tell where it leaves the text, and never what it says then.
    untold = {
        (v.model, v.collection)
        for v in _long(report.verdicts)
        if (v.undecided if unbroken else not v.recited)
    }
    for v in _long(report.verdicts):
        if (v.model, v.collection) in untold:
            continue
        found = whole
        if not (v.correct and v.passage):  # otherwise it has every unit, and at least one
            there = _unbroken(v, languages) if unbroken else _recited(v, languages)
            if not len(there):
                continue
            found = there[numpy.arange(PLACES) * len(there) // PLACES]
        group = (v.model, v.collection)
        sums[group] = sums.get(group, 0) + found
        counts[group] += 1
    x = [100 * (at + 0.5) / PLACES for at in range(PLACES)]
    return {group: Line(x, list(found / counts[group])) for group, found in sums.items()}


def before_observation(report: Report) -> dict[str, dict[str, list[int]]]:
    """Model → outcome → the number of verdicts in each bin of the probability that sampling recites
    the suffix.

    Bin b holds probabilities of 10^-(b+1) to 10^-b; the last bin also holds all lower ones.
    """
    bins: dict[str, dict[str, list[int]]] = {}
    for v in counted(report.verdicts):
        if v.log_p is not None:
            power = max(v.log_p / math.log(10), LEAST_POWER + 0.5)
            found = bins.setdefault(v.model, {o: [0] * -LEAST_POWER for o in OUTCOMES})
            found[v.outcome][min(int(-power), -LEAST_POWER - 1)] += 1
    return bins


def by_size(report: Report) -> dict[str, list[Point]]:
    """Collection → recall against the number of parameters, for models that tell it."""
    parameters = {model.name: model.parameters for model in report.models if model.parameters > 0}
    curves: dict[str, list[Point]] = defaultdict(list)
    for tally in totals(counted(report.verdicts), "model", "collection"):
        if tally.model in parameters:
            x = parameters[tally.model]
            curves[tally.collection].append(Point(x, tally.recall, tally.low, tally.high))
    return {collection: sorted(points) for collection, points in curves.items()}


def _long(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts on whole poems and on rests of poems."""
    return [v for v in verdicts if v.case in (TITLE, PREFIX)]


def _bins(lengths: Mapping[PoemKey, int]) -> list[list[PoemKey]]:
    """Poems by length, in bins with about equally many poems. Poems of one length stay together."""
    count = max(1, min(MOST_BINS, len(lengths) // FEWEST_POEMS))
    size = len(lengths) / count
    bins: dict[int, list[PoemKey]] = {}
    of_length: dict[int, int] = {}
    for at, key in enumerate(sorted(lengths, key=lambda key: (lengths[key], key))):
        number = of_length.setdefault(lengths[key], int(at / size))
        bins.setdefault(number, []).append(key)
    return list(bins.values())


def _recited(v: Verdict, languages: Mapping[PoemKey, str]) -> numpy.ndarray:
    """For each unit of the suffix, whether the recitation has it."""
    return numpy.array(recited(v, languages.get((v.collection, v.poem), "")), dtype=float)


def _unbroken(v: Verdict, languages: Mapping[PoemKey, str]) -> numpy.ndarray:
    """For each unit of the suffix, whether the recitation has followed the poem up to there."""
    length = len(unit_ends(v.suffix, languages.get((v.collection, v.poem), "")))
    left = length if v.correct or v.divergence is None else v.divergence
    return (numpy.arange(length) < left).astype(float)
