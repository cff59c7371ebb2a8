"""Verdicts: a completion is compared with the true suffix, and judged (docs/design.md, section 3).

Pure functions over texts. No pytest and no torch in here.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from rapidfuzz.distance import Levenshtein

from memtests.fixtures.probes.cuts import ALONE
from memtests.fixtures.probes.languages import family
from memtests.fixtures.probes.probes import OWN, Probe
from memtests.fixtures.probes.text import joined, normal_form, sound, unit_ends, units
from memtests.fixtures.probes.windows import Window
from memtests.plugins.asides import Aside
from memtests.plugins.chance import Chance
from memtests.plugins.passages import Passage, longest_passage
from memtests.plugins.reciter import Completion, Unjudged

OUTCOMES = (
    CORRECT := "correct",
    INCORRECT := "incorrect",
    FORGOTTEN := "forgotten",
    # The reading shows a miss, and the model's own words were not asked for (`--completions`).
    NOT_RECITED := "not recited",
)
# How far an incorrect completion is from the poem.
INCORRECT_KINDS = (MINOR := "minor", SEVERE := "severe")
# What came in place of a forgotten poem.
FORGOTTEN_KINDS = (
    UNRELATED := "unrelated",
    LOOPING := "looping",
    DECLINED := "declined",
    EMPTY := "empty",
)
# Every grade, from the best to the worst: `correct`, or the kind of another outcome.
GRADES = (CORRECT, *INCORRECT_KINDS, *FORGOTTEN_KINDS)
# Stands for the logarithm of zero: JSON has no minus infinity.
IMPOSSIBLE = -9999.0
# An incorrect completion is minor from this similarity on.
LEAST_OF_MINOR = 0.8
# A loop of common words is similar to any text. So a loop's similarity counts only if it begins
# with this many units of the suffix.
OPENING = 2
# Openings of a refusal in normal form, so without apostrophes and punctuation.
_DECLINED = {
    "en": re.compile(
        r"(unfortunately |well |oh )?(im|i am) (sorry|afraid|not (aware|familiar|able))\b"
        r"|(unfortunately |well |oh )?(im|i am) not sure "
        r"(about|of|(what|which) (poem|text|song|you)"
        r"|(that |if |whether )?i (know|can|have|remember|recall))\b"
        r"|(unfortunately |well |oh )?i (do not|dont|can ?not|cant|could not|couldnt|am unable to) "
        r"(know|recall|remember|recite|have|find|provide|recogni[sz]e)\b"
        r"|i have no idea\b|i apologi[sz]e\b|sorry (i|but)\b|as an ai\b|as a language model\b"
    ),
    "zh": re.compile(
        r"(很|非常)?(抱歉|对不起)|我?(并?不(知道|清楚|记得|了解|认识)|记不|想不起)"
        r"|我?(无法|不能|没有)(回答|提供|背诵?|确定|确认|找到|记|想起|继续|完成|给出|理解|访问|办法|关于|相关|足够)"
        r"|作为(一个|一名)?(ai|人工智能|语言模型)"
    ),
}


class Redacted(msgspec.Struct, frozen=True):
    """What a redacted verdict keeps in place of its texts (plugins/redacting.py)."""

    question: str
    """As `question_of`."""
    text_sha256: str
    """Of cue and suffix together, in UTF-8."""
    completion_sha256: str
    completion: int
    """The length of the completion, in code points."""
    characters: int
    """The length of the suffix in normal form."""
    reached: int
    """How many of these characters come before the first that differs in the completion."""
    recited: str
    """For each unit of the suffix, `1` if the completion has it, also after a slip, and otherwise
    `0`."""


class Verdict(msgspec.Struct, frozen=True):
    """Outcome and measurements of a completion, as in recall.json (docs/design.md, section 7)."""

    model: str
    collection: str
    poem: str
    case: str
    prefix_length: str | None
    """Of `prefix` and `prefix_lengths`: the length of the prefix, as it was asked for (`25%`, `5`).
    """
    line: int | None
    """Of `next_line`: how many lines of the poem the cue gives."""
    control: str | None
    """The kind of a `control`."""
    probe: str
    cue: str
    suffix: str
    completion: str
    outcome: str
    kind: str | None
    verbatim: bool
    similarity: float | None
    """None if the outcome is `not recited`."""
    divergence: int | None
    """After how many units the completion leaves the suffix. None if it does not, or if the outcome
    is `not recited` and the reading does not tell."""
    log_p: float | None
    fragile: bool
    cut: str = ALONE
    """How the cue was cut from the text: one of `fixtures.probes.cuts.CUTS`."""
    moved: int = 0
    """By how many code points the cut lies behind the end of the cue. `completion`, `verbatim` and
    `log_p` count from the cut."""
    passage: Passage | None = None
    """The longest passage that does not stand in the cue, the first if several are as long; None if
    there is none."""
    log_p_40: float | None = None
    """As `log_p`, for sampling among the 40 most probable tokens: IMPOSSIBLE if a token of the
    suffix is not among them, None if that is not known."""
    redacted: Redacted | None = None
    """Only under `--redact`: then `suffix` is a mask, `cue` is one or empty, and `completion` is
    empty."""
    window: Window | None = None
    """Of `window`: where it lies in the poem's text."""
    set_aside: tuple[Aside, ...] = ()
    """The words around the recitation in an answer of a chat. `completion` does not have them."""

    def __repr__(self) -> str:
        """What pytest shows when an assertion on a verdict fails. Short, or pytest would cut it."""
        kind = f" {self.kind}" if self.kind else ""
        # A test's own question is named by its whole text, which would be too long here.
        name = "" if self.collection == OWN else f" {_beginning(self.probe, 60)}"
        if self.correct:
            whole = "" if self.redacted else f": “{_beginning(self.completion.strip(), 40)}”"
            return f"<{self.outcome}{name}{whole}>"
        ends, at = unit_ends(self.asked, ""), self.divergence or 0
        if self.undecided:
            return f"<{self.outcome}{name}: maybe the poem, apart from marks and the like>"
        said = f"after {at} of {len(ends)}"
        if not self.recited:
            return f"<{self.outcome}{name}: {said}>"
        if not self.redacted:
            poem, model = (
                _beginning(_from(text, at), 40) for text in (self.asked, self.completion)
            )
            said += f": poem “{poem}” model “{model}”"
        return f"<{self.outcome}{kind}{name}: {said}>"

    @property
    def question(self) -> str:
        """As `question_of`."""
        return self.redacted.question if self.redacted else question_of(self.cue, self.suffix)

    @property
    def correct(self) -> bool:
        """Whether the memory came back."""
        return self.outcome == CORRECT

    @property
    def recited(self) -> bool:
        """Whether the model was asked for its completion, and not only read."""
        return self.outcome != NOT_RECITED

    @property
    def undecided(self) -> bool:
        """Whether the probe was only read, and may still be correct: the model leaves the text at a
        mark, say.
        """
        return self.settled is None

    @property
    def settled(self) -> bool | None:
        """Whether the memory came back; None where that is undecided."""
        return was_correct(self.outcome, self.divergence)

    @property
    def asked(self) -> str:
        """The suffix from the cut on: the true words that the completion is compared with."""
        return self.suffix[self.moved :]

    @property
    def grade(self) -> str:
        """`correct`, or the kind of another outcome."""
        return self.kind or self.outcome


def _from(text: str, at: int) -> str:
    """A text without its first `at` units."""
    ends = [0, *unit_ends(text, "")]
    return text[ends[min(at, len(ends) - 1)] :].strip()


def _beginning(text: str, most: int) -> str:
    """The first `most` code points of a text, on one line, with control characters escaped."""
    line = " ".join(text[: most + 1].split())
    shown = line[:most] + ("…" if len(text) > most else "")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def was_correct(outcome: str, divergence: int | None) -> bool | None:
    """As `Verdict.settled`."""
    return None if outcome == NOT_RECITED and divergence is None else outcome == CORRECT


def question_of(cue: str, suffix: str) -> str:
    """A hash of a question, in 16 hexadecimal digits: the same for every model and run."""
    return hashlib.sha256(f"{cue}\0{suffix}".encode(errors="replace")).hexdigest()[:16]


class UnjudgedRecord(msgspec.Struct, frozen=True):
    """A probe that could not be asked, as recall.json holds it, and why."""

    model: str
    collection: str
    case: str
    control: str | None
    probe: str
    reason: str


class Judgement(NamedTuple):
    """The part of a verdict that depends only on completion and suffix."""

    outcome: str
    kind: str | None
    verbatim: bool
    similarity: float | None
    divergence: int | None
    passage: Passage | None


def verdict(model: str, probe: Probe, completion: Completion, chance: Chance) -> Verdict:
    """The verdict on a model's completion of a probe, at the chance levels for its length."""
    text = sound(completion.text)
    asked = probe.suffix[completion.moved :]
    if completion.recited:
        judgement = judge(text, asked, probe.poem.language, chance, probe.cue)
    else:
        judgement = Judgement(NOT_RECITED, None, False, None, completion.divergence, None)
    return Verdict(
        model=model,
        collection=probe.collection,
        poem=probe.poem.id,
        case=probe.case,
        # None for controls, because tallies and curves by prefix length must not count them.
        prefix_length=None if probe.control else probe.prefix_length,
        line=probe.line,
        control=probe.control,
        probe=probe.name,
        cue=probe.cue,
        suffix=probe.suffix,
        completion=text,
        outcome=judgement.outcome,
        kind=judgement.kind,
        verbatim=judgement.verbatim,
        similarity=judgement.similarity,
        divergence=judgement.divergence,
        log_p=None if completion.log_p is None else round(completion.log_p, 3),
        fragile=completion.fragile,
        cut=completion.cut,
        moved=completion.moved,
        passage=judgement.passage,
        log_p_40=_finite(completion.log_p_40),
        window=probe.window,
        set_aside=tuple(Aside(each.kind, sound(each.text)) for each in completion.set_aside),
    )


def _finite(log_p: float | None) -> float | None:
    """A logarithm as a report holds it: to 3 decimals, and finite."""
    return None if log_p is None else round(max(log_p, IMPOSSIBLE), 3)


def unjudged_record(model: str, probe: Probe, unjudged: Unjudged) -> UnjudgedRecord:
    """The record of a probe without a verdict."""
    return UnjudgedRecord(
        model=model,
        collection=probe.collection,
        case=probe.case,
        control=probe.control,
        probe=probe.name,
        reason=unjudged.reason,
    )


def judge(completion: str, suffix: str, language: str, chance: Chance, cue: str = "") -> Judgement:
    """Compare a completion with the true suffix. The completion is cut to as many units first.

    `chance` is what the recitation of another poem reaches. A completion above either of its levels
    holds something of the poem. The similarity of a loop counts only if it begins with OPENING
    units of the suffix; a passage always counts.
    """
    true = units(suffix, language)
    said = true if completion == suffix else units(completion, language)[: len(true)]
    passage = _passage(said, true, cue, language)
    if said == true:
        return Judgement(CORRECT, None, completion.startswith(suffix), 1.0, None, passage)
    close = similarity(joined(said), joined(true))
    left = divergence(said, true)
    looping = loops(said) and not loops(true)
    similar = close > chance.similarity and (left >= OPENING or not looping)
    if similar or (passage and passage.length > chance.passage):
        kind = MINOR if close >= LEAST_OF_MINOR else SEVERE
        return Judgement(INCORRECT, kind, False, close, left, passage)
    kind = _kind(completion, said, language, looping)
    return Judgement(FORGOTTEN, kind, False, close, left, passage)


def passage_of(v: Verdict, language: str) -> Passage | None:
    """The passage of a verdict from an older report, which has none."""
    true = units(v.asked, language)
    return _passage(units(v.completion, language)[: len(true)], true, v.cue, language)


def _passage(said: Sequence[str], true: Sequence[str], cue: str, language: str) -> Passage | None:
    if said == true:
        return Passage(len(true), 0, 0) if true else None
    return longest_passage(said, true, units(cue, language))


def in_order(known: Sequence[str], there: Iterable[str]) -> list[str]:
    """The known words in their order, then any others in `there`, so that a report also shows words
    of a newer suite (a new outcome, say).
    """
    return [*known, *sorted(set(there) - set(known))]


def similarity(one: str, other: str) -> float:
    """Normalized Levenshtein similarity on characters: 1 for equal texts, 0 for no overlap."""
    return float(Levenshtein.normalized_similarity(one, other))


def divergence(said: Sequence[str], true: Sequence[str]) -> int:
    """The number of units before the first that differs."""
    for at, (one, other) in enumerate(zip(said, true, strict=False)):
        if one != other:
            return at
    return min(len(said), len(true))


def _kind(completion: str, said: Sequence[str], language: str, looping: bool) -> str:
    """What came in place of a forgotten poem: the first kind that fits."""
    if not said:
        return EMPTY
    if declines(completion, language):
        return DECLINED
    if looping:
        return LOOPING
    return UNRELATED


def declines(completion: str, language: str) -> bool:
    """Whether a completion begins with "I don't know" or its like (also in English)."""
    normal = normal_form(completion, language)
    tongues = {"en", family(language)} & _DECLINED.keys()
    return any(_DECLINED[tongue].match(normal) for tongue in tongues)


def loops(parts: Sequence[str]) -> bool:
    """Whether a text ends in a loop: one sequence, three times or more, from somewhere in the first
    half to the end.
    """
    total = len(parts)
    for period in range(1, total // 3 + 1):
        start = total - period
        while start > 0 and parts[start - 1] == parts[start - 1 + period]:
            start -= 1
        if start <= total // 2 and total - start >= 3 * period:
            return True
    return False
