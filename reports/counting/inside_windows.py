"""Recall by length given and length asked, from the readings of windows. Pure functions.

A window is read once, from its first token on, with nothing before it. So its reading answers every
cut inside it: how far the model recites after the first 10 units, after the first 25, and so on.
All lengths are measured at the same places of the same texts, so they differ in nothing but length.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from memtests.fixtures.probes.text import unit_ends
from memtests.fixtures.probes.windows import Window, parse_size
from memtests.plugins.traces import Trace, recited_to, recited_tokens, sha256_of
from memtests.plugins.verdicts import Verdict
from memtests.reports.counting.over_poems import interval
from memtests.reports.report import Report, is_chat, languages_of

GIVEN = (10, 25, 50, 100)
ASKED = (10, 25, 50, 100, 200, 400)
FEWEST_TEXTS = 10
"""With fewer texts, intervals draw blocks of the texts instead of whole texts."""
BLOCKS = 20
"""The most blocks of a text; none is shorter than two windows."""
_TOKENS = "tokens"


class Cell(NamedTuple):
    """Of the cuts with `given` units before them, how many are recited for `asked` units."""

    given: int
    asked: int
    recited: int
    cuts: int
    low: float
    high: float
    """The 95 % interval of the share, over texts or blocks."""

    @property
    def share(self) -> float:
        """The share of the cuts that are recited."""
        return self.recited / self.cuts


class Inside(NamedTuple):
    """One model's recall by length, from its readings of windows."""

    model: str
    unit: str
    """`words`, `characters` or `tokens`."""
    longest: int
    """The length of the longest window, in these units: no longer cell can be filled."""
    texts: int
    drawn: int
    """How many texts the intervals draw, or blocks if there are few texts."""
    cells: tuple[Cell, ...]


_Kind = tuple[str, str]
_Group = tuple[str, str, int]
_Counts = dict[tuple[int, int], dict[_Group, list[bool]]]


def inside_windows(report: Report, traces: Iterable[Trace]) -> tuple[Inside, ...]:
    """One for each model and unit, as far as there are traces of the report's windows."""
    windows = {(v.model, v.collection, v.poem, v.window): v for v in report.verdicts if v.window}
    chats = {model.name for model in report.models if is_chat(model.template)}
    texts = {(text.collection, text.poem): text for text in report.texts}
    languages = languages_of(report)
    few = len(texts) < FEWEST_TEXTS
    counts: dict[_Kind, _Counts] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    longest: dict[_Kind, int] = defaultdict(int)
    for trace in traces:
        key = (trace.collection, trace.poem)
        if trace.window is None or key not in texts:
            continue
        v = windows.get((trace.model, *key, trace.window))
        if v is None:
            continue
        if trace.model not in chats and trace.text_sha256 != _hash(v):
            continue
        size, text = parse_size(trace.window.size), texts[key]
        unit = _TOKENS if size.in_tokens else "words" if text.in_words else "characters"
        kind = (trace.model, unit)
        longest[kind] = max(longest[kind], size.length)
        block = _block(trace.window, text.units) if few else 0
        for lengths, recited in _answers(trace, v, languages.get(key, ""), size.length):
            counts[kind][lengths][(*key, block)].append(recited)
    order = {model.name: at for at, model in enumerate(report.models)}
    return tuple(
        _inside(kind, counts[kind], longest[kind])
        for kind in sorted(counts, key=lambda kind: (order[kind[0]], kind[1]))
    )


def _hash(v: Verdict) -> str:
    return v.redacted.text_sha256 if v.redacted else sha256_of(v.cue + v.suffix)


def _block(window: Window, units: int) -> int:
    """The number of the block of its text in which the suffix of a window begins."""
    most = max(1, min(BLOCKS, units // (2 * max(1, window.given + window.asked))))
    return min(most - 1, window.asked_from * most // max(1, units))


def _answers(
    trace: Trace, v: Verdict, language: str, length: int
) -> Iterator[tuple[tuple[int, int], bool]]:
    """Units given and asked → whether they are recited, for all pairs that a window has room for
    and of which the trace can tell.
    """
    window = trace.window
    in_tokens = window is not None and parse_size(window.size).in_tokens
    text = v.cue + v.suffix
    ends: Sequence[int] = [] if in_tokens else unit_ends(text, language)
    before = len(trace.ends) - length
    for given in GIVEN:
        asked = [each for each in ASKED if given + each <= length]
        if in_tokens:
            cut = before + given
            found = recited_tokens(trace, cut, cut, (cut + each for each in asked))
        else:
            asked = [each for each in asked if given + each <= len(ends)]
            if not asked:
                continue
            stops = (ends[given + each - 1] for each in asked)
            found = recited_to(trace, text, ends[given - 1], stops)
        for each, recited in zip(asked, found, strict=True):
            if recited is not None:
                yield (given, each), recited


def _inside(
    kind: _Kind, counts: Mapping[tuple[int, int], Mapping[_Group, list[bool]]], longest: int
) -> Inside:
    cells = []
    groups: set[_Group] = set()
    for (given, asked), found in sorted(counts.items()):
        pairs = [(sum(each), len(each)) for each in found.values()]
        recited, cuts = (sum(numbers) for numbers in zip(*pairs, strict=True))
        cells.append(Cell(given, asked, recited, cuts, *interval(pairs)))
        groups.update(found)
    texts = len({group[:2] for group in groups})
    return Inside(*kind, longest, texts, len(groups), tuple(cells))
