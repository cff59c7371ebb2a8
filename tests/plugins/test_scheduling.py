"""Chunks of poems: probes that are recited together stay on one worker."""

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.fixtures.models.local.loading import pick_device
from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.probes.probes import Probe, title_probe
from memtests.plugins.hooks import asked_by
from memtests.plugins.recital import POEMS_AT_ONCE, batches_of, chunks_of
from memtests.plugins.scheduling import Asked, in_order, scopes
from tests.support.running import SUITE, report, run_suite

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]


def test_scopes_keep_models_and_chunks_apart() -> None:
    asked = [Asked(model, ("c", f"p{n}")) for model in "AB" for n in range(POEMS_AT_ONCE + 1)]
    cases = {f"t.py::test_title[{at}]": case for at, case in enumerate(asked)}
    found = scopes({**cases, "t.py::test_alone": None}, workers=1)
    assert len(set(found.values())) == 5
    assert found["t.py::test_alone"] == "t.py::test_alone"
    assert list(dict.fromkeys(found.values()))[:2] == ["A, chunk 0", "A, chunk 1"]


@given(st.lists(st.integers(0, 600), max_size=600), st.integers(1, 8))
def test_chunks(poems: list[int], workers: int) -> None:
    chunks = chunks_of(poems, workers)
    assert set(chunks) == set(poems)
    sizes = [list(chunks.values()).count(chunk) for chunk in set(chunks.values())]
    assert all(size <= POEMS_AT_ONCE for size in sizes)
    assert len(sizes) >= min(workers, len(set(poems)))
    if workers > 1:
        few = max(16, len(set(poems)) / (4 * workers))
        assert all(size <= few for size in sizes), "none waits long for another at the end"
    order = [chunks[poem] for poem in dict.fromkeys(poems)]
    assert order == sorted(order), "in their order"


@given(st.lists(st.integers(0, 60), min_size=1), st.integers(1, 4))
def test_batches_are_the_chunks(numbers: list[int], workers: int) -> None:
    """The scheduler gives a worker exactly the probes that the worker recites together."""
    probes: list[Probe] = []
    for n in numbers:
        poem = Poem(id=f"p{n}", title="T", author="A", language="en", lines=("a b", "c d"))
        probes.append(title_probe("c", poem))
    scope_of = scopes({probe.name: Asked("A", probe.place) for probe in probes}, workers)
    for batch in batches_of(probes, workers):
        assert len({scope_of[probe.name] for probe in batch}) == 1


@pytest.mark.parametrize("sizes", [(119,), (20,) * 6, (2,) * 30, (300, 16, 16, 16)])
def test_two_workers_get_about_half_each(sizes: tuple[int, ...]) -> None:
    """For the canon and small sets of poems: the worker that is done first takes the next chunk."""
    poems = [(f"c{at}", n) for at, size in enumerate(sizes) for n in range(size)]
    chunks = list(chunks_of(poems, 2).values())
    done = [0, 0]
    for chunk in dict.fromkeys(chunks):
        done[done.index(min(done))] += chunks.count(chunk)
    assert abs(done[0] - done[1]) <= max(16, len(poems) // 8)


def test_chunks_of_a_model_come_one_after_the_other() -> None:
    asked = [Asked(model, ("c", f"p{n}")) for n in range(70) for model in "AB"]
    cases = {f"t.py::{at}": case for at, case in enumerate(asked)}
    for workers in (1, 2):
        order, found = in_order(cases, workers), scopes(cases, workers)
        sequence = [found[nodeid] for nodeid in sorted(cases, key=lambda each: order[each])]
        runs = [scope for scope, _ in itertools.groupby(sequence)]
        assert len(runs) == len(set(runs)), "each in one piece"


class Collected:
    """Records the cases of a run, as its hooks see them."""

    asked: list[Asked | None]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.asked = [asked_by(item) for item in session.items]


def test_a_few_poems_are_asked_before_the_next_begin(pytester: pytest.Pytester) -> None:
    """So a run that is stopped has all cases of some poems, and its output shows how far it is."""
    found = Collected()
    pytester.inline_run(*SUITE, "--collect-only", "-q", plugins=[found])
    poems = [case.poem for case in found.asked if case]
    assert len({name for name, _ in poems}) == len(canon())
    few = {poem: at // 16 for at, poem in enumerate(dict.fromkeys(poems))}
    order = [few[poem] for poem in poems]
    assert len(set(order)) == -(-len(set(poems)) // 16)
    assert order == sorted(order)


# Names that make node ids hard to tell apart: one model's name begins with another's, and the ids
# of poems look like parts of a node id.
ODD = ("a-b", "a", "x/y", "gpt2-x", "q[1]", "unseen/a", "10%", "诗-1")


def odd_poems(folder: Path) -> Path:
    """A file of poems with such ids."""
    poems = (
        {"id": id, "title": f"T{at}", "author": "A", "language": "en", "lines": ["a b", f"c {at}"]}
        for at, id in enumerate(ODD)
    )
    (folder / "my-poems.jsonl").write_text("\n".join(map(json.dumps, poems)))
    return folder / "my-poems.jsonl"


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_models_and_poems_are_told_apart_whatever_they_are_called(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    """Each chunk of a model's poems goes to one worker, and all of them do."""
    log = pytester.path / "log"
    monkeypatch.setenv("MEMTESTS_SPREAD", str(log))
    models = ("gpt2", "gpt2-x")
    result = run_suite(
        *(pytester, "-p", "tests.support.standin", "-p", "tests.support.spread", "--measure"),
        *("--poems", odd_poems(pytester.path), "--controls", "none", *workers),
        *("-k", "(test_title or test_prefix) and not lengths"),
        *(argument for model in models for argument in ("--model", model)),
    )
    assert result.ret == 0, result.outlines
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    titles = [asked for _, nodeid, asked in lines if "test_title" in nodeid]
    assert sorted(titles) == sorted([m, ["my-poems", poem]] for m in models for poem in ODD)
    assert len(lines) == len(report(pytester)["verdicts"])
    where: dict[tuple[str, int], set[str]] = {}
    size = len(ODD) // 2 if workers else len(ODD)
    for worker, _, (model, (_, poem)) in lines:
        where.setdefault((model, ODD.index(poem) // size), set()).add(worker)
    assert len(where) == len(models) * (len(ODD) // size)
    assert all(len(found) == 1 for found in where.values())


@pytest.mark.parametrize(
    ("worker", "device"),
    [(None, "cuda:0"), ("gw0", "cuda:0"), ("gw1", "cuda:1"), ("gw5", "cuda:2")],
)
def test_each_worker_has_its_gpu(
    monkeypatch: pytest.MonkeyPatch, worker: str | None, device: str
) -> None:
    """Workers take the visible GPUs in turn, also those that replace a dead one: `gw5`, say."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 3)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    if worker:
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
    assert pick_device("auto") == device
    assert pick_device("cpu") == "cpu"
