"""What a look reads of a model: against plain decoding and plain arithmetic, on tiny models."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from memtests.fixtures.models.local.live import live
from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.probes.probes import header, poem_unit_ends, with_header
from memtests.fixtures.teach.memorize import taught_texts
from memtests.fixtures.teach.teaching import fresh_model, train_tokenizer
from memtests.study.answers.changed_lines import changed_line
from memtests.study.measured import TAUGHT
from memtests.study.measuring import ASKED, GIVEN, LONG, cells, look
from memtests.study.plan import chosen
from memtests.study.study_tables import probability

POEMS = [poem for one in chosen(canon(), 5, 300, True)[:2] for poem in one.poems]


def taught(joining: bool, steps: int, poems: Sequence[Poem] = POEMS[::2]) -> tuple[Any, Any]:
    """A tiny model after some steps on some of the poems, all at once, and its tokenizer."""
    torch.manual_seed(0)
    texts = [text for poem in POEMS for text in taught_texts(poem)]
    tokenizer = train_tokenizer(texts, 500, joining)
    model = fresh_model(100_000, len(tokenizer))
    taught_to_it = [text for poem in poems for text in taught_texts(poem)]
    batch = tokenizer(taught_to_it, return_tensors="pt", padding=True, padding_side="right")
    labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(steps):
        model(**batch, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval(), tokenizer


def said_greedily(model: Any, tokenizer: Any, poem: Poem) -> str:
    """What plain `generate` says after the header, as long as the poem."""
    whole = tokenizer(with_header(poem), return_tensors="pt")["input_ids"]
    cue = len(tokenizer(header(poem))["input_ids"])
    assert tokenizer.decode(whole[0, :cue]) == header(poem), "the cut lies between tokens"
    said = model.generate(
        whole[:, :cue], max_new_tokens=whole.shape[1] - cue, do_sample=False, pad_token_id=0
    )
    return str(tokenizer.decode(said[0, cue:], skip_special_tokens=True))


@pytest.mark.parametrize("joining", [False, True], ids=["apart", "joined"])
def test_a_look_says_what_greedy_decoding_says(joining: bool) -> None:
    model, tokenizer = taught(joining, steps=60)
    found = look(live(model, tokenizer, "m"), POEMS, {}, TAUGHT, 3)
    recited = []
    for poem, course in zip(POEMS, found.poems, strict=True):
        units = len(poem_unit_ends(poem))
        assert len(course.log_p) == len(course.said) == units
        recited.append(said_greedily(model, tokenizer, poem).strip() == poem.text)
        assert course.recited == recited[-1]
        assert not course.recited or all(course.said)
    assert {True, False} == set(recited), "both are there, or nothing was shown"


@pytest.mark.parametrize("joining", [False, True], ids=["apart", "joined"])
def test_units_and_pairs_add_up_to_the_texts_probability(joining: bool) -> None:
    model, tokenizer = taught(joining, steps=5)
    changed = {at: change for at, poem in enumerate(POEMS) if (change := changed_line(poem, POEMS))}
    found = look(live(model, tokenizer, "m"), POEMS, changed, TAUGHT, 0)
    for poem, course in zip(POEMS, found.poems, strict=True):
        whole = log_p(model, tokenizer, with_header(poem), after=len(header(poem)) + 2)
        assert math.fsum(course.log_p) == pytest.approx(whole, abs=0.05)
    assert [pair.poem for pair in found.pairs] == [*changed]
    for pair in found.pairs:
        poem, (line, text) = POEMS[pair.poem], changed[pair.poem]
        lines = (*poem.lines[:line], text)
        other = header(poem) + "\n\n" + "\n".join(lines)
        assert pair.changed == pytest.approx(log_p(model, tokenizer, other), abs=0.01)
        true = header(poem) + "\n\n" + "\n".join(poem.lines[: line + 1])
        assert pair.true == pytest.approx(log_p(model, tokenizer, true), abs=0.01)


def log_p(model: Any, tokenizer: Any, text: str, after: int = 0) -> float:
    """Of all tokens of a text that end after a place, but the first."""
    found = tokenizer(text, return_tensors="pt", return_offsets_mapping=True)
    ids = found["input_ids"]
    with torch.inference_mode():
        logs = model(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
    return float(logs[found["offset_mapping"][0, 1:, 1] > after].sum())


def test_context_in_memory_out_is_of_the_same_poems() -> None:
    long = [at for at, poem in enumerate(POEMS) if len(poem_unit_ends(poem)) >= LONG]
    assert len(long) >= 2
    model, tokenizer = taught(joining=False, steps=60, poems=[POEMS[long[0]]])
    found = cells(live(model, tokenizer, "m"), POEMS)
    assert [(cell.poem, cell.given, cell.asked) for cell in found] == [
        (at, given, asked) for at in long for given in GIVEN for asked in ASKED
    ]
    assert all(cell.recited for cell in found if cell.poem == long[0])
    assert not any(cell.recited for cell in found if cell.poem != long[0] and cell.asked == 16)
    assert falling(found)


def falling(found: Sequence[Any]) -> bool:
    """What is recited for sixteen units is for eight."""
    by_place: dict[tuple[int, int], list[bool]] = {}
    for cell in found:
        by_place.setdefault((cell.poem, cell.given), []).append(cell.recited)
    return all(each == sorted(each, reverse=True) for each in by_place.values())


def test_the_probability_of_a_unit_is_a_geometric_mean() -> None:
    model, tokenizer = taught(joining=False, steps=0)
    found = look(live(model, tokenizer, "m"), POEMS, {}, TAUGHT, 0)
    first = math.fsum(found.poems[0].log_p) / len(found.poems[0].log_p)
    assert probability([found], [0]) == pytest.approx(math.exp(first))
