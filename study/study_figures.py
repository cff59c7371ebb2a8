"""The plots of a study. Pure functions."""

from collections.abc import Sequence

from memtests.reports.counting import trends
from memtests.reports.counting.curves import Point, by_poem_length
from memtests.reports.page.figures import Figure, Panel, legend_of
from memtests.reports.page.plots import Axes, points_plot
from memtests.reports.page.trend_page import recall_points
from memtests.study.findings import Study, in_epochs, of_lesson, recited_at


def figures_of(study: Study) -> list[Figure]:
    """Recall against size, epochs and length."""
    return [
        _sizes(study),
        _lesson(
            study,
            "taught",
            "Epochs",
            "Recall of whole poems from their header in the course of teaching; shaded: 95 % "
            "intervals.",
        ),
        _lesson(
            study,
            "later",
            "What is lost again",
            "Recall of the same poems in the course of then being taught other poems.",
        ),
        _lengths(study),
    ]


def _sizes(study: Study) -> Figure:
    names = study.plan.taught
    series: dict[int, Sequence[Point]] = {
        at: [
            recited_at(of_lesson(looks, "taught")[-1], name).at(study.parameters[size])
            for size, looks in study.looks.items()
        ]
        for at, name in enumerate(names)
    }
    svg = points_plot(Axes("parameters", log=True), series)
    caption = "Recall of whole poems from their header after teaching (log scale)."
    return Figure("Model size", caption, (Panel("", svg),), legend_of(names))


def _lesson(study: Study, lesson: str, title: str, caption: str) -> Figure:
    """A panel for each collection of the first lesson, a curve for each size."""
    panels = []
    levels = [trends.levels(in_epochs(of_lesson(looks, lesson))) for looks in study.looks.values()]
    for name in study.plan.taught:
        series = {at: recall_points(found[name]) for at, found in enumerate(levels)}
        panels.append(Panel(name, points_plot(Axes("epochs"), series)))
    return Figure(title, caption, tuple(panels), legend_of(study.looks))


def _lengths(study: Study) -> Figure:
    curves = by_poem_length(study.taught)
    sizes = list(study.plan.sizes)
    panels = []
    for unit in dict.fromkeys(unit for _, unit in curves):
        series = {at: curves[size, unit] for at, size in enumerate(sizes) if (size, unit) in curves}
        panels.append(Panel(unit, points_plot(Axes(f"poem length, {unit}"), series)))
    caption = "Recall of whole poems and of their rests (all probes of title and prefix) after "
    caption += "teaching, in bins of about as many poems each."
    return Figure("Poem length", caption, tuple(panels), legend_of(sizes))
