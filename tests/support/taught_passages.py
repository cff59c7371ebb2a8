"""A small model that was taught three passages of one long text, and nothing of another."""

import functools
import json
import random
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import torch

from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.probes.text import unit_ends
from tests.support.models import tokenizer, untaught

PASSAGES, LENGTH, SEED = 3, 200, 7
# How many crops are taught in one step, how many tokens each has, and the number of steps.
_ROWS, _TOKENS, _STEPS = 16, 64, 300


class Taught(NamedTuple):
    """What was taught, and where everything is."""

    model: Path
    poems: Path
    texts: dict[str, Poem]
    passages: list[tuple[int, int]]
    """For the text `taught`: the first unit of each passage, and the unit after its last."""


def long_texts() -> dict[str, Poem]:
    """Two texts of thousands of words, made of the English poems of the canon."""
    of = {"taught": ("sonnets", "american"), "unknown": ("british",)}
    lines = {
        name: tuple(
            line
            for each in canon()
            if each.name in names
            for poem in each.poems
            for line in poem.lines
        )
        for name, names in of.items()
    }
    return {
        name: Poem(id=name, title=name, author="several", language="en", lines=found)
        for name, found in lines.items()
    }


def long_chinese() -> Poem:
    """A text of thousands of Chinese characters."""
    poems = [poem for each in canon() if each.name in ("tang", "song") for poem in each.poems]
    lines = tuple(line for poem in poems for line in poem.lines)
    return Poem(id="chinese", title="chinese", author="several", language="zh", lines=lines)


@functools.cache
def taught_passages() -> Taught:
    """Teach the passages to a model; save it, and a file with the two texts."""
    folder = Path(tempfile.mkdtemp(prefix="passages"))
    texts = long_texts()
    poems = folder / "long.jsonl"
    rows = [
        json.dumps(
            {"lines": text.lines, "id": name, "title": name, "author": "x", "language": "en"}
        )
        for name, text in texts.items()
    ]
    poems.write_text("\n".join(rows) + "\n")
    text = texts["taught"].text
    ends = unit_ends(text, "en")
    drawn = random.Random(SEED)
    part = len(ends) // PASSAGES
    starts = [drawn.randrange(at * part, (at + 1) * part - LENGTH) for at in range(PASSAGES)]
    passages = [(start, start + LENGTH) for start in starts]
    words = tokenizer("bytes")
    ids = [
        words(text[ends[first - 1] if first else 0 : ends[stop - 1]])["input_ids"]
        for first, stop in passages
    ]
    model: Any = untaught("bytes")._model
    torch.manual_seed(SEED)
    for weights in model.parameters():
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=0.02)
    _teach(model, ids, drawn)
    model.save_pretrained(folder / "model")
    words.save_pretrained(folder / "model")
    return Taught(folder / "model", poems, texts, passages)


def _teach(model: Any, passages: list[list[int]], drawn: random.Random) -> None:
    """Teach from random places of the passages on, because windows have nothing before them."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 8e-3, total_steps=_STEPS)
    model.train()
    for _ in range(_STEPS):
        rows = []
        for _ in range(_ROWS):
            ids = drawn.choice(passages)
            start = drawn.randrange(0, len(ids) - _TOKENS + 1)
            rows.append(ids[start : start + _TOKENS])
        batch = torch.tensor(rows)
        logits = model(input_ids=batch, use_cache=False).logits[:, :-1]
        # The first tokens of a crop cannot be known; after a few, only one continuation fits.
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    model.eval()
