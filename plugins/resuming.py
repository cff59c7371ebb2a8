"""Verdicts as verdicts.jsonl holds them, to be known again: the same question to the same model.

No pytest and no torch in here.
"""

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from memtests.fixtures.models.contract import Completer, LanguageModel
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.chance import Chance
from memtests.plugins.verdicts import Verdict

ROOT = Path(__file__).parent.parent


class SavedVerdict(Verdict, frozen=True):
    """A verdict and what it answers."""

    key: str | None = None
    """A hash of everything that decided it; None where that is not known."""
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
    if model.fingerprint is None:
        return None
    asked = (probe.name, probe.cue, probe.suffix, probe.poem.language, chance)
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


def read_saved(path: Path) -> Mapping[str, SavedVerdict]:
    """Key → verdict, of a verdicts.jsonl that a run has left, or none where there is no such file.

    Lines that are torn, or no verdicts, are left out.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    decoder = msgspec.json.Decoder(SavedVerdict)
    found: dict[str, SavedVerdict] = {}
    for line in lines:
        try:
            verdict = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if verdict.key is not None:
            found[verdict.key] = verdict
    return found
