"""Collections too large for memory: the same numbers as of one in memory, in little of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fixtures.poems
from fixtures.poems import Collection, Poem, canon, read_collection
from fixtures.shelf import Shelf
from plugins.chance import chance_bands
from tests.test_plugin import ROOT, memtests, report

pytest_plugins = ["pytester"]

# As they were when every collection was held in memory: baselines and samples rest on them.
SAMPLES = {
    "american": ["because-i-could-not-stop", "learnd-astronomer", "trees"],
    "song": ["shi-er", "you-shan-xi-cun", "xiao-chu-jing-ci-si"],
    "tang": ["chu-sai", "wang-yue", "shan-ju-qiu-ming"],
}
CHANCE = {
    "american": {4: 0.5, 16: 0.42968944099378925, 64: 0.34782608695652173, 512: 0.3243410852713179},
    "song": {4: 0.25, 8: 0.125, 16: 0.125, 32: 0.088750000000001},
    "tang": {4: 0.25, 8: 0.125, 16: 0.09375, 32: 0.09375},
}
ids = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)


def poem(key: str) -> Poem:
    return Poem(key, "T", "A", "en", ("one", "two"), source=key)


@settings(deadline=None)
@given(st.lists(ids, unique=True))
def test_a_sequence(keys: list[str]) -> None:
    shelf, poems = Shelf(Poem), [poem(key) for key in keys]
    assert [shelf.add(item.id, item) for item in poems] == [None] * len(poems)
    assert [shelf.add(key, poem("other")) for key in keys] == list(range(len(keys)))
    assert list(shelf) == poems == list(shelf[:])
    assert list(shelf.keys()) == keys
    assert shelf[1::2] == poems[1::2]
    assert [shelf[at] for at in range(-len(poems), len(poems))] == poems + poems
    assert len(shelf) == len(poems)
    assert list(shelf.by_key()) == sorted(poems, key=lambda item: item.id)
    with pytest.raises(IndexError):
        shelf[len(poems)]


@settings(deadline=None)
@given(st.lists(ids, unique=True, min_size=1), st.integers(1, 5))
def test_a_collection_on_it(keys: list[str], count: int) -> None:
    shelf, poems = Shelf(Poem), tuple(poem(key) for key in keys)
    for item in poems:
        shelf.add(item.id, item)
    large, small = Collection("c", shelf), Collection("c", poems)
    assert large.sha256 == small.sha256
    assert large.language == small.language
    assert large.sample(count) == small.sample(count)


def test_numbers_of_the_canon_are_what_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = canon()
    monkeypatch.setattr(fixtures.poems, "MOST_IN_MEMORY", 1)
    for one, other in zip(memory, canon(), strict=True):
        assert isinstance(other.poems, Shelf)
        assert not isinstance(one.poems, Shelf)
        assert one.sha256 == other.sha256
        assert one.sample(7) == other.sample(7)
        if one.name in SAMPLES:
            assert chance_bands(one) == chance_bands(other)
            assert [poem.id for poem in one.sample(3).poems] == SAMPLES[one.name]
            then = CHANCE[one.name]
            assert {length: chance_bands(one)[length] for length in then} == pytest.approx(then)
    baseline = json.loads((ROOT / "reports/baselines/embedded.json").read_text())
    hashes = {each["name"]: each["sha256"] for each in baseline["collections"]}
    assert {collection.name: collection.sha256 for collection in memory} == hashes


def many_poems(file: Path, count: int) -> Path:
    with file.open("w") as out:
        for at in range(count):
            lines = [f"line {n} of poem {at}" for n in range(8)]
            made = {"id": f"p{at}", "title": f"P{at}", "author": "A", "language": "en"}
            out.write(json.dumps({**made, "lines": lines}) + "\n")
    return file


def test_memory_does_not_grow(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path;"
        "from fixtures.poems import read_collection;"
        "collection = read_collection(Path(sys.argv[1]));"
        "print(len(collection.poems), len(collection.sample(50).poems), collection.sha256,"
        "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for count in (25_000, 100_000):
        file = many_poems(tmp_path / "many.jsonl", count)
        done = subprocess.run(
            [sys.executable, "-c", code, file], cwd=ROOT, capture_output=True, text=True, check=True
        )
        poems, sample, _, peak = done.stdout.split()
        assert (int(poems), int(sample)) == (count, 50)
        peaks.append(int(peak))
    # In memory the 75,000 poems more would take 65 MiB.
    assert peaks[1] - peaks[0] < 8 * 1024


def test_no_room_for_it(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from fixtures.poems import PoemError, read_collection;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "try: read_collection(sys.argv[1])\n"
        "except PoemError as error: print(error)"
    )
    file = many_poems(tmp_path / "many.jsonl", 25_000)
    done = subprocess.run(
        [sys.executable, "-c", code, file], cwd=ROOT, capture_output=True, text=True, check=True
    )
    (said,) = done.stdout.splitlines()
    assert said.startswith(f"{file}: ")
    assert said.endswith("what is read goes to a temporary file, in the folder of TMPDIR")


def test_run_with_workers(pytester: pytest.Pytester) -> None:
    file = many_poems(pytester.path / "many.jsonl", fixtures.poems.MOST_IN_MEMORY + 1)
    found = []
    for workers in ((), ("-n", "2")):
        arguments = ("--poems", file, "--sample", "4", *workers)
        assert memtests(pytester, "-p", "tests.standin", "--measure", *arguments).ret == 0
        found.append({**report(pytester), "created": None})
    assert found[0] == found[1]
    (collection,) = found[0]["collections"]
    assert collection["poems"] == fixtures.poems.MOST_IN_MEMORY + 1
    asked = {v["poem"] for v in found[0]["verdicts"] if v["case"] == "title"}
    assert asked == {each.id for each in read_collection(file).sample(4).poems}
