"""`--redact`: verdicts without texts, and errors without messages. Pure functions.

A verdict is redacted as soon as it is made, before it leaves the process that asked. Later code
cannot give away a text that it never gets. The counts that reports need of a text are made here,
before it goes.
"""

import hashlib
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec
from rapidfuzz.distance import Levenshtein

from memtests.fixtures.models.server.wire import ServerError
from memtests.fixtures.probes.probes import CONTROL, TITLE
from memtests.fixtures.probes.text import masked, normal_form, units
from memtests.plugins.asides import Aside
from memtests.plugins.verdicts import FORGOTTEN, NOT_RECITED, Redacted, Verdict

LEFT_OUT = "--redact leaves out what it says"
PRIVATE = ("--poem", "-k", "--header", "--part")
"""Options whose values may quote titles, cues or texts."""
Judged = TypeVar("Judged", bound=Verdict)
_FRAME = re.compile(r'  File "[^"]*", line \d+, in \S+$')
_PLACE = re.compile(r".*?, (?:line|row) \d+(?:, (?:field|column) `[^`]*`)?")


def redacted(v: Judged, language: str) -> Judged:
    """A verdict without its texts. It keeps a mask of the poem's words, and nothing of a header."""
    if v.redacted:
        return v
    header = v.case in (TITLE, CONTROL)
    mask = masked(v.suffix if header else v.cue + v.suffix)
    kept = Redacted(
        question=v.question,
        text_sha256=_sha256(v.cue + v.suffix),
        completion_sha256=_sha256(v.completion),
        completion=len(v.completion),
        characters=len(normal_form(v.suffix, language)),
        reached=reached(v, language),
        recited="".join("01"[there] for there in recited(v, language)),
    )
    cue = "" if header else mask[: len(v.cue)]
    return msgspec.structs.replace(
        v,
        cue=cue,
        suffix=mask[len(cue) :],
        completion="",
        redacted=kept,
        set_aside=tuple(Aside(each.kind, "") for each in v.set_aside),
    )


def recited(v: Verdict, language: str) -> list[bool]:
    """For each unit of the suffix, whether the completion has it. The two are aligned by
    Levenshtein distance, so units after a slip still count. A forgotten probe has none, nor has a
    probe that was only read.
    """
    if v.redacted:
        return [there == "1" for there in v.redacted.recited]
    true = units(v.suffix, language)
    there = [v.correct] * len(true)
    if v.correct or v.outcome in (FORGOTTEN, NOT_RECITED):
        return there
    said = units(v.completion, language)[: len(true)]
    for step in Levenshtein.opcodes(true, said):
        if step.tag == "equal":
            there[step.src_start : step.src_end] = [True] * (step.src_end - step.src_start)
    return there


def reached(v: Verdict, language: str) -> int:
    """How many characters of the suffix, in normal form, come before the first that differs in the
    completion.
    """
    if v.redacted:
        return v.redacted.reached
    if v.correct:
        return characters(v, language)
    true, said = (normal_form(text, language) for text in (v.suffix, v.completion))
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(true, said, strict=False))
    return sum(1 for _ in same)


def characters(v: Verdict, language: str) -> int:
    """The length of the suffix in normal form."""
    return v.redacted.characters if v.redacted else len(normal_form(v.suffix, language))


def kind_of_error(error: BaseException) -> str:
    """The kind of an error, without its message, which may quote a text."""
    status = f" {error.status}" if isinstance(error, ServerError) and error.status else ""
    return f"{type(error).__name__}{status} ({LEFT_OUT})"


def without_messages(told: str) -> str:
    """A traceback without messages of errors and lines of code: it keeps files, line numbers and
    kinds of error.
    """
    return "\n".join([*_kept(told.splitlines()), LEFT_OUT]) + "\n"


def _kept(lines: Sequence[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        if _FRAME.match(line):
            inside = True
            yield line
        elif inside and not line.startswith(" "):
            inside = False
            yield re.split(r"[:\s]", line)[0]


def without_reasons(way: str) -> str:
    """The way a model was computed, without the reason, which may be the message of an error."""
    taken, bracket, _ = way.partition(" (")
    return f"{taken} ({LEFT_OUT})" if bracket else way


def without_cells(message: str) -> str:
    """A complaint about a file of poems, without the file's contents: the place alone, or else the
    first clause.
    """
    place = _PLACE.match(message)
    return f"{place[0] if place else message.partition(';')[0]}: {LEFT_OUT}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
