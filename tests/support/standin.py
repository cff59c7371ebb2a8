"""A stand-in for the model that costs nothing, as a pytest plugin, in every process of a run.

`-p tests.support.standin` loads it.

It knows every poem that is asked for, and no other text; a token is a code point. Environment
variables change what it does. Lists of poems have commas between their ids.

- MEMTESTS_UNKNOWN: ids, or `model/id`, of poems that it does not know; `*` for all poems
- MEMTESTS_CHANCE: the probability that sampling recites a poem that it does not know
- MEMTESTS_COPIES: it recites a poem that its cue contains, even one that it does not know
- MEMTESTS_PARROT: it knows every text, even one that nobody has read
- MEMTESTS_BROKEN: ids of poems for which its logits are NaN; `unread` for texts whose cue contains
  a poem
- MEMTESTS_BUG: ids of poems at which reading raises TypeError, like a fault of the suite
- MEMTESTS_QUOTE: ids of poems at which reading raises a ValueError whose message quotes the text;
  the model's `way` and its tracebacks quote it too
- MEMTESTS_HOSTILE: what it says instead of a poem that it does not know
- MEMTESTS_FIRST: the code point with which it begins to say that, in place of `#`
- MEMTESTS_AT_ONCE: how many tokens of texts are a portion
- MEMTESTS_DIE: ids of poems at which the process is killed, once in a run; then it makes the file
  that MEMTESTS_DIED names
- MEMTESTS_STUCK: the id of a poem at which it never ends
- MEMTESTS_FAIL: the model cannot be loaded
- MEMTESTS_LOG: a file that gets a line with the cue of every reading
"""

import itertools
import json
import math
import os
import signal
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from memtests.fixtures.models.contract import (
    Encoding,
    Generated,
    Held,
    Opening,
    Portion,
    Reading,
    Tokens,
)
from memtests.fixtures.models.errors import ModelError
from memtests.fixtures.models.local.loading import Loading
from memtests.fixtures.probes.text import sound
from memtests.plugins import model as asking
from memtests.plugins.questions import QUESTIONS

END = 0x10FFFF


def listed(name: str) -> set[str]:
    """The parts of an environment variable."""
    return set(filter(None, os.environ.get(name, "").split(",")))


class StandIn:
    """Implements LanguageModel."""

    context = 1 << 30
    ends = frozenset({END})
    way = ""
    errors: Sequence[str] = ()

    def __init__(self, name: str, texts: dict[str, str]) -> None:
        """`texts`: the text of a poem → its id."""
        self.name = name
        self._poems = {text.rsplit("\n", maxsplit=1)[-1]: (text, texts[text]) for text in texts}
        self.portion = Portion(int(os.environ.get("MEMTESTS_AT_ONCE", "4096")))
        self.fingerprint: str | None = f"stand-in {os.environ.get('MEMTESTS_UNKNOWN')}"

    def about(self) -> dict[str, Any]:
        return {
            "parameters": 0,
            "dtype": "-",
            "device": "-",
            "weights_sha256": None,
            "versions": {},
            "set_aside": {},
        }

    def encode(self, text: str) -> Encoding:
        return Encoding(tuple(map(ord, text)), tuple(range(1, len(text) + 1)))

    def in_chat(self, message: str) -> str | None:
        return None

    def spell(self, tokens: Tokens) -> bytes:
        return sound("".join(map(chr, tokens))).encode()

    def read(
        self, rows: Sequence[Tokens], starts: Sequence[int], held: Sequence[Collection[Held]]
    ) -> list[Reading]:
        return [self._read(list(row), start) for row, start in zip(rows, starts, strict=True)]

    def _read(self, row: list[int], start: int) -> Reading:
        text = "".join(map(chr, row))
        whole, poem = self._poems.get(text.rsplit("\n", maxsplit=1)[-1], ("\0", ""))
        if log := os.environ.get("MEMTESTS_LOG"):
            with Path(log).open("a") as file:
                file.write(json.dumps(text[:start]) + "\n")
        if poem in listed("MEMTESTS_BUG"):
            raise TypeError("a fault nobody foresaw")
        if poem in listed("MEMTESTS_QUOTE"):
            self.way = f"padded (slots: ValueError: {text})"
            self.errors = [
                f'Traceback:\n  File "a.py", line 1, in f\n    f()\nValueError: {text}\n'
            ]
            raise ValueError(f"no tokens for {text}")
        died = Path(os.environ.get("MEMTESTS_DIED", "died"))
        if poem in listed("MEMTESTS_DIE") and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        while poem in listed("MEMTESTS_STUCK"):
            time.sleep(1)
        copied = text.count(whole) > 1
        broken = copied and "unread" in listed("MEMTESTS_BROKEN")
        gap = math.nan if broken or poem in listed("MEMTESTS_BROKEN") else 9.0
        read = text.endswith(whole) or "MEMTESTS_PARROT" in os.environ
        known = (read and not self._unknown(poem)) or (copied and "MEMTESTS_COPIES" in os.environ)
        best = row if known else [ord(os.environ.get("MEMTESTS_FIRST", "#"))] * len(row)
        log_p = [-0.1] * len(row)
        if not known and (chance := os.environ.get("MEMTESTS_CHANCE")):
            log_p = [0.0] * (len(row) - 1) + [math.log(float(chance))]
        return Reading(best, log_p, [gap] * len(row))

    def _unknown(self, poem: str) -> bool:
        return bool({"*", poem, f"{self.name}/{poem}"} & listed("MEMTESTS_UNKNOWN"))

    def generate(self, portions: Iterable[Sequence[Opening]]) -> Iterator[dict[int, Generated]]:
        said = [ord(c) for c in json.loads(os.environ.get("MEMTESTS_HOSTILE", '"##"'))]
        numbers = itertools.count()
        for portion in portions:
            yield {
                next(numbers): Generated(said, [9.0] * (len(said) + 1), ended=True) for _ in portion
            }

    def plain(self, tokens: Tokens, limit: int, held: bytes = b"") -> list[int]:
        raise NotImplementedError

    def exactly(self) -> AbstractContextManager[None] | None:
        return None


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.help:
        return
    poems = [poem for c in config.stash[QUESTIONS].collections for poem in c.poems]
    texts = {poem.text: poem.id for poem in poems}

    def load(name: str, loading: Loading) -> StandIn:
        if os.environ.get("MEMTESTS_FAIL"):
            raise ModelError(f"--model {name}: its weights are torn")
        return StandIn(name, texts)

    kept = {name: getattr(asking, name) for name in _REPLACED}
    config.add_cleanup(lambda: vars(asking).update(kept))
    vars(asking).update(
        load=load,
        import_libraries=lambda: None,
        share_threads=lambda: None,
        release_memory=lambda: None,
    )


_REPLACED = ("load", "import_libraries", "share_threads", "release_memory")
