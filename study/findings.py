"""What a study found: its reports, and what they say of sizes, epochs and lengths."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median_low

import msgspec

from memtests.fixtures.probes.probes import CONTROL
from memtests.fixtures.probes.text import normal_form
from memtests.plugins.verdicts import Verdict
from memtests.reports.counting.curves import Point
from memtests.reports.counting.over_poems import wilson
from memtests.reports.report import Report
from memtests.reports.report_files import read_report
from memtests.study.plan import LATER, Plan

BANDS = (32, 64, 128, 256, 512)
"""Characters in normal form; each is the longest that is in its band, and there is one beyond."""


@dataclass(frozen=True)
class Look:
    """One model, asked for every poem by its header at one time of its lessons."""

    lesson: str
    """`base`, `taught` or `later`."""
    epoch: int
    """Of that lesson."""
    titles: tuple[Verdict, ...]


@dataclass(frozen=True)
class Share:
    """So many poems of so many."""

    recited: int
    poems: int

    @property
    def part(self) -> float:
        """0 to 1. There has to be a poem."""
        return self.recited / self.poems

    def at(self, x: float) -> Point:
        """The share at a place of a plot, with its 95 % interval."""
        return Point(x, self.part, *wilson(self.part, self.poems))


@dataclass(frozen=True)
class Study:
    """Everything that was found."""

    plan: Plan
    parameters: dict[str, int]
    """Size → parameters."""
    looks: dict[str, tuple[Look, ...]]
    """Size → in the order of time."""
    after: Report
    """All models after the first lesson, all cases and controls, all poems."""

    @functools.cached_property
    def taught(self) -> Report:
        """`after` without the poems that had not been taught yet, models named by their size."""
        return self._named(v for v in self.after.verdicts if not v.collection.startswith(LATER))

    @functools.cached_property
    def untaught(self) -> list[Verdict]:
        """The verdicts on poems that had not been taught yet; no controls."""
        later = (v for v in self.after.verdicts if v.collection.startswith(LATER))
        return [v for v in self._named(later).verdicts if v.case != CONTROL]

    def _named(self, verdicts: Iterable[Verdict]) -> Report:
        sizes = {model.name: size_of(model.name) for model in self.after.models}
        renamed = msgspec.structs.replace
        return renamed(
            self.after,
            models=tuple(renamed(m, name=sizes[m.name]) for m in self.after.models),
            verdicts=tuple(renamed(v, model=sizes[v.model]) for v in verdicts),
            controls=tuple(renamed(c, model=sizes[c.model]) for c in self.after.controls),
            tallies=(),
        )


def read_study(plan: Plan, folder: Path) -> Study:
    """The reports of a study that was run. Raises ReportError where one is missing."""
    looks, parameters = {}, {}
    for size in plan.sizes:
        report = read_report(folder / size / "asked" / "recall.json")
        parameters[size] = report.models[0].parameters
        looks[size] = tuple(looks_of(report, plan))
    return Study(plan, parameters, looks, read_report(folder / "asked" / "recall.json"))


def looks_of(report: Report, plan: Plan) -> Iterable[Look]:
    """The models of a report are the checkpoints of one size, in the order of time."""
    numbers = {"base": 0, "taught": 0, "later": 0}
    for model in report.models:
        place = Path(model.name)
        lesson = "base" if place.name == "base" else place.parent.name
        numbers[lesson] += lesson != "base"
        epoch = min(numbers[lesson] * plan.every(lesson), plan.epochs_of(lesson))
        titles = tuple(v for v in report.verdicts if v.model == model.name)
        yield Look(lesson, epoch, titles)


def size_of(model: str) -> str:
    """Of the path of a model after its first lesson."""
    return Path(model).parent.name


def share(verdicts: Iterable[Verdict]) -> Share:
    """How many of them are correct."""
    found = [v.correct for v in verdicts]
    return Share(sum(found), len(found))


def recited_at(look: Look, collection: str) -> Share:
    """How much of a collection is recited from its headers."""
    return share(v for v in look.titles if v.collection == collection)


def similarity_at(look: Look, collection: str) -> float:
    """The mean similarity of what is recited to the poems of a collection."""
    found = (v.similarity for v in look.titles if v.collection == collection)
    return fmean(each for each in found if each is not None)


def of_lesson(looks: Sequence[Look], lesson: str) -> list[Look]:
    """The looks in the course of a lesson, that before its beginning first (epoch 0)."""
    during = [look for look in looks if look.lesson == lesson]
    before = looks[: looks.index(during[0])][-1:] if during else []
    return [Look(lesson, 0, look.titles) for look in before] + during


def epochs_until_recited(looks: Sequence[Look], collection: str) -> tuple[list[int], int]:
    """Of each poem that is ever recited in the first lesson, the epochs at the first look that
    showed it; and how many never are.
    """
    first: dict[str, int | None] = {}
    for look in of_lesson(looks, "taught"):
        for v in look.titles:
            if v.collection == collection:
                known = first.setdefault(v.poem, None)
                if v.correct and known is None:
                    first[v.poem] = look.epoch
    found = sorted(epoch for epoch in first.values() if epoch is not None)
    return found, len(first) - len(found)


def by_band(verdicts: Iterable[Verdict]) -> list[Share]:
    """Recall of whole poems by their length, one share for each of BANDS and one beyond."""
    groups: list[list[Verdict]] = [[] for _ in (*BANDS, None)]
    for v in verdicts:
        length = len(normal_form(v.suffix))
        groups[sum(length > band for band in BANDS)].append(v)
    return [share(group) for group in groups]


def median_epochs(found: Sequence[int]) -> int | None:
    """The median, one that was looked at; None where nothing was recited."""
    return median_low(found) if found else None
