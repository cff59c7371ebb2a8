"""How often a study's 95 % intervals hold the truth, where poems and seeds are both drawn.

A poem is recited by a model with a probability whose logit is a level, something of the poem's and
something of the model's, both normally distributed. Prints, for each way to make an interval of
recall over models that differ in their seed alone, in how many percent of the studies drawn it
holds the mean over all poems and all seeds.
"""

import argparse
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy
from scipy.optimize import brentq
from scipy.special import expit, stdtrit

from memtests.reports.counting.over_poems import wilson
from memtests.study.answers.drawn import share_interval

POEMS, SEEDS = (40, 100), (2, 3, 5)
OF_POEMS, OF_SEEDS = (0.5, 2.0), (0.0, 0.5, 1.5)
"""Standard deviations on the logit scale."""
RECALLS = (0.02, 0.1, 0.5, 0.9, 0.98)
WANTED = (93.0, 97.0)


class Cell(NamedTuple):
    """What is drawn from."""

    poems: int
    seeds: int
    of_poems: float
    of_seeds: float
    recall: float


Way = Callable[[Any, numpy.random.Generator], tuple[float, float]]


def level(cell: Cell) -> float:
    """The logit with which the mean over poems and seeds is the recall wanted."""
    spread = (cell.of_poems**2 + cell.of_seeds**2) ** 0.5
    places, weights = numpy.polynomial.hermite_e.hermegauss(61)
    weights = weights / weights.sum()
    return float(brentq(lambda at: weights @ expit(at + spread * places) - cell.recall, -40, 40))


def drawn(cell: Cell, middle: float, rng: numpy.random.Generator) -> Any:
    """0 or 1 for each seed (row) and poem (column)."""
    poem = rng.normal(0, cell.of_poems, cell.poems)
    seed = rng.normal(0, cell.of_seeds, (cell.seeds, 1))
    return (rng.random((cell.seeds, cell.poems)) < expit(middle + poem + seed)).astype(float)


def both(found: Any, rng: numpy.random.Generator) -> tuple[float, float]:
    """The study's own."""
    return share_interval(found)


def poems_alone(found: Any, rng: numpy.random.Generator) -> tuple[float, float]:
    """Wilson's over poems, as if the models were all that there are."""
    share, spread = found.mean(), numpy.var(found.mean(axis=0), ddof=1)
    number = share * (1 - share) / spread * found.shape[1] if spread else found.shape[1]
    return wilson(float(share), float(number))


def seeds_alone(found: Any, rng: numpy.random.Generator) -> tuple[float, float]:
    """Student's over the seeds' recalls, as if the poems were all that there are."""
    recalls = found.mean(axis=1)
    half = stdtrit(len(recalls) - 1, 0.975) * recalls.std(ddof=1) / len(recalls) ** 0.5
    return float(recalls.mean() - half), float(recalls.mean() + half)


def pigeonhole(found: Any, rng: numpy.random.Generator) -> tuple[float, float]:
    """The percentile bootstrap over both at once (Owen 2007), 1,000 times."""
    seeds, poems = found.shape
    rows = rng.multinomial(seeds, numpy.full(seeds, 1 / seeds), 1000) / seeds
    columns = rng.multinomial(poems, numpy.full(poems, 1 / poems), 1000) / poems
    low, high = numpy.quantile(((rows @ found) * columns).sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


WAYS: dict[str, Way] = {
    "poems and seeds": both,
    "poems alone": poems_alone,
    "seeds alone": seeds_alone,
    "bootstrap of both": pigeonhole,
}


def coverage(way: Way, cell: Cell, studies: int, seed: int) -> tuple[float, float]:
    """In how many percent of the studies it holds the recall, and its mean width."""
    rng = numpy.random.default_rng(seed)
    middle = level(cell)
    held, width = 0, 0.0
    for _ in range(studies):
        low, high = way(drawn(cell, middle, rng), rng)
        held += low <= cell.recall <= high
        width += high - low
    return 100 * held / studies, width / studies


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--studies", type=int, default=1000, help="drawn for each cell")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    given = options.parse_args()
    print("| poems | seeds | of poems | of seeds | recall |", *(f"{way} |" for way in given.ways))
    print("|---|---|---|---|---|" + "---|" * len(given.ways))
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}
    every = itertools.product(POEMS, SEEDS, OF_POEMS, OF_SEEDS, RECALLS)
    for cell in itertools.starmap(Cell, every):
        row = []
        for name in given.ways:
            held = coverage(WAYS[name], cell, given.studies, given.seed)
            found.setdefault((name, cell.seeds), []).append(held)
            mark = " <" if held[0] < WANTED[0] else " >" if held[0] > WANTED[1] else ""
            row.append(f"{held[0]:.1f}{mark}")
        print("|", " | ".join(map(str, cell)), "|", " | ".join(row), "|")
    print("\n| interval | seeds | lowest | highest | under 93 | over 97 | mean width |")
    print("|---|---|---|---|---|---|---|")
    for (name, seeds), cells in found.items():
        held_all, widths = zip(*cells, strict=True)
        under, over = sum(h < WANTED[0] for h in held_all), sum(h > WANTED[1] for h in held_all)
        counts = f"{under} of {len(cells)} | {over} of {len(cells)}"
        width = sum(widths) / len(widths)
        print(
            f"| {name} | {seeds} | {min(held_all):.1f} | {max(held_all):.1f} | {counts} "
            f"| {width:.3f} |"
        )


if __name__ == "__main__":
    main()
