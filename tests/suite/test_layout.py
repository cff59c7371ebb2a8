"""Imports go one way: fixtures → plugins → reports → study (docs/design.md, section 5)."""

import ast
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import memtests

ROOT = Path(__file__).parents[2]
ORDER = ["fixtures", "plugins", "reports", "study"]
FILES = sorted(file for folder in [*ORDER, "memtests"] for file in (ROOT / folder).rglob("*.py"))


# The modules in `memtests/` that a user begins with. They may import all of the suite, and nothing
# in the suite imports them. The cases beside them import nothing of the suite.
BEGINNINGS = {"__init__", "__main__", "asking", "callback"}


def imports(file: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def packages(file: Path) -> set[str]:
    """The packages that a file imports from; each folder of the suite counts as one."""
    return {module.removeprefix("memtests.").partition(".")[0] for module in imports(file)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_go_one_way(file: Path) -> None:
    place = file.relative_to(ROOT).parts[0]
    if place == "memtests" and file.stem in BEGINNINGS:
        assert packages(file) & {"tests", "conftest", "study"} == set()
        return
    later = {"tests", "conftest", "memtests", "ask", "RecallCallback", *BEGINNINGS} | set(
        ORDER if place == "memtests" else ORDER[ORDER.index(place) + 1 :]
    )
    assert packages(file) & later == set()


def test_public_names_exist() -> None:
    assert {name for name in memtests.__all__ if hasattr(memtests, name)} == {*memtests.__all__}
    assert not hasattr(memtests, "questions")


@pytest.mark.parametrize(
    ("file", "never"),
    [
        ("plugins/reciter.py", {"pytest", "_pytest"}),
        ("plugins/traces.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/counting/discovery.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/counting/memories.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/trace_files.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("plugins/verdicts.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/text/phrases.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/text/terminal.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("plugins/resuming.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("plugins/scheduling.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/gating/baselines.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/gating/comparing.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/gating/gates.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/text/markdown.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/counting/curves.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/counting/changes.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/counting/shades.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/page/maps.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/page/figures.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/joining.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/page/marks.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/page/page.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/page/plots.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/page/recitations.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/rescoring.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/counting/tallies.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("fixtures/probes/text.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("fixtures/probes/probes.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("fixtures/models/server/token_server.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("fixtures/models/server/wire.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("plugins/plain.py", {"pytest", "_pytest", "torch", "transformers"}),
    ],
)
def test_pure_modules(file: str, never: set[str]) -> None:
    assert packages(ROOT / file) & never == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--collect-only", "-q"], ["-k", "nothing"]])
def test_answers_at_once(arguments: list[str]) -> None:
    """`--help` and the like import no module that takes seconds to load."""
    code = (
        "import sys, pytest; pytest.main(sys.argv[1:]);"
        "heavy = {'torch', 'transformers', 'numpy', 'scipy', 'matplotlib', 'jinja2'};"
        "heavy &= set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "memtests", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr


def test_every_folder_is_installed() -> None:
    """`pyproject.toml` names every folder with Python files, and every data file in them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {
        file.parent.relative_to(ROOT)
        for top in settings["package-dir"].values()
        for file in (ROOT / top).rglob("__init__.py")
    }
    named = {".".join(("memtests", *folder.parts)) for folder in folders} - {"memtests.memtests"}
    assert {*settings["packages"]} == {"memtests", *named}


def test_no_file_name_comes_twice() -> None:
    names = Counter(file.name for file in FILES if file.name != "__init__.py")
    assert [name for name, count in names.items() if count > 1] == []
