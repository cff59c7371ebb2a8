"""Looking at a model: every poem is read under its header, and what follows is kept.

A reading says for each unit how probable it is and whether greedy decoding says it. Nothing has to
be generated for that (docs/reciter.md).
"""

import bisect
import math
from collections.abc import Mapping, Sequence

from memtests.fixtures.models.contract import Encoding, LanguageModel, Reading
from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.probes.probes import Probe, poem_unit_ends, title_probe, with_header
from memtests.plugins.traces import HEADER, PLAIN, Trace, recited_to, trace_of
from memtests.reports.counting.shades import shades
from memtests.study.answers.changed_lines import Changed
from memtests.study.measured import Cell, Course, Look, Pair, Taught

GIVEN = (0, 1, 2, 4, 8)
"""Units of the context, 0 for the header alone."""
ASKED = (1, 2, 4, 8, 16)
"""Units of the memory."""
LONG = max(GIVEN) + max(ASKED)
"""The fewest units of a poem in which every context and every memory has room."""
# Between a header and its poem.
_WHITE = "\n\n"


class LookError(Exception):
    """A model that cannot be read; the message says why."""


def described(name: str, lesson: str, poem: Poem) -> Taught:
    """A poem of a collection of the study, as a model's file has it."""
    units = len(poem_unit_ends(poem))
    return Taught(poem.id, name, lesson, units, len(poem.text))


def look(
    model: LanguageModel,
    poems: Sequence[Poem],
    changed: Mapping[int, Changed],
    lesson: str,
    epoch: int,
) -> Look:
    """Read every poem, and the two lines of those that have one that is changed."""
    probes = [title_probe("", poem) for poem in poems]
    traces = _traces(model, probes, HEADER)
    courses = tuple(course(poem, trace) for poem, trace in zip(poems, traces, strict=True))
    lines = [
        text
        for at, change in changed.items()
        for text in (_line(poems[at], change.line), _line(poems[at], change.line, change.text))
    ]
    logs = [math.fsum(reading.log_p) for _, reading in read(model, lines)]
    pairs = (
        Pair(at, _short(true), _short(other))
        for at, true, other in zip(changed, logs[::2], logs[1::2], strict=True)
    )
    return Look(lesson, epoch, courses, tuple(pairs))


def course(poem: Poem, trace: Trace) -> Course:
    """What a trace of a poem under its header says of each unit.

    Where a token reaches over several units, each has an equal part of its probability.
    """
    text, ends = poem.text, poem_unit_ends(poem)
    log_p: list[float] = []
    said: list[bool] = []
    found = shades(text, poem.language, [trace])
    for shade in found:
        last = shade is found[-1]
        units = (len(ends) if last else bisect.bisect_right(ends, shade.end)) - len(log_p)
        if units <= 0:  # a line of marks alone
            if log_p:
                log_p[-1] += shade.log_p[0] or 0.0
                said[-1] = said[-1] and bool(shade.said[0])
            continue
        log_p += [(shade.log_p[0] or 0.0) / units] * units
        said += [bool(shade.said[0])] * units
    recited = next(recited_to(trace, text, -len(_WHITE), [len(text)]))
    return Course(bool(recited), tuple(map(_short, log_p)), tuple(said))


def cells(model: LanguageModel, poems: Sequence[Poem]) -> tuple[Cell, ...]:
    """Context in, memory out, of all poems that have room for every context and memory."""
    long = {at: poem for at, poem in enumerate(poems) if len(poem_unit_ends(poem)) >= LONG}
    titles = [title_probe("", poem) for poem in long.values()]
    alone = [Probe("", poem, "prefix", poem.text, 0, len(poem.text)) for poem in long.values()]
    found = []
    for at, headed, plain in zip(
        long, _traces(model, titles, HEADER), _traces(model, alone, PLAIN), strict=True
    ):
        text, ends = long[at].text, poem_unit_ends(long[at])
        for given in GIVEN:
            trace, start = (plain, ends[given - 1]) if given else (headed, -len(_WHITE))
            stops = [ends[given + asked - 1] for asked in ASKED]
            recited = recited_to(trace, text, start, stops)
            found += [
                Cell(at, given, asked, each)
                for asked, each in zip(ASKED, recited, strict=True)
                if each is not None
            ]
    return tuple(found)


def read(model: LanguageModel, texts: Sequence[str]) -> list[tuple[Encoding, Reading]]:
    """Each text in tokens, and its reading. Raises LookError where a reading cannot be had."""
    encodings = [model.encode(text) for text in texts]
    most = max(1, model.portion.texts)
    found: list[Reading | None] = []
    for first in range(0, len(encodings), most):
        part = [each.tokens for each in encodings[first : first + most]]
        found += model.read(part, [1] * len(part), [()] * len(part))
    readings = [each for each in found if each is not None]
    if len(readings) < len(texts):
        raise LookError(f"one pass does not tell what the model says ({model.way})")
    return list(zip(encodings, readings, strict=True))


def _traces(model: LanguageModel, probes: Sequence[Probe], form: str) -> list[Trace]:
    found = read(model, [probe.text for probe in probes])
    pairs = zip(probes, found, strict=True)
    return [trace_of("", probe, form, each, None) for probe, each in pairs]


def _line(poem: Poem, number: int, text: str | None = None) -> str:
    """Header and poem up to a line, that line as it is or as it is changed."""
    lines = (*poem.lines[:number], poem.lines[number] if text is None else text)
    part = Poem(poem.id, poem.title, poem.author, poem.language, lines, poem.dynasty)
    return with_header(part)


def _short(log: float) -> float:
    return round(log, 3)
