"""Every poem of a report with the models' recitations of it, as the page shows them."""

import itertools
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from memtests.fixtures.probes.cuts import ALONE, HEALED
from memtests.fixtures.probes.probes import CASES, CONTROL, PREFIX_LENGTHS, TITLE, WINDOW
from memtests.fixtures.probes.text import unit_ends
from memtests.plugins.chance import Bands, chance
from memtests.plugins.passages import Passage
from memtests.plugins.traces import Trace
from memtests.plugins.verdicts import (
    CORRECT,
    FORGOTTEN,
    INCORRECT,
    NOT_RECITED,
    OUTCOMES,
    Verdict,
    in_order,
)
from memtests.reports.counting.memories import NOTHING, Memory, Remembered
from memtests.reports.counting.own_traces import known_texts
from memtests.reports.counting.tallies import best_drawn, shortest_by_poem
from memtests.reports.page.marks import Mark, marks, recited, span
from memtests.reports.report import PoemKey, Report, bands_of, headings_of, languages_of
from memtests.reports.text.phrases import CHARACTER, WORD, number_of, unit_of
from memtests.reports.text.said_asides import said_asides

SIGNS = {CORRECT: "●", INCORRECT: "◐", FORGOTTEN: "○", NOT_RECITED: "◌"}
# Notes on cuts; a cut between tokens needs none.
_CUT_NOTES = {HEALED: ", cut inside a token", ALONE: ", cue tokenized alone"}


class Recitation(NamedTuple):
    """One probe with its result."""

    model: str
    question: str
    outcome: str
    kind: str
    note: str
    marks: Sequence[Mark]
    """Empty if the recitation is the poem's own text."""
    set_aside: str = ""
    """The words around it in an answer of a chat."""


class Cell(NamedTuple):
    """One model's outcomes on a poem in one case, at a glance."""

    case: str
    signs: Sequence[tuple[str, str]]
    """For each run of equal outcomes: the outcome, and a sign for each probe."""
    said: str
    """The same in words."""


class Row(NamedTuple):
    """One model's cells."""

    model: str
    cells: Sequence[Cell]


class PoemView(NamedTuple):
    """One poem."""

    collection: str
    poem: str
    language: str
    heading: str
    text: str
    outcomes: Sequence[str]
    """The outcomes that occur, and `differs` if the models do not agree."""
    rows: Sequence[Row]
    recitations: Sequence[Recitation]
    shortest: Sequence[str]
    """Lines on its shortest cue and its longest run."""

    @property
    def key(self) -> PoemKey:
        return self.collection, self.poem

    @property
    def title(self) -> str:
        """The first line of its header, or its id if it was never asked for by a header."""
        return self.heading.split("\n")[0] if self.heading else self.poem


def poems_of(
    report: Report, remembered: Remembered = NOTHING, traces: Iterable[Trace] = ()
) -> list[PoemView]:
    """Every poem that was asked for, in the order of collections and ids. Of a text that is longer
    than the context, no probe may be judged: it is there if its trace is.
    """
    texts, headings = known_texts(report, traces), headings_of(report.verdicts)
    languages, bands = languages_of(report), bands_of(report)
    shortest = shortest_by_poem(report.verdicts)
    exact: dict[PoemKey, list[Memory]] = defaultdict(list)
    for memory in remembered.memories:
        exact[memory.collection, memory.poem].append(memory)
    models = [model.name for model in report.models]
    of_poem: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for v in report.verdicts:
        if v.case in (CONTROL, WINDOW):  # other parts of the page show these
            continue
        of_poem[v.collection, v.poem].append(v)
    views = []
    for key in sorted(texts):
        language = languages.get(key, "")
        verdicts = sorted(
            best_drawn(of_poem.get(key, [])), key=lambda v: (*_order(v), models.index(v.model))
        )
        found = {
            model: shortest[model, key[0]][key[1]]
            for model in models
            if key[1] in shortest.get((model, key[0]), {})
        }
        views.append(
            PoemView(
                *key,
                language,
                headings.get(key, ""),
                texts[key],
                _outcomes(verdicts),
                [row for model in models if (row := _row(model, verdicts)).cells],
                [_recitation(v, language, bands.get(v.collection)) for v in verdicts],
                _shortest(found, texts[key]) + _exactly(exact.get(key, []), len(models) > 1),
            )
        )
    return views


def _order(v: Verdict) -> tuple[int, float]:
    """The whole poem first, then rests, then lines, each by its number."""
    number = v.line or (v.prefix_length or "0").removesuffix("%")
    return in_order(CASES, [v.case]).index(v.case), float(number)


def _shortest(found: Mapping[str, int | None], text: str) -> list[str]:
    """A line for each model on the shortest prefix drawn that brought the poem back."""
    unit = unit_of(text)
    lines = []
    for model, length in found.items():
        said = number_of(length, unit) if length else "none of those tried"
        name = f"{model}, " * (len(found) > 1)
        lines.append(f"shortest cue, of the lengths drawn: {name}{said}")
    return lines


def _exactly(memories: Sequence[Memory], several: bool) -> list[str]:
    """A line for each model on the shortest of all prefixes and on the longest run, from traces."""
    lines = []
    for memory in memories:
        unit = WORD if memory.in_words else CHARACTER
        cue = number_of(memory.shortest, unit) if memory.shortest else "none"
        name = f"{memory.model}, " * several
        run = f"{memory.longest} of {number_of(memory.units, unit)}"
        lines.append(
            f"shortest cue of all, from traces: {name}{cue}; longest run recited in a row: {run}"
        )
    return lines


def _outcomes(verdicts: Sequence[Verdict]) -> list[str]:
    there = {v.outcome for v in verdicts}
    answers: dict[str, set[bool]] = defaultdict(set)
    for v in verdicts:
        if v.case != PREFIX_LENGTHS:
            answers[v.probe].add(v.correct)
    differ = any(len(found) > 1 for found in answers.values())
    return [*(o for o in OUTCOMES if o in there), *(["differs"] if differ else [])]


def _row(model: str, verdicts: Sequence[Verdict]) -> Row:
    cells = []
    own = [v for v in verdicts if v.model == model and v.case != PREFIX_LENGTHS]
    for case, members in itertools.groupby(own, lambda v: v.case):
        outcomes = [v.outcome for v in members]
        runs = [(o, SIGNS[o] * len(list(same))) for o, same in itertools.groupby(outcomes)]
        said = f"{case}: {outcomes.count(CORRECT)} of {len(outcomes)} correct"
        cells.append(Cell(case.replace("_", " "), runs, said))
    return Row(model, cells)


def _recitation(v: Verdict, language: str, bands: Bands | None) -> Recitation:
    if not v.recited:
        found: Sequence[Mark] = []
        left = number_of(v.divergence or 0, unit_of(v.asked))
        note = f"leaves the poem after {left}"
        if v.undecided:
            note = "maybe the poem, apart from marks and the like"
    elif v.redacted:
        found = _strip(v) if v.outcome == INCORRECT else []
        note = _without_texts(v, language, bands)
    elif v.correct:
        found = []
        note = "verbatim" if v.verbatim else "but for punctuation and the like"
    elif v.outcome == INCORRECT:
        passage = _told(v, bands)
        found = marks(v.asked, v.completion, language, passage)
        if not any(mark.kind == "both" for mark in found):  # no need to repeat the whole poem
            found = [mark for mark in found if mark.kind == "model"]
        left = number_of(v.divergence or 0, unit_of(v.asked))
        note = f"similarity {v.similarity or 0.0:.2f}, leaves the poem after {left}"
        if passage:
            note += f", longest passage: {_place(v, passage, language)}"
    else:
        # It has nothing of the poem, so nothing is marked. Some models say only empty lines.
        said = recited(v.asked, v.completion, language)
        found = [Mark("model", re.sub(r"\s*\n\s*", "\n", said).strip())]
        note = f"similarity {v.similarity or 0.0:.2f}"
    if v.log_p is not None:
        note += f", probability {_probability(v.log_p)}"
    if v.fragile:
        note += ", fragile"
    note += _CUT_NOTES.get(v.cut, "")
    question = f"{v.case.replace('_', ' ')} {v.prefix_length or v.line or ''}".strip()
    return Recitation(v.model, question, v.outcome, v.kind or "", note, found, said_asides(v))


def _strip(v: Verdict) -> list[Mark]:
    """A redacted recitation in marks: the pieces of the suffix's mask that it has or lacks."""
    found: list[Mark] = []
    ends = unit_ends(v.suffix, "")
    pieces = zip(pairwise([0, *ends]), v.redacted.recited if v.redacted else "", strict=False)
    for there, members in itertools.groupby(pieces, key=lambda piece: piece[1]):
        places = [place for place, _ in members]
        text = v.suffix[places[0][0] : places[-1][1]]
        found.append(Mark("both" if there == "1" else "poem", text))
    return found


def _told(v: Verdict, bands: Bands | None) -> Passage | None:
    """The passage of a recitation, if it is longer than chance."""
    passage = v.passage
    if passage and bands and passage.length <= chance(bands, v.suffix).passage:
        return None
    return passage


def _without_texts(v: Verdict, language: str, bands: Bands | None) -> str:
    """The note on a redacted recitation: how near it is to the poem, and where it leaves it."""
    if v.correct:
        return "verbatim" if v.verbatim else "but for punctuation and the like"
    note = f"similarity {v.similarity or 0.0:.2f}"
    if v.outcome == INCORRECT:
        left = number_of(v.divergence or 0, unit_of(v.asked))
        note += f", leaves the poem after {left}"
        if passage := _told(v, bands):
            note += f", longest passage: {_place(v, passage, language)}"
    return note


def _place(v: Verdict, passage: Passage, language: str) -> str:
    """The length of a passage and its place in the poem: ``14 words, from line 2 on``."""
    start = v.moved + span(v.asked, passage.suffix, passage.length, language).start
    before = v.suffix[:start].lstrip("\n") if v.case == TITLE else v.cue + v.suffix[:start]
    line = 1 + before.count("\n")
    return f"{number_of(passage.length, unit_of(v.asked))}, from line {line} on"


def _probability(log_p: float) -> str:
    """The probability that sampling recites it; a small one as a power of ten."""
    return f"{math.exp(log_p):.2g}" if log_p > -9 else f"1e{log_p / math.log(10):.0f}"
