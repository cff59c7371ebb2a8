"""Recall over the steps of a training: of collections, and of each poem. Pure functions."""

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
    """One checkpoint, asked at one time."""

    at: int
    """Steps, or what else is counted, since the beginning."""
    verdicts: Sequence[Verdict]
    """On one model, those that count."""


class Level(NamedTuple):
    """What one look shows of a collection."""

    at: int
    tally: Tally
    log_p: Mean | None
    """The mean of the probes' log-probabilities; None where they have none."""


class Cell(NamedTuple):
    """What one look shows of a poem."""

    recited: bool
    partly: bool
    """Whether any of what was asked of it came back in part."""
    log_p: float | None
    """The mean logarithm of a unit's probability."""


class Course(NamedTuple):
    """What became of a poem."""

    collection: str
    poem: str
    cells: Sequence[Cell | None]
    """One for each look; None where it was not judged."""
    first: int | None
    """Where it is recited first."""
    lost: int | None
    """Where it is not recited any more, the first time after that."""
    again: int | None
    """Where it is recited again, the first time after that."""

    @property
    def key(self) -> PoemKey:
        return self.collection, self.poem


def levels(looks: Sequence[Look]) -> dict[str, list[Level]]:
    """Collection → what each look shows of it; under `all` of everything, where there are several.

    Log-probabilities are those of the probes that have one at every look.
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
            if mean and mean.high is not None:  # nothing is more than certain
                mean = mean._replace(high=min(0.0, mean.high))
            found[tally.collection or ALL].append(Level(look.at, tally, mean))
    return dict(found)


ALL = "all"


def courses(looks: Sequence[Look], languages: Mapping[PoemKey, str] | None = None) -> list[Course]:
    """Each poem's course, those of a collection in the order in which they were first recited.

    A poem is recited where its header brings it back whole; where that was not asked, where every
    probe of it is correct. `languages`: of the poems, where it is asked how probable units are.
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
    """As far as it is known."""


class Stop(NamedTuple):
    """A checkpoint at its place in all of a training."""

    name: str
    lesson: str
    """The folder that it is in."""
    step: int
    """Of that lesson."""
    at: int
    """Steps of all lessons up to here."""


class StepError(Exception):
    """Checkpoints that cannot be put in the order of their steps; the message says why."""


def stops(checkpoints: Iterable[Named]) -> list[Stop]:
    """Checkpoints in the order of their steps. Those of one folder are one lesson; that of the next
    folder is counted on from where the one before ended. One without a step that comes first is
    what everything began with. Raises StepError.
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
    """The looks at the checkpoints, in their order."""
    of_model: dict[str, list[Verdict]] = {stop.name: [] for stop in places}
    for v in counted(verdicts):
        of_model[v.model].append(v)
    return [Look(stop.at, of_model[stop.name]) for stop in places]


class Trend(NamedTuple):
    """Everything that the checkpoints of a report show together."""

    stops: Sequence[Stop]
    levels: Mapping[str, Sequence[Level]]
    """Collection → one for each stop, as `levels`."""
    courses: Sequence[Course]
    windows: bool = False
    """Whether windows of texts were asked in place of whole poems."""

    @property
    def ends(self) -> dict[str, int]:
        """Each lesson, in their order → where it ends."""
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
