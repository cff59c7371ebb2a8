"""The suite together with other plugins, which run cases again or show their parameters."""

import json
import re
from pathlib import Path

import pytest

from memtests.fixtures.poems.files import canon
from memtests.fixtures.probes.probes import title_probe
from memtests.plugins.poem_cuts import cuts_of
from tests.support.running import STAND_IN, outcomes, report, run_suite

pytest_plugins = ["pytester"]

ADDRESS = re.compile(r"0x[0-9a-f]{6,}")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_case_that_is_run_again_counts_once(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "jing-ye-si")
    some = ("-k", "test_title and (静夜思 or 登鹳雀楼)", "--controls", "none")
    again = ("-p", "tests.support.rerunning", "--junitxml", "junit.xml")
    result = run_suite(pytester, *STAND_IN, *some, *workers, *again)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*= 1 of 2 correct, 0 incorrect, 1 forgotten; other tests: *2 rerun;*"]
    )
    assert sorted(outcomes(report(pytester)).values()) == ["correct", "forgotten"]
    junit = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert 'failures="1"' in junit
    lines = (pytester.path / "report" / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2


def test_a_miss_that_is_expected_is_no_miss(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a user's own test: its status is pytest's `xfailed`."""
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "jing-ye-si")
    (pytester.path / "test_own.py").write_text(
        "import pytest\n\n"
        "@pytest.mark.xfail\n"
        "def test_forgotten(title_probe, recall):\n"
        "    assert recall(title_probe).correct\n"
    )
    named = ("--poem", "静夜思", "--poem", "登鹳雀楼")
    result = run_suite(pytester, *STAND_IN, *named, pytester.path / "test_own.py", "-k", "own")
    result.stdout.fnmatch_lines(["*= 1 of 2 correct*; other tests: *1 xfailed, 1 xpassed;*"])


def test_parameters_are_short(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of allure show the parameters of each case by `repr`."""
    (pytester.path / "other.py").write_text(
        "import json, pathlib\n\n"
        "def pytest_collection_modifyitems(items):\n"
        "    said = [repr(each) for i in items for each in i.callspec.params.values()]\n"
        "    pathlib.Path('said.json').write_text(json.dumps(said))\n"
    )
    monkeypatch.syspath_prepend(pytester.path)
    some = ("--self-check", "2", "--controls", "full", "-p", "other", "--collect-only")
    assert run_suite(pytester, *STAND_IN, "--model", "B", *some, "-q").ret == 0
    said = json.loads((Path("said.json")).read_text())
    assert len(said) > 5000
    assert not [each for each in said if ADDRESS.search(each) or len(each) > 100]
    assert {"<tang/jing-ye-si/title>", "<tang/jing-ye-si/prefix_lengths>", "'A'"} <= set(said)


def test_what_a_failing_test_shows_is_short() -> None:
    tang = next(collection for collection in canon() if collection.name == "tang")
    poem = tang.poems[0]
    assert repr(tang) == f"<tang, {len(tang.poems)} poems>"
    assert repr(title_probe("tang", poem)) == f"<tang/{poem.id}/title>"
    assert repr(cuts_of("tang", poem)) == f"<tang/{poem.id}/prefix_lengths>"
