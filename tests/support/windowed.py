"""A made-up report on the windows of a text, of which some parts are recited."""

import re
from collections.abc import Callable, Mapping
from collections.abc import Collection as Units

from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.probes import Probe, window_probes
from memtests.fixtures.probes.windows import Tokens, Windows, parse_size
from memtests.reports.report import Report
from tests.support.reported import reported

WORDS = 200
BOOK = Poem(
    id="book",
    title="A Book of Numbers",
    author="nobody",
    language="en",
    lines=tuple(" ".join(f"w{at}" for at in range(n, n + 20)) + "." for n in range(0, WORDS, 20)),
)
OTHER = Poem(
    id="other", title="Another", author="nobody", language="en", lines=(" ".join("v" * WORDS),)
)
SHELF = Collection("shelf", (BOOK, OTHER))


def word_by_word(text: str) -> Tokens:
    """A text in tokens: a beginning-of-text token, then words with the space before them."""
    ends = tuple(found.end() for found in re.finditer(r"\s?\S+", text))
    return Tokens((0,), tuple(range(1, len(ends) + 1)), ends)


def windowed(
    known: Mapping[str, Units[int]],
    size: str = "5/5",
    every: int = 5,
    tokenize: Callable[[str], Tokens] | None = None,
) -> Report:
    """A report on a model that recites a window if it knows all units of its suffix. `known`: text
    → the numbers of the units that the model knows.
    """

    def recites(probe: Probe) -> str:
        window = probe.window
        assert window
        units = range(window.asked_from, window.asked_to)
        return probe.suffix if {*units} <= {*known.get(probe.poem.id, ())} else "no"

    windows = Windows(parse_size(size), every)
    return reported(
        {"model": recites},
        (SHELF,),
        asked=lambda shelf: [
            p for poem in shelf.poems for p in window_probes("shelf", poem, windows, tokenize)
        ],
    )
