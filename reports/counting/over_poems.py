"""Statistics over poems: the interval of a share, the test of a change. Pure functions.

Probes of one poem resemble each other: sixteen probes of one poem tell less than one probe each of
sixteen poems. So the poem, not the probe, is the unit that is drawn. bench/coverage.py simulates
how often the intervals hold the true share.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

# The normal distribution's quantile for a two-sided 95 % interval.
_QUANTILE = 1.959963984540054
# Probabilities below this count as zero.
_IMPOSSIBLE = 1e-40


def by_poem(found: Iterable[tuple[Hashable, bool]]) -> list[tuple[int, int]]:
    """For each poem: how many of its probes count, and how many it has. `found`: the poem of each
    probe, and whether the probe counts.
    """
    part: Counter[Hashable] = Counter()
    whole: Counter[Hashable] = Counter()
    for poem, counts in found:
        part[poem] += counts
        whole[poem] += 1
    return [(part[poem], whole[poem]) for poem in whole]


def interval(poems: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """The 95 % interval of a share of probes. `poems`: as of `by_poem`, at least one.

    It is Wilson's interval for the `effective` number of probes.
    """
    share = sum(part for part, _ in poems) / sum(whole for _, whole in poems)
    return wilson(share, effective(poems))


def wilson(share: float, number: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of `number` independent draws (1927)."""
    square = _QUANTILE**2
    middle = (share + square / (2 * number)) / (1 + square / number)
    half = math.sqrt(share * (1 - share) / number + square / (2 * number) ** 2)
    half *= _QUANTILE / (1 + square / number)
    # For a share of 0 or 1, rounding must not push the share out of its own interval.
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def effective(poems: Sequence[tuple[int, int]]) -> float:
    """The effective number of probes: so many probes, no two of one poem, would tell as much as
    these. It is the number of independent draws whose share has the variance that is found between
    poems (Kish 1965; Korn & Graubard 1998).

    It is at most the number of probes. It is at least the number that holds if all probes of a poem
    have the same outcome. The variance is itself estimated from a few poems, so Student's quantile
    takes the place of the normal one. The degrees of freedom are the poems with the rarer outcome:
    if three of a hundred poems are recited, the variance comes from those three. One more is added
    for all the others, which are alike.
    """
    whole = sum(number for _, number in poems)
    part = sum(count for count, _ in poems)
    if part in (0, whole):
        return len(poems)
    sizes = [number / whole for _, number in poems]
    fewest = 1 / sum(size**2 for size in sizes)
    share = part / whole
    found = sum((count - share * number) ** 2 for count, number in poems) / whole**2
    # The variance is taken around the share of these same poems, so it comes out too small: by 1/n
    # for n poems with equally many probes.
    missing = fewest * sum(2 * size**3 for size in sizes) - 1 / fewest
    if missing > 1 - 1e-9:
        return fewest
    if found == 0:
        return whole
    from scipy.special import stdtrit

    rarer = min(
        part**2 / sum(count**2 for count, _ in poems),
        (whole - part) ** 2 / sum((number - count) ** 2 for count, number in poems),
    )
    quantile = float(stdtrit(min(fewest - 1, rarer + 1), 0.975))
    number = share * (1 - share) / found * (1 - missing) * (_QUANTILE / quantile) ** 2
    return max(fewest, min(whole, number))


def noise(lost: Iterable[Hashable], gained: Iterable[Hashable]) -> float:
    """The p value of a change: how probable it is that chance alone makes losses and gains differ
    as much. `lost`, `gained`: the poems of the probes.
    """
    changes = Counter(gained)
    changes.subtract(Counter(lost))
    return sign_flips(changes.values())


def sign_flips(differences: Iterable[int]) -> float:
    """The p value of the exact two-sided permutation test of paired poems. If both models knew
    equally much, each poem's difference might as well have the other sign. p is the share of all
    ways to choose the signs in which the differences add up to at least as much, in either
    direction (0 if that is next to impossible).
    """
    import numpy
    from scipy.stats import binom

    counts = Counter(filter(None, differences))
    seen = abs(sum(difference * many for difference, many in counts.items()))
    sizes: Counter[int] = Counter()
    for difference, many in counts.items():
        sizes[abs(difference)] += many
    chances, least = numpy.ones(1), 0
    for size, many in sizes.items():
        # How probable each number of plus signs is, without numbers that are next to impossible.
        first = int(binom.ppf(_IMPOSSIBLE, many, 0.5))
        ups = binom.pmf(numpy.arange(first, many - first + 1), many, 0.5)
        spread = numpy.zeros((len(ups) - 1) * size + 1)
        spread[::size] = ups
        chances, least = numpy.convolve(chances, spread), least + first * size
    sums = 2 * (least + numpy.arange(len(chances))) - sum(s * many for s, many in sizes.items())
    return float(min(1.0, chances[abs(sums) >= seen].sum()))


class Mean(NamedTuple):
    """A mean with its 95 % interval; with only one poem there is no interval."""

    value: float
    low: float | None
    high: float | None


def mean_over_poems(found: Iterable[tuple[Hashable, float]]) -> Mean:
    """The mean over probes. `found`: the poem and the value of each probe, at least one.

    The interval is Student's, with the variance of a mean over clusters, the poems (Cochran 1977).
    """
    of_poem: dict[Hashable, list[float]] = {}
    for poem, value in found:
        of_poem.setdefault(poem, []).append(value)
    whole = sum(map(len, of_poem.values()))
    mean = math.fsum(value for values in of_poem.values() for value in values) / whole
    poems = len(of_poem)
    if poems == 1:
        return Mean(mean, None, None)
    from scipy.special import stdtrit

    square = math.fsum((math.fsum(values) - mean * len(values)) ** 2 for values in of_poem.values())
    half = float(stdtrit(poems - 1, 0.975)) * math.sqrt(square * poems / (poems - 1)) / whole
    return Mean(mean, mean - half, mean + half)
