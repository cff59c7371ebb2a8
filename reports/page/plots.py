"""Plots as SVG for the page: no text in them but numbers and axes, colours by the page's style.

Pure functions. Series are told apart by colour and by marker or dashes; the page has the legend.
"""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from memtests.plugins.verdicts import OUTCOMES
from memtests.reports.counting.curves import Line, Point
from memtests.reports.text.phrases import as_class

# Plots are drawn in these colours, which are then replaced by variables of the page: so they follow
# the reader's choice of light or dark.
_INK, _FAINT = "#010101", "#020202"
_SERIES = tuple(f"#0300{number:02x}" for number in range(8))
_OUTCOMES = {outcome: f"#04000{number}" for number, outcome in enumerate(OUTCOMES)}
COLOURS = {
    _INK: "var(--ink)",
    _FAINT: "var(--faint)",
    **{colour: f"var(--s{number})" for number, colour in enumerate(_SERIES)},
    **{colour: f"var(--{as_class(outcome)})" for outcome, colour in _OUTCOMES.items()},
}
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_DASHES = ("solid", "dashed", "dashdot", "dotted")
# The markers as characters, for the legend.
SIGNS = ("●", "■", "▲", "◆", "▼", "✚", "✖", "★")
_LOOK: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "memtests",
    "font.family": "sans-serif",
    "font.size": 10.5,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _FAINT,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.grid": True,
    "grid.color": _FAINT,
    "grid.alpha": 0.35,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
}


class Axes(NamedTuple):
    """The labels and scales of a plot's axes."""

    x: str
    y: str = "recall"
    log: bool = False
    shares: bool = True
    """Whether y is a share, from 0 to 100 %."""
    edges: tuple[float, ...] = ()
    """Places along x that get a dotted line: the ends of lessons, say."""


def points_plot(axes: Axes, series: Mapping[int, Sequence[Point]]) -> str:
    """Shares with their intervals shaded; number of the series → its points."""

    def draw(ax: Any) -> None:
        for number, points in series.items():
            x = [point.x for point in points]
            ax.plot(x, [point.share for point in points], **_style(number), clip_on=False)
            low, high = [point.low for point in points], [point.high for point in points]
            if len(points) > 1:
                ax.fill_between(x, low, high, color=_colour(number), alpha=0.13, linewidth=0)
            ax.vlines(x, low, high, color=_colour(number), alpha=0.5, linewidth=1)

    return _svg(axes, draw)


def lines_plot(axes: Axes, series: Mapping[int, Line], steps: bool = False) -> str:
    """Shares alone; number of the series → its line."""

    def draw(ax: Any) -> None:
        for number, line in series.items():
            style = _style(number) | {"drawstyle": "steps-post" if steps else "default"}
            every = max(1, len(line.x) // 8)
            ax.plot(line.x, line.share, **style, markevery=every, clip_on=False)

    return _svg(axes, draw)


def outcomes_plot(bins: Mapping[str, Sequence[int]], x: str) -> str:
    """Verdicts by probability, outcomes stacked; outcome → counts, from probability 1 down."""
    filled = [at for counts in bins.values() for at, count in enumerate(counts) if count]
    last = max(filled, default=0) + 1

    def draw(ax: Any) -> None:
        from matplotlib.ticker import MaxNLocator

        bottom = [0] * last
        for outcome, counts in bins.items():
            places = [-(at + 0.5) for at in range(last)]
            colour = _OUTCOMES[outcome]
            ax.bar(places, counts[:last], width=0.86, bottom=bottom, color=colour, linewidth=0)
            bottom = [low + count for low, count in zip(bottom, counts[:last], strict=True)]
        ax.set_xlim(-last, 0)
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        ax.grid(visible=False, axis="x")

    return _svg(Axes(x, "probes", shares=False), draw)


def _colour(number: int) -> str:
    return _SERIES[number % len(_SERIES)]


def _style(number: int) -> dict[str, Any]:
    turn = number // len(_SERIES)
    return {
        "color": _colour(number),
        "marker": _MARKERS[number % len(_MARKERS)],
        "linestyle": _DASHES[turn % len(_DASHES)],
    }


def _svg(axes: Axes, draw: Any) -> str:
    """One plot as SVG. It has no size of its own, so that the page can set it."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter, PercentFormatter

    with matplotlib.rc_context(_LOOK):
        figure = Figure(figsize=(4.4, 2.9))
        ax = figure.add_axes((0.175, 0.185, 0.8, 0.775))
        draw(ax)
        ax.set_xlabel(axes.x)
        ax.set_ylabel(axes.y)
        if axes.log:
            ax.set_xscale("log")
            low, high = ax.get_xlim()
            # With only a few powers of ten there is room for ticks between them.
            ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,)))
            ax.xaxis.set_major_formatter(EngFormatter(sep=""))
            ax.xaxis.set_minor_formatter(NullFormatter())
        for edge in axes.edges:
            ax.axvline(edge, color=_INK, linewidth=0.8, linestyle=(0, (2, 3)))
        if axes.shares:
            ax.set_ylim(0, 1)
            ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        page = io.StringIO()
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(page, metadata={"Date": None, "Creator": None})
    return _for_page(page.getvalue())


def _for_page(svg: str) -> str:
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", body, flags=re.DOTALL)
    # Ids must be unique in a page. Those of groups are dropped, because nothing refers to them.
    body = re.sub(r'<g id="[^"]*">', "<g>", body)
    view = re.search(r'viewBox="[^"]*"', body)
    rest = re.sub(r"font-family: [^;]*; ", "", body[body.index(">") + 1 :])
    for drawn, shown in COLOURS.items():
        rest = rest.replace(drawn, shown)
    return f"<svg {view[0] if view else ''}>{rest.strip()}"
