"""The plots of a report's page, in their order, with titles and captions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from memtests.reports.counting import curves
from memtests.reports.counting.memories import NOTHING, Remembered
from memtests.reports.page.plots import SIGNS, Axes, lines_plot, outcomes_plot, points_plot
from memtests.reports.report import Report
from memtests.reports.text.phrases import as_class
from memtests.reports.text.rows import outcomes_of


class Key(NamedTuple):
    """A series in a legend: its marker, its colour (a CSS variable of the page) and its name."""

    sign: str
    colour: str
    name: str


class Panel(NamedTuple):
    """One plot."""

    title: str
    svg: str


class Figure(NamedTuple):
    """Plots of one kind, with one legend."""

    title: str
    caption: str
    panels: tuple[Panel, ...]
    legend: tuple[Key, ...]
    left_out: tuple[str, ...] = ()
    """The names of plots that are left out, because they would show only a dot."""


class Plan(NamedTuple):
    """The plan of a figure with a curve for each model and collection."""

    title: str
    caption: str
    curves: Callable[[Report, Remembered], Mapping[curves.Group, Any]]
    draw: Callable[[str, Mapping[int, Any]], str]
    """The panel's name, and number of the series → its curve; returns the SVG."""
    apart: bool
    """Whether each collection has a panel of its own even if there is only one model."""
    fewest: int = 2
    """How many points one of a panel's curves must have: with fewer it would show only a dot."""


_BAND = "The line is recall, the band its 95 % interval."
PLANS = (
    Plan(
        "Prefix length",
        "Recall of the rest of a poem, with little of the poem in the cue (left) or much (right); "
        f"0 % is the header alone. The same poems at each length. {_BAND}",
        lambda report, _: curves.by_prefix_length(report, percent=True),
        lambda _, found: points_plot(Axes("part of the poem in the cue, %"), found),
        apart=True,
    ),
    Plan(
        "Prefix length in words",
        "Recall of the rest of a poem, with few of its words in the cue (left) or many (right); "
        f"characters take the place of words in scripts without spaces. {_BAND}",
        lambda report, _: curves.by_prefix_length(report, percent=False),
        lambda _, found: points_plot(Axes("words or characters in the cue"), found),
        apart=True,
    ),
    Plan(
        "Every prefix length",
        "The share of the poems that are extractable: greedy decoding says the rest token for "
        "token. It is shown for every part of the poem in the cue; 0 % is the header alone. The "
        "higher the line, the more is remembered. Worked out from traces.",
        lambda _, remembered: curves.by_percentage(remembered),
        lambda _, found: lines_plot(Axes("part of the poem in the cue, %", "extractable"), found),
        apart=False,
    ),
    Plan(
        "(n, p)-discoverable",
        "The share of the probes that n samples (answers drawn at random, not the most probable "
        "ones) recite at least once with probability p. A line that goes on rising is memory that "
        "greedy decoding does not show.",
        lambda report, _: curves.by_samples(report),
        lambda _, found: lines_plot(Axes("samples (n)", "probes found", log=True), found),
        apart=False,
    ),
    Plan(
        "Poem length",
        "Recall of short poems (left) and long ones (right), from the header or from a prefix. "
        "All points stand for about equally many poems. Other lengths are other poems here; "
        f"--windows measures length alone. {_BAND}",
        lambda report, _: curves.by_poem_length(report),
        lambda unit, found: points_plot(Axes(f"poem length, {unit}"), found),
        apart=True,
    ),
    Plan(
        "Where recitations leave the poem",
        "From the beginning of what was asked for (left) to its end (right): the share of the "
        "recitations that are the poem word for word up to there. Where the line falls, "
        "recitations leave the poem. Cases title and prefix.",
        lambda report, _: curves.along_the_text(report, unbroken=True),
        lambda _, found: lines_plot(
            Axes("place in the text asked for, %", "still word for word"), found
        ),
        apart=False,
    ),
    Plan(
        "What is recited by place",
        "From the beginning of what was asked for (left) to its end (right): the share of the "
        "recitations that have the poem's word there, also after a slip. If the line falls, ends "
        "are remembered worse than beginnings (a serial-position curve).",
        lambda report, _: curves.along_the_text(report, unbroken=False),
        lambda _, found: lines_plot(Axes("place in the text asked for, %", "recited"), found),
        apart=False,
    ),
    Plan(
        "Shortest cue",
        "The share of the poems that come back whole from a beginning of at most so many words "
        "(characters in scripts without spaces; log scale), among the poems for which lengths were "
        "drawn. The farther left a line rises, the shorter the beginnings that suffice.",
        lambda report, _: curves.shortest(report),
        lambda _, found: lines_plot(
            Axes("words or characters in the cue", "poems", log=True), found, steps=True
        ),
        apart=False,
        fewest=3,  # every line begins with a point at 0 % that says nothing
    ),
)


_FEWEST_BARS = 2


def figures_of(report: Report, remembered: Remembered = NOTHING) -> list[Figure]:
    """Every figure for which the report or its traces have something to show."""
    planned = [_planned(report, plan, remembered) for plan in PLANS]
    found = [_sizes(report), *planned, _probabilities(report)]
    return [figure for figure in found if figure is not None]


def _planned(report: Report, plan: Plan, remembered: Remembered) -> Figure | None:
    """A figure by its plan. With one model, its panel has a series for each collection; with
    several models, or if the plan says `apart`, each collection has a panel.
    """
    found = plan.curves(report, remembered)
    models = [model.name for model in report.models]
    names = list(dict.fromkeys(name for _, name in found))
    if not found:
        return None
    if len(models) == 1 and not plan.apart:
        of_panel = {"": {names.index(name): curve for (_, name), curve in found.items()}}
        legend = legend_of(names)
    else:
        of_panel = {
            name: {
                at: found[model, name] for at, model in enumerate(models) if (model, name) in found
            }
            for name in names
        }
        legend = legend_of(models) if len(models) > 1 else ()
    panels, left_out = [], []
    for name, series in of_panel.items():
        if max(map(_points, series.values())) < plan.fewest:
            left_out.append(_named(plan.title, name))
        else:
            panels.append(Panel(name, plan.draw(name, series)))
    return Figure(plan.title, plan.caption, tuple(panels), legend, tuple(left_out))


def _points(curve: curves.Line | Sequence[curves.Point]) -> int:
    return len(curve.x) if isinstance(curve, curves.Line) else len(curve)


def _named(figure: str, panel: str) -> str:
    return f"{figure} ({panel})" if panel else figure


def _sizes(report: Report) -> Figure | None:
    sizes = curves.by_size(report)
    if len({point.x for points in sizes.values() for point in points}) < 2:
        return None
    svg = points_plot(Axes("parameters", log=True), dict(enumerate(sizes.values())))
    return Figure(
        "Model size",
        "Recall of small models (left) and of large ones (right), by their parameters (log scale); "
        "all probes. The bars are 95 % intervals.",
        (Panel("", svg),),
        legend_of(sizes),
    )


def _probabilities(report: Report) -> Figure | None:
    bins = curves.before_observation(report)
    if not bins:
        return None
    several = len(report.models) > 1
    panels, left_out, title = [], [], "Probability and outcome"
    for model, counts in bins.items():
        name = model if several else ""
        if sum(any(bar) for bar in zip(*counts.values(), strict=True)) < _FEWEST_BARS:
            left_out.append(_named(title, name))
        else:
            panels.append(Panel(name, outcomes_plot(counts, "probability, power of ten")))
    return Figure(
        title,
        "Probes by the probability that sampling at temperature 1 recites them token for token (-3 "
        "is one in a thousand; the last bar at the left also counts all lower ones). The colour "
        "shows the outcome of greedy decoding. Correct probes belong to the right.",
        tuple(panels),
        tuple(Key("■", as_class(outcome), outcome) for outcome in outcomes_of(report.verdicts)),
        tuple(left_out),
    )


def legend_of(names: Iterable[str]) -> tuple[Key, ...]:
    """A key for each series, in the order of the names."""
    return tuple(
        Key(SIGNS[at % len(SIGNS)], f"s{at % len(SIGNS)}", name) for at, name in enumerate(names)
    )
