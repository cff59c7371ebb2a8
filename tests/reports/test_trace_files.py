"""traces.jsonl as runs leave it, and the reports that are made of it without a model."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from memtests.reports.counting.memories import (
    FIFTY,
    Extracted,
    Memory,
    Remembered,
    remembered,
)
from memtests.reports.gating.baselines import read_baseline, with_traces
from memtests.reports.report_files import ReportError, read_report
from memtests.reports.saved import main
from memtests.reports.text.rows import protocol_rows
from memtests.reports.trace_files import read_traces
from tests.support.reported import reported
from tests.support.running import STAND_IN, few_poems, run_suite

pytest_plugins = ["pytester"]

FEW = (*STAND_IN, "--measure", *few_poems(), "--sample", "3", "--controls", "none")


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "traces.jsonl").read_text().splitlines()]


def places(folder: Path) -> list[tuple[str, str]]:
    return [(line["poem"], line["form"]) for line in lines(folder)]


@pytest.fixture
def asked(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that names every text that was recited."""
    monkeypatch.setenv("MEMTESTS_ASKED", str(pytester.path / "asked"))
    return pytester.path / "asked"


def test_one_for_each_text(pytester: pytest.Pytester) -> None:
    """In order, with and without workers. No other plugin sees the traces."""
    folder = pytester.path / "report"
    assert run_suite(pytester, *FEW, "--junitxml", "junit.xml").ret == 0
    alone = (folder / "traces.jsonl").read_bytes()
    poems = {v["poem"] for v in json.loads((folder / "recall.json").read_text())["verdicts"]}
    assert len(poems) == 3
    assert places(folder) == sorted((poem, form) for poem in poems for form in ("header", "plain"))
    assert "log_top" not in (pytester.path / "junit.xml").read_text()
    assert "log_top" not in (folder / "verdicts.jsonl").read_text()
    assert run_suite(pytester, *FEW, "-n", "2").ret == 0
    assert (folder / "traces.jsonl").read_bytes() == alone
    assert run_suite(pytester, *FEW, "-k", "test_title").ret == 0
    assert places(folder) == sorted((poem, "header") for poem in poems), "a run starts anew"


def test_those_of_another_run_are_left_out(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An older report may lie beside them: copied, or because the next run was killed."""
    folder = pytester.path / "report"
    few = ("--model", "B", *FEW)
    assert run_suite(pytester, *few).ret == 0
    old, same = folder / "old.json", pytester.path / "same"
    shutil.copytree(folder, same)
    shutil.copy(folder / "recall.json", old)
    assert any(line["rank"][-1] == 0 for line in lines(folder))
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "*")
    assert run_suite(pytester, *few).ret == 0
    capsys.readouterr()
    said = f"{folder / 'traces.jsonl'}: left out, as it is of another run (A, B)"
    assert main(["render", str(old), "--recall-report", str(pytester.path / "x")]) == 0
    assert said in capsys.readouterr().out.splitlines()
    summary = (pytester.path / "x" / "summary.md").read_text()
    assert "strength" not in summary
    for good in (folder / "recall.json", same / "recall.json"):
        assert main(["render", str(good), "--recall-report", str(pytester.path / "y")]) == 0
        assert "left out" not in capsys.readouterr().out
        assert "strength" in (pytester.path / "y" / "summary.md").read_text()
    beside = pytester.path / "beside"
    assert (
        main(["compare", str(old), str(same / "recall.json"), "--recall-report", str(beside)]) == 0
    )
    assert said in capsys.readouterr().out.splitlines()
    assert {line["model"] for line in lines(beside)} == {f"A ({same / 'recall.json'})"} | {
        f"B ({same / 'recall.json'})"
    }
    capsys.readouterr()
    assert main(["render", str(beside / "recall.json")]) == 0
    assert "left out" not in capsys.readouterr().out
    with pytest.warns(UserWarning, match="left out, as it is of another run"):
        found = with_traces(read_baseline(str(old), folder), folder)
    assert found.traces == ()
    assert with_traces(read_baseline(str(same / "recall.json"), same), same).traces


def test_resumed(pytester: pytest.Pytester, asked: Path) -> None:
    """Traces on disk are kept. Texts without one are read again, but nothing is recited again."""
    folder, file = pytester.path / "report", pytester.path / "report" / "traces.jsonl"
    few = (*FEW, "-p", "tests.support.asked")
    assert run_suite(pytester, *few).ret == 0
    whole = file.read_bytes()
    for left in (b"", b"".join(whole.splitlines(keepends=True)[:3]), whole[: len(whole) // 2]):
        asked.write_text("")
        file.write_bytes(left)
        assert run_suite(pytester, *few, "--resume").ret == 0
        assert file.read_bytes() == whole
        assert asked.read_text() == ""
    file.unlink()
    assert run_suite(pytester, *few, "--resume", "-n", "2").ret == 0
    assert file.read_bytes() == whole
    assert run_suite(pytester, *few, "--resume", "-k", "test_title").ret == 0
    assert file.read_bytes() == whole, "what is not asked now stays"
    assert read_traces(folder)


def test_made_again_without_a_model(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_suite(pytester, *FEW, "--recall-report", "one")
    run.stdout.fnmatch_lines(["*exact: found*strength*longest run*", "tang *3 of 3*"])
    run.stdout.fnmatch_lines(["first 50, next 50 tokens*", "*none long enough*"])
    one = Path("one/recall.json")
    page, summary = Path("one/report.html").read_bytes(), Path("one/summary.md").read_bytes()
    assert main(["render", str(one)]) == 0
    assert Path("one/report.html").read_bytes() == page
    assert Path("one/summary.md").read_bytes() == summary
    capsys.readouterr()
    assert main(["render", str(one), "--protocol", "8/4"]) == 0
    said = capsys.readouterr().out
    assert "first 8, next 4 tokens" in said
    assert "3 (100.0 %)" in said
    shutil.copytree("one", "two")
    assert main(["compare", str(one), "two/recall.json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    exactly = [line for line in lines if "3 of 3" in line and "characters" in line]
    assert [line.split(")")[0] for line in exactly] == [
        *("A (one/recall.json", "A (two/recall.json")
    ]
    Path("one/traces.jsonl").unlink()
    assert main(["render", str(one)]) == 0
    assert "strength" not in capsys.readouterr().out


@pytest.mark.parametrize("given", ["50", "0/50", "50/0", "-1/5", "a/b", "50/50/50", "", "١/٢"])
def test_a_protocol_that_is_none(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    run_suite(pytester, *FEW, "-k", "test_title", "--recall-report", "one")
    capsys.readouterr()
    assert main(["render", "one/recall.json", f"--protocol={given}"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"render --protocol {given!r}: write two numbers of tokens")
    assert said.count("\n") == 1


def test_lines_are_as_the_schema_says(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    run_suite(pytester, *FEW)
    capsys.readouterr()
    assert main(["schema", "traces"]) == 0
    said = capsys.readouterr().out
    file = Path(__file__).parents[2] / "reports" / "traces.schema.json"
    assert file.read_text() == said, "memtests schema traces > reports/traces.schema.json"
    validator = Draft202012Validator(json.loads(said))
    for line in lines(pytester.path / "report"):
        validator.validate(line)
    assert not validator.is_valid({"model": "m"})


def test_a_file_that_holds_something_else(tmp_path: Path) -> None:
    assert read_traces(tmp_path) == ()
    (tmp_path / "traces.jsonl").write_text('{"model": "m"}\n')
    with pytest.raises(ReportError, match=r"traces.jsonl: line 1: not a trace"):
        read_traces(tmp_path)


def test_traces_of_other_texts_are_passed_over(pytester: pytest.Pytester) -> None:
    """An earlier run may have left them beside the report."""
    run_suite(pytester, *FEW)
    folder = pytester.path / "report"
    report, traces = read_report(folder / "recall.json"), read_traces(folder)
    assert len(remembered(report, traces).memories) == 3
    file = folder / "traces.jsonl"
    file.write_text(file.read_text().replace('"text_sha256":"', '"text_sha256":"0'))
    assert remembered(report, read_traces(folder)).memories == ()


def test_unknown_probabilities_are_not_counted_as_misses() -> None:
    """Some servers do not tell the summed probability of the 40 most probable tokens."""
    memory = Memory("m", "c", "p", True, 100, 1, 99, ())
    known = Extracted("m", "c", "p", True, -0.5, -0.1)
    untold = known._replace(log_p_40=None)
    for found, expected in (([known], "1 (100.0 %)"), ([known, untold], "-")):
        _, row = protocol_rows(reported({}), Remembered((memory,), FIFTY, tuple(found)))
        assert row[-2:] == [expected, expected]
