"""The command `memtests`: its messages, and the configuration that it reads."""

from pathlib import Path

import pytest

from tests.support.running import STAND_IN
from tests.support.starting import run

WORDS = ("compare", "render", "rescore", "schema", "teach", "study")
CONFIGURATIONS = {
    "pytest.toml": '[pytest]\nrecall_gates = ["recall>=1", "forgotten<=0"]\n',
    "pytest.ini": "[pytest]\nrecall_gates =\n    recall>=1\n    forgotten<=0\n",
    "pyproject.toml": '[tool.pytest.ini_options]\nrecall_gates = ["recall>=1", "forgotten<=0"]\n',
    "tox.ini": "[pytest]\nrecall_gates =\n    recall>=1\n    forgotten<=0\n",
    "setup.cfg": "[tool:pytest]\nrecall_gates =\n    recall>=1\n    forgotten<=0\n",
}


def test_help(tmp_path: Path) -> None:
    said = run(tmp_path, "memtests", "--help")
    assert said.returncode == 0
    for word in (*(f"memtests {word} " for word in WORDS), "--model NAME", "pytest --help"):
        assert word in said.stdout
    assert "--maxfail" not in said.stdout, "pytest's own"
    assert len(said.stdout.splitlines()) < 100


@pytest.mark.parametrize("word", WORDS)
def test_help_of_a_word(tmp_path: Path, word: str) -> None:
    said = run(tmp_path, "memtests", word, "--help")
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith(f"usage: memtests {word} ")


@pytest.mark.parametrize("command", [("memtests",), ("python", "-P", "-m", "memtests")])
def test_version(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert run(tmp_path, *command, "--version").stdout == "memtests 0.2.0\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["comapre", "a.json"],
            "memtests comapre: no such command or file; did you mean memtests compare?",
        ),
        (["mine.csv"], "memtests mine.csv: did you mean memtests --poems mine.csv?"),
        (["a book.epub"], "memtests a book.epub: did you mean memtests --poems 'a book.epub'?"),
        (
            ["six/owl/title"],
            "memtests six/owl/title: did you mean memtests --probe six/owl/title?",
        ),
        (["nothing.py"], "memtests nothing.py: no such command or file; see memtests --help"),
        (["--rootdir", "x"], "--rootdir: memtests takes the current folder; leave it out"),
    ],
)
def test_wrong_command_line(tmp_path: Path, arguments: list[str], line: str) -> None:
    said = run(tmp_path, "memtests", *arguments)
    assert said.returncode == pytest.ExitCode.USAGE_ERROR
    assert said.stderr == line + "\n"
    assert said.stdout == ""


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_gates_of_the_current_folder(tmp_path: Path, name: str) -> None:
    """Of a configuration in the current folder, only gates are read; of one above it, nothing."""
    (tmp_path / "inner").mkdir()
    text = CONFIGURATIONS[name]
    addopts = '"--nonsense"' if name.endswith(".toml") else "--nonsense"
    (tmp_path / name).write_text(f"{text}addopts = {addopts}\n")
    asked = ("memtests", "--collect-only", "--sample", "1")
    here, inner = run(tmp_path, *asked), run(tmp_path / "inner", *asked)
    assert here.returncode == inner.returncode == 0, here.stdout + here.stderr
    assert "gates: recall>=1, forgotten<=0" in here.stdout
    assert "gates: " not in inner.stdout
    assert "test_title[tang/" in inner.stdout


def test_configuration_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("recall_gates\n")
    said = run(tmp_path, "memtests", "--collect-only")
    assert said.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {tmp_path / 'pytest.ini'}:1: " in said.stderr
    assert "Traceback" not in said.stderr


def test_file_of_ones_own(tmp_path: Path) -> None:
    """A user's test file replaces the suite's cases, wherever the file is."""
    (tmp_path / "test_own.py").write_text("def test_own(recall): pass\n")
    for words in (("test_own.py",), ("-q", "test_own.py::test_own")):
        said = run(tmp_path, "memtests", *words, "--collect-only")
        assert said.returncode == 0, said.stdout + said.stderr
        assert "1 test collected" in said.stdout


def test_reports_go_to_the_current_folder(tmp_path: Path) -> None:
    said = run(tmp_path, "memtests", *STAND_IN, "--sample", "1", "-k", "test_title")
    assert said.returncode == 0, said.stdout + said.stderr
    assert (tmp_path / "reports" / "latest" / "report.html").exists()


def test_a_closed_pipe(tmp_path: Path) -> None:
    said = run(tmp_path, "bash", "-c", "memtests --collect-only | head -1")
    assert said.stdout.startswith("=")
    assert said.stderr == ""
