"""The tables below the curves of a report's page, with captions. Pure functions."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from memtests.reports.counting.memories import Remembered
from memtests.reports.report import Report
from memtests.reports.text.rows import (
    beginning_rows,
    correlation_rows,
    discoverable_rows,
    protocol_rows,
    shortest_rows,
)


class Table(NamedTuple):
    """One table with its heading."""

    title: str
    caption: str
    """How to read it."""
    words: Mapping[str, str]
    """Name of a column → its explanation, if the name does not explain itself."""
    left: int
    """How many columns at the left name the row."""
    rows: Sequence[Sequence[str]]


class Plan(NamedTuple):
    """The plan of a table."""

    caption: str
    words: Mapping[str, str]
    rows: Callable[[Report, Remembered], list[list[str]]]
    first: str
    """The name of the column that names the rows. On a terminal, the table's title stands there."""


class Head(NamedTuple):
    """The head of a column. On a narrow page, each cell repeats its name."""

    name: str
    left: bool
    broad: bool
    """Whether its name, or one of its cells, needs the room of two cells."""


_INTERVAL = "the 95 % interval: of a hundred such intervals 95 hold the true value"
_NARROW = 9
"""How many characters fit into a cell on a phone, with four cells side by side."""
PLANS = (
    Plan(
        "How much of a poem its header brings back: each row takes the poems of at least so many "
        "characters, and says for how many of them the first 16, 32, 64, … characters come back. "
        "A row is about the same poems, so if it falls from left to right, length alone is why.",
        {},
        lambda report, _: beginning_rows(report),
        "at least",
    ),
    Plan(
        "Whether longer poems are recited less often from their header than shorter ones.",
        {
            "Spearman's rho": "the rank correlation of length and recall: below 0 long poems are "
            "recited less often, at 0 length makes no difference, above 0 they are recited more "
            "often",
            "95 %": _INTERVAL,
        },
        lambda report, _: correlation_rows(report),
        "length",
    ),
    Plan(
        "How little of a poem brings back all the rest of it: the fewer words, the better it is "
        "remembered.",
        {
            "drawn: found": "for each poem, lengths were drawn at random, and shorter ones tried "
            "as long as the poem came back: how many poems came back from a beginning; then the "
            "shortest and the median of these beginnings",
            "exact: found": "the same over every possible length, token for token, worked out from "
            "traces",
            "strength": "extraction strength: 1 less the share of the poem that its shortest such "
            "beginning takes (0 if no beginning is enough); the mean over the poems",
            "longest run": "the most words in a row that greedy decoding says, each after the true "
            "ones before it",
            "counted in": "words, or characters in scripts without spaces",
        },
        shortest_rows,
        "collection",
    ),
    Plan(
        "What sampling would find (answers drawn at random, not the most probable ones): the share "
        "of the probes that n samples recite at least once with probability p.",
        {"probes": "all that were judged; in brackets those whose probability is known"},
        lambda report, _: discoverable_rows(report),
        "collection",
    ),
    Plan(
        "The question that papers ask: given the first tokens of a text, and nothing before them, "
        "are the next ones recited exactly?",
        {
            "texts": "poems that are long enough",
            "extractable": "how many greedy decoding recites",
            "n = 1": "how many one sample recites with a probability of 50 % or more; n = 1,000: "
            "a thousand samples at least once",
            "top-k 40, n = 1": "the same, with samples from the 40 most probable tokens only",
        },
        protocol_rows,
        "texts asked for",
    ),
)


def tables_of(report: Report, remembered: Remembered) -> list[Table]:
    """Every table with at least one row below its head."""
    left = 2 if len(report.models) > 1 else 1
    found = []
    for plan in PLANS:
        (names, *rows) = plan.rows(report, remembered)
        if rows:
            title, names[left - 1] = names[left - 1], plan.first
            words = {name: said for name, said in plan.words.items() if name in names}
            found.append(Table(capital(title), plan.caption, words, left, [names, *rows]))
    return found


def capital(title: str) -> str:
    """A title with a capital letter first."""
    return title[:1].upper() + title[1:]


def heads(rows: Sequence[Sequence[str]], left: int) -> list[Head]:
    """The heads of a table's columns. Its first row holds the names."""
    names, *body = rows
    lengths = [max((len(row[at]) for row in body), default=0) for at in range(len(names))]
    found = zip(_told_apart(names), lengths, strict=True)
    return [
        Head(name, at < left, longest > _NARROW or len(name) > _NARROW + 3)
        for at, (name, longest) in enumerate(found)
    ]


def _told_apart(names: Sequence[str]) -> Iterable[str]:
    """The names, with names that come twice told apart by their group: in `drawn: found, shortest,
    exact: found, shortest` the second `shortest` becomes `exact: shortest`.
    """
    twice = {name for name, count in Counter(names).items() if count > 1}
    group = ""
    for name in names:
        before, colon, _ = name.partition(": ")
        group = before if colon else group
        yield f"{group}: {name}" if name in twice and group else name
