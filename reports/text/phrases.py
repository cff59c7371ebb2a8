"""A miss in one line: where a recitation left the poem, and how poem and model go on there.

Pure functions over verdicts.
"""

from collections.abc import Iterable

from memtests.fixtures.probes.probes import CONTROL, WINDOW
from memtests.fixtures.probes.text import in_words, unit_ends
from memtests.plugins.verdicts import SEVERE, Verdict
from memtests.reports.counting.tallies import best_drawn

# What to type if too little was recited: to decide a verdict, or to know the model's words.
TELLS, RECITES = "--completions few tells", "--completions all recites them"
WORD, CHARACTER = "word", "character"
_WORDS, _CHARACTERS = 6, 12
_MOST = 100  # code points, whatever the unit


def describe(verdict: Verdict, language: str) -> str:
    """For instance: ``after 5 of 15: poem “举头望明月” model “举杯邀明月”``."""
    total = len(unit_ends(verdict.asked, language))
    at = verdict.divergence or 0
    if verdict.undecided:
        return "maybe the poem, apart from marks and the like: read, and not recited"
    if verdict.redacted:
        return f"after {at} of {total}{_passage(verdict, at)}"
    poem = excerpt(verdict.asked, at, language)
    if not verdict.recited:
        return f"after {at} of {total}: poem “{poem}”, read and not recited"
    model = excerpt(verdict.completion, at, language)
    return f"after {at} of {total}: poem “{poem}” model “{model}”{_passage(verdict, at)}"


def _passage(verdict: Verdict, at: int) -> str:
    """The passage of a severe miss, if it is longer than the excerpt and than the words before the
    divergence: the line would show too little of the poem without it.
    """
    unit = unit_of(verdict.asked)
    shown = _WORDS if unit == WORD else _CHARACTERS
    length = verdict.passage.length if verdict.passage else 0
    matters = verdict.kind == SEVERE and length > max(at, shown)
    return f", passage of {number_of(length, unit)}" if matters else ""


def excerpt(text: str, start: int, language: str) -> str:
    """A few units of a text from unit `start` on, as `one_line`."""
    count = _WORDS if in_words(text) else _CHARACTERS
    ends = [0, *unit_ends(text, language)]
    begin = ends[min(start, len(ends) - 1)]
    end = ends[min(start + count, len(ends) - 1)]
    more = "…" if start + count < len(ends) - 1 or end - begin > _MOST else ""
    return one_line(text[begin : min(end, begin + _MOST)]) + more


def one_line(text: str) -> str:
    """A text with ` / ` for line breaks, and with control characters escaped: a terminal might act
    on them.
    """
    lines = " / ".join(line.strip() for line in text.splitlines() if line.strip())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in lines)


def number_of(count: int, noun: str) -> str:
    """For instance ``1 probe``, ``1,620 probes``."""
    return f"{count} {noun}" if count == 1 else f"{count:,} {noun}s"


def as_class(outcome: str) -> str:
    """The name of an outcome or a grade as a CSS class of the page."""
    return outcome.replace(" ", "-")


def unit_of(text: str) -> str:
    """The unit in which a text is counted."""
    return WORD if in_words(text) else CHARACTER


def missed(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The misses to show, without controls and windows. Of the prefix lengths that were drawn for a
    poem, only the best is shown.
    """
    found = (v for v in best_drawn(verdicts) if not v.correct)
    shown = (v for v in found if v.case not in (CONTROL, WINDOW))
    return sorted(shown, key=lambda verdict: verdict.probe)
