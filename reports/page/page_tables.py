"""The tables below the curves of a report's page, and how each is read. Pure functions."""

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
    """How it is read."""
    words: Mapping[str, str]
    """Name of a column → what stands in it, of those that its own name does not explain."""
    left: int
    """How many columns say what a row is about."""
    rows: Sequence[Sequence[str]]


class Plan(NamedTuple):
    """How a table is made."""

    caption: str
    words: Mapping[str, str]
    rows: Callable[[Report, Remembered], list[list[str]]]
    first: str
    """What the rows are about. On a terminal the title of the table stands there."""


class Head(NamedTuple):
    """One column, for a page that is too narrow for columns, too."""

    name: str
    left: bool
    broad: bool
    """Whether its name, or what stands in it, takes the room of two."""


_INTERVAL = "the 95 % interval: of a hundred such intervals 95 hold the true value"
_NARROW = 9
"""Characters that have room in one of four cells side by side on a phone."""
PLANS = (
    Plan(
        "How much of a poem its header brings back: each row takes the poems of at least so many "
        "characters, and says for how many of them the first 16, 32, 64, … characters come back. "
        "A row is about the same poems, so what falls from left to right falls by length alone.",
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
            "drawn: found": "for each poem lengths were drawn at random, and shorter ones tried as "
            "long as it came back: of so many poems a beginning did that; then the shortest of "
            "these beginnings, and the middle one",
            "exact: found": "the same of every length there is, token for token, worked out from "
            "traces",
            "strength": "extraction strength: 1 less the share of the poem that it takes (0 where "
            "no beginning is enough), the mean over the poems",
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
        {"probes": "all that were judged; where not all have a probability, so many that have"},
        lambda report, _: discoverable_rows(report),
        "collection",
    ),
    Plan(
        "The question that papers ask: given the first tokens of a text, and nothing before them, "
        "are the next ones recited exactly?",
        {
            "texts": "poems that are long enough",
            "extractable": "so many by greedy decoding",
            "n = 1": "so many in one sample with a probability of 50 % or more; with n = 1,000 in "
            "a thousand",
            "top-k 40, n = 1": "the same, drawn from the 40 most probable tokens only",
        },
        protocol_rows,
        "texts asked for",
    ),
)


def tables_of(report: Report, remembered: Remembered) -> list[Table]:
    """Every table that has more than its head."""
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
    """With a capital letter first."""
    return title[:1].upper() + title[1:]


def heads(rows: Sequence[Sequence[str]], left: int) -> list[Head]:
    """Of every column of a table, whose first row has the names."""
    names, *body = rows
    lengths = [max((len(row[at]) for row in body), default=0) for at in range(len(names))]
    found = zip(_told_apart(names), lengths, strict=True)
    return [
        Head(name, at < left, longest > _NARROW or len(name) > _NARROW + 3)
        for at, (name, longest) in enumerate(found)
    ]


def _told_apart(names: Sequence[str]) -> Iterable[str]:
    """A name that comes twice, with the group before it that the last longer name began."""
    twice = {name for name, count in Counter(names).items() if count > 1}
    group = ""
    for name in names:
        before, colon, _ = name.partition(": ")
        group = before if colon else group
        yield f"{group}: {name}" if name in twice and group else name
