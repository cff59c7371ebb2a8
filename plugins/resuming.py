"""Verdicts and traces that an earlier run left on disk. A key tells whether one of them answers the
same question to the same model.

No pytest and no torch in here.
"""

import contextlib
import functools
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import msgspec

from memtests.fixtures.models.contract import Completer, LanguageModel
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.chance import Chance
from memtests.plugins.verdicts import Verdict

ROOT = Path(__file__).parent.parent
Found = TypeVar("Found")


class SavedVerdict(Verdict, frozen=True):
    """A verdict with the key by which a later run finds it."""

    key: str | None = None
    """A hash of everything that decided the verdict; None if the model has no fingerprint."""
    followed: bool | None = None
    """As `Recital.followed`."""

    def plain(self) -> Verdict:
        """The verdict alone."""
        return Verdict(**{field: getattr(self, field) for field in Verdict.__struct_fields__})


def key_of(model: LanguageModel | Completer, probe: Probe, chance: Chance) -> str | None:
    """The key of the verdict on a model's completion of a probe, at its chance levels.

    It changes with the weights, the tokenizer, the dtype, the libraries, the cue, the suffix, the
    collection that chance comes from, and the code of the suite itself.
    """
    asked = (probe.name, probe.cue, probe.suffix, probe.poem.language, chance)
    return _key(model, (*asked, probe.slice.tokens) if probe.slice else asked)


def trace_key_of(model: LanguageModel, probe: Probe, form: str) -> str | None:
    """The key of the trace of a probe's text. `probe`: as it is put to the model."""
    # A window stands for its poem here: the poem may be a whole book.
    poem = probe.window or probe.poem.text
    return _key(model, (*probe.place, form, probe.text, poem))


def _key(model: LanguageModel | Completer, asked: tuple[object, ...]) -> str | None:
    """A hash of the question, the model and the suite; None if the model has no fingerprint."""
    if model.fingerprint is None:
        return None
    question = (model.name, model.fingerprint, suite_sha256(), asked)
    return hashlib.sha256(repr(question).encode()).hexdigest()


@functools.cache
def suite_sha256() -> str:
    """The suite's version: a hash of the modules between a poem and its verdict."""
    digest = hashlib.sha256()
    for folder in ("fixtures", "plugins"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def read_saved(path: Path, redact: bool = False) -> Mapping[str, SavedVerdict]:
    """Key → verdict, from the verdicts.jsonl of an earlier run; empty if there is no such file.

    Torn lines, and lines that hold no verdict, are left out. So are verdicts with texts if this run
    is to `redact` them, and verdicts without texts if it is not.
    """
    found: dict[str, SavedVerdict] = {}
    for line in whole_lines(path, SavedVerdict):
        if line.found.key is not None and redact == (line.found.redacted is not None):
            found[line.found.key] = line.found
    return found


class _Key(msgspec.Struct):
    """The only field of a trace that is read here."""

    key: str | None = None


def read_saved_traces(path: Path) -> frozenset[str]:
    """The keys of the traces in the traces.jsonl of an earlier run."""
    keys = (line.found.key for line in whole_lines(path, _Key))
    return frozenset(key for key in keys if key is not None)


class Line(NamedTuple, Generic[Found]):
    """A line of a file."""

    found: Found
    text: bytes
    """The line's bytes, with its newline."""
    begins: int
    """How many bytes of the file come before the line."""


def whole_lines(path: Path, kind: type[Found]) -> Iterator[Line[Found]]:
    """The lines of a file that hold a `kind`; none if there is no such file. Torn lines, and lines
    that hold something else, are left out.
    """
    begins = 0
    decoder = msgspec.json.Decoder(kind)
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        for text in file:
            begins += len(text)
            try:
                found = decoder.decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            if text.endswith(b"\n"):
                yield Line(found, text, begins - len(text))
