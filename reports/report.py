"""The recall report: its type, and recall.json on disk (docs/design.md, section 7)."""

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
"""What a gate's share is counted in."""


class UsageRecord(msgspec.Struct, frozen=True):
    """The questions and tokens of a chat server, over all processes. Its fields are those of
    `fixtures.models.contract.Usage`.
    """

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
    """`none`: it was asked plainly; `chat`: in its chat template. After `auto`, with the reason."""
    instructions: dict[str, tuple[str, str]] = {}
    """Language → the instructions in a chat, for a header and for the beginning of a poem."""
    way: str = ""
    """The ways in which it was computed, and why none of them was faster (docs/architectures.md).
    """
    completions: str = "all"
    """Which misses were recited. Of the others, a reading tells where they leave the text."""
    unplaced: tuple[str, ...] = ()
    """Tensors in its files that have no place in the model and need none: its class says so, or
    they are constants that the model computes itself."""
    step: int | None = None
    """The training step at which it was saved, from a trainer_state.json beside it."""
    usage: UsageRecord | None = None
    """Only of a model on a chat server."""
    traces: str | None = None
    """A hash of its traces. Those beside a report that have another one are of another run."""


def is_chat(template: str) -> bool:
    """Whether a model with this `template` was asked in a chat."""
    return template.startswith("chat")


class CollectionRecord(msgspec.Struct, frozen=True):
    """A collection that was asked for. Hash and chance levels are over the whole collection, even
    if only some of its poems were asked.
    """

    name: str
    language: str
    poems: int
    sha256: str
    chance: dict[str, float]
    """Length in characters → the similarity that chance reaches, for suffixes of at least that
    length."""
    passages: dict[str, int] = {}
    """Length in units → the length of the passage that chance reaches, for suffixes of at most that
    length."""
    languages: dict[str, str] = {}
    """Poem → its language, if `language` is ``mul``: several."""


class TextRecord(msgspec.Struct, frozen=True):
    """A text that windows were asked of."""

    collection: str
    poem: str
    title: str
    """Empty under `--redact`."""
    units: int
    """The length of the whole text, in units."""
    length: int
    """The same in code points."""
    in_words: bool
    """Whether its units are words; otherwise they are characters."""


class Tally(msgspec.Struct, frozen=True):
    """Counts of outcomes over a group of probes. `low` to `high` is recall's 95 % interval over
    poems.
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
    """How many of the correct ones are the suffix code point for code point."""
    near: int = 0
    """How many are correct or nearly so (`minor`)."""
    poems: int = 0
    """How many poems the probes are of."""
    not_recited: int = 0
    """Misses that were only read."""
    undecided: int = 0
    """How many of these may still be correct, apart from marks and the like. Recall and `low` count
    them as misses, `high` as correct."""

    @property
    def judged(self) -> int:
        """The number of all probes in it."""
        return self.correct + self.incorrect + self.forgotten + self.not_recited


class GateRecord(msgspec.Struct, frozen=True):
    """A gate, and whether the report met it. It has no value if no probe matches it."""

    rule: str
    value: float | None
    """A share, 0 to 1, with `low` to `high` as its 95 % interval over poems; or, without these, a
    number (of `expected`, `longest` and `passage`).
    """
    passed: bool
    model: str | None = None
    low: float | None = None
    high: float | None = None
    counts: tuple[int, int] | None = None
    """How many count, and of how many; both in `counted_in`."""
    undecided: int = 0
    """How many more may count: they were only read."""
    reason: str | None = None
    """Why it did not pass."""
    poems: int = 0
    """How many poems the probes are of."""
    doubt: str | None = None
    """Why it proves little although it was passed: the model still says much of the poems, say, or
    it cannot even copy a text in its cue.
    """
    counted_in: str = PROBES
    """Probes; or, for windows, units of their texts."""


class ComparisonRecord(msgspec.Struct, frozen=True):
    """A model against a baseline, probe by probe."""

    model: str
    baseline: str
    """Its file."""
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
    """How probable it is that chance alone changes as much, up or down: the exact sign-flip test
    over poems. If both knew equally much, a poem might as well have gained what it lost.
    """
    known: dict[str, int] = {}
    """`collection/poem` → how many of its probes the baseline knew, among those that this run
    judged, too. Empty in an older report.
    """
    undecided: int = 0
    """Probes that are not compared: one of the two was only read, and may be correct."""


class ControlRecord(msgspec.Struct, frozen=True):
    """The outcomes of one kind of control, over a collection."""

    model: str
    collection: str
    kind: str
    correct: int
    incorrect: int
    forgotten: int
    unchanged: tuple[int, int] | None
    """Of the same poems' `title` probes, how many were correct, and how many there are."""
    by_poem: tuple[tuple[int, int, int], ...] = ()
    """Correct probes of a poem, all its probes, and the number of poems with these counts."""
    not_recited: int = 0

    @property
    def judged(self) -> int:
        """The number of all its probes."""
        return self.correct + self.incorrect + self.forgotten + self.not_recited


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a run found out, sorted so that two runs diff cleanly."""

    schema: int
    suite: str = ""
    """The version of the suite that judged the completions."""
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
    """The command that was typed, without secrets in a URL. Empty in a joined report, and in an
    older one."""
    problems: tuple[str, ...] = ()
    """Reasons why its figures prove nothing; an interruption comes first."""
    texts: tuple[TextRecord, ...] = ()
    """The texts that windows were asked of."""


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
    """Records in the report's order of models. Records of one model keep their order."""
    order = {model.name: at for at, model in enumerate(report.models)}
    return sorted(found, key=lambda each: order.get(each.model, len(order)))


def languages_of(report: Report) -> dict[PoemKey, str]:
    """Poem → its language, for every poem with a verdict or an unjudged probe, without those that
    were made up.
    """
    collections = {record.name: record for record in report.collections}
    found = {}
    for key, name in ((poem_key_of(r), r.collection) for r in report.unjudged if not r.control):
        if name in collections:
            found[key] = collections[name].languages.get(key[1], collections[name].language)
    return found | {
        (v.collection, v.poem): language_of(v, collections[v.collection])
        for v in report.verdicts
        if v.collection in collections and v.control != UNSEEN
    }


def poem_key_of(record: UnjudgedRecord) -> PoemKey:
    """The poem of an unjudged probe."""
    name = record.probe.removeprefix(f"{record.collection}/")
    return record.collection, name.rpartition("/")[0]


def is_redacted(report: Report) -> bool:
    """Whether a report was made with `--redact`."""
    return any(v.redacted for v in report.verdicts)


def language_of(v: Verdict, record: CollectionRecord) -> str:
    """The language of a verdict's poem, from the record of its collection."""
    poem = v.poem.removeprefix(MADE_UP) if v.control == UNSEEN else v.poem
    return record.languages.get(poem, record.language)


def unjudged_of(report: Report) -> list[UnjudgedRecord]:
    """The unjudged probes that make a run incomplete: all but controls."""
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
    """Write a file whole or not at all: into a temporary file beside it, which is then renamed.

    The temporary file is opened like any other, so that the umask sets its mode: on some file
    systems a mode cannot be changed afterwards.
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
    """Poem → its text, or the longest part of it that was asked for."""
    texts: dict[PoemKey, str] = {}
    for v in verdicts:
        if v.case in (CONTROL, WINDOW):  # a window is only a piece of its text
            continue
        text = v.suffix.lstrip("\n") if v.case == TITLE else v.cue + v.suffix
        texts[v.collection, v.poem] = max(texts.get((v.collection, v.poem), ""), text, key=len)
    return texts


def headings_of(verdicts: Iterable[Verdict]) -> dict[PoemKey, str]:
    """Poem → its header, for poems that were asked for by it."""
    return {(v.collection, v.poem): v.cue for v in verdicts if v.case == TITLE and v.cue}
