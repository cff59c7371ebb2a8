"""How much of a long text its windows extract: shares, passages and places. Pure functions.

A window is extracted if greedy decoding says its suffix after its prefix alone: token for token if
it was only read, in normal form if it was recited. A window covers the units in its suffix.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from memtests.plugins.verdicts import IMPOSSIBLE, Verdict
from memtests.reports.counting.discovery import USUAL, found_within, log_probability
from memtests.reports.report import Report, TextRecord

SAMPLES = (1, 1_000, 1_000_000)
PLACES = 10
"""Recall by place divides a text into this many parts of equal length."""
Span = tuple[int, int]
"""From one unit of a text up to another, which is not in it."""


class Passage(NamedTuple):
    """A stretch of text that is extracted by windows whose suffixes touch or overlap."""

    first: int
    """The number of its first unit in the text."""
    stop: int
    """The number of the unit after it."""
    begins: int
    """Where it begins in the text, in code points."""
    ends: int
    text: str
    """Empty under `--redact`."""
    windows: int

    @property
    def length(self) -> int:
        """In units."""
        return self.stop - self.first


class Extraction(NamedTuple):
    """How much of one text its windows extract from one model."""

    model: str
    text: TextRecord
    windows: int
    """How many windows were judged."""
    extracted: int
    """How many of them are extracted."""
    coverable: int
    """How many units any window covers."""
    covered: int
    """How many units an extracted window covers."""
    discoverable: tuple[int | None, ...]
    """For each of SAMPLES: how many units are covered by windows that so many samples recite at
    least once with a probability of USUAL. None if some window's probability is not known."""
    passages: tuple[Passage, ...]
    """The longest first."""
    by_place: tuple[tuple[int, int], ...]
    """For each of PLACES parts of the text: of the windows whose suffix begins there, how many are
    extracted, and how many there are."""

    @property
    def share(self) -> float:
        """The share of the coverable units that are covered."""
        return self.covered / self.coverable

    @property
    def longest(self) -> int:
        """The length of the longest passage, in units."""
        return self.passages[0].length if self.passages else 0


class Stretch(NamedTuple):
    """Units in a row with the same best window."""

    first: int
    stop: int
    log_p: float | None
    """The highest log-probability of the windows that cover them; None if none is known."""
    extracted: bool
    """Whether one of these windows is extracted."""


def extractions(report: Report) -> list[Extraction]:
    """One for each model and text that windows were asked of, in the report's order of models."""
    texts = {(text.collection, text.poem): text for text in report.texts}
    found = windows_by_text(report.verdicts)
    return [
        _extraction(model.name, texts[collection, poem], found[model.name, collection, poem])
        for model in report.models
        for name, collection, poem in sorted(found)
        if name == model.name and (collection, poem) in texts
    ]


def windows_by_text(verdicts: Iterable[Verdict]) -> dict[tuple[str, str, str], list[Verdict]]:
    """Model, collection and text → the verdicts on its windows, in their order in the text."""
    found: dict[tuple[str, str, str], list[Verdict]] = defaultdict(list)
    for v in verdicts:
        if v.window:
            found[v.model, v.collection, v.poem].append(v)
    for windows in found.values():
        windows.sort(key=asked_span)
    return found


def asked_span(v: Verdict) -> Span:
    """The units of the text that the suffix of a window covers."""
    return (v.window.asked_from, v.window.asked_to) if v.window else (0, 0)


def shares(verdicts: Iterable[Verdict], counts: Callable[[Verdict], bool]) -> list[Span]:
    """For each text: how many units are covered by windows that count, and how many by any."""
    return [
        (_size(_union(map(asked_span, filter(counts, own)))), _size(_union(map(asked_span, own))))
        for own in windows_by_text(verdicts).values()
    ]


def longest_passage(verdicts: Iterable[Verdict], *, undecided: bool = False) -> int:
    """The length in units of the longest passage of any text. `undecided`: counting undecided
    windows as if they were extracted.
    """
    spans = (
        span
        for own in windows_by_text(verdicts).values()
        for span in _union(asked_span(v) for v in own if v.correct or (undecided and v.undecided))
    )
    return max((stop - first for first, stop in spans), default=0)


def discoverable(v: Verdict, samples: int, p: float = USUAL) -> bool:
    """Whether so many samples recite a window's suffix at least once with probability p."""
    return found_within(log_probability(v), samples, p)


def strip_of(windows: Sequence[Verdict]) -> list[Stretch]:
    """The stretches of a text from the first covered unit to the last. Units that no window covers
    are left out. `windows`: of one text and one model, in the order of the text.
    """
    edges = sorted({edge for v in windows for edge in asked_span(v)})
    number = {edge: at for at, edge in enumerate(edges)}
    best: list[tuple[float, bool] | None] = [None] * len(edges)
    for v in windows:
        first, stop = asked_span(v)
        log_p = log_probability(v)
        said = math.nan if log_p is None else log_p
        for at in range(number[first], number[stop]):
            known = best[at]
            if known is None or math.isnan(known[0]):
                best[at] = (said, v.correct or bool(known and known[1]))
            else:
                highest = known[0] if math.isnan(said) else max(said, known[0])
                best[at] = (highest, v.correct or known[1])
    found: list[Stretch] = []
    for first, stop, each in zip(edges, edges[1:], best, strict=False):
        if each is None:
            continue
        log_p = None if math.isnan(each[0]) else max(each[0], IMPOSSIBLE)
        last = found[-1] if found else None
        if last and (last.stop, last.log_p, last.extracted) == (first, log_p, each[1]):
            found[-1] = last._replace(stop=stop)
        else:
            found.append(Stretch(first, stop, log_p, each[1]))
    return found


def passages_of(windows: Sequence[Verdict]) -> list[Passage]:
    """The passages of a text, the longest first. `windows`: of one text and one model, in the order
    of the text.
    """
    groups: list[list[Verdict]] = []
    reached = -1
    for v in windows:
        first, stop = asked_span(v)
        if not v.correct:
            continue
        if groups and first <= reached:
            groups[-1].append(v)
        else:
            groups.append([v])
        reached = max(reached, stop)
    return sorted(map(_passage, groups), key=lambda each: (-each.length, each.first))


def _passage(windows: Sequence[Verdict]) -> Passage:
    spans = list(map(asked_span, windows))
    pieces = [_suffix_at(v) for v in windows]
    begins = pieces[0][0]
    text, ends = "", begins
    for start, piece in pieces:
        text += piece[max(0, ends - start) :]
        ends = max(ends, start + len(piece))
    kept = not any(v.redacted for v in windows)
    white = len(text) - len(text.lstrip())
    return Passage(
        spans[0][0],
        max(stop for _, stop in spans),
        begins + white,
        ends,
        text[white:] if kept else "",
        len(windows),
    )


def _suffix_at(v: Verdict) -> tuple[int, str]:
    """Where a window's suffix begins in the text, and the suffix."""
    return (v.window.begins if v.window else 0) + len(v.cue), v.suffix


def _extraction(model: str, text: TextRecord, windows: Sequence[Verdict]) -> Extraction:
    extracted = [v for v in windows if v.correct]
    unknown = any(v.log_p is None for v in windows)
    return Extraction(
        model=model,
        text=text,
        windows=len(windows),
        extracted=len(extracted),
        coverable=_size(_union(map(asked_span, windows))),
        covered=_size(_union(map(asked_span, extracted))),
        discoverable=tuple(
            None
            if unknown
            else _size(_union(asked_span(v) for v in windows if discoverable(v, samples)))
            for samples in SAMPLES
        ),
        passages=tuple(passages_of(windows)),
        by_place=tuple(_by_place(windows, text.units)),
    )


def _by_place(windows: Sequence[Verdict], units: int) -> Iterator[tuple[int, int]]:
    parts: list[list[bool]] = [[] for _ in range(PLACES)]
    for v in windows:
        parts[min(PLACES - 1, asked_span(v)[0] * PLACES // max(1, units))].append(v.correct)
    return ((sum(part), len(part)) for part in parts)


def _union(spans: Iterable[Span]) -> list[Span]:
    """The same units, in spans that neither overlap nor touch."""
    found: list[Span] = []
    for first, stop in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        elif first < stop:
            found.append((first, stop))
    return found


def _size(spans: Iterable[Span]) -> int:
    return sum(stop - first for first, stop in spans)
