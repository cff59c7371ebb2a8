"""Traces: readings as they are kept, one for each text that a model read (design, section 2).

Pure functions over a text and its trace: no model, no pytest and no torch in here.
"""

from typing import Any

import msgspec

FORMS = (HEADER, PLAIN) = ("header", "plain")
"""A poem's text under its header, and alone."""
MOST_PROBABLE = 40
"""Sampling that is measured beside that at temperature 1 chooses among so many tokens: top-k of
Hayes et al. 2024 and Cooper et al. 2025."""


class Trace(msgspec.Struct, frozen=True):
    """What one pass over a text said of each of its T tokens, as traces.jsonl holds it.

    Every list has length T. Of the first token nothing is said: a reading tells of tokens that
    come after others.
    """

    model: str
    collection: str
    poem: str
    form: str
    """One of FORMS."""
    text_sha256: str
    """Of the whole text that was read, in UTF-8."""
    begins: int
    """Where the poem begins in that text, in code points."""
    ends: tuple[int | None, ...]
    """Where each token ends in that text, in code points; None where it ends inside a character."""
    log_p: tuple[float | None, ...]
    """Natural logarithm of the token's probability, to 4 decimals; None where nothing is said."""
    rank: tuple[int | None, ...]
    """How many tokens are more probable: 0 where greedy decoding says it."""
    log_top: tuple[float | None, ...]
    """Natural logarithm of what the MOST_PROBABLE most probable tokens have together."""
    key: str | None = None
    """A hash of everything that decided it; None where that is not known."""


def as_builtins(trace: Trace) -> dict[str, Any]:
    """What crosses from an xdist worker."""
    found: dict[str, Any] = msgspec.to_builtins(trace)
    return found
