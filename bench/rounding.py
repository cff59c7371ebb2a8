"""How much the order of sums changes the gap of the two best logits, in multiples of the machine
epsilon.

A reading in batches is compared with a reading one by one, with one whose weights are not packed,
and with the model fed token by token, as plain `generate` does. The last two are also compared with
each other. The suite's bound for fragile verdicts comes from these numbers.
"""

import contextlib
from collections.abc import Sequence

import torch
from common import parser

from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.deciding import rounding
from memtests.fixtures.models.local.drafts import Decisions
from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.files import canon


def main() -> None:
    given = parser(__doc__).parse_args()
    torch.set_num_threads(given.threads)
    model = load(given.model, Loading(device=given.device, dtype=given.dtype))
    texts = [p.text for c in canon() for p in c.sample(given.sample).poems]
    rows = [model.encode(text).tokens for text in texts]
    scale = rounding(model._model.dtype) / torch.finfo(model._model.dtype).eps
    batched = read(model, rows)
    print(f"{given.dtype}, {sum(map(len, rows)):,} tokens")
    print("one by one:     ", changed(batched, [read(model, [row])[0] for row in rows], scale))
    model._engine._products = contextlib.nullcontext
    not_packed, steps = read(model, rows), [stepped(model, row) for row in rows]
    print("not packed:     ", changed(batched, not_packed, scale))
    print("token by token: ", changed(batched, steps, scale))
    print("the last two:   ", changed(not_packed, steps, scale))


def read(model: Checkpoint, rows: Sequence[Sequence[int]]) -> list[Decisions]:
    """The decisions after each token but the last, from one pass over the rows."""
    found = model.read(rows, [1] * len(rows), [()] * len(rows))
    assert all(found), "the model is not read in one pass"
    return [Decisions(each.best[1:], each.gap[1:]) for each in found if each]


def stepped(model: Checkpoint, row: Sequence[int]) -> Decisions:
    """The same, fed one token at a time."""
    cache, logits = None, []
    with torch.inference_mode():
        for token in row[:-1]:
            ids = torch.tensor([[token]], device=model._model.device)
            said = model._model(input_ids=ids, past_key_values=cache, use_cache=True)
            cache = said.past_key_values
            logits.append(said.logits[0, -1])
        return model._engine._deciding.best(torch.stack(logits))


def changed(these: Sequence[Decisions], those: Sequence[Decisions], scale: float) -> str:
    """How decisions along the same texts differ, and in how many of these differences the first is
    not fragile. `scale`: the epsilons of a gap of 1.
    """
    changes, flips, sure = [], 0, 0
    for one, other in zip(these, those, strict=True):
        for at in range(len(one.best)):
            changes.append(scale * abs(one.gap[at] - other.gap[at]))
            if one.best[at] != other.best[at]:
                flips += 1
                sure += one.gap[at] >= 1
    changes.sort()
    half, nearly = (changes[int(len(changes) * share)] for share in (0.5, 0.99))
    return (
        f"{flips} other decisions, {sure} of them not fragile; gaps changed by {half:.1f} epsilons "
        f"in the median, {nearly:.1f} at the 99th percentile, {changes[-1]:.1f} at most"
    )


if __name__ == "__main__":
    main()
