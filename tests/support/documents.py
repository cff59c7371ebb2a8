"""What the documents say: their commands, tables, links, and the output that they quote."""

import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "bench/README.md",
    *sorted((ROOT / "docs").glob("*.md")),
)


class Quoted(NamedTuple):
    """A command that asks, and lines of its output."""

    arguments: tuple[str, ...]
    lines: tuple[str, ...]


def workflows() -> list[dict[str, Any]]:
    """The workflows in docs/ci.md; GitLab's is the last."""
    text = (ROOT / "docs/ci.md").read_text()
    return [yaml.safe_load(found) for found in re.findall(r"```yaml\n(.*?)```", text, re.S)]


def blocks(document: Path) -> list[list[str]]:
    """The indented blocks of a document, line by line. An empty line ends one."""
    found = re.findall(r"(?:^ {4}.+\n)+", document.read_text(), re.M)
    return [[line[4:] for line in block.splitlines()] for block in found]


def quoted() -> list[Quoted]:
    """Every `$ memtests …` of the documents that is followed by what it prints, each once."""
    found: dict[tuple[str, ...], dict[str, None]] = {}
    for document in DOCUMENTS:
        for first, *lines in blocks(document):
            if first.startswith("$ memtests ") and lines:
                words = shlex.split(first.removeprefix("$ memtests "))
                found.setdefault(tuple(words), {}).update(dict.fromkeys(lines))
    return [Quoted(words, tuple(lines)) for words, lines in found.items()]


def recall_lines() -> list[str]:
    """The lines that README and docs/output.md quote of `make recall`: its tables, and its last
    line but for what decided and the seconds.
    """
    lines: dict[str, None] = {}
    for name in ("README.md", "docs/output.md"):
        text = (ROOT / name).read_text()
        begins, ends = text.index("\n    collection  case       poems"), text.index("no gates in")
        for line in text[begins:ends].splitlines():
            if line and not line.startswith(("    report: ", "    data:   ")):
                lines[line.removeprefix("    ").removesuffix("; ")] = None
    return list(lines)


def links(document: Path) -> list[str]:
    """What it links to in the repository, pictures too: a path, an anchor behind it perhaps."""
    text = re.sub(r"`[^`\n]*`", "", document.read_text())  # a rule of a gate looks like a link
    found = [
        *re.findall(r"\]\(([^)\s]+)\)", text),
        *re.findall(r"(?:src|srcset)=\"([^\"]+)\"", text),
    ]
    return [link for link in found if not link.startswith(("http:", "https:"))]


def anchors(document: Path) -> set[str]:
    """Those of its headings, as GitHub makes them."""
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.S)
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def rows(document: Path) -> list[list[str]]:
    """The rows of all its tables, cell by cell."""
    lines = re.findall(r"^\|(.*)\|$", document.read_text(), re.M)
    return [
        [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)]
        for line in lines
    ]
