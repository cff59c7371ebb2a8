"""The recall report: its type, and recall.json on disk (design, section 7)."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from memtests.fixtures.probes.controls import MADE_UP, UNSEEN
from memtests.fixtures.probes.probes import CONTROL, TITLE, WINDOW
from memtests.plugins.chance import Bands
from memtests.plugins.verdicts import UnjudgedRecord, Verdict

SCHEMA = 3
PROBES, UNITS = "probes", "units"
"""What the share of a gate is one of."""


class UsageRecord(msgspec.Struct, frozen=True):
    """What was asked of a chat server, by all processes; as `fixtures.models.contract.Usage`."""

    requests: int
    cue_tokens: int
    answer_tokens: int
    thinking: int
    twice: int
    same: int


class ModelRecord(msgspec.Struct, frozen=True):
    """A model that was asked."""

    name: str
    parameters: int
    dtype: str
    device: str
    weights_sha256: str | None
    versions: dict[str, str]
    set_aside: dict[str, Any]
    """What the checkpoint's own generation_config would have changed."""
    template: str = "none"
    """`none`: it was asked plainly; `chat`: in its chat template; and why where that was `auto`."""
    instructions: dict[str, tuple[str, str]] = {}
    """Language → what it was told in a chat, for a header and for a poem that is begun."""
    way: str = ""
    """The ways in which it was computed, and why no faster one (docs/architectures.md)."""
    completions: str = "all"
    """Which misses were recited; of the others a reading says where they leave the text."""
    unplaced: tuple[str, ...] = ()
    """Tensors of its files that have no place in the model, and need none: its class says so, or
    they are constants that it works out itself."""
    step: int | None = None
    """Of the training that saved it, as a trainer_state.json beside it says."""
    usage: UsageRecord | None = None
    """Of a model that was asked in a chat by a server."""


class CollectionRecord(msgspec.Struct, frozen=True):
    """A collection that was asked for; the hash and the chance levels are of the whole of it."""

    name: str
    language: str
    poems: int
    sha256: str
    chance: dict[str, float]
    """From so many characters of a suffix on → the similarity that is reached by chance."""
    passages: dict[str, int] = {}
    """Up to so many units of a suffix → the length of a passage that is reached by chance."""
    languages: dict[str, str] = {}
    """Poem → its language, where `language` is ``mul``: several of them."""


class TextRecord(msgspec.Struct, frozen=True):
    """A text that windows were asked of."""

    collection: str
    poem: str
    title: str
    """Empty where titles are not kept."""
    units: int
    """Of the whole of it."""
    length: int
    """In code points."""
    in_words: bool
    """Whether its units are words, or else characters."""


class Tally(msgspec.Struct, frozen=True):
    """Counts of outcomes over a group of probes; `low` to `high` is recall's 95 % interval, for
    which poems are what is drawn.
    """

    model: str
    collection: str
    case: str
    prefix_length: str | None
    correct: int
    incorrect: int
    forgotten: int
    recall: float
    low: float
    high: float
    verbatim: int = 0
    """Of the correct ones, those that are so code point for code point."""
    near: int = 0
    """Those that are correct or nearly so (`minor`)."""
    poems: int = 0
    """How many poems the probes are of."""
    not_recited: int = 0
    """Misses that were read and not recited."""
    undecided: int = 0
    """Those of them that may be correct but for marks and the like. Recall counts them as misses;
    `low` does too, and `high` does not."""

    @property
    def judged(self) -> int:
        """All of them."""
        return self.correct + self.incorrect + self.forgotten + self.not_recited


class GateRecord(msgspec.Struct, frozen=True):
    """A gate and whether the report met it; no value where no probe matches it."""

    rule: str
    value: float | None
    """The share of the probes, 0 to 1, with `low` to `high`, its 95 % interval over poems; or,
    without those, a number (of `expected` and `longest`).
    """
    passed: bool
    model: str | None = None
    low: float | None = None
    high: float | None = None
    counts: tuple[int, int] | None = None
    """So many of so many, counted in `counted_in`."""
    undecided: int = 0
    """So many more may be among them: they were read, not recited."""
    reason: str | None = None
    """Why it did not pass."""
    poems: int = 0
    """How many poems the probes are of."""
    doubt: str | None = None
    """Why it proves little though it was passed: what the model still says of the poems, or that
    it cannot say what stands in its cue.
    """
    counted_in: str = PROBES
    """Probes; or, of windows, units of their texts."""


class ComparisonRecord(msgspec.Struct, frozen=True):
    """A model against a baseline, probe by probe."""

    model: str
    baseline: str
    """The file."""
    baseline_model: str
    retained: int
    still_missing: int
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    new: int
    """Probes that the baseline does not have."""
    not_asked: int
    """Probes of the baseline that this run did not judge."""
    p: float
    """How probable a change by as much, up or down, is by chance alone: the exact sign-flip test,
    which pairs poems. Had both known as much, what a poem lost it could as well have gained.
    """
    known: dict[str, int] = {}
    """`collection/poem` → how many of its probes the baseline knew, of those that this run judged
    too. Empty in an older report.
    """
    undecided: int = 0
    """Probes of which that is not known, as one of the two was read, not recited, and may be
    correct."""


class ControlRecord(msgspec.Struct, frozen=True):
    """What a kind of control came to, over a collection."""

    model: str
    collection: str
    kind: str
    correct: int
    incorrect: int
    forgotten: int
    unchanged: tuple[int, int] | None
    """Of so many of the same poems' `title` probes, so many were correct."""
    by_poem: tuple[tuple[int, int, int], ...] = ()
    """So many correct of so many probes of a poem, and how many poems that is so of."""
    not_recited: int = 0

    @property
    def judged(self) -> int:
        """All of its probes."""
        return self.correct + self.incorrect + self.forgotten + self.not_recited


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run found out, sorted so that two runs diff cleanly."""

    schema: int
    suite: str = ""
    """The version of the suite that judged it."""
    created: str
    models: tuple[ModelRecord, ...]
    collections: tuple[CollectionRecord, ...]
    verdicts: tuple[Verdict, ...]
    tallies: tuple[Tally, ...]
    unjudged: tuple[UnjudgedRecord, ...]
    gates: tuple[GateRecord, ...]
    comparisons: tuple[ComparisonRecord, ...] = ()
    controls: tuple[ControlRecord, ...] = ()
    command: str = ""
    """What was typed to make it, without what is secret in a URL; empty where several were joined,
    and in an older report."""
    problems: tuple[str, ...] = ()
    """Why its figures prove nothing, if so: an interruption first."""
    texts: tuple[TextRecord, ...] = ()
    """Those that windows were asked of."""


def field_of(outcome: str) -> str:
    """The field of a tally or a control that counts an outcome."""
    return outcome.replace(" ", "_")


PoemKey = tuple[str, str]
"""Collection and poem."""


class _OfModel(Protocol):
    @property
    def model(self) -> str: ...


Of = TypeVar("Of", bound=_OfModel)


def in_model_order(report: Report, found: Iterable[Of]) -> list[Of]:
    """What is known of several models, in the report's order of them; of one model, as it was."""
    order = {model.name: at for at, model in enumerate(report.models)}
    return sorted(found, key=lambda each: order.get(each.model, len(order)))


def languages_of(report: Report) -> dict[PoemKey, str]:
    """The language of every poem that was judged; none that was made up."""
    collections = {record.name: record for record in report.collections}
    return {
        (v.collection, v.poem): language_of(v, collections[v.collection])
        for v in report.verdicts
        if v.collection in collections and v.control != UNSEEN
    }


def is_redacted(report: Report) -> bool:
    """Whether it was made without the texts."""
    return any(v.redacted for v in report.verdicts)


def language_of(v: Verdict, record: CollectionRecord) -> str:
    """The language of the poem that a verdict is on, from what is said of its collection."""
    poem = v.poem.removeprefix(MADE_UP) if v.control == UNSEEN else v.poem
    return record.languages.get(poem, record.language)


def unjudged_of(report: Report) -> list[UnjudgedRecord]:
    """The probes that could not be asked, but for controls: those that prove a run incomplete."""
    return [record for record in report.unjudged if record.case != CONTROL]


def bands_of(report: Report) -> dict[str, Bands]:
    """Collection → its chance levels, as `memtests.plugins.chance.chance` takes them."""
    return {
        record.name: Bands(
            {int(length): level for length, level in record.chance.items()},
            {int(length): level for length, level in record.passages.items()},
        )
        for record in report.collections
    }


def write_whole(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file whole or not at all: a temporary file beside it, then a rename.

    It is opened as any file is, so that its mode is the umask's: not every file system lets a mode
    be changed afterwards.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.parent / f".{path.name}.{secrets.token_hex(8)}"
    try:
        with beside.open("xb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def encode(report: Report) -> bytes:
    """The report as JSON, indented, one field a line."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


def texts_of(verdicts: Iterable[Verdict]) -> dict[PoemKey, str]:
    """Each poem's text; where only some of it was asked for, that."""
    texts: dict[PoemKey, str] = {}
    for v in verdicts:
        if v.case in (CONTROL, WINDOW):  # a window is no text of a poem
            continue
        text = v.suffix.lstrip("\n") if v.case == TITLE else v.cue + v.suffix
        texts[v.collection, v.poem] = max(texts.get((v.collection, v.poem), ""), text, key=len)
    return texts


def headings_of(verdicts: Iterable[Verdict]) -> dict[PoemKey, str]:
    """The header that each poem was asked for with, of those that were."""
    return {(v.collection, v.poem): v.cue for v in verdicts if v.case == TITLE and v.cue}
