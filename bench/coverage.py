"""How often a 95 % interval of recall contains the true recall, by simulation.

Each poem draws its own recall from a beta distribution, and its probes are correct with that
probability. This gives probes of a poem any correlation that we want. For each way to make an
interval, it prints the percentage of drawn reports whose interval contains the distribution's mean.
"""

import argparse
import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy

from memtests.reports.counting.over_poems import interval, wilson

POEMS = (20, 100, 1000)
CORRELATIONS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
RECALLS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
WANTED = (93.0, 97.0)


class Cell(NamedTuple):
    """The parameters that reports are drawn with."""

    poems: int
    correlation: float
    recall: float


class Drawn(NamedTuple):
    """One report: for each poem, how many probes it has, and how many of them are correct."""

    correct: numpy.ndarray
    probes: numpy.ndarray


Way = Callable[[Drawn, Cell, numpy.random.Generator], tuple[float, float]]


def drawn(cell: Cell, probes: numpy.ndarray, rng: numpy.random.Generator) -> Drawn:
    """Draw a report. `probes`: how many probes each poem has."""
    if cell.correlation == 0:
        recalls = numpy.full(cell.poems, cell.recall)
    else:
        alike = (1 - cell.correlation) / cell.correlation
        recalls = rng.beta(cell.recall * alike, (1 - cell.recall) * alike, cell.poems)
    return Drawn(rng.binomial(probes, recalls), probes)


def over_poems(found: Drawn, cell: Cell, rng: numpy.random.Generator) -> tuple[float, float]:
    """The suite's own."""
    return interval(list(zip(found.correct.tolist(), found.probes.tolist(), strict=True)))


def over_probes(found: Drawn, cell: Cell, rng: numpy.random.Generator) -> tuple[float, float]:
    """Wilson's, as if each probe had been drawn by itself."""
    probes = found.probes.sum()
    return wilson(found.correct.sum() / probes, float(probes))


def bootstrap(found: Drawn, cell: Cell, rng: numpy.random.Generator) -> tuple[float, float]:
    """The percentile bootstrap over poems, 1,000 times."""
    kinds, many = numpy.unique(numpy.stack(found), axis=1, return_counts=True)
    again = rng.multinomial(cell.poems, many / cell.poems, 1000)
    low, high = numpy.quantile(again @ kinds[0] / (again @ kinds[1]), [0.025, 0.975])
    return float(low), float(high)


def knowing(found: Drawn, cell: Cell, rng: numpy.random.Generator) -> tuple[float, float]:
    """Wilson's, for the effective number of probes at the true correlation. It shows what could be
    reached if the correlation were known.
    """
    probes = found.probes.sum()
    alike = (found.probes * (found.probes - 1)).sum() / probes
    number = probes / (1 + alike * cell.correlation)
    return wilson(found.correct.sum() / probes, float(number))


WAYS: dict[str, Way] = {
    "suite": over_poems,
    "over probes": over_probes,
    "bootstrap": bootstrap,
    "told": knowing,
}


def coverage(
    way: Way, cell: Cell, probes: Sequence[int], reports: int, seed: int
) -> tuple[float, float]:
    """The percentage of reports whose interval contains the recall, and the mean width of the
    intervals.
    """
    rng = numpy.random.default_rng(seed)
    sizes = numpy.resize(numpy.array(probes), cell.poems)
    held, width = 0, 0.0
    for _ in range(reports):
        low, high = way(drawn(cell, sizes, rng), cell, rng)
        held += low <= cell.recall <= high
        width += high - low
    return 100 * held / reports, width / reports


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reports", type=int, default=4000, help="drawn for each cell")
    options.add_argument("--probes", type=int, nargs="+", default=[14], help="of a poem, in turn")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    options.add_argument("--poems", type=int, nargs="+", default=POEMS)
    given = options.parse_args()
    print("| poems | correlation | recall |", *(f"{name} |" for name in given.ways))
    print("|---|---|---|" + "---|" * len(given.ways))
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for cell in itertools.starmap(Cell, itertools.product(given.poems, CORRELATIONS, RECALLS)):
        row = []
        for name in given.ways:
            held = coverage(WAYS[name], cell, given.probes, given.reports, given.seed)
            found.setdefault((name, cell.poems), []).append(held)
            mark = " <" if held[0] < WANTED[0] else " >" if held[0] > WANTED[1] else ""
            row.append(f"{held[0]:.1f}{mark}")
        print(f"| {cell.poems} | {cell.correlation} | {cell.recall:.0%} |", " | ".join(row), "|")
    print("\n| interval | poems | lowest | highest | under 93 | over 97 | mean width |")
    print("|---|---|---|---|---|---|---|")
    for (name, poems), cells in found.items():
        held, widths = zip(*cells, strict=True)
        under, over = sum(h < WANTED[0] for h in held), sum(h > WANTED[1] for h in held)
        counts = f"{under} of {len(held)} | {over} of {len(held)}"
        width = sum(widths) / len(widths)
        print(f"| {name} | {poems} | {min(held):.1f} | {max(held):.1f} | {counts} | {width:.3f} |")


if __name__ == "__main__":
    main()
