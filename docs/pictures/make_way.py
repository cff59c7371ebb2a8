"""Draws the picture of docs/design.md: the way from a poem to a gate. It takes nothing else.

python docs/pictures/make_way.py
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

HERE = Path(__file__).parent
WIDTH, HEIGHT, MARGIN = 1016, 418, 16
BOX, GAP = (176, 76), (26, 60)
TOP = 44
# Of a scheme: behind all, behind a row, a box, its frame and arrows, its title, its other words.
COLOURS = {
    "light": ("#ffffff", "#f3f4f6", "#ffffff", "#6b7280", "#111827", "#4b5563"),
    "dark": ("#111418", "#1b2027", "#111418", "#9ca3af", "#f3f4f6", "#c3c8d0"),
}
ROWS = ("fixtures", "plugins", "reports")


class Box(NamedTuple):
    """A thing on the way, at its column and row."""

    column: int
    row: int
    title: str
    lines: tuple[str, ...]


BOXES = (
    Box(0, 0, "poem", ("title, author, lines;", "from a file, a table, a book")),
    Box(1, 0, "probe", ("cue and suffix, cut", "between two tokens")),
    Box(2, 0, "model", ("a checkpoint, a server,", "or one in training")),
    Box(0, 1, "trace", ("kept of each reading:", "every token’s probability")),
    Box(1, 1, "reading", ("one pass over the text", "decides every cut of it")),
    Box(2, 1, "completion", ("generated only where the", "reading leaves the text")),
    Box(3, 1, "verdict", ("correct, incorrect or", "forgotten, against chance")),
    Box(0, 2, "every other cut", ("maps, exact lengths,", "n samples: no model")),
    Box(1, 2, "page and files", ("report.html, summary.md,", "certificate.md")),
    Box(2, 2, "report", ("recall.json: tallies, and", "intervals over poems")),
    Box(3, 2, "gates", ("rules on the figures;", "the exit status")),
    Box(4, 2, "baseline", ("the report of an", "earlier checkpoint")),
)
ARROWS = (
    *(("poem", "probe"), ("probe", "reading"), ("model", "completion"), ("model", "reading")),
    *(("reading", "trace"), ("reading", "completion"), ("completion", "verdict")),
    *(("trace", "every other cut"), ("every other cut", "page and files"), ("verdict", "report")),
    *(("report", "page and files"), ("report", "gates"), ("baseline", "gates")),
)


def main() -> None:
    for scheme in COLOURS:
        file = HERE / f"way-{scheme}.svg"
        file.write_text("\n".join(drawn(scheme)) + "\n")
        print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


def drawn(scheme: str) -> Iterator[str]:
    back, band, box, frame, title, word = COLOURS[scheme]
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="system-ui, sans-serif">'
    )
    yield (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="{frame}"/></marker></defs>'
    )
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{back}"/>'
    for row, name in enumerate(ROWS):
        y = corner(0, row)[1]
        yield (
            f'<rect x="4" y="{y - 32}" width="{WIDTH - 8}" height="{BOX[1] + 42}" rx="8" '
            f'fill="{band}"/>'
        )
        yield text(MARGIN, y - 12, f"{name}/", 13, title, bold=True)
    places = {each.title: each for each in BOXES}
    for start, end in ARROWS:
        path = " ".join(f"{x} {y}" for x, y in way(places[start], places[end]))
        yield (
            f'<polyline points="{path}" fill="none" stroke="{frame}" stroke-width="1.5" '
            'marker-end="url(#tip)"/>'
        )
    for each in BOXES:
        x, y = corner(each.column, each.row)
        yield (
            f'<rect x="{x}" y="{y}" width="{BOX[0]}" height="{BOX[1]}" rx="6" fill="{box}" '
            f'stroke="{frame}"/>'
        )
        yield text(x + 12, y + 23, each.title, 15, title, bold=True)
        for number, line in enumerate(each.lines):
            yield text(x + 12, y + 44 + 17 * number, line, 11.5, word)
    yield "</svg>"


def text(x: int, y: int, words: str, size: float, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}"{weight}>{escape(words)}</text>'
    )


def corner(column: int, row: int) -> tuple[int, int]:
    """Left and top of a box."""
    return MARGIN + column * (BOX[0] + GAP[0]), TOP + row * (BOX[1] + GAP[1])


def way(start: Box, end: Box) -> list[tuple[int, int]]:
    """The corners of an arrow: across in a row, else down, and across between the rows."""
    (x, y), (to_x, to_y) = corner(start.column, start.row), corner(end.column, end.row)
    middle, half = y + BOX[1] // 2, BOX[0] // 2
    if start.row == end.row:
        if to_x > x:
            return [(x + BOX[0], middle), (to_x, middle)]
        return [(x, middle), (to_x + BOX[0], middle)]
    if start.column == end.column:
        return [(x + half, y + BOX[1]), (x + half, to_y)]
    between, side = y + BOX[1] + 12, half + 40
    return [
        (x + half - 40, y + BOX[1]),
        (x + half - 40, between),
        (to_x + side, between),
        (to_x + side, to_y),
    ]


if __name__ == "__main__":
    main()
