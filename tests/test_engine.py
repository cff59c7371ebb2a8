"""The engine: batches, slots and drafts change how long it takes, never what comes out."""

import gc
import math
import warnings
import weakref
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fixtures import engine
from fixtures.checkpoint import Checkpoint
from fixtures.drafts import MOST, Draft, Endings, best_width, endings, propose
from fixtures.forward import cache_name
from fixtures.language_model import Generated, Opening
from fixtures.loading import Loading, load
from fixtures.memory import FEWEST, batches, tokens_that_fit
from fixtures.slots import Slots
from plugins.reciter import Completion, Reciter
from tests.models import untaught
from tests.test_reciter import some_probes, texts

ROWS = st.lists(st.integers(1, 90), min_size=1, max_size=30)


@given(ROWS, st.integers(1, 300))
def test_batches_hold_every_row_once_within_the_budget(lengths: list[int], budget: int) -> None:
    found = list(batches(lengths, budget))
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget
    firsts = [lengths[batch[0]] for batch in found]
    assert firsts == sorted(firsts, reverse=True), "longest first"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([90], [3, 4, 5, 6, 7, 8]),  # a changed word: go on with the one after it
        ([4], [5, 6, 7, 8]),  # two words were skipped
        ([90, 2], [3, 4, 5, 6, 7, 8]),  # a word was added
        ([90, 91], [4, 5, 6, 7, 8]),  # two changed words
        ([90, 91, 92], []),  # nothing in common: no guess
        ([90, 91, 92, 5, 6], [7, 8]),  # it has come back
    ],
)
def test_propose(said: list[int], expected: list[int]) -> None:
    """The text is 1 to 8, and said stands in the place of 2 and what follows."""
    assert propose([1, 2, 3, 4, 5, 6, 7, 8], said, 1, {}).tokens == expected


def test_propose_goes_round_in_circles() -> None:
    said = [7, 1, 2, 3, 1, 2, 3, 1, 2]
    assert propose([50, 51, 52], said, 1, {}).tokens[:6] == [3, 1, 2, 3, 1, 2]


def test_propose_another_text() -> None:
    others = endings([[9, 8, 7, 6, 5], [1, 2]])
    assert propose([50, 51, 52], [40, 9, 8, 7], 1, others).tokens == [6, 5]
    assert propose([50, 51, 52], [40, 8, 7], 1, others).tokens == []


@given(
    st.lists(st.integers(0, 5), min_size=2, max_size=30),
    st.lists(st.integers(0, 5), min_size=1, max_size=30),
    st.data(),
)
def test_drafts_are_short_and_trusted_within_bounds(
    text: list[int], said: list[int], data: st.DataObject
) -> None:
    others = endings(data.draw(st.lists(st.lists(st.integers(0, 5)), max_size=3)))
    draft = propose(text, said, data.draw(st.integers(1, len(text) - 1)), others)
    assert len(draft.tokens) <= MOST
    assert 0 <= draft.trust < 1
    width = best_width([draft, Draft([], 0.0)], data.draw(st.floats(0, 2000)))
    assert 0 <= width <= len(draft.tokens)


def test_width_follows_trust_and_cost() -> None:
    sure, unsure = Draft([1] * MOST, 0.99), Draft([1] * MOST, 0.1)
    assert best_width([sure] * 8, 40.0) == MOST
    assert best_width([unsure] * 64, 1.0) == 0
    assert best_width([unsure], 1000.0) > 0, "nearly free where a pass is dear"
    assert best_width([], 40.0) == 0


def test_slots_are_used_where_they_are_exact() -> None:
    for architecture, exact in (("llama", True), ("gpt2", True), ("bloom", False)):
        model = untaught(architecture=architecture)
        Reciter(model).recite(some_probes(1)[:3])
        assert model._engine._slots_are_exact is exact, architecture


def test_without_slots_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    probes = some_probes(1)
    with_slots = texts(Reciter(untaught()).recite(probes))
    monkeypatch.setattr(engine.Engine, "_slots_fit", lambda *_: False)
    assert texts(Reciter(untaught()).recite(probes)) == with_slots


@pytest.mark.parametrize("wild", ["nothing", "nonsense", "everything"])
def test_whatever_is_drafted_the_same(monkeypatch: pytest.MonkeyPatch, wild: str) -> None:
    """Wrong, missing and overlong drafts cost time and change nothing."""
    probes = some_probes(1)
    model = load("embedded", Loading(device="cpu"))
    expected = texts(Reciter(model).recite(probes))

    def draft(text: Sequence[int], said: Sequence[int], left: int, others: Endings) -> Draft:
        if wild == "nothing":
            return Draft([], 0.0)
        tokens = [5] * MOST if wild == "nonsense" else list(text[left : left + MOST])
        return Draft(tokens, 0.99)

    monkeypatch.setattr("fixtures.open_row.propose", draft)
    monkeypatch.setattr(engine, "best_width", lambda drafts, _: max(len(d.tokens) for d in drafts))
    assert texts(Reciter(model).recite(probes)) == expected


@pytest.mark.parametrize("batch_tokens", [1, 100, 333, None])
def test_batch_size_changes_nothing(batch_tokens: int | None) -> None:
    probes = some_probes(2)[::3]
    model = load("embedded", Loading(device="cpu"))
    expected = Reciter(model).recite(probes)
    if batch_tokens is not None:
        model._engine.batch_tokens = batch_tokens
    for one, other in zip(Reciter(model).recite(probes), expected, strict=True):
        assert isinstance(one, Completion)
        assert isinstance(other, Completion)
        assert (one.text, one.followed) == (other.text, other.followed)
        assert one.log_p == pytest.approx(other.log_p, abs=1e-3)


def test_out_of_memory_halves_the_batch_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    probes = some_probes(2)
    model = load("embedded", Loading(device="cpu"))
    expected = texts(Reciter(model).recite(probes))
    run = engine.Engine._read

    def too_much(self: engine.Engine, rows: Sequence[Any], starts: Sequence[int]) -> Sequence[Any]:
        if sum(map(len, rows)) > 400:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return run(self, rows, starts)

    monkeypatch.setattr(engine.Engine, "_read", too_much)
    before = model._engine.batch_tokens
    with pytest.warns(UserWarning, match=r"out of memory; going on with batches of \d+") as said:
        assert texts(Reciter(model).recite(probes)) == expected
    assert model._engine.batch_tokens < before // 2
    assert len(said) == 1


@pytest.mark.parametrize("slots", [True, False])
def test_out_of_memory_while_generating(monkeypatch: pytest.MonkeyPatch, slots: bool) -> None:
    probes = some_probes(1)
    model = untaught(architecture="llama" if slots else "bloom")
    expected = texts(Reciter(model).recite(probes))
    name = "_in_slots" if slots else "_padded"
    run = getattr(engine.Engine, name)

    def too_much(self: engine.Engine, openings: Sequence[Opening]) -> list[Generated]:
        if len(openings) > 10:
            raise torch.OutOfMemoryError("CUDA out of memory")
        found: list[Generated] = run(self, openings)
        return found

    monkeypatch.setattr(engine.Engine, name, too_much)
    with pytest.warns(UserWarning, match="out of memory"):
        assert texts(Reciter(model).recite(probes)) == expected


def test_other_errors_are_not_taken_for_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    model = untaught()

    def broken(*_: object) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(engine.Engine, "_read", broken)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeError, match="shapes"):
            Reciter(model).recite(some_probes(1))


def test_logits_stay_within_the_budget() -> None:
    """A vocabulary of 150,000 and 512 tokens: a quarter of the free memory, whatever the rows."""
    config = SimpleNamespace(vocab_size=150_000)
    config.get_text_config = lambda: config
    for free, most in ((2 << 30, 600), (16 << 30, 4800)):
        model = SimpleNamespace(
            config=config, dtype=torch.float32, device=SimpleNamespace(type="cuda")
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("fixtures.memory.free_memory", lambda _, free=free: free)
            tokens = tokens_that_fit(model)
        assert FEWEST <= tokens <= most
        assert tokens * 150_000 * 4 <= free / 4


def seen_logits(model: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    shapes: list[tuple[int, ...]] = []
    decide = engine.Engine._decide

    def spy(self: engine.Engine, logits: Any) -> Any:
        shapes.append(tuple(logits.shape))
        return decide(self, logits)

    monkeypatch.setattr(engine.Engine, "_decide", spy)
    return shapes


def test_only_what_is_read_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    model = untaught()
    (probe,) = [p for p in some_probes(1) if p.name.endswith("75%") and p.collection == "sonnets"]
    shapes = seen_logits(model, monkeypatch)
    row, cue = model.encode(probe.text), model.encode(probe.cue)
    model.read([row], [len(cue)])
    assert [shape[0] for shape in shapes] == [len(row) - len(cue)]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_fragile_is_decided_in_float32(dtype: str) -> None:
    """In half precision many decisions are fragile; what is decided again is as in float32."""
    probes = some_probes(2)
    exact = Reciter(load("embedded", Loading(device="cpu"))).recite(probes)
    half = load("embedded", Loading(device="cpu", dtype=dtype))
    rounded = load("embedded", Loading(device="cpu", dtype=dtype))
    weights = {name: w.clone() for name, w in half._model.state_dict().items()}
    found = Reciter(half).recite(probes)
    # What the rounded weights say in float32 is the truth that fragile verdicts are held to.
    rounded._model.float()
    rounded._dtype = torch.float32
    true = Reciter(rounded).recite(probes)
    fragile = 0
    for one, other in zip(found, true, strict=True):
        assert isinstance(one, Completion)
        assert isinstance(other, Completion)
        if one.fragile:
            fragile += 1
            assert one.text == other.text
    assert 0 < fragile < len(probes)
    assert not any(each.fragile for each in exact if isinstance(each, Completion))
    for name, w in half._model.state_dict().items():
        assert torch.equal(w, weights[name]), "the weights are as they were"
        assert w.dtype == weights[name].dtype


def test_ties_take_the_lowest_token_as_argmax_does() -> None:
    model = untaught()
    logits = torch.zeros(3, 50)
    logits[1, [4, 9]] = 2.0
    logits[2, 7] = math.nan
    found = model._engine._decide(logits)
    assert found.best[:2] == [0, 4]
    assert found.gap[:2] == [0.0, 0.0]
    assert math.isnan(found.gap[2])


def test_slots_move_and_grow() -> None:
    model = load("embedded", Loading(device="cpu"))._model
    ids = torch.arange(20, 60)[None]
    with torch.inference_mode():
        plain = model(input_ids=ids, use_cache=True)
        slots = Slots(3, model.config.num_hidden_layers, torch.device("cpu"))
        for length in (10, 30, 20):
            slots.add(getattr(plain, cache_name(model)), 0, length)
        slots.remove(0)  # the row of 20 tokens moves to its place
        slots.set_lengths([20, 30])
        slots.make_room(400)
        logits = model(
            input_ids=torch.stack([ids[0, 20:24], ids[0, 30:34]]),
            attention_mask=slots.mask(4),
            position_ids=slots.places(4),
            **{cache_name(model): slots.cache},
        ).logits
    assert torch.allclose(logits[0], plain.logits[0, 20:24], atol=1e-4)
    assert torch.allclose(logits[1], plain.logits[0, 30:34], atol=1e-4)


def test_generate_stops_at_the_limit_and_at_the_end() -> None:
    model = load("embedded", Loading(device="cpu"))
    text = model.encode("床前明月光，\n疑是地上霜。")
    opening = Opening(text[:4], 5, lambda _: False, text)
    (found,) = model.generate([opening])
    assert len(found.tokens) == 5
    assert len(found.gaps) == 5
    assert not found.ended
    whole = Opening(text, 400, lambda _: False, [*text, 5])
    (found,) = model.generate([whole])
    assert found.ended
    assert isinstance(found, Generated)
    assert len(found.gaps) == len(found.tokens) + 1


def test_slots_are_freed_at_once() -> None:
    """Not when the garbage collector comes round: a thousand poems would take gigabytes."""
    gc.disable()
    try:
        slots = engine.Slots(2, 3, torch.device("cpu"))
        layer = weakref.ref(slots.cache.layers[0])
        del slots
        assert layer() is None
    finally:
        gc.enable()
