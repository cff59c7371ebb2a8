"""Tiny models with any tokenizer: untaught, or taught a few poems in well under a minute.

The taught weights are kept in `.tokenizers/taught`, so that tests and runs share them.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import filelock
import torch
import transformers
from safetensors.torch import load_file, save_file

from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.teach.memorize import taught_texts
from tests.support.real_tokenizers import FOLDER, real_tokenizer

LEARNING_RATE, STEPS_AT_ONCE, MOST_STEPS, LOSS = 5e-3, 20, 1500, 0.01
EMBEDDING = "model.embed_tokens.weight"
# Four Chinese and five English poems, most of whose lines end in a comma.
NINE = {
    "tang": ("jing-ye-si", "chun-wang", "zao-fa-bai-di-cheng"),
    "song": ("po-zhen-zi",),
    "british": (
        *("the-sick-rose", "the-eagle", "jenny-kissed-me"),
        *("requiem", "who-has-seen-the-wind"),
    ),
}


def nine() -> list[Collection]:
    """The nine poems, in collections of the canon's names: 100 probes."""
    return [
        Collection(one.name, tuple(poem for poem in one.poems if poem.id in NINE[one.name]))
        for one in canon()
        if one.name in NINE
    ]


def little_llama(rows: int, end: int | None, spread: float) -> Any:
    """A Llama of random weights with so many rows of its vocabulary, the same every time."""
    config = transformers.LlamaConfig(
        vocab_size=rows,
        hidden_size=64,
        intermediate_size=176,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=None,
    )
    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM(config).eval()
    for weights in model.parameters():
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=spread)
    return model


def taught(name: str, poems: Sequence[Collection] | None = None) -> Checkpoint:
    """A model with a real model's tokenizer that recites poems, by default the nine, with their
    headers and without.
    """
    return taught_with(name, real_tokenizer(name), poems)


def taught_with(
    name: str,
    tokenizer: Any,
    poems: Sequence[Collection] | None = None,
    *,
    rows: int | None = None,
    end: int | None = None,
) -> Checkpoint:
    """As `taught`, with any tokenizer. `rows`: the size of the model's vocabulary; by default one
    row for every token. `end`: the model's end of text; by default the tokenizer's. An end without
    a row is not taught.
    """
    end = tokenizer.eos_token_id if end is None else end
    model = little_llama(rows or len(tokenizer), end, spread=0.02)
    encode = Checkpoint(name, model, tokenizer).encode
    chosen = nine() if poems is None else poems
    texts = [text for c in chosen for poem in c.poems for text in taught_texts(poem)]
    behind = [end] if end < model.config.vocab_size else []
    taught = [[*encode(text).tokens, *behind] for text in texts]
    versions = [torch.__version__, transformers.__version__]
    said = json.dumps([Path(__file__).read_text(), taught, *versions])
    key = hashlib.sha256(said.encode()).hexdigest()
    file = FOLDER / "taught" / f"{name.replace(' ', '-')}-{key[:16]}.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(file.with_suffix(".lock")):
        if not file.exists():
            save_file(_teach(taught), file.with_suffix(".part"))
            file.with_suffix(".part").rename(file)
    weights = load_file(file)
    # Rows of tokens that occur in no text stay random; the model hardly ever says these tokens.
    own = model.model.embed_tokens.weight.detach()
    own[_occurring(taught)] = weights.pop(EMBEDDING)
    model.load_state_dict({**weights, EMBEDDING: own}, strict=False)
    return Checkpoint(f"taught-{name}", model, tokenizer, sha256=key, files=key)


def _occurring(rows: Sequence[Sequence[int]]) -> list[int]:
    return sorted({token for row in rows for token in row})


def _teach(rows: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Teach a model whose vocabulary is only the tokens of these rows; return its weights. Teaching
    ends when the model says every token that is determined by the tokens before it.

    The small vocabulary makes it fast: the loss is over some hundreds of tokens.
    """
    place = {token: at for at, token in enumerate(_occurring(rows))}
    model = little_llama(len(place), None, spread=0.02).train()
    longest = max(map(len, rows))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    labels = torch.full_like(ids, -100)
    after: dict[tuple[int, ...], set[int]] = {}
    for at, row in enumerate(rows):
        ids[at, : len(row)] = torch.tensor([place[token] for token in row])
        labels[at, : len(row)] = ids[at, : len(row)]
        for end in range(1, len(row)):
            after.setdefault(tuple(row[:end]), set()).add(row[end])
    decided = torch.zeros(len(rows), longest - 1, dtype=torch.bool)
    for at, row in enumerate(rows):
        for end in range(1, len(row)):
            decided[at, end - 1] = len(after[tuple(row[:end])]) == 1
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    for step in range(MOST_STEPS):
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1]
        losses = torch.nn.functional.cross_entropy(
            logits.transpose(1, 2), labels[:, 1:], reduction="none"
        )
        if step % STEPS_AT_ONCE == 0 and float(losses.detach()[decided].max()) < LOSS:
            return {
                name: weights.clone()
                for name, weights in model.state_dict().items()
                if name != "lm_head.weight"
            }
        losses[labels[:, 1:] != -100].mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    raise AssertionError(f"{MOST_STEPS} steps did not teach these poems")
