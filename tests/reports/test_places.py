"""Reports in odd places: another locale, another umask, a file system that refuses modes."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from memtests.fixtures.locales import typed
from memtests.fixtures.poems.files import CANON
from memtests.reports.report import encode, write_whole
from memtests.reports.report_files import ReportError, read_file
from tests.support.reported import knows, reported
from tests.support.running import STAND_IN, outcomes, report, run_suite
from tests.support.starting import run

pytest_plugins = ["pytester"]

C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""The environment of a locale that has only ASCII, as in many containers."""
FILES = {"recall.json", "report.html", "summary.md", "verdicts.jsonl"}


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


@pytest.mark.slow
def test_a_run_in_an_ascii_locale(tmp_path: Path) -> None:
    """Files are UTF-8, typed arguments are understood, and letters that the terminal cannot show
    are escaped.
    """
    (tmp_path / "诗.jsonl").write_bytes((CANON / "tang.jsonl").read_bytes())
    asked = ("--poems", "诗.jsonl", "--poem", "靜夜思", "-k", "静夜思", "--header", "《{title}》")
    kept = ("--update-baseline", "b.json", "--gate", "诗:recall>=1", "--controls", "none")
    memtests = ("python", "-m", "memtests")
    said = run(tmp_path, *memtests, *STAND_IN, *asked, *kept, **C)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "\n\\u8bd7          title" in said.stdout, "lines stay lines"
    assert (said.stdout + said.stderr).isascii()
    folder = tmp_path / "reports" / "latest"
    assert {file.name for file in folder.iterdir()} >= FILES
    found = json.loads((folder / "recall.json").read_text(encoding="utf-8"))
    assert {v["collection"] for v in found["verdicts"]} == {"诗"}
    assert {v["cue"] for v in found["verdicts"] if v["case"] == "title"} == {"《静夜思》"}
    for file in ("report.html", "summary.md", "../../b.json"):
        assert "诗" in (folder / file).read_text(encoding="utf-8")
    saved = str(folder / "recall.json")
    earlier = {**found, "created": "2026-01-01T00:00:00+00:00"}
    (tmp_path / "earlier.json").write_text(json.dumps(earlier), encoding="utf-8")
    for words in (("render", saved), ("compare", "earlier.json", saved), ("rescore", saved)):
        said = run(tmp_path, *memtests, *words, **C)
        assert (said.returncode, said.stderr) == (0, ""), words


def test_misses_in_an_ascii_locale(tmp_path: Path) -> None:
    some = ("--poem", "静夜思", "--controls", "none", "-k", "test_title")
    said = run(tmp_path, "python", "-m", "memtests", *STAND_IN, *some, **C, MEMTESTS_UNKNOWN="*")
    assert said.returncode == 1
    assert "FORGOTTEN  empty  tang/jing-ye-si/title" in said.stdout
    assert "\\u5e8a\\u524d\\u660e\\u6708\\u5149" in said.stdout
    assert said.stderr == ""


def test_a_name_that_the_locale_does_not_have(tmp_path: Path) -> None:
    """It is refused: the report must hold the model's true name, and no file can be opened without
    it.
    """
    (tmp_path / "模型").mkdir()
    asked = ("--collect-only", "--model", "./模型")
    said = run(tmp_path, "python", "-m", "memtests", *asked, **C)
    assert said.returncode == pytest.ExitCode.USAGE_ERROR
    assert "the locale has no such letters; set LC_ALL=C.UTF-8" in said.stderr
    assert "Traceback" not in said.stderr


def test_workers_in_such_a_locale(tmp_path: Path) -> None:
    """Arguments do not reach the workers unless they are ASCII."""
    some = ("-k", "jing-ye-si and test_title", "--controls", "none", "-n", "2")
    memtests = ("python", "-m", "memtests", *STAND_IN)
    said = run(tmp_path, *memtests, *some, **C)
    assert said.returncode == 0, said.stdout + said.stderr
    said = run(tmp_path, *memtests, *some, "--poem", "静夜思", **C)
    assert said.returncode == pytest.ExitCode.USAGE_ERROR
    reason = "no worker can be told of it: the locale has no such letters; set LC_ALL=C.UTF-8"
    assert reason in said.stderr
    assert "INTERNALERROR" not in said.stdout + said.stderr


def test_typed() -> None:
    assert typed("诗") == "诗"
    assert typed(os.fsdecode("诗".encode())) == "诗"


def test_the_mode_is_the_umasks(tmp_path: Path, umask: None) -> None:
    write_whole(tmp_path / "private", b"x")
    os.umask(0o002)
    write_whole(tmp_path / "shared", b"x")
    write_whole(tmp_path / "shared", b"y")
    assert modes(tmp_path) == {"private": 0o600, "shared": 0o664}


def test_private_poems_have_private_reports(pytester: pytest.Pytester, umask: None) -> None:
    some = ("-k", "静夜思", "--controls", "none", "--update-baseline", "b.json")
    for more in ((), ("--resume",)):
        assert run_suite(pytester, *STAND_IN, *some, *more).ret == 0
        found = modes(pytester.path / "report")
        assert set(found) >= FILES
        assert {mode & 0o077 for mode in found.values()} == {0}
        assert modes(pytester.path)["b.json"] == 0o600


def test_a_file_system_that_refuses_modes(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    for name in ("chmod", "fchmod", "lchmod", "chown", "fchown"):
        monkeypatch.setattr(os, name, refuse, raising=False)
    some = ("-k", "静夜思", "--controls", "none", "--update-baseline", "b.json")
    assert run_suite(pytester, *STAND_IN, *some).ret == 0
    assert "tang/jing-ye-si/title" in outcomes(report(pytester))
    assert {file.name for file in (pytester.path / "report").iterdir()} >= FILES
    assert (pytester.path / "b.json").exists()


def test_a_baseline_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "recall.json"
    file.write_bytes(b"\xef\xbb\xbf" + encode(reported({"a": knows})))
    assert read_file(file) == reported({"a": knows})
    file.write_bytes(encode(reported({"a": knows})).decode().encode("utf-16"))
    with pytest.raises(ReportError, match="not a recall report"):
        read_file(file)
