"""With `--redact` no text leaves a run: not in a file, not on the terminal."""

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.private import NEEDLES, OWN_TEST, POEMS, SAID, found_in, leaks, write_poems
from tests.support.starting import run

STAND_IN = ("-p", "tests.support.standin", "--model", "A", "--poems", "private.jsonl")
MUST_NOT = (
    *("--gate", "near<=0", "--gate", "longest<=20", "--gate", "discoverable(1000)<=0"),
    *("--controls", "full"),
)
QUIET = {"MEMTESTS_HOSTILE": json.dumps(SAID)}
INPUT = {"private.jsonl", "test_own.py"}
Done = subprocess.CompletedProcess[str]
Asks = Callable[..., Done]


@pytest.fixture
def asks(tmp_path: Path) -> Asks:
    """A run in a folder of private poems. None of its files may hold anything of them."""
    write_poems(tmp_path)
    (tmp_path / "test_own.py").write_text(OWN_TEST)

    def ask(*words: str, but: tuple[str, ...] = (), **environment: str) -> Done:
        page = {"GITHUB_STEP_SUMMARY": str(tmp_path / "page.md")}
        done = run(tmp_path, "memtests", *words, **QUIET, **page, **environment)
        assert found_in(done.stdout + done.stderr) == []
        assert leaks(tmp_path, {*INPUT, *but}) == {}
        return done

    return ask


def redacted(*words: str) -> tuple[str, ...]:
    return (*STAND_IN, "--redact", "--recall-report", "report", "--junitxml=report/j.xml", *words)


def report_in(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report" / "recall.json").read_text())
    return found


def test_the_search_finds_texts_that_are_not_redacted(tmp_path: Path) -> None:
    """The same run without `--redact` leaves every line of the poems, in nearly every file."""
    write_poems(tmp_path)
    plain = [word for word in redacted("-v") if word != "--redact"]
    done = run(tmp_path, "memtests", *plain, **QUIET, MEMTESTS_UNKNOWN="p1,p2", MEMTESTS_QUOTE="p0")
    assert found_in(done.stdout)
    found = leaks(tmp_path, INPUT)
    names = ("recall.json", "verdicts.jsonl", "report.html", "errors.log", "j.xml")
    assert {*found} == {f"report/{name}" for name in names} | {"report/summary.md"}
    lines = {word for words in found.values() for word in words}
    assert len(NEEDLES) > 100
    assert lines == {*NEEDLES}


WORKERS = pytest.mark.parametrize(
    "workers",
    [
        pytest.param((), id="alone"),
        pytest.param(("-n", "2"), id="workers", marks=pytest.mark.slow),
    ],
)


@WORKERS
def test_misses_and_errors(asks: Asks, tmp_path: Path, workers: tuple[str, ...]) -> None:
    """Without gates each miss has a line. One model raises an error that quotes the poem."""
    done = asks(
        *redacted("-v", "-rA", "--showlocals", *workers),
        MEMTESTS_UNKNOWN="p1,p2",
        MEMTESTS_QUOTE="p0",
    )
    assert done.returncode == 1
    assert "FORGOTTEN  unrelated  private/p2/title" in done.stdout
    assert "ValueError (--redact leaves out what it says) (traceback in errors.log)" in done.stdout
    told = (tmp_path / "report" / "errors.log").read_text()
    assert "ValueError\n" in told
    assert "standin.py" in told
    found = report_in(tmp_path)
    assert {v["outcome"] for v in found["verdicts"]} >= {"correct", "forgotten"}
    assert all(v["completion"] == "" and v["redacted"] for v in found["verdicts"])
    assert any(v["log_p"] is not None for v in found["verdicts"])
    cases = ET.parse(tmp_path / "report" / "j.xml").findall(".//testcase")
    named = [str(p.get("name")) for case in cases for p in case.iter("property")]
    assert "outcome" in named
    assert not any(name.startswith("recitation") for name in named)


def test_a_test_of_ones_own(asks: Asks) -> None:
    done = asks("test_own.py", *redacted("-v", "--showlocals", "-rA"))
    assert done.returncode == 1
    assert "AssertionError (--redact leaves out what it says): test_own.py, line 11" in done.stdout
    assert "ValueError (--redact leaves out what it says): test_own.py, line 14" in done.stdout


@pytest.mark.slow
@WORKERS
def test_resumed(asks: Asks, tmp_path: Path, workers: tuple[str, ...]) -> None:
    """Verdicts of an interrupted run are taken over; those of a run with texts are not."""
    asks(*redacted("--measure", *workers), MEMTESTS_UNKNOWN="p1,p2")
    whole = report_in(tmp_path)
    lines = (tmp_path / "report" / "verdicts.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "report" / "verdicts.jsonl").write_text("".join(lines[: len(lines) // 2]))
    asked = {"MEMTESTS_UNKNOWN": "p1,p2", "MEMTESTS_LOG": str(tmp_path / "log")}
    again = redacted("--measure", "--resume", "-v", *workers)
    asks(*again, but=("log",), **asked)
    resumed = report_in(tmp_path)
    for each in (whole, resumed):
        each["created"] = each["command"] = ""
    assert resumed == whole
    # An earlier run has left verdicts with texts.
    (tmp_path / "log").unlink()
    plain = [word for word in again if word not in ("--redact", "--resume")]
    run(tmp_path, "memtests", *plain, **QUIET, MEMTESTS_UNKNOWN="p1,p2")
    asks(*again, but=("log",), **asked)
    assert (tmp_path / "log").stat().st_size > 0, "it was asked anew"
    found = report_in(tmp_path)
    found["created"] = found["command"] = ""
    assert found == whole


def test_a_passed_gate_and_its_certificate(asks: Asks, tmp_path: Path) -> None:
    nothing = {"MEMTESTS_UNKNOWN": "*", "MEMTESTS_CHANCE": "1e-9", "MEMTESTS_COPIES": "1"}
    environment = nothing | {"MEMTESTS_HOSTILE": json.dumps("##")}
    title = str(POEMS[0]["title"])
    poems = ("--poem", title, "--poem=蝉蜕琐记")
    words = redacted(*MUST_NOT, *poems, "-k", "test_title or test_copying or own")
    done = run(tmp_path, "memtests", *words, **environment)
    assert done.returncode == 0, done.stdout
    assert found_in(done.stdout + done.stderr) == []
    assert leaks(tmp_path, INPUT) == {}
    page = (tmp_path / "report" / "certificate.md").read_text()
    assert "--poem '***' '--poem=***' -k '***'" in page.replace(" \\\n", " ").replace("  ", "")
    done = asks("render", "report/recall.json")
    assert done.returncode == 0
    assert (tmp_path / "report" / "certificate.md").read_text() == page


def test_a_gate_that_is_not_passed_and_one_in_doubt(asks: Asks, tmp_path: Path) -> None:
    done = asks(*redacted(*MUST_NOT, "--gate", "recall<=90%"), MEMTESTS_UNKNOWN="p2")
    assert done.returncode == 1
    assert "near<=0" in done.stdout
    assert "the worst is private/" in done.stdout
    assert not (tmp_path / "report" / "certificate.md").exists()


@pytest.mark.parametrize(
    "small", [pytest.param(True, marks=pytest.mark.slow), False], ids=["small", "whole"]
)
def test_against_a_baseline(asks: Asks, tmp_path: Path, small: bool) -> None:
    """Also if the baseline holds the texts."""
    before = [word for word in redacted() if word != "--redact" or small]
    update = ("--update-baseline", "base.json") if small else ("--measure",)
    run(tmp_path, "memtests", *before, *update, **QUIET)
    if not small:
        (tmp_path / "report" / "recall.json").rename(tmp_path / "base.json")
    but = () if small else ("base.json",)
    gate = ("--baseline", "base.json", "--gate", "lost<=0")
    done = asks(*redacted(*gate), but=but, MEMTESTS_UNKNOWN="p0,p2")
    assert done.returncode == 1
    assert "LOST  private/p0/title" in done.stdout
    assert "0 gained" in done.stdout
    same = asks(*redacted(*gate), but=but)
    assert same.returncode == 0


@pytest.mark.slow
def test_saved_reports(asks: Asks, tmp_path: Path) -> None:
    asks(*redacted("--measure"))
    (tmp_path / "report").rename(tmp_path / "first")
    asks(*redacted("--measure"), MEMTESTS_UNKNOWN="p0,p1")
    done = asks("compare", "first/recall.json", "report/recall.json")
    assert done.returncode == 0
    assert "lost" in done.stdout
    assert "LOST  private/p0" in done.stdout
    done = asks("rescore", "report/recall.json")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("rescore report/recall.json: it was made with --redact and holds no")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--full-trace",), "--redact: --full-trace shows what functions were given"),
        (("--poem", "Quibberwind Lantern x"), "--poem: no poem has one of the titles or ids"),
        (
            ("--poem-columns", "language=title"),
            "--poems private.jsonl, row 1, column `title`: --redact leaves out what it says",
        ),
    ],
)
def test_a_wrong_command_line(asks: Asks, words: tuple[str, ...], said: str) -> None:
    done = asks(*redacted(*words))
    assert done.returncode == 4
    assert said in done.stderr


def test_a_real_model(asks: Asks, tmp_path: Path) -> None:
    """With traces, maps and a self-check."""
    words = [word for word in redacted("--self-check", "2", "--measure") if word != "A"]
    words = [word for word in words if word not in ("-p", "tests.support.standin", "--model")]
    assert asks(*words).returncode == 0
    page = (tmp_path / "report" / "report.html").read_text()
    assert "This report was made with <code>--redact</code>" in page
    assert 'data-code="' in page
    assert (tmp_path / "report" / "traces.jsonl").stat().st_size > 1000


@pytest.mark.slow
def test_figures_and_maps_are_the_same(tmp_path: Path) -> None:
    """For poems that a model knows in part: tables, counts from traces, and every map."""
    found = []
    for words in ([], ["--redact"]):
        folder = f"report{len(words)}"
        given = ("--measure", "--sample", "2", "--controls", "none", "--recall-report", folder)
        assert run(tmp_path, "memtests", *given, *words).returncode == 0
        page = (tmp_path / folder / "report.html").read_text()
        summary = (tmp_path / folder / "summary.md").read_text()
        chance = re.compile(r"### Controls\n\n(\|.*\n)+\n?")
        found.append(
            (
                re.findall(r'data-code="([^"]*)"', page),
                re.findall(r'<p class="shortest"[^>]*>([^<]*)', page),
                re.findall(r"<svg.*?</svg>", page, re.DOTALL),
                chance.sub("", summary).strip(),
            )
        )
    plain, blind = found
    assert len(plain[0]) == 10
    assert blind == plain
