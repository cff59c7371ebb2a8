"""`--latest`: new checkpoints are added to a report; and patterns of `--model`."""

import json
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from memtests.__main__ import main
from memtests.plugins.verdicts import UnjudgedRecord
from memtests.reports.counting.trends import trend_of
from memtests.reports.gating.conclusion import Rules, added, conclude
from memtests.reports.gating.gates import parse_gate
from memtests.reports.page.trend_page import render_trend
from memtests.reports.report import encode
from memtests.reports.trend_command import one_report
from tests.support.reported import NURSERY, TANG, forgets, knows, reported, slips
from tests.support.running import few_poems, report, run_suite

pytest_plugins = ["pytester"]

STAND_IN = (
    *("-p", "tests.support.standin", "--model", "a/checkpoint-*", "-k", "test_title"),
    *("-W", "ignore:Module already imported so cannot be rewritten", "--controls", "none"),
)
FIRST_TWO = ["a/checkpoint-8", "a/checkpoint-40"]


def saved(pytester: pytest.Pytester, *numbers: int) -> None:
    """Folders that look like the checkpoints of a training."""
    for number in numbers:
        folder = pytester.path / f"a/checkpoint-{number}"
        folder.mkdir(parents=True)
        for name in ("config.json", "model.safetensors"):
            (folder / name).touch()


def names(pytester: pytest.Pytester) -> list[str]:
    return [model["name"] for model in report(pytester)["models"]]


def ask(pytester: pytest.Pytester, *more: str) -> pytest.RunResult:
    return run_suite(pytester, *STAND_IN, *few_poems(), "--latest", *more)


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.slow)])
def test_new_checkpoints_are_added(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """The report is the same as if all had been asked at once."""
    saved(pytester, 40, 8)
    result = ask(pytester, *workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["found: 2 by a/checkpoint-[*], in the order of their steps"])
    assert names(pytester) == FIRST_TWO
    saved(pytester, 100, 9)
    result = ask(pytester, *workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["latest: *recall.json has 2 models; 2 more will be added"])
    assert names(pytester) == [*FIRST_TWO, "a/checkpoint-9", "a/checkpoint-100"]
    lines = (pytester.path / "report/verdicts.jsonl").read_text().splitlines()
    assert len(lines) == len(report(pytester)["verdicts"]) == 4 * 8
    traced = (pytester.path / "report/traces.jsonl").read_text().splitlines()
    assert {json.loads(line)["model"] for line in traced} == {*names(pytester)}
    added = report(pytester)
    whole = run_suite(pytester, *STAND_IN, *few_poems(), "--measure", *workers)
    assert whole.ret == 0
    order = {model["name"]: model for model in report(pytester)["models"]}
    assert {model["name"]: model for model in added["models"]} == order
    for part in ("verdicts", "tallies"):
        assert all(each in report(pytester)[part] for each in added[part])
        assert len(report(pytester)[part]) == len(added[part])


def test_nothing_new(pytester: pytest.Pytester) -> None:
    saved(pytester, 8)
    assert ask(pytester).ret == 0
    before = (pytester.path / "report/recall.json").read_bytes()
    result = ask(pytester)
    assert result.ret == 0
    said = "nothing new: *recall.json has the 1 model already; nothing was asked"
    result.stdout.fnmatch_lines([said])
    assert (pytester.path / "report/recall.json").read_bytes() == before
    for gate, status, word in (("recall>=0.9", 0, "passed"), ("recall<=0.9", 1, "NOT PASSED")):
        result = ask(pytester, "--gate", gate)
        assert result.ret == status
        lines = ["gates, judged anew on that report:", "gate *", f"{gate} *{word}*"]
        result.stdout.fnmatch_lines([said, *lines])
    file = pytester.path / "report/recall.json"
    whole = json.loads(file.read_bytes())
    left = {"model": whole["models"][0]["name"], "probe": "other/a/title", "reason": "too long"}
    left |= {"poem": "a", "collection": "other", "case": "title", "control": None}
    file.write_text(json.dumps(whole | {"unjudged": [left]}))
    result = ask(pytester, "--gate", "tang:recall>=0.9")
    assert result.ret == 1, "the gate is met, and a probe that it does not count is unjudged"
    result.stdout.fnmatch_lines(["tang:recall>=0.9 * passed*", "1 probe of it unjudged"])
    result = ask(pytester, "--gate", "passage<=10")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--gate 'passage<=10' needs windows, which *recall.json has not"])


def test_what_is_unjudged_in_the_report_fails_a_gate_on_another_collection() -> None:
    gates = [parse_gate("tang:recall>=0.9", ["tang", "nursery"])]
    probe = next(v.probe for v in reported({"new": knows}).verdicts if v.collection == "nursery")
    left = UnjudgedRecord("old", "nursery", "title", None, probe, "too long")
    whole = reported({"old": knows})
    kept = tuple(v for v in whole.verdicts if v.probe != probe)
    lacking = msgspec.structs.replace(whole, verdicts=kept, unjudged=(left,))
    for earlier, status in ((whole, 0), (lacking, 1)):
        new = conclude(reported({"new": knows}), Rules(tuple(gates)), [], 0)
        found = added(new, earlier, Path("recall.json"), gates)
        assert (found.refusal, found.status) == (None, status)
        assert all(gate.passed for gate in found.report.gates)


def test_a_chat_is_not_added_to_plain_completions() -> None:
    plain, new = reported({"old": knows}), reported({"new": knows})
    chat = tuple(msgspec.structs.replace(model, template="chat") for model in new.models)
    for run, status in ((new, 0), (msgspec.structs.replace(new, models=chat), 1)):
        found = added(conclude(run, Rules(), [], 0), plain, Path("recall.json"))
        assert found.status == status
        assert bool(found.refusal) == bool(status)
    assert found.refusal
    assert "some of its models were asked in a chat, and others plainly" in found.refusal


def test_gates_are_judged_on_every_model_of_the_report(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(pytester, 8)
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "*")
    assert ask(pytester).ret == 0
    monkeypatch.delenv("MEMTESTS_UNKNOWN")
    saved(pytester, 9)
    result = ask(pytester, "--gate", "recall>=0.9", "--junitxml", "junit.xml")
    assert result.ret == 1
    found = {gate["model"]: gate["passed"] for gate in report(pytester)["gates"]}
    assert found == {"a/checkpoint-8": False, "a/checkpoint-9": True}
    cases = ElementTree.parse(pytester.path / "junit.xml").iter("testcase")
    gates = {case.get("name"): case for case in cases if case.get("classname") == "gates"}
    failed = {name for name, case in gates.items() if case.find("failure") is not None}
    assert (len(gates), len(failed)) == (2, 1)
    assert "a/checkpoint-8" in str(failed)


def test_gates_of_the_configuration(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are judged as those of --gate are, also where nothing is new."""
    saved(pytester, 8)
    configured = ("-o", "recall_gates=recall>=0.9")
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "*")
    for said in ("recall>=0.9 * NOT PASSED*", "nothing new: *"):
        result = ask(pytester, *configured)
        assert result.ret == 1
        result.stdout.fnmatch_lines([said])
    assert ask(pytester, *configured, "--measure").ret == 0


def test_two_checkpoints_of_one_step(pytester: pytest.Pytester) -> None:
    saved(pytester, 8, 9)
    for number in (8, 9):
        state = pytester.path / f"a/checkpoint-{number}/trainer_state.json"
        state.write_text('{"global_step": 8}')
    result = ask(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*--latest: a/checkpoint-8 and a/checkpoint-9 are both of step 8; leave one of them out*"]
    )


def test_a_run_that_is_not_whole_adds_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its verdicts are kept, and the next run goes on from there."""
    saved(pytester, 8)
    assert ask(pytester).ret == 0
    before = (pytester.path / "report/recall.json").read_bytes()
    saved(pytester, 9)
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "*")
    stopped = ask(pytester, "-p", "stops")
    assert stopped.ret != 0
    stopped.stdout.fnmatch_lines(["*recall.json: left as it was, as this run is not whole*"])
    assert (pytester.path / "report/recall.json").read_bytes() == before
    assert ask(pytester).ret == 0
    assert names(pytester) == ["a/checkpoint-8", "a/checkpoint-9"]


@pytest.fixture(autouse=True)
def stops(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that ends a run after its third case."""
    pytester.makepyfile(
        stops="count = 0\n"
        "def pytest_runtest_logfinish(nodeid):\n"
        "    global count\n"
        "    count += 1\n"
        "    if count == 3:\n"
        "        raise KeyboardInterrupt\n"
    )
    monkeypatch.syspath_prepend(pytester.path)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (
            ("--baseline", "b.json"),
            "--latest: it adds to a report, and --baseline judges a single run; leave out",
        ),
        (
            ("--controls", "sample", "-k", "test_title or test_unseen"),
            "--latest: *recall.json has other questions: it has other controls: * more (*",
        ),
        (("-k", "test_prefix"), "--latest: *recall.json has other questions: 32 probes more (*"),
        (("--header", "{title}"), "--latest: *tang/*/title has another cue or another suffix; ask"),
    ],
)
def test_what_cannot_be_added(
    pytester: pytest.Pytester, more: tuple[str, ...], reason: str
) -> None:
    saved(pytester, 8)
    assert ask(pytester).ret == 0
    before = (pytester.path / "report/recall.json").read_bytes()
    saved(pytester, 9)
    result = ask(pytester, *more)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {reason}*"])
    assert (pytester.path / "report/recall.json").read_bytes() == before


def test_a_pattern_that_finds_nothing(pytester: pytest.Pytester) -> None:
    result = run_suite(pytester, "--model", "b/*")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --model b/[*]: it finds no checkpoint (a folder with*"])


def test_a_pattern_that_a_shell_has_written_out(pytester: pytest.Pytester) -> None:
    """Otherwise pytest would take the second checkpoint for a folder of tests."""
    saved(pytester, 8, 40)
    (pytester.path / "a/checkpoint-40/conftest.py").write_text("raise SystemExit('was run')")
    result = run_suite(pytester, "--model", *FIRST_TWO)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: a/checkpoint-40: a checkpoint, in the place of a test file; *'a/checkpoint-[*]'"]
    )
    assert "was run" not in result.stderr.str() + result.stdout.str()


def write(folder: Path, name: str, *models: str) -> str:
    file = folder / name
    recites = {"base": forgets, "a/checkpoint-20": slips, "a/checkpoint-100": knows}
    file.write_bytes(encode(reported({model: recites[model] for model in models})))
    return str(file)


def test_a_trend_of_several_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is the trend of one report with all their models, in any order. Its page loads nothing."""
    late = write(tmp_path, "late.json", "a/checkpoint-100")
    early = write(tmp_path, "early.json", "base", "a/checkpoint-20")
    assert main(["trend", early, late]) == 0
    told = capsys.readouterr().out
    assert "3 checkpoints, from step 0 (base) to step 100 (a/checkpoint-100)." in told
    assert "tang/jing-ye-si         ○◐●                        100     -      -" in told
    page = (tmp_path / "trend.html").read_text()
    assert "静夜思" in page
    assert 'class="square p3" data-label="0"' in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (("a/checkpoint-20",), "b.json: it has a/checkpoint-20, and so has a.json; leave one"),
        ((), "b.json: No such file or directory; name a recall.json"),
    ],
)
def test_reports_that_make_no_trend(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    second: tuple[str, ...],
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "a.json", "a/checkpoint-20")
    if second:
        write(tmp_path, "b.json", *second)
    assert main(["trend", "a.json", "b.json"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"trend {reason}")
    assert said.count("\n") == 1


def test_reports_of_other_questions_make_no_trend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.json").write_bytes(encode(reported({"a/checkpoint-1": knows})))
    other = reported({"a/checkpoint-2": knows}, [TANG])
    (tmp_path / "b.json").write_bytes(encode(other))
    assert main(["trend", "a.json", "b.json"]) == 2
    said = capsys.readouterr().err
    assert (
        "a/checkpoint-2 (b.json) was asked other questions than a/checkpoint-1 (a.json): " in said
    )
    assert "probes fewer (nursery/twinkle/" in said
    assert said.count("\n") == 1


def test_a_folder_tells_the_step_of_an_older_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "last").mkdir()
    (tmp_path / "last/trainer_state.json").write_text('{"global_step": 70}')
    found = one_report({"a.json": reported({"last": knows}, [NURSERY])})
    assert [stop.step for stop in trend_of(found).stops] == [70]
    assert "step 70" in render_trend(found, trend_of(found))
