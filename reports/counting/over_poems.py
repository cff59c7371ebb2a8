"""Statistics that take the poem for what is drawn: the interval of a share, the test of a change.

Probes of one poem resemble each other: sixteen of them tell less than sixteen of as many poems. How
often the intervals hold is simulated in bench/coverage.py. Pure functions.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

# Of the normal distribution: two-sided, 95 %.
_QUANTILE = 1.959963984540054
# Less probable than that is taken for impossible.
_IMPOSSIBLE = 1e-40


def by_poem(found: Iterable[tuple[Hashable, bool]]) -> list[tuple[int, int]]:
    """From the poem of each probe and whether it counts: for each poem, so many of so many."""
    part: Counter[Hashable] = Counter()
    whole: Counter[Hashable] = Counter()
    for poem, counts in found:
        part[poem] += counts
        whole[poem] += 1
    return [(part[poem], whole[poem]) for poem in whole]


def interval(poems: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """The 95 % interval of a share of probes, from so many of so many for each poem; at least one.

    Wilson's, for the number of probes that would tell as much if no two were of one poem.
    """
    share = sum(part for part, _ in poems) / sum(whole for _, whole in poems)
    return wilson(share, effective(poems))


def wilson(share: float, number: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of so many that are drawn one by one (1927)."""
    square = _QUANTILE**2
    middle = (share + square / (2 * number)) / (1 + square / number)
    half = math.sqrt(share * (1 - share) / number + square / (2 * number) ** 2)
    half *= _QUANTILE / (1 + square / number)
    # On the boundary rounding must not leave the share out.
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def effective(poems: Sequence[tuple[int, int]]) -> float:
    """How many probes, no two of one poem, tell as much as these: the number that a sample of one
    by one needs for the variance that is found between poems (Kish 1965; Korn & Graubard 1998).

    It is no more than there are probes, and no less than where all probes of a poem go together.
    The variance is itself estimated from few poems, so Student's quantile takes the place of the
    normal one. Its degrees of freedom are the poems that have what is rarer, and one more, as all
    others are alike: where three of a hundred poems are recited, the variance comes from those.
    """
    whole = sum(number for _, number in poems)
    part = sum(count for count, _ in poems)
    if part in (0, whole):
        return len(poems)
    sizes = [number / whole for _, number in poems]
    fewest = 1 / sum(size**2 for size in sizes)
    share = part / whole
    found = sum((count - share * number) ** 2 for count, number in poems) / whole**2
    # The share is itself made from these poems: of n poems of one length, 1 / n of it is missing.
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
    """How probable so unequal a change is by chance alone, from the poems of the probes that were
    lost and of those that were gained.
    """
    changes = Counter(gained)
    changes.subtract(Counter(lost))
    return sign_flips(changes.values())


def sign_flips(differences: Iterable[int]) -> float:
    """The exact two-sided permutation test of paired poems: had both known as much, each poem's
    difference could as well have the other sign. The share of all ways to set the signs in which
    the differences add up to as much as they do, or more, in either direction (0 where that is
    next to impossible).
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
        # How many of them have their sign up, but for ends that are next to impossible.
        first = int(binom.ppf(_IMPOSSIBLE, many, 0.5))
        ups = binom.pmf(numpy.arange(first, many - first + 1), many, 0.5)
        spread = numpy.zeros((len(ups) - 1) * size + 1)
        spread[::size] = ups
        chances, least = numpy.convolve(chances, spread), least + first * size
    sums = 2 * (least + numpy.arange(len(chances))) - sum(s * many for s, many in sizes.items())
    return float(min(1.0, chances[abs(sums) >= seen].sum()))


class Mean(NamedTuple):
    """A mean with its 95 % interval; without one where there is one poem."""

    value: float
    low: float | None
    high: float | None


def mean_over_poems(found: Iterable[tuple[Hashable, float]]) -> Mean:
    """The mean of what was measured on probes, from the poem of each; at least one.

    Student's interval, of the variance between poems that a mean of clusters has (Cochran 1977).
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
