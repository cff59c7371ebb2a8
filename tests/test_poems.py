"""Poem files: what is read, and one clear line for each thing that can be wrong."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.poems import (
    Collection,
    Poem,
    PoemError,
    canon,
    read_collection,
    read_collections,
)

GOOD = {"id": "a", "title": "T", "author": "X", "language": "en", "lines": ["one two", "three"]}


def poem_file(folder: Path, *lines: object) -> Path:
    file = folder / "mine.jsonl"
    text = [
        line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines
    ]
    file.write_text("\n".join(text) + "\n", encoding="utf-8")
    return file


def test_read(tmp_path: Path) -> None:
    collection = read_collection(poem_file(tmp_path, GOOD, {**GOOD, "id": "b", "dynasty": "唐"}))
    assert collection.name == "mine"
    assert [poem.id for poem in collection.poems] == ["a", "b"]
    assert collection.poems[0].text == "one two\nthree"
    assert collection.poems[1].dynasty == "唐"
    assert collection.language == "en"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({**GOOD, "title": 3}, "line 2, field `title`: expected `str`, got `int`"),
        ({**GOOD, "lines": ["a", None]}, "line 2, field `lines[1]`: expected `str`, got `null`"),
        ({**GOOD, "lines": "a"}, "line 2, field `lines`: expected `array`, got `str`"),
        ({**GOOD, "lines": []}, "line 2, field `lines`: empty; a poem needs at least one line"),
        ({**GOOD, "lines": ["a", " "]}, "line 2, field `lines`: verse 2 is empty; remove it"),
        ({**GOOD, "lines": ["a\nb"]}, "line 2, field `lines`: verse 1 has a line break in it"),
        ({**GOOD, "lines": ["..."]}, "line 2, field `lines`: nothing but punctuation"),
        ({**GOOD, "author": ""}, "line 2, field `author`: empty"),
        ({**GOOD, "rating": 5}, "line 2, field `rating`: unknown"),
        ({k: v for k, v in GOOD.items() if k != "id"}, "line 2, field `id`: missing"),
        ({**GOOD, "id": "first"}, "line 2, field `id`: 'first' is the id of line 1 already"),
        ("", "line 2: empty; remove the line"),
        ("{", "line 2: Input data was truncated"),
        ("[1]", "line 2: Expected `object`, got `array`"),
        ('{"id": "a",}', "line 2: JSON is malformed: trailing comma in object (byte 11)"),
    ],
)
def test_bad_line(tmp_path: Path, line: object, reason: str) -> None:
    file = poem_file(tmp_path, {**GOOD, "id": "first"}, line)
    with pytest.raises(PoemError) as error:
        read_collection(file)
    assert str(error.value) == f"{file}, {reason}"


def test_bad_file(tmp_path: Path) -> None:
    with pytest.raises(PoemError, match=r"nothing\.jsonl: No such file.*name a file of poems"):
        read_collection(tmp_path / "nothing.jsonl")
    with pytest.raises(PoemError, match="Is a directory"):
        read_collection(tmp_path)
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(PoemError, match=r"empty\.jsonl: no poems in it"):
        read_collection(tmp_path / "empty.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(json.dumps(GOOD).encode() + b'\n{"id": "\xff"}\n')
    with pytest.raises(PoemError, match=r"latin\.jsonl, line 2"):
        read_collection(tmp_path / "latin.jsonl")


def test_same_stem(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    files = [poem_file(tmp_path, GOOD), poem_file(tmp_path / "other", GOOD)]
    with pytest.raises(PoemError, match="there is a collection 'mine' already"):
        read_collections(files)


def test_hash_is_of_what_poems_say() -> None:
    one, two = (Poem(i, "T", "X", "en", ("a b",), source="s") for i in ("1", "2"))
    other = Poem("2", "T", "X", "en", ("a c",))
    assert Collection("x", (one, two)).sha256 == Collection("y", (two, one)).sha256
    assert Collection("x", (one, two)).sha256 != Collection("x", (one, other)).sha256


@given(st.integers(1, 60), st.integers(1, 60))
def test_sample_is_always_the_same(count: int, more: int) -> None:
    (tang,) = (c for c in canon() if c.name == "tang")
    small, large = tang.sample(min(count, more)).poems, tang.sample(max(count, more)).poems
    assert set(small) <= set(large)
    assert list(large) == [poem for poem in tang.poems if poem in set(large)]
    assert len(large) == min(max(count, more), len(tang.poems))
    backwards = Collection("tang", tang.poems[::-1]).sample(min(count, more))
    assert set(backwards.poems) == set(small)
