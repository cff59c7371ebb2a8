"""Length done properly: context in, memory out, from the readings of windows. Pure functions.

A window is read once, from its first token on, with nothing before it. So its reading answers every
cut inside it: what is recited after its first 10 units, after its first 25, and how far. All the
lengths are then of the same places in the same texts, and what differs is length alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from memtests.fixtures.probes.text import unit_ends
from memtests.fixtures.probes.windows import Window, parse_size
from memtests.plugins.traces import Trace, recited_to, recited_tokens, sha256_of
from memtests.plugins.verdicts import Verdict
from memtests.reports.counting.over_poems import interval
from memtests.reports.report import Report, languages_of

GIVEN = (10, 25, 50, 100)
ASKED = (10, 25, 50, 100, 200, 400)
FEWEST_TEXTS = 10
"""Of fewer texts, blocks of each are what is drawn."""
BLOCKS = 20
"""Of one text, at most; none is shorter than two windows."""
_TOKENS = "tokens"


class Cell(NamedTuple):
    """Of cuts with so much given, how many are recited for so much."""

    given: int
    asked: int
    recited: int
    cuts: int
    low: float
    high: float
    """The 95 % interval of the share, for which texts or blocks are drawn."""

    @property
    def share(self) -> float:
        """Recited ones among all."""
        return self.recited / self.cuts


class Inside(NamedTuple):
    """What one model's readings of windows say of length."""

    model: str
    unit: str
    """`words`, `characters` or `tokens`."""
    longest: int
    """Window, in these units: more does not fit."""
    texts: int
    drawn: int
    """So many texts, or blocks of them where the texts are few."""
    cells: tuple[Cell, ...]


_Kind = tuple[str, str]
_Group = tuple[str, str, int]
_Counts = dict[tuple[int, int], dict[_Group, list[bool]]]


def inside_windows(report: Report, traces: Iterable[Trace]) -> tuple[Inside, ...]:
    """One for each model and unit; none where no trace is of a window of the report."""
    windows = {(v.model, v.collection, v.poem, v.window): v for v in report.verdicts if v.window}
    chats = {model.name for model in report.models if model.template.startswith("chat")}
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
    """Which block of its text the suffix of a window begins in."""
    most = max(1, min(BLOCKS, units // (2 * max(1, window.given + window.asked))))
    return min(most - 1, window.asked_from * most // max(1, units))


def _answers(
    trace: Trace, v: Verdict, language: str, length: int
) -> Iterator[tuple[tuple[int, int], bool]]:
    """How much is given and asked for → whether it is recited; for all that a window has room for,
    where it is known.
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
