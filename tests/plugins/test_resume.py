"""No verdict is lost when a run is resumed, and none is taken over from another model."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memtests.fixtures.models.local.loading import EMBEDDED
from tests.support.artefacts import edit_weights
from tests.support.running import (
    STAND_IN,
    few_poems,
    outcomes,
    report,
    run_suite,
    without_rounding,
    without_way,
)

pytest_plugins = ["pytester"]

FEW = ("--measure", *few_poems(), "--sample", "2")


def asked(pytester: pytest.Pytester) -> list[str]:
    """The probes that were asked since the last call."""
    file = pytester.path / "asked"
    names = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return names


@pytest.fixture
def run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """The report of a run that records the probes it asks."""
    monkeypatch.setenv("MEMTESTS_ASKED", str(pytester.path / "asked"))

    def run(*arguments: object) -> dict[str, Any]:
        assert run_suite(pytester, *FEW, "-p", "tests.support.asked", *arguments).ret == 0
        return {**without_way(report(pytester)), "created": None}

    return run


@pytest.mark.parametrize("how", [(), (*STAND_IN, "-n", "2")], ids=["alone", "workers"])
def test_only_the_rest_is_asked(
    pytester: pytest.Pytester, run: Callable[..., dict[str, Any]], how: tuple[str, ...]
) -> None:
    whole = run(*how)
    every = asked(pytester)
    journal = pytester.path / "report" / "verdicts.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    kept = lines[: len(lines) // 2]
    journal.write_bytes(b"".join(kept) + lines[len(kept)][:40])  # the last one torn
    (pytester.path / "report" / "recall.json").unlink()
    names = {json.loads(line)["probe"] for line in kept}

    assert run("--resume", *how) == without_rounding(whole)
    assert set(asked(pytester)) == set(every) - names
    again = Counter(json.loads(line)["probe"] for line in journal.read_bytes().splitlines())
    assert again == Counter(outcomes(whole).keys())

    if not how:
        assert run("--resume") == without_rounding(whole)
        assert asked(pytester) == []
        assert run() == without_rounding(whole)
        assert set(asked(pytester)) == set(every)


def test_verdicts_that_are_not_asked_for_now_stay_on_disk(
    pytester: pytest.Pytester, run: Callable[..., dict[str, Any]]
) -> None:
    whole = run(*STAND_IN)
    one = run(*STAND_IN, "--resume", "-k", "test_title")
    assert len(one["verdicts"]) == 2
    asked(pytester)
    assert run(*STAND_IN, "--resume") == without_rounding(whole)
    assert asked(pytester) == []


def test_resuming_where_no_run_has_been(
    pytester: pytest.Pytester, run: Callable[..., dict[str, Any]]
) -> None:
    assert run(*STAND_IN, "--resume")["verdicts"]
    assert asked(pytester)


def test_a_file_that_is_no_journal(
    pytester: pytest.Pytester, run: Callable[..., dict[str, Any]]
) -> None:
    (pytester.path / "report").mkdir()
    (pytester.path / "report" / "verdicts.jsonl").write_bytes(b"{}\n\xff\xfe\n[1]\nnull\n")
    assert run(*STAND_IN, "--resume")["verdicts"]


def test_overwritten_in_place_is_asked_again(
    pytester: pytest.Pytester, run: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(EMBEDDED, checkpoint)
    first = run("--model", checkpoint)
    every = asked(pytester)
    edit_weights(None)(checkpoint)
    second = run("--model", checkpoint, "--resume")
    assert set(asked(pytester)) == set(every)
    assert first["models"][0]["weights_sha256"] != second["models"][0]["weights_sha256"]
    assert run("--model", checkpoint, "--resume") == without_rounding(second)
    assert asked(pytester) == []


def test_the_header_says_whether_it_resumes(pytester: pytest.Pytester) -> None:
    some = (*FEW, *STAND_IN, "-k", "test_title")
    folder = pytester.path / "report"
    run_suite(pytester, *some).stdout.no_fnmatch_line("*resumed: *")
    run_suite(pytester, *some).stdout.no_fnmatch_line("*resumed: *")
    resumed = run_suite(pytester, *some, "--resume")
    resumed.stdout.fnmatch_lines(
        ["resumed: 2 verdicts on disk; those asked again are taken over", "collected *"]
    )
    (folder / "recall.json").unlink()
    told = run_suite(pytester, *some)
    told.stdout.fnmatch_lines(
        [
            f"not resumed: 2 verdicts of an unfinished run in {folder}, which this run's own "
            "replace; --resume would take them over",
            "collected *",
        ]
    )
