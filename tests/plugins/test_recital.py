"""Recitations are handed on at once, and a case waits for no more than its own probe."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest
import torch

from memtests.fixtures.models.contract import Generated, Opening, Portion
from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.files import canon
from memtests.fixtures.probes.probes import (
    DEFAULT_HEADER,
    DEFAULT_PREFIX_LENGTHS,
    Probe,
    parse_prefix_lengths,
    probes_of,
    window_probes,
)
from memtests.fixtures.probes.windows import Windows, parse_size
from memtests.plugins.chance import chance_bands
from memtests.plugins.recital import Recital, recite, reciter_of
from memtests.plugins.reciter import Completion
from memtests.plugins.resuming import SavedVerdict
from memtests.plugins.traces import Trace
from tests.support.standin import StandIn

TANG = next(collection for collection in canon() if collection.name == "tang")
LENGTHS = parse_prefix_lengths(DEFAULT_PREFIX_LENGTHS)


def probes_of_some(count: int) -> list[Probe]:
    """Titles and prefixes of the first poems."""
    cases = ("title", "prefix")
    some = TANG.sample(count)
    return [p for case in cases for p in probes_of(some, case, LENGTHS, DEFAULT_HEADER)]


class Sunk:
    """Records everything that is handed on, in order."""

    def __init__(self) -> None:
        self.order: list[tuple[str, str]] = []
        self.verdicts: list[SavedVerdict] = []

    def __call__(self, verdicts: Sequence[SavedVerdict], traces: Sequence[Trace]) -> None:
        self.order += [("trace", trace.poem) for trace in traces]
        self.order += [("verdict", verdict.poem) for verdict in verdicts]
        self.verdicts += verdicts


def stand_in(at_once: int) -> StandIn:
    model = StandIn("A", {poem.text: poem.id for poem in TANG.poems})
    model.portion = Portion(at_once)
    return model


@pytest.mark.parametrize("unknown", ["", "*"])
def test_a_verdict_is_handed_on_before_its_case_comes(
    monkeypatch: pytest.MonkeyPatch, unknown: str
) -> None:
    monkeypatch.setenv("MEMTESTS_UNKNOWN", unknown)
    probes, sunk = probes_of_some(8), Sunk()
    recital = Recital(stand_in(1 << 20), [probes], lambda _: chance_bands(TANG), sink=sunk)
    first = recital.measure(probes[-1])
    assert first
    assert {verdict.probe for verdict in sunk.verdicts} == {probe.name for probe in probes}
    assert [asked.probe for asked in recital.asked] == [probes[-1].name]  # type: ignore[union-attr]
    assert first in sunk.verdicts
    for poem in TANG.sample(8).poems:
        assert sunk.order.index(("trace", poem.id)) < sunk.order.index(("verdict", poem.id))
        assert sunk.order.count(("trace", poem.id)) == 2, "under its header and alone, once each"
    before = len(sunk.verdicts)
    found = [recital.measure(probe) for probe in probes]
    assert len(sunk.verdicts) == before, "nothing is recited or handed on twice"
    assert all(verdict in sunk.verdicts for verdict in found)


def test_a_case_waits_for_no_more_than_its_own_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """So `-x` ends a run at its first miss, and cases end while their chunk is still recited."""
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "*")
    probes, sunk = probes_of_some(8), Sunk()
    recital = Recital(stand_in(1), [probes], lambda _: chance_bands(TANG), sink=sunk)
    recital.measure(probes[0])
    assert {verdict.poem for verdict in sunk.verdicts} == {probes[0].poem.id}
    recital.measure(probes[-1])
    assert {verdict.poem for verdict in sunk.verdicts} == {probe.poem.id for probe in probes}


def test_a_chunk_is_ended_before_the_next_is_begun() -> None:
    probes, sunk = probes_of_some(8), Sunk()
    chunks = [list(group) for _, group in itertools.groupby(probes, lambda p: p.case)]
    recital = Recital(stand_in(1), chunks, lambda _: chance_bands(TANG), sink=sunk)
    for probe in (chunks[0][0], chunks[1][0]):
        recital.measure(probe)
    assert {p.name for p in chunks[0]} < {verdict.probe for verdict in sunk.verdicts}


@pytest.mark.parametrize("count", [1, 5, 40])
def test_where_probes_fail_together_it_costs_those_that_fail(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    bad = TANG.sample(count).poems[count // 2]
    monkeypatch.setenv("MEMTESTS_BUG", bad.id)
    probes = probes_of_some(count)
    for at_once in (1, 1 << 20):
        found = dict(recite(reciter_of(stand_in(at_once)), probes))
        assert sorted(found) == list(range(len(probes)))
        failed = {probes[at].poem.id for at, f in found.items() if not isinstance(f, Completion)}
        assert failed == {bad.id}


def test_in_half_precision_no_case_finds_the_model_in_float32() -> None:
    """Fragile probes are decided in float32, and handed on, before a case goes on."""
    model = load("embedded", Loading(device="cpu", dtype="bfloat16"))
    probes, sunk = probes_of_some(2), Sunk()
    recital = Recital(model, [probes], lambda _: chance_bands(TANG), sink=sunk)
    fragile = 0
    for probe in probes:
        fragile += recital.completion(probe).fragile
        assert next(model._model.parameters()).dtype == torch.bfloat16
    assert fragile > 0
    assert len(sunk.verdicts) == len(probes)


def test_in_half_precision_every_window_is_traced() -> None:
    """Also one whose verdict waits for float32: its reading is needed until then."""
    model = load("embedded", Loading(device="cpu", dtype="bfloat16"))
    windows = Windows(parse_size("10/10"), every=3)
    probes = [
        probe for poem in TANG.sample(6).poems for probe in window_probes("tang", poem, windows)
    ]
    sunk = Sunk()
    recital = Recital(model, [probes], lambda _: chance_bands(TANG), sink=sunk)
    fragile = [recital(probe).fragile for probe in probes]
    assert 0 < sum(fragile) < len(probes)
    assert len([what for what, _ in sunk.order if what == "trace"]) == len(probes)


def test_an_exception_of_another_plugin_ends_no_other_case(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A timeout, for instance, wherever it strikes."""
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "*")
    probes = probes_of_some(6)
    whole = Recital(stand_in(2), [probes], lambda _: chance_bands(TANG))
    expected = [whole(probe) for probe in probes]
    for strikes in range(1, 12, 2):
        model, passes = stand_in(2), itertools.count(1)
        inner = model.generate

        def struck(
            portions: Iterable[Sequence[Opening]],
            inner: Callable[..., Iterator[dict[int, Generated]]] = inner,
            passes: Iterator[int] = passes,
            strikes: int = strikes,
        ) -> Iterator[dict[int, Generated]]:
            for found in inner(portions):
                if next(passes) == strikes:
                    pytest.fail("Timeout")
                yield found

        monkeypatch.setattr(model, "generate", struck)
        recital = Recital(model, [probes], lambda _: chance_bands(TANG))
        found, failed = [], 0
        for probe in probes:
            try:
                found.append(recital(probe))
            except pytest.fail.Exception:
                failed += 1
                found.append(recital(probe))
        assert found == expected
        assert failed == (next(passes) > strikes)


def test_a_question_in_between_changes_nothing() -> None:
    """A test's own questions, and plain `generate`, while a chunk is half recited."""
    model = load("embedded", Loading(device="cpu"))
    model._engine.batch_tokens = 64
    probes = probes_of_some(4)
    alone = dict(recite(reciter_of(model), probes))
    recital = Recital(model, [probes], lambda _: chance_bands(TANG))
    for at, probe in enumerate(probes):
        found = recital.completion(probe)
        recital(opening="白日依山尽，", rest="黄河入海流。")
        assert recital.plainly(probe) == found.text
        said = alone[at]
        assert isinstance(said, Completion)
        assert (found.text, found.followed) == (said.text, said.followed)
