"""The one-way imports: fixtures → plugins → reports → conftest (design, section 5), and a study."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ["fixtures", "plugins", "reports", "study"]
FILES = sorted(file for folder in [*ORDER, "memtests"] for file in (ROOT / folder).rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield node.module or ""


def packages(file: Path) -> set[str]:
    return {module.partition(".")[0] for module in imports(file)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_go_one_way(file: Path) -> None:
    place = file.relative_to(ROOT).parts[0]
    later = {"tests", "conftest", "memtests"} | set(
        ORDER if place == "memtests" else ORDER[ORDER.index(place) + 1 :]
    )
    assert packages(file) & later == set()


@pytest.mark.parametrize(
    ("file", "never"),
    [
        ("plugins/reciter.py", {"pytest", "_pytest"}),
        ("plugins/verdicts.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("plugins/misses.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/terminal.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("plugins/saved.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("plugins/scheduling.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/baselines.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/comparing.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/gates.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/markdown.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/curves.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/figures.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/joining.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/marks.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/page.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/plots.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/recitations.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/rescoring.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("reports/tallies.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("fixtures/text.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("fixtures/probes.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("fixtures/server.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("fixtures/wire.py", {"pytest", "_pytest", "torch", "transformers"}),
        ("plugins/plain.py", {"pytest", "_pytest", "torch", "transformers"}),
    ],
)
def test_pure_modules(file: str, never: set[str]) -> None:
    assert packages(ROOT / file) & never == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--collect-only", "-q"], ["-k", "nothing"]])
def test_answers_at_once(arguments: list[str]) -> None:
    """Without importing what takes seconds."""
    code = (
        "import sys, pytest; pytest.main(sys.argv[1:]);"
        "heavy = {'torch', 'transformers', 'scipy', 'matplotlib', 'jinja2'} & set(sys.modules);"
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


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_stay_small(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 300
