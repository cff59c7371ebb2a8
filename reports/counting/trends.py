"""Recall over the steps of a training, for collections and for each poem. Pure functions."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from memtests.fixtures.models.training_steps import step_in_name
from memtests.fixtures.probes.probes import TITLE
from memtests.fixtures.probes.text import unit_ends
from memtests.plugins.verdicts import CORRECT, INCORRECT, Verdict
from memtests.reports.counting.over_poems import Mean, mean_over_poems
from memtests.reports.counting.tallies import counted, totals
from memtests.reports.report import PoemKey, Report, Tally, languages_of


class Look(NamedTuple):
    """One checkpoint's verdicts."""

    at: int
    """The checkpoint's place: steps since the beginning, or epochs, say."""
    verdicts: Sequence[Verdict]
    """The verdicts on the checkpoint that count."""


class Level(NamedTuple):
    """A collection at one look."""

    at: int
    tally: Tally
    log_p: Mean | None
    """The mean of the probes' log-probabilities; None if they have none."""


class Cell(NamedTuple):
    """A poem at one look."""

    recited: bool
    partly: bool
    """Whether some probe of it is correct or incorrect, so that something came back."""
    log_p: float | None
    """The mean log-probability of a unit."""


class Course(NamedTuple):
    """A poem over all looks."""

    collection: str
    poem: str
    cells: Sequence[Cell | None]
    """One for each look; None if the poem was not judged there."""
    first: int | None
    """The place of the first look at which the poem is recited."""
    lost: int | None
    """The place of the first look after `first` at which it is not recited."""
    again: int | None
    """The place of the first look after `lost` at which it is recited again."""

    @property
    def key(self) -> PoemKey:
        return self.collection, self.poem


def levels(looks: Sequence[Look]) -> dict[str, list[Level]]:
    """Collection → its level at each look. If there are several collections, `all` has the levels
    of all of them together.

    Log-probabilities are means over the probes that have one at every look.
    """
    having = [{v.probe for v in look.verdicts if v.log_p is not None} for look in looks]
    everywhere = set.intersection(*having) if having else set()
    found: dict[str, list[Level]] = defaultdict(list)
    several = len({v.collection for look in looks for v in look.verdicts}) > 1
    for look in looks:
        by_collection = totals(look.verdicts, "collection")
        for tally in [*by_collection, *(totals(look.verdicts) if several else [])]:
            own = [v for v in look.verdicts if tally.collection in ("", v.collection)]
            log_p = [
                ((v.collection, v.poem), v.log_p)
                for v in own
                if v.log_p is not None and v.probe in everywhere
            ]
            mean = mean_over_poems(log_p) if log_p else None
            if mean and mean.high is not None:  # no log-probability is above 0
                mean = mean._replace(high=min(0.0, mean.high))
            found[tally.collection or ALL].append(Level(look.at, tally, mean))
    return dict(found)


ALL = "all"


def courses(looks: Sequence[Look], languages: Mapping[PoemKey, str] | None = None) -> list[Course]:
    """Each poem's course; those of a collection come in the order in which they were first recited.

    A poem is recited at a look if its `title` probe is correct, or, if no title was asked, if all
    its probes are. `languages`: those of the poems; without them, cells have no `log_p`.
    """
    of_poem: dict[PoemKey, list[list[Verdict]]] = {}
    for number, look in enumerate(looks):
        for v in look.verdicts:
            own = of_poem.setdefault((v.collection, v.poem), [[] for _ in looks])
            own[number].append(v)
    found = []
    for key, asked in of_poem.items():
        titled = any(v.case == TITLE for each in asked for v in each)
        language = (languages or {}).get(key)
        cells = [
            _cell([v for v in each if v.case == TITLE or not titled], language) for each in asked
        ]
        found.append(_course(key, [look.at for look in looks], cells))
    return sorted(
        found,
        key=lambda c: (
            c.collection,
            c.first is None,
            c.first or 0,
            c.lost is None,
            -(c.lost or 0),
            c.poem,
        ),
    )


def _cell(verdicts: Sequence[Verdict], language: str | None) -> Cell | None:
    if not verdicts:
        return None
    log_p = [v.log_p for v in verdicts if v.log_p is not None]
    mean = None
    if language is not None and len(log_p) == len(verdicts):
        mean = sum(log_p) / sum(len(unit_ends(v.asked, language)) for v in verdicts)
    # A window that is not extracted leaves nothing of the text.
    partly = (CORRECT,) if verdicts[0].window else (CORRECT, INCORRECT)
    return Cell(
        all(v.correct for v in verdicts),
        any(v.outcome in partly for v in verdicts),
        mean,
    )


def _course(key: PoemKey, places: Sequence[int], cells: Sequence[Cell | None]) -> Course:
    judged = [(at, cell.recited) for at, cell in zip(places, cells, strict=True) if cell]
    turns: list[int] = []
    for at, recited in judged:
        if recited != bool(len(turns) % 2):
            turns.append(at)
    first, lost, again = (*turns[:3], None, None, None)[:3]
    return Course(*key, cells, first, lost, again)


class Named(NamedTuple):
    """A checkpoint by its name."""

    name: str
    step: int | None
    """None if it is not known."""


class Stop(NamedTuple):
    """A checkpoint at its place in all of a training."""

    name: str
    lesson: str
    """The folder that it is in."""
    step: int
    """Its step in that lesson."""
    at: int
    """Its step counted over all lessons."""


class StepError(Exception):
    """Checkpoints that cannot be put in the order of their steps; the message says why."""


def stops(checkpoints: Iterable[Named]) -> list[Stop]:
    """Checkpoints in the order of their steps. The checkpoints of one folder are one lesson. The
    steps of the next folder are counted on from the end of the one before. The first checkpoint may
    have no step: it is the model that training began with. Raises StepError.
    """
    lessons: dict[str, dict[int, str]] = {}
    for name, step in checkpoints:
        if step is None and lessons:
            raise StepError(
                f"{name}: neither its name nor a trainer_state.json in its folder tells a step; "
                "name checkpoints, and before them at most the model that they began with"
            )
        lesson = "" if step is None else posixpath.dirname(posixpath.normpath(name))
        known = lessons.setdefault(lesson, {})
        if (step or 0) in known:
            raise StepError(f"{name}: step {step} is that of {known[step or 0]} too; leave one out")
        known[step or 0] = name
    found, before = [], 0
    for lesson, names in lessons.items():
        found += [Stop(names[step], lesson, step, before + step) for step in sorted(names)]
        before += max(names)
    return found


def looks_of(verdicts: Iterable[Verdict], places: Sequence[Stop]) -> list[Look]:
    """The looks at the checkpoints, in the order of `places`."""
    of_model: dict[str, list[Verdict]] = {stop.name: [] for stop in places}
    for v in counted(verdicts):
        of_model[v.model].append(v)
    return [Look(stop.at, of_model[stop.name]) for stop in places]


class Trend(NamedTuple):
    """Recall over all checkpoints of a report."""

    stops: Sequence[Stop]
    levels: Mapping[str, Sequence[Level]]
    """Collection → its level at each stop (see `levels`)."""
    courses: Sequence[Course]
    windows: bool = False
    """Whether windows of texts were asked in place of whole poems."""

    @property
    def ends(self) -> dict[str, int]:
        """Lesson → the place where it ends, in the order of the lessons."""
        return {stop.lesson: stop.at for stop in self.stops}


def trend_of(report: Report) -> Trend:
    """The trend of a report's models. Raises StepError."""
    models = [
        Named(model.name, step_in_name(model.name) if model.step is None else model.step)
        for model in report.models
    ]
    places = stops(models)
    looks = looks_of(report.verdicts, places)
    windows = bool(report.texts)
    return Trend(places, levels(looks), courses(looks, languages_of(report)), windows)
