"""Chunks of poems: what is recited together stays on one worker."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.fixtures.models.local.loading import pick_device
from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.probes.controls import SAMPLE, unseen_poems
from memtests.fixtures.probes.probes import Probe, title_probe
from memtests.plugins.recital import POEMS_AT_ONCE, batches_of, chunks_of
from memtests.plugins.scheduling import Places

ROOT = Path(__file__).parents[2]
POEMS = ["tang/jing-ye-si", "my/a/b", "my/a"]


def place(nodeid: str, poems: list[str], models: list[str]) -> tuple[str, str | None]:
    return Places(poems, models)(nodeid)


def test_place() -> None:
    assert place("t.py::test_title[tang/jing-ye-si]", POEMS, []) == ("", "tang/jing-ye-si")
    assert place("t.py::test_prefix[tang/jing-ye-si/10%]", POEMS, []) == ("", "tang/jing-ye-si")
    assert place("t.py::test_prefix[my/a/b/10%]", POEMS, []) == ("", "my/a/b")
    assert place("t.py::test_prefix[my/a/10%]", POEMS, []) == ("", "my/a")
    assert place("t.py::test_title[/x/y-tang/jing-ye-si]", POEMS, ["A", "/x/y"]) == (
        "/x/y",
        "tang/jing-ye-si",
    )
    assert place("t.py::test_title[my/a-A]", POEMS, ["A"]) == ("A", "my/a")
    assert place("t.py::test_other", POEMS, []) == ("", None)
    assert place("t.py::test_other[x]", POEMS, ["A"]) == ("", None)


def test_scopes_keep_models_and_chunks_apart() -> None:
    names = [f"c/p{n}" for n in range(POEMS_AT_ONCE + 1)]
    ids = [f"t.py::test_title[{m}-{name}]" for m in "AB" for name in names]
    found = Places(names, ["A", "B"]).scopes([*ids, "t.py::test_alone"], workers=1)
    assert len(set(found.values())) == 5
    assert found["t.py::test_alone"] == "t.py::test_alone"
    assert list(dict.fromkeys(found.values()))[:2] == ["A, chunk 0", "A, chunk 1"]


@given(st.lists(st.integers(0, 60)), st.integers(1, 8))
def test_chunks(poems: list[int], workers: int) -> None:
    chunks = chunks_of(poems, workers)
    assert set(chunks) == set(poems)
    sizes = [list(chunks.values()).count(chunk) for chunk in set(chunks.values())]
    assert all(size <= POEMS_AT_ONCE for size in sizes)
    assert len(sizes) >= min(workers, len(set(poems)))
    order = [chunks[poem] for poem in dict.fromkeys(poems)]
    assert order == sorted(order), "in their order"


@given(st.lists(st.integers(0, 60), min_size=1), st.integers(1, 4))
def test_batches_are_the_chunks(numbers: list[int], workers: int) -> None:
    """What a worker recites together is what the scheduler gives it together."""
    probes: list[Probe] = []
    for n in numbers:
        poem = Poem(id=f"p{n}", title="T", author="A", language="en", lines=("a b", "c d"))
        probes.append(title_probe("c", poem))
    ids = [f"t.py::test_title[c/{probe.poem.id}]" for probe in probes]
    scope_of = Places([f"c/p{n}" for n in numbers], []).scopes(ids, workers)
    for batch in batches_of(probes, workers):
        assert len({scope_of[f"t.py::test_title[c/{probe.poem.id}]"] for probe in batch}) == 1


def test_a_chunk_is_asked_before_the_next_begins() -> None:
    """So that a run that is stopped has whole poems, and has lost nothing that it recited."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "memtests", "--collect-only", "-q"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    made = {c.name: unseen_poems(c.sample(SAMPLE)) for c in canon()}
    poems = [f"{c.name}/{poem.id}" for c in canon() for poem in (*c.poems, *made[c.name])]
    places = Places(poems, [])
    asked = [places(line)[1] for line in done.stdout.splitlines() if "::" in line]
    chunks = chunks_of(poem for poem in asked if poem)
    order = [chunks[poem] for poem in asked if poem]
    assert len(set(order)) == -(-len(set(asked) - {None}) // POEMS_AT_ONCE)
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("worker", "device"),
    [(None, "cuda:0"), ("gw0", "cuda:0"), ("gw1", "cuda:1"), ("gw5", "cuda:2")],
)
def test_each_worker_has_its_gpu(
    monkeypatch: pytest.MonkeyPatch, worker: str | None, device: str
) -> None:
    """By their place among the visible ones; a worker that takes a dead one's place comes round."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 3)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    if worker:
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
    assert pick_device("auto") == device
    assert pick_device("cpu") == "cpu"
