"""The plots of a study. Pure functions."""

from collections.abc import Mapping, Sequence

import numpy

from memtests.reports.counting.curves import Line, Point
from memtests.reports.page.figures import Figure, Panel, legend_of
from memtests.reports.page.plots import Axes, lines_plot, points_plot
from memtests.study.answers.by_poem import FEWEST_POEMS
from memtests.study.answers.drawn import share_interval
from memtests.study.measured import LATER, TAUGHT, Look, Model
from memtests.study.study_tables import (
    Group,
    groups_of,
    languages_of,
    middling,
    places_of,
    probability,
    recited,
)

# Poems of a language are parted by length into so many groups of as many.
_LENGTHS = 5


def figures_of(models: Sequence[Model]) -> list[Figure]:
    """Recall against size and length; learning and forgetting."""
    return [
        _sizes(models),
        _lengths(models),
        *(
            each
            for lesson, title, caption in (
                (TAUGHT, "Learning", "in the course of the longest teaching"),
                (LATER, "Forgetting", "in the course of then being taught other poems"),
            )
            for each in _courses(models, lesson, title, caption)
        ),
    ]


def _sizes(models: Sequence[Model]) -> Figure:
    """A panel for each language, a curve for each length of teaching and tokenizer."""
    curves: dict[tuple[str, int], list[Group]] = {}
    for group in groups_of(models):
        curves.setdefault((group.kind, group.epochs), []).append(group)
    panels = []
    for language in languages_of(models):
        own = places_of(models[0], language)
        series = {
            at: [_point(group, own, group.models[0].parameters) for group in groups]
            for at, groups in enumerate(curves.values())
            if len(own) >= FEWEST_POEMS
        }
        panels.append(Panel(language, points_plot(Axes("parameters", log=True), series)))
    names = [f"{epochs} epochs, tokenizer {kind}" for kind, epochs in curves]
    caption = "Poems that are recited from their header after teaching, by the size of the model "
    caption += "(log scale). The band is the 95 % interval, over poems and seeds."
    return Figure("Model size", caption, tuple(panels), legend_of(names))


def _lengths(models: Sequence[Model]) -> Figure:
    """A panel for each language: of the models that recite about half of its poems."""
    panels = []
    for language in languages_of(models):
        group = middling(models, language)
        known = models[0].poems
        own = sorted(places_of(models[0], language), key=lambda at: known[at].units)
        parts = [part.tolist() for part in numpy.array_split(numpy.array(own), _LENGTHS)]
        points = [
            _point(group, part, float(numpy.median([known[at].units for at in part])))
            for part in parts
            if len(part) >= FEWEST_POEMS
        ]
        unit = "words" if language == "english" else "characters"
        plot = points_plot(Axes(f"length, {unit}", log=True), {0: points})
        panels.append(Panel(f"{language}: {group.name}", plot))
    caption = "Recall of short poems (left) and of long ones (right), of the models that recite "
    caption += "about half of a language's poems. How much of a poem was taught was drawn."
    return Figure("Length", caption, tuple(panels), ())


def _courses(models: Sequence[Model], lesson: str, title: str, when: str) -> list[Figure]:
    """Recall and the probability of a unit, all poems together: a curve for each size."""
    longest = [m for m in models if m.epochs == max(each.epochs for each in models)]
    groups = groups_of(m for m in longest if len(m.at(lesson)) > 1)
    if not groups:
        return []
    own = [at for at, poem in enumerate(models[0].poems) if poem.lesson == TAUGHT]
    shown: list[tuple[str, Mapping[int, Line]]] = [("recall", {}), ("probability of a unit", {})]
    panels = []
    for at, (name, _) in enumerate(shown):
        series = {number: _line(group, lesson, own, at) for number, group in enumerate(groups)}
        panels.append(Panel(name, lines_plot(Axes("epochs", name), series)))
    caption = "Recall of the first lesson's poems, and how probable a word or character of them "
    caption += f"is (the geometric mean), {when}. What moves in the right plot before it does in "
    caption += "the left one is memory that greedy decoding does not show."
    return [Figure(title, caption, tuple(panels), legend_of(group.size for group in groups))]


def _line(group: Group, lesson: str, own: Sequence[int], chance: int) -> Line:
    looks: list[tuple[Look, ...]] = list(zip(*(m.at(lesson) for m in group.models), strict=True))
    values = [
        probability(each, own) if chance else float(numpy.mean(recited(each, own)))
        for each in looks
    ]
    return Line([each[0].epoch for each in looks], values)


def _point(group: Group, own: Sequence[int], x: float) -> Point:
    matrix = numpy.array(recited([model.at(TAUGHT)[-1] for model in group.models], own))
    return Point(x, float(matrix.mean()), *share_interval(matrix))
