"""Texts with markup, escape sequences or code pass through every output without any effect."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from memtests.reports.text.markdown import escaped
from memtests.reports.text.phrases import one_line
from tests.support.hostile import HOSTILE
from tests.support.running import ROOT

pytest_plugins = ["pytester"]


def poem(name: str, text: str) -> dict[str, object]:
    return {
        "id": f"{name} {text[:40]}",
        "title": text[:500],
        "author": text[:200],
        "language": "en",
        "lines": [f"{name} begins", text, f"{text} {name} ends"],
    }


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_without_effect(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    poems = [poem(name, text) for name, text in HOSTILE.items() if name != "surrogate"]
    (pytester.path / "mine.jsonl").write_text("\n".join(map(json.dumps, poems)))
    said = "\n".join(text[:2000] for text in HOSTILE.values())
    page = pytester.path / "page.md"
    monkeypatch.setenv("MEMTESTS_HOSTILE", json.dumps(said))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))

    def run(*arguments: object) -> pytest.RunResult:
        return pytester.runpytest(
            *(ROOT / "memtests", "-c", ROOT / "pyproject.toml", "--rootdir", ROOT, "-rA", "-v"),
            *("-p", "tests.support.standin", "-p", "no:cacheprovider", "--model", "A"),
            *("--poems", "mine.jsonl", "--recall-report", "report", "--junitxml", "junit.xml"),
            *arguments,
            *workers,
        )

    assert run("--update-baseline", "before.json", "--gate", "recall>=1").ret == 0
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "*")
    shown = [run("--baseline", "before.json", "--gate", "lost<=0"), run()]

    for result in shown:
        assert result.ret == 1
        text = "\n".join([*result.outlines, *result.errlines])
        assert "Traceback" not in text
        assert all(c == "\n" or c.isprintable() for c in text)
        assert max(map(len, result.outlines)) < 2500
    found = json.loads((pytester.path / "report" / "recall.json").read_text())
    assert any("lone \ufffd and \ufffd" in v["completion"] for v in found["verdicts"])
    titles = {v["poem"]: v["suffix"] for v in found["verdicts"] if v["case"] == "title"}
    assert titles == {poem["id"]: "\n\n" + "\n".join(poem["lines"]) for poem in poems}  # type: ignore[arg-type]
    cases = ET.parse(pytester.path / "junit.xml").findall(".//testcase")
    assert any("red" in str(p.get("value")) for case in cases for p in case.iter("property"))
    for markdown in (page, pytester.path / "report" / "summary.md"):
        plain_text_only(markdown.read_text())
    assert "Lost:" in page.read_text()


def plain_text_only(markdown: str) -> None:
    """Check that a page has nothing but headings, paragraphs, lists and tables. Bold are only whole
    lines that the summary itself makes bold.
    """
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)
    plain = {"text", "softbreak", "text_special"}
    for inline in [[inner.type for inner in token.children or []] for token in tokens]:
        whole = inline[1:2] == ["strong_open"] and inline[-2:-1] == ["strong_close"]
        assert {*(inline[2:-2] if whole else inline)} <= plain, inline
    blocks = {token.type.removesuffix("_open").removesuffix("_close") for token in tokens}
    assert blocks <= {
        *("heading", "paragraph", "inline", "bullet_list", "list_item"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
    for raw in ("://", "www.", "@"):
        assert raw not in markdown


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_escaped_shows_the_text(text: str) -> None:
    (block,) = (t for t in MarkdownIt().parse(f"a {escaped(text[:999])}") if t.type == "inline")
    shown = "".join(child.content for child in block.children or [])
    assert shown.rstrip() == f"a {one_line(text[:999])}".rstrip()


def test_a_poem_that_no_file_can_hold(pytester: pytest.Pytester) -> None:
    line = json.dumps(poem("surrogate", HOSTILE["surrogate"]))
    Path("mine.jsonl").write_text(line)
    result = pytester.runpytest(
        *(ROOT / "memtests", "-c", ROOT / "pyproject.toml", "--rootdir", ROOT),
        *("--poems", "mine.jsonl", "-p", "tests.support.standin"),
    )
    assert result.ret == 4
    assert any("mine.jsonl, line 1" in line for line in result.errlines)
    assert len(result.errlines) < 4
