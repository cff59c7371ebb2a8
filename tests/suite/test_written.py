"""What the documents say is so: tables of options, links, and the output that they quote."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from memtests.plugins.options import GROUPS
from memtests.reports.gating.baselines import read_baseline
from tests.support.documents import DOCUMENTS, ROOT, Quoted, anchors, links, quoted, rows
from tests.support.running import run_suite

pytest_plugins = ["pytester"]
OPTIONS = ROOT / "docs/options.md"


def head(name: str, settings: Mapping[str, Any]) -> str:
    """An option and its value, as a help shows them."""
    if choices := settings.get("choices"):
        return f"{name} {{{','.join(choices)}}}"
    return f"{name} {settings['metavar']}" if "metavar" in settings else name


def test_every_option_is_in_the_table() -> None:
    """In the order of the help, under its titles, with the same values."""
    told = [row for row in rows(OPTIONS) if row[0].startswith("`--")]
    registered = [(option.name, option.settings) for of in GROUPS.values() for option in of]
    assert [row[0].strip("`") for row in told] == [head(*option) for option in registered]
    titles = [title.lower() for title in re.findall(r"^## (.*)$", OPTIONS.read_text(), re.M)]
    assert titles[: len(GROUPS)] == list(GROUPS)


def test_every_default_is_in_the_table() -> None:
    told = {row[0].strip("`").partition(" ")[0]: row[-1] for row in rows(OPTIONS)}
    for option in (each for of in GROUPS.values() for each in of):
        said = re.search(r"\(default: (.*?)\)", option.settings["help"])
        words = re.findall(r"\w+", said[1].replace("%%", "")) if said else []
        assert [word for word in words if word not in told[option.name]] == [], option.name


def test_every_measure_is_in_the_table() -> None:
    (told,) = (row for row in rows(OPTIONS) if row[0].startswith("`--gate"))
    (gate,) = (each for of in GROUPS.values() for each in of if each.name == "--gate")
    measures = gate.settings["help"].partition("measures: ")[2]
    words = set(re.findall(r"\w+", measures)) - {"and", "with", "a", "baseline", "windows", "n"}
    assert len(words) >= 12
    assert {word for word in words if f"`{word}" not in told[1]} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for link in links(document):
        path, _, anchor = link.partition("#")
        there = (document.parent / path).resolve() if path else document
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), link


def test_every_document_can_be_reached_from_readme() -> None:
    reached, new = set(), {ROOT / "README.md"}
    while new:
        reached |= new
        found = {
            (page.parent / link.partition("#")[0]).resolve() for page in new for link in links(page)
        }
        new = {page for page in found if page.suffix == ".md"} - reached
    assert {*DOCUMENTS} <= reached


def test_figures_of_the_embedded_model() -> None:
    """README's last line of a run, from the verdicts that the repository keeps of it."""
    (known,) = read_baseline("reports/baselines/embedded.json", ROOT).models.values()
    outcomes = [verdict.outcome for verdict in known.values()]
    correct, incorrect, forgotten = (
        outcomes.count(each) for each in ("correct", "incorrect", "forgotten")
    )
    said = f"{correct} of {len(outcomes):,} correct, {incorrect} incorrect, {forgotten} forgotten"
    for name in ("README.md", "docs/output.md"):
        assert f"\n    {said}; besides" in (ROOT / name).read_text()


def test_there_is_quoted_output() -> None:
    assert len(quoted()) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("quote", quoted(), ids=lambda quote: " ".join(quote.arguments))
def test_quoted_output(pytester: pytest.Pytester, quote: Quoted) -> None:
    said = run_suite(pytester, *quote.arguments).outlines
    assert [line for line in quote.lines if line not in said] == []


def test_pictures_are_small_and_come_light_and_dark() -> None:
    pictures = {*(ROOT / "docs/pictures").glob("*.png"), *(ROOT / "docs/pictures").glob("*.svg")}
    assert len(pictures) >= 12
    for picture in pictures:
        assert picture.stat().st_size < 200_000, picture.name
        other = {"light": "dark", "dark": "light"}[picture.stem.rpartition("-")[2]]
        assert picture.with_stem(f"{picture.stem.rpartition('-')[0]}-{other}") in pictures


def test_sections_that_code_cites_are_there() -> None:
    found = re.findall(r"^## (\d)\. ", (ROOT / "docs/design.md").read_text(), re.M)
    folders = ("memtests", "fixtures", "plugins", "reports", "study", "tests")
    texts = [file.read_text() for folder in folders for file in (ROOT / folder).rglob("*.py")]
    cited = [each for text in texts for each in re.findall(r"design\.md,\s+section (\d)", text)]
    assert len(cited) > 10
    assert {*cited} <= {*found}
