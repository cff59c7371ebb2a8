"""Poems from tables: the same from every kind of file, and one line for what is wrong."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import datasets
import msgspec
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import study.__main__
from fixtures import memorize
from fixtures.columns import ColumnError, columns_of, parse_columns
from fixtures.poems import Poem, PoemError, canon, read_collection, read_collections
from tests.test_plugin import ROOT, memtests, outcomes, report

pytest_plugins = ["pytester"]

FIELDS = Poem.__struct_fields__
TANG = next(collection for collection in canon() if collection.name == "tang").poems
COLUMNS = "id=key,author=poet,title=name,text=body,language=en"
TABLE = 'key,poet,name,body,seen\na,Poe,One,"one two\n\nthree, four\n",7\nb,Poe,Two,five six,8\n'


def as_csv(poems: Sequence[Poem]) -> bytes:
    said = io.StringIO(newline="")
    writer = csv.writer(said)
    writer.writerow([*FIELDS, "rating"])
    for poem in poems:
        row = {**msgspec.structs.asdict(poem), "lines": poem.text}
        writer.writerow([*(row[field] for field in FIELDS), 5])
    return said.getvalue().encode()


def as_lines(poems: Sequence[Poem]) -> bytes:
    return b"".join(msgspec.json.encode(poem) + b"\n" for poem in poems)


def as_array(poems: Sequence[Poem]) -> bytes:
    return msgspec.json.encode([{**msgspec.structs.asdict(poem), "rating": 5} for poem in poems])


def as_parquet(poems: Sequence[Poem]) -> bytes:
    rows = [{**msgspec.structs.asdict(poem), "rating": 5} for poem in poems]
    kinds: dict[str, Any] = dict.fromkeys(FIELDS, pyarrow.string())
    kinds |= {"lines": pyarrow.list_(pyarrow.string()), "rating": pyarrow.int64()}
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, pyarrow.schema(kinds)), sink)
    return sink.getvalue()


WRITERS: dict[str, Callable[[Sequence[Poem]], bytes]] = {
    ".jsonl": as_lines,
    ".jsonl.gz": lambda poems: gzip.compress(as_lines(poems)),
    ".json": as_array,
    ".json.gz": lambda poems: gzip.compress(as_array(poems)),
    ".csv": as_csv,
    ".csv.gz": lambda poems: gzip.compress(as_csv(poems)),
    ".parquet": as_parquet,
}
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
verses = words.filter(lambda verse: verse.splitlines() == [verse])
poem_lines = st.lists(verses, min_size=1, max_size=4).filter(
    lambda lines: any(map(str.isalnum, "".join(lines)))
)
some_poems = st.lists(
    st.builds(
        Poem,
        *(words, words, words, words, poem_lines.map(tuple)),
        dynasty=st.none() | words,
        source=st.none() | words,
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda poem: poem.id,
)


@pytest.mark.parametrize("ending", WRITERS)
@settings(max_examples=25, deadline=None)
@given(some_poems)
def test_every_kind_of_file_holds_the_same(ending: str, poems: list[Poem]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"mine.v1{ending}"
        file.write_bytes(WRITERS[ending](poems))
        collection = read_collection(file)
        assert collection.name == "mine.v1"
        assert collection.poems == tuple(poems)


@pytest.mark.parametrize("form", [".json", ".csv", ".parquet"])
def test_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """A folder, which the library reads as it reads one of the hub."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "songs"
    folder.mkdir()
    (folder / f"train{form}").write_bytes(WRITERS[form](TANG))
    (folder / f"test{form}").write_bytes(WRITERS[form](TANG[:4]))
    (train,) = read_collections([f"hf:{folder}"])
    assert (train.name, train.poems) == ("songs", TANG)
    assert read_collection(f"hf:{folder}:test").poems == TANG[:4]
    assert read_collection(f"hf:{folder}:train[1:3]").poems == TANG[1:3]
    assert read_collection(f"hf:{folder}:default:test").poems == TANG[:4]
    monkeypatch.chdir(folder)
    assert read_collection("hf:../songs:test").name == "songs"
    assert read_collection("hf:.:test").name == "songs"
    for source, reason in {
        f"hf:{folder}:best": 'Unknown split "best". Should be one of',
        f"hf:{folder}:old:test": "BuilderConfig 'old' not found",
        "hf:./nothing": "no such folder",
        "hf:a:b:c:d": "not hf:NAME, hf:NAME:SPLIT or hf:NAME:CONFIGURATION:SPLIT",
        "hf:a:": "not hf:NAME",
    }.items():
        with pytest.raises(PoemError) as error:
            read_collection(source)
        assert str(error.value).startswith(f"{source}: {reason}")
        assert "\n" not in str(error.value)


def test_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\ufeff" + TABLE)
    poems = read_collection(tmp_path / "a.csv", parse_columns(COLUMNS)).poems
    assert poems == (
        Poem("a", "One", "Poe", "en", ("one two", "three, four")),
        Poem("b", "Two", "Poe", "en", ("five six",)),
    )
    without = parse_columns("author=poet, title=name, lines=body, language=zh-Hant")
    assert [(p.id, p.language) for p in read_collection(tmp_path / "a.csv", without).poems] == [
        ("1", "zh-Hant"),
        ("2", "zh-Hant"),
    ]


def test_columns_of_json(tmp_path: Path) -> None:
    """A column may begin in any row; ids and titles may be numbers."""
    rows = [
        {"id": 3, "title": 1984, "author": "x", "en": "de", "text": "a\r\n \nb"},
        {
            "id": 4,
            "title": "U",
            "author": "y",
            "en": "fr",
            "text": ["c", "", "d\ne"],
            "dynasty": "唐",
        },
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert read_collection(tmp_path / "a.jsonl", {"language": "en"}).poems == (
        Poem("3", "1984", "x", "de", ("a", "b")),
        Poem("4", "U", "y", "fr", ("c", "d", "e"), dynasty="唐"),
    )
    with pytest.raises(PoemError, match="field `id`: expected `str`, got `int`"):
        read_collection(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("poet", "'poet' is not FIELD=COLUMN, like author=poet"),
        ("author=poet,", "'' is not FIELD=COLUMN"),
        ("poet=author", "'poet=author': a poem has no 'poet', but id, title, author"),
        ("text=a,lines=b", "'lines=b': 'lines' is the second column for the same field"),
    ],
)
def test_columns_that_cannot_be_parsed(given: str, reason: str) -> None:
    with pytest.raises(ColumnError) as error:
        parse_columns(given)
    assert str(error.value).startswith(reason)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("author=who", "no column 'who'; it has 'title', 'author', 'body', 'body'"),
        ("text=body,language=en", "two columns are named 'body'; rename one"),
        ("language=en", "no column 'text'; it has * add --poem-columns text=COLUMN"),
        ("text=title", "no column 'language'; it has * add --poem-columns language=en"),
        ("text=title,language=tongue", "no column 'tongue' nor a language like en; it has *"),
    ],
)
def test_columns_that_are_not_there(given: str, reason: str) -> None:
    with pytest.raises(ColumnError) as error:
        columns_of(["title", "author", "body", "body"], parse_columns(given))
    pytest.LineMatcher([str(error.value)]).fnmatch_lines([f": {reason}*"])


ROW = {"id": "b", "title": "T", "author": "A", "language": "en", "lines": ["one two"]}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", TABLE + "a,Poe,Three,seven,9\n", "row 3, column `key`: 'a' is the id of row 1 a"),
        ("a.csv", TABLE + "c,,Three,seven,9\n", "row 3, column `poet`: empty"),
        ("a.csv", TABLE + 'c,Poe,Three,"\n",9\n', "row 3, column `body`: empty; a poem needs at"),
        ("a.csv", TABLE + "c,Poe,Three,!,9\n", "row 3, column `body`: nothing but punctuation"),
        ("a.csv", TABLE + "c,Poe\n", "row 3: it has 2 cells, the first line has 5"),
        ("a.csv", TABLE + 'c,Poe,Three,"seven,9\n', "after row 2: unexpected end of data"),
        ("a.csv", TABLE.encode() + b"\n\xff\n", ": not UTF-8"),
        ("a.csv", "", "no column 'key'; it has none"),
        ("a.csv", TABLE.splitlines()[0], "no poems in it"),
        (
            "b.json",
            json.dumps([ROW, {**ROW, "id": True}]),
            "row 2, column `id`: expected text, got",
        ),
        ("b.json", json.dumps([ROW, {**ROW, "lines": [[]]}]), "row 2, column `lines`: expected te"),
        ("b.json", json.dumps([ROW, {**ROW, "id": None}]), "row 2, column `id`: empty"),
        ("b.json", json.dumps([ROW, 5]), "row 2: Expected `object`, got `int`"),
        ("b.json", json.dumps(ROW), "no JSON array of objects (Expected `array`, got `object`); "),
        ("b.json", as_lines(TANG), "no JSON array of objects (*); one object a line belongs in a"),
        ("b.parquet", b"no such thing", "Parquet *"),
        ("b.parquet", as_parquet(TANG)[:-60], "Parquet *"),
        ("b.jsonl.gz", gzip.compress(as_lines(TANG))[:-40], "Compressed file ended before *"),
        ("b.csv.gz", TABLE, "Not a gzipped file*"),
        (
            "b.txt",
            TABLE,
            "unknown ending; name a .jsonl, .jsonl.gz, .json, .json.gz, .csv, .csv.gz",
        ),
        ("b.parquet.gz", TABLE, "unknown ending; name a *, .parquet file, or hf:DATASET"),
        (".csv", TABLE, "unknown ending"),
    ],
)
def test_bad_table(tmp_path: Path, name: str, content: str | bytes, reason: str) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    columns = parse_columns(COLUMNS) if name == "a.csv" else None
    with pytest.raises(PoemError) as error:
        read_collection(file, columns)
    assert str(error.value).startswith(f"{file}")
    said = str(error.value).removeprefix(f"{file}").lstrip(":, ")
    pytest.LineMatcher([said]).fnmatch_lines([f"*{reason.lstrip(': ').replace('[', '[[]')}*"])
    assert "\n" not in said


@pytest.mark.parametrize(("source", "library"), [("a.parquet", "pyarrow"), ("hf:a", "datasets")])
def test_library_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, source: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(PoemError, match=f"which is not there; pip install {library}$"):
        read_collection(source)


def test_names_that_are_the_same(tmp_path: Path) -> None:
    for name in ("mine.jsonl", "mine.csv.gz"):
        (tmp_path / name).write_bytes(WRITERS[name.removeprefix("mine")](TANG))
    with pytest.raises(PoemError, match=r"mine\.csv\.gz: there is a collection 'mine' already"):
        read_collections([tmp_path / "mine.jsonl", tmp_path / "mine.csv.gz"])


def test_run(pytester: pytest.Pytester) -> None:
    """The report is that of the same poems in JSON lines."""
    found = []
    for ending, columns in {".jsonl": (), ".csv": ("--poem-columns", "text=lines")}.items():
        (pytester.path / f"mine{ending}").write_bytes(WRITERS[ending](TANG[:9]))
        arguments = ("--poems", f"mine{ending}", *columns, "--controls", "none", "-k", "title")
        assert memtests(pytester, "-p", "tests.standin", "--measure", *arguments).ret == 0
        found.append(report(pytester))
    assert found[0]["collections"] == found[1]["collections"]
    assert outcomes(found[0]) == outcomes(found[1])
    assert len(outcomes(found[0])) == 9


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--poems", "a.csv"], "--poems a.csv: no column 'title'; it has 'key', 'poet', *"),
        (["--poems", "a.csv", "--poem-columns", "x"], "--poem-columns 'x' is not FIELD=COLUMN*"),
        (["--poem-columns", "text=x"], "--poem-columns text=x: there is no --poems"),
        (["--poems", "b.csv"], "--poems b.csv: No such file or directory; name a file of poems"),
        (["--poems", "hf:./b"], "--poems hf:./b: no such folder"),
        (["--poems", "a.txt"], "--poems a.txt: unknown ending; name a .jsonl*"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_command_line(pytester: pytest.Pytester, arguments: list[str], reason: str) -> None:
    (pytester.path / "a.csv").write_text(TABLE)
    result = memtests(pytester, "-p", "tests.standin", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = [line for line in result.outlines + result.errlines if line.strip()]
    assert len(said) == 1
    pytest.LineMatcher(said).fnmatch_lines([f"*{reason}"])


def test_hub_that_cannot_be_reached() -> None:
    command = (sys.executable, "-m", "pytest", "memtests", "--poems", "hf:nobody/poems")
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    said = [line for line in (done.stdout + done.stderr).splitlines() if line]
    pytest.LineMatcher(said).fnmatch_lines(["ERROR: --poems hf:nobody/poems: *nobody/poems*"])
    assert len(said) == 1


@pytest.mark.parametrize("module", [memorize, study.__main__], ids=["memorize", "study"])
def test_other_commands_read_them_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], module: Any
) -> None:
    (tmp_path / "a.csv").write_text(TABLE + "c,,Three,seven,9\n")
    arguments = ["--out", str(tmp_path / "out"), "--poems", str(tmp_path / "a.csv")]
    assert module.main([*arguments, "--poem-columns", COLUMNS]) == 2
    assert module.main([*arguments, "--poem-columns", "poet"]) == 2
    bad, unparsed = capsys.readouterr().err.splitlines()
    assert bad.endswith("a.csv, row 3, column `poet`: empty")
    assert unparsed.endswith(": --poem-columns 'poet' is not FIELD=COLUMN, like author=poet")
