"""The strips of long texts: probability along the text, and the passages that windows extract.

Pure functions. A book has ten thousand windows, but a strip only six hundred columns, so that the
page stays small. Each column shows the highest probability among its places.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from memtests.reports.counting.extraction import (
    Extraction,
    Passage,
    Stretch,
    extractions,
    strip_of,
    windows_by_text,
)
from memtests.reports.counting.inside_windows import Cell, Inside
from memtests.reports.report import Report
from memtests.reports.text.length_rows import asked_of, given_of, said_drawn
from memtests.reports.text.phrases import CHARACTER, WORD, number_of
from memtests.reports.text.rows import percent

COLUMNS = 600
"""The most columns of a strip."""
POWERS = 12
"""How many powers of ten a strip shows: from probability 1 at its top to 1e-12 at its foot."""
MOST_PASSAGES, LONGEST = 40, 1_200
"""The most passages of a text that are shown, and the most code points of each."""
_SCALE = 10  # units of the SVG for a power of ten
HEIGHT = POWERS * _SCALE


class ShownPassage(NamedTuple):
    """A passage, in words."""

    place: str
    text: str
    more: str
    """How much of the text is left out."""


class Strip(NamedTuple):
    """The windows of one text and one model, as a picture and in words."""

    model: str
    title: str
    name: str
    said: str
    columns: int
    probability: str
    """The outline of the probabilities, as an SVG path."""
    extracted: str
    """The stretches that greedy decoding recites, as an SVG path."""
    passages: Sequence[ShownPassage]
    more: str
    """How many passages are left out."""
    ends: tuple[str, str]
    """The labels at the two ends of the strip."""


class Shade(NamedTuple):
    """A cell of the heat map."""

    share: str
    interval: str
    cuts: str
    """Their number, if the cell has fewer than others of its row; otherwise empty."""
    level: int
    """From 0, the lightest, to 4."""


class Heat(NamedTuple):
    """The heat map of one model: recall by length given and length asked."""

    model: str
    unit: str
    asked: Sequence[int]
    rows: Sequence[tuple[int, str, Sequence[Shade | None]]]
    """For each row: the length given, the number of cuts, and the cells."""
    said: str


def strips_of(report: Report) -> list[Strip]:
    """One for each text and model; those of a text are neighbours."""
    windows = windows_by_text(report.verdicts)
    redacted = any(v.redacted for v in report.verdicts)
    return [
        _strip(each, strip_of(windows[each.model, each.text.collection, each.text.poem]), redacted)
        for each in sorted(extractions(report), key=_name)
    ]


def heats_of(found: Iterable[Inside]) -> list[Heat]:
    """One for each model and unit."""
    return [_heat(each) for each in found]


def _name(each: Extraction) -> str:
    return f"{each.text.collection}/{each.text.poem}"


def _strip(each: Extraction, stretches: Sequence[Stretch], redacted: bool) -> Strip:
    unit = WORD if each.text.in_words else CHARACTER
    columns = max(1, min(COLUMNS, each.text.units))
    said = (
        f"{each.extracted:,} of {number_of(each.windows, 'window')} extracted, "
        f"{percent(each.share)} of what they ask for"
    )
    if each.longest:
        said += f"; the longest passage has {number_of(each.longest, unit)}"
    left = len(each.passages) - MOST_PASSAGES
    return Strip(
        each.model,
        _name(each) if redacted else each.text.title,
        _name(each),
        said,
        columns,
        *_paths(stretches, each.text.units, columns),
        [_shown(passage, unit) for passage in each.passages[:MOST_PASSAGES]],
        f"and {number_of(left, 'passage')} more, in recall.json" if left > 0 else "",
        (f"{unit} 1", f"{unit} {each.text.units:,}"),
    )


def _paths(stretches: Sequence[Stretch], units: int, columns: int) -> tuple[str, str]:
    """The two SVG paths of a strip: the probabilities, and the extracted stretches."""
    heights = [0] * columns
    said = [False] * columns
    for stretch in stretches:
        first = stretch.first * columns // max(1, units)
        stop = max(first + 1, -(-stretch.stop * columns // max(1, units)))
        height = _height(stretch.log_p)
        for at in range(first, min(stop, columns)):
            heights[at] = max(heights[at], height)
            said[at] = said[at] or stretch.extracted
    outline = [f"M0 {HEIGHT}"]
    before = 0
    for at, height in enumerate([*heights, 0]):
        if height != before:
            outline.append(f"H{at}V{HEIGHT - height}")
            before = height
    bars = []
    for at in range(columns):
        if said[at] and (at == 0 or not said[at - 1]):
            stop = next((end for end in range(at, columns) if not said[end]), columns)
            bars.append(f"M{at} 0H{stop}V1H{at}Z")
    return ("".join(outline) + "Z" if len(outline) > 1 else ""), "".join(bars)


def _height(log_p: float | None) -> int:
    """From HEIGHT for certain down to 0 for 10 ** -POWERS and less; 0 also if it is not known."""
    if log_p is None:
        return 0
    return max(0, min(HEIGHT, round((POWERS + log_p / math.log(10)) * _SCALE)))


def _shown(passage: Passage, unit: str) -> ShownPassage:
    place = (
        f"{unit}s {passage.first + 1:,} to {passage.stop:,}: {number_of(passage.length, unit)}, "
        f"extracted by {number_of(passage.windows, 'window')}"
    )
    text = passage.text[:LONGEST].rstrip()
    left = len(passage.text) - LONGEST
    return ShownPassage(place, text, f"… {left:,} code points more" if left > 0 else "")


def _heat(found: Inside) -> Heat:
    cells = {(cell.given, cell.asked): cell for cell in found.cells}
    asked, rows = asked_of([found]), []
    for given in given_of(found):
        row = [cells.get((given, each)) for each in asked]
        cuts = max(cell.cuts for cell in row if cell)
        rows.append((given, number_of(cuts, "cut"), [_shade(cell, cuts) for cell in row]))
    return Heat(found.model, found.unit, asked, rows, said_drawn(found))


def _shade(cell: Cell | None, most: int) -> Shade | None:
    if cell is None:
        return None
    interval = f"{100 * cell.low:.0f}–{100 * cell.high:.0f}"
    level = math.ceil(4 * cell.share)
    fewer = f"of {cell.cuts:,}" if cell.cuts < most else ""
    return Shade(percent(cell.share), interval, fewer, level)
