"""Which plots a report's page has, in what order, and what they say of themselves."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from memtests.plugins.verdicts import OUTCOMES
from memtests.reports.counting import curves
from memtests.reports.counting.memories import NOTHING, Remembered
from memtests.reports.page.plots import SIGNS, Axes, lines_plot, outcomes_plot, points_plot
from memtests.reports.report import Report


class Key(NamedTuple):
    """What a series is called, how it is marked and in which colour (a variable of the page)."""

    sign: str
    colour: str
    name: str


class Panel(NamedTuple):
    """One plot."""

    title: str
    svg: str


class Figure(NamedTuple):
    """Plots of one thing, with one legend."""

    title: str
    caption: str
    panels: tuple[Panel, ...]
    legend: tuple[Key, ...]


class Plan(NamedTuple):
    """How a figure with a curve for each model and collection is made."""

    title: str
    caption: str
    curves: Callable[[Report, Remembered], Mapping[curves.Group, Any]]
    draw: Callable[[str, Mapping[int, Any]], str]
    """From the name of the panel and the curves in it."""
    apart: bool
    """Whether each collection has a panel of its own even where there is one model."""


PLANS = (
    Plan(
        "Prefix length",
        "Recall of the rest of a poem against the share of it that is in the cue; 0 % is the "
        "header alone. The same poems at each length; shaded: 95 % intervals.",
        lambda report, _: curves.by_prefix_length(report, percent=True),
        lambda _, found: points_plot(Axes("prefix, % of the poem"), found),
        apart=True,
    ),
    Plan(
        "Prefix length in units",
        "Recall of the rest of a poem against the words (characters for Chinese) in the cue.",
        lambda report, _: curves.by_prefix_length(report, percent=False),
        lambda _, found: points_plot(Axes("prefix, units"), found),
        apart=True,
    ),
    Plan(
        "Every prefix length",
        "The poems whose rest greedy decoding says token for token (extractable), for every share "
        "of them in the cue; 0 % is the header alone. From traces.",
        lambda _, remembered: curves.by_percentage(remembered),
        lambda _, found: lines_plot(Axes("prefix, % of the poem", "extractable"), found),
        apart=False,
    ),
    Plan(
        "(n, p)-discoverable",
        "The probes whose suffix n samples say at least once with probability p (log scale), "
        "whatever greedy decoding says.",
        lambda report, _: curves.by_samples(report),
        lambda _, found: lines_plot(Axes("samples", "probes found", log=True), found),
        apart=False,
    ),
    Plan(
        "Poem length",
        "Recall of whole poems and of their rests (title and prefix) against the length of the "
        "poem, in bins of about as many poems each.",
        lambda report, _: curves.by_poem_length(report),
        lambda unit, found: points_plot(Axes(f"poem length, {unit}"), found),
        apart=True,
    ),
    Plan(
        "Where recitations leave the poem",
        "By place in what was asked for (title and prefix): the recitations that have not left "
        "the poem yet.",
        lambda report, _: curves.along_the_text(report, unbroken=True),
        lambda _, found: lines_plot(
            Axes("place in the text asked for, %", "still word for word"), found
        ),
        apart=False,
    ),
    Plan(
        "What is recited by place",
        "The serial-position curve: the recitations that have the poem's unit at that place, "
        "also after a slip (aligned by Levenshtein distance; forgotten ones have none).",
        lambda report, _: curves.along_the_text(report, unbroken=False),
        lambda _, found: lines_plot(Axes("place in the text asked for, %", "recited"), found),
        apart=False,
    ),
    Plan(
        "Shortest cue",
        "The poems that a beginning of at most so many words (characters for Chinese) "
        "triggers (log scale), of those that Hypothesis drew lengths for.",
        lambda report, _: curves.shortest(report),
        lambda _, found: lines_plot(
            Axes("words or characters in the cue", "poems", log=True), found, steps=True
        ),
        apart=False,
    ),
)


def figures_of(report: Report, remembered: Remembered = NOTHING) -> list[Figure]:
    """Every figure that the report, and what follows from its traces, has something to show in."""
    planned = [_planned(report, plan, remembered) for plan in PLANS]
    found = [_sizes(report), *planned, _probabilities(report)]
    return [figure for figure in found if figure is not None]


def _planned(report: Report, plan: Plan, remembered: Remembered) -> Figure | None:
    """Of one model, a series for each collection; of several, a plot for each collection."""
    found = plan.curves(report, remembered)
    models = [model.name for model in report.models]
    names = list(dict.fromkeys(name for _, name in found))
    if not found:
        return None
    if len(models) == 1 and not plan.apart:
        svg = plan.draw("", {names.index(name): curve for (_, name), curve in found.items()})
        return Figure(plan.title, plan.caption, (Panel("", svg),), legend_of(names))
    panels = []
    for name in names:
        series = {
            at: found[model, name] for at, model in enumerate(models) if (model, name) in found
        }
        panels.append(Panel(name, plan.draw(name, series)))
    legend = legend_of(models) if len(models) > 1 else ()
    return Figure(plan.title, plan.caption, tuple(panels), legend)


def _sizes(report: Report) -> Figure | None:
    sizes = curves.by_size(report)
    if len({point.x for points in sizes.values() for point in points}) < 2:
        return None
    svg = points_plot(Axes("parameters", log=True), dict(enumerate(sizes.values())))
    return Figure(
        "Model size",
        "Recall against the number of parameters (log scale), all probes; bars: 95 % intervals.",
        (Panel("", svg),),
        legend_of(sizes),
    )


def _probabilities(report: Report) -> Figure | None:
    bins = curves.before_observation(report)
    if not bins:
        return None
    several = len(report.models) > 1
    return Figure(
        "Before and after observation",
        "Probes by the probability that sampling at temperature 1 would recite them token for "
        "token (log scale, the last bar also has all below), and what greedy decoding showed.",
        tuple(
            Panel(model if several else "", outcomes_plot(counts, "log10 of the probability"))
            for model, counts in bins.items()
        ),
        tuple(Key("■", outcome, outcome) for outcome in OUTCOMES),
    )


def legend_of(names: Iterable[str]) -> tuple[Key, ...]:
    """A key for each series, in their order."""
    return tuple(
        Key(SIGNS[at % len(SIGNS)], f"s{at % len(SIGNS)}", name) for at, name in enumerate(names)
    )
