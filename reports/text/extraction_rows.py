"""How much of long texts their windows extract, in cells and lines for terminal and Markdown. Pure
functions.
"""

from collections.abc import Sequence

from memtests.reports.counting.discovery import USUAL
from memtests.reports.counting.extraction import PLACES, SAMPLES, Extraction, Passage
from memtests.reports.report import Report
from memtests.reports.text.phrases import CHARACTER, WORD, number_of, one_line
from memtests.reports.text.rows import percent

# The most passages that are listed, and the most code points that are shown of each.
MOST_PASSAGES, _SHOWN = 12, 60


def extraction_rows(report: Report, found: Sequence[Extraction]) -> list[list[str]]:
    """A row for each text: how much of it windows extract, by greedy decoding and by samples, and
    the longest passage.
    """
    several = len(report.models) > 1
    names = ["text", "windows", "windows extracted", "extracted"]
    names += [f"n = {samples:,}, p = {USUAL}" for samples in SAMPLES]
    names += ["longest passage", "passages", "asked for", "of", "counted in"]
    rows = [["model"] * several + names]
    for each in found:
        sampled = (
            "-" if units is None else percent(units / each.coverable) for units in each.discoverable
        )
        rows.append(
            [each.model] * several
            + [f"{each.text.collection}/{each.text.poem}", f"{each.windows:,}"]
            + [f"{each.extracted:,}", percent(each.share), *sampled]
            + [f"{each.longest:,}", f"{len(each.passages):,}", f"{each.coverable:,}"]
            + [f"{each.text.units:,}", f"{_unit(each)}s"]
        )
    return rows


def place_rows(report: Report, found: Sequence[Extraction]) -> list[list[str]]:
    """A row for each text with an extracted window: the share of extracted windows by place."""
    several = len(report.models) > 1
    names = [f"from {100 * part // PLACES} %" for part in range(PLACES)]
    rows = [["model"] * several + ["windows extracted, by place", *names]]
    for each in found:
        if each.extracted:
            cells = [_whole_percent(*counts) for counts in each.by_place]
            row = [f"{each.text.collection}/{each.text.poem}", *cells]
            rows.append([each.model] * several + row)
    return rows


def passage_lines(report: Report, found: Sequence[Extraction]) -> list[str]:
    """The longest extracted passages, a line each: their length, place and words."""
    several = len(report.models) > 1
    each = [(one, passage) for one in found for passage in one.passages]
    each.sort(key=lambda pair: (-pair[1].length, pair[0].text.poem, pair[1].first))
    lines = [
        f"{f'{one.model}  ' if several else ''}{one.text.collection}/{one.text.poem}  "
        + _said(one, passage)
        for one, passage in each[:MOST_PASSAGES]
    ]
    more = len(each) - MOST_PASSAGES
    return [*lines, f"and {number_of(more, 'passage')} more, in recall.json"] if more > 0 else lines


def _said(found: Extraction, passage: Passage) -> str:
    place = f"{number_of(passage.length, _unit(found))}, {passage.first + 1:,} to {passage.stop:,}"
    shown = one_line(passage.text[:_SHOWN].strip())
    more = "…" if len(passage.text) > _SHOWN else ""
    return f"{place}" + (f": “{shown}{more}”" if shown else "")


def _whole_percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _unit(found: Extraction) -> str:
    return WORD if found.text.in_words else CHARACTER
