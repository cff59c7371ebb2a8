"""The page of a trend: a training's gains and losses over its checkpoints, self-contained. Pure
functions.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from memtests.reports.counting.curves import Point
from memtests.reports.counting.trends import Cell, Level, Trend
from memtests.reports.page.figures import Figure, Panel, legend_of
from memtests.reports.page.html import rendered
from memtests.reports.page.maps import PROBABLE, probability
from memtests.reports.page.plots import Axes, points_plot
from memtests.reports.report import Report, headings_of, is_redacted
from memtests.reports.text.phrases import number_of
from memtests.reports.text.trend_rows import (
    level_rows,
    said_signs,
    said_trend,
    sign_of,
    stop_rows,
    turns,
)

_EDGES = {4: 0.9, 3: 0.5, 2: 0.1, 1: 0.01}
"""Shade → the lowest probability of a unit with that shade, as on a memory map."""


class Square(NamedTuple):
    """One poem at one checkpoint."""

    sign: str
    shade: str
    """Its CSS class."""
    said: str
    """Its tooltip."""


class PoemRow(NamedTuple):
    """One poem over all checkpoints."""

    title: str
    poem: str
    """Collection and id."""
    squares: Sequence[Square]
    turns: Sequence[str]


def render_trend(report: Report, trend: Trend) -> str:
    """The whole page. `trend`: of the report's models."""
    signs = said_signs(trend)
    titles = {} if is_redacted(report) else headings_of(report.verdicts)
    return rendered(
        "trend.html",
        summary=said_trend(trend),
        created=report.created,
        figures=figures_of_trend(trend),
        stops=trend.stops,
        shades=PROBABLE,
        signs=signs,
        poems=[
            PoemRow(
                titles.get(course.key, "").split("\n")[0],
                "/".join(course.key),
                [_square(cell, signs) for cell in course.cells],
                turns(course),
            )
            for course in trend.courses
        ],
        levels=level_rows(trend),
        checkpoints=stop_rows(trend),
        number_of=number_of,
    )


def _square(cell: Cell | None, signs: Mapping[str, str]) -> Square:
    sign = sign_of(cell)
    said = signs[sign]
    if cell is None or cell.log_p is None:
        return Square(sign, "unknown", said)
    shade = max((at for at, edge in _EDGES.items() if cell.log_p >= math.log(edge)), default=0)
    return Square(sign, f"p{shade}", f"{said}; a unit has probability {probability(cell.log_p)}")


def recall_points(levels: Sequence[Level]) -> list[Point]:
    """Recall at each look, with its interval."""
    return [Point(at, tally.recall, tally.low, tally.high) for at, tally, _ in levels]


def _log_p_points(levels: Sequence[Level]) -> list[Point]:
    """Mean log-probability at each look that has one; with no interval, the band has no width."""
    return [
        Point(
            at,
            log_p.value,
            log_p.value if log_p.low is None else log_p.low,
            log_p.value if log_p.high is None else log_p.high,
        )
        for at, _, log_p in levels
        if log_p
    ]


def figures_of_trend(trend: Trend) -> list[Figure]:
    """Recall and log-probability over the steps, a curve for each collection."""
    edges = tuple(at for at in trend.ends.values() if at)[:-1]
    where = " A dotted line is where a lesson ends." if edges else ""
    return [
        *_figure(
            trend.levels,
            {name: recall_points(levels) for name, levels in trend.levels.items()},
            Axes("training steps", edges=edges),
            "Recall",
            f"The share of the probes that are correct, with its 95 % interval.{where}",
        ),
        *_figure(
            trend.levels,
            {
                name: points
                for name, levels in trend.levels.items()
                if (points := _log_p_points(levels))
            },
            Axes("training steps", "mean log_p", shares=False, edges=edges),
            "Log-probability",
            "The mean natural logarithm of the probability with which sampling says all that was "
            f"asked for; at 0 it is certain. It moves before recall does.{where}",
        ),
    ]


def _figure(
    names: Mapping[str, object],
    curves: Mapping[str, Sequence[Point]],
    axes: Axes,
    title: str,
    caption: str,
) -> list[Figure]:
    if not curves:
        return []
    order = list(names)
    svg = points_plot(axes, {order.index(name): points for name, points in curves.items()})
    return [Figure(title, caption, (Panel("", svg),), legend_of(order))]
