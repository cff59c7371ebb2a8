"""A miss in one line: where a recitation left the poem, what the poem says, what the model said.

Pure functions over verdicts.
"""

from collections.abc import Sequence

from fixtures.text import has_spaces, unit_ends
from plugins.verdicts import OUTCOMES, Verdict

_WORDS, _CHARACTERS = 6, 12


def describe(verdict: Verdict, language: str) -> str:
    """For instance: ``after 5 of 15: poem “举头望明月” model “举杯邀明月”``."""
    total = len(unit_ends(verdict.suffix, language))
    at = verdict.divergence or 0
    poem = excerpt(verdict.suffix, at, language)
    model = excerpt(verdict.completion, at, language)
    return f"after {at} of {total}: poem “{poem}” model “{model}”"


def excerpt(text: str, start: int, language: str) -> str:
    """A few units of a text from unit `start` on, on one line, harmless in a terminal."""
    count = _WORDS if has_spaces(language) else _CHARACTERS
    ends = [0, *unit_ends(text, language)]
    begin = ends[min(start, len(ends) - 1)]
    end = ends[min(start + count, len(ends) - 1)]
    more = "…" if start + count < len(ends) - 1 else ""
    return one_line(text[begin:end]) + more


def one_line(text: str) -> str:
    """A text with its line breaks as ` / ` and whatever a terminal would act on escaped."""
    lines = " / ".join(line.strip() for line in text.splitlines() if line.strip())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in lines)


def best(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict of the best outcome, and among those the most similar."""
    return min(verdicts, key=lambda v: (OUTCOMES.index(v.outcome), -v.similarity))
