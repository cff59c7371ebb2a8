"""Verdicts decide even if Python and pytest leave `assert` statements out."""

from pathlib import Path

import pytest

from tests.support.running import STAND_IN, SUITE
from tests.support.starting import run

OWN = """
def test_known(title_probe, recall):
    assert recall(title_probe).correct

def test_order():
    pass
"""


def without_assertions(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Exit status and output of a run under `python -O` with `--assert=plain`, on stand-in A."""
    command = ("python", "-m", "pytest", *SUITE, "--assert=plain", *STAND_IN, *arguments)
    said = run(folder, *command, "-W", "ignore", PYTHONOPTIMIZE="1", **environment)
    return said.returncode, said.stdout + said.stderr


@pytest.mark.parametrize(
    "workers",
    [(), pytest.param(("-n", "2"), marks=pytest.mark.slow)],
    ids=["alone", "workers"],
)
def test_a_miss_stays_a_miss(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """In every case that can have a miss: 4 prefixes, 3 lines, the title, the shortest cue."""
    some = ("-k", "jing-ye-si and not control", "--controls", "none", *workers)
    status, said = without_assertions(tmp_path, *some, MEMTESTS_UNKNOWN="jing-ye-si")
    assert status == 1
    assert said.count("\nFORGOTTEN") == 9, said
    assert "0 of 8 correct, 0 incorrect, 8 forgotten" in said
    status, said = without_assertions(tmp_path, *some)
    assert status == 0
    assert "8 of 8 correct, 0 incorrect, 0 forgotten" in said, said


def test_reciting_an_unseen_poem_still_fails(tmp_path: Path) -> None:
    status, said = without_assertions(
        tmp_path, "-k", "test_unseen and tang", "--measure", MEMTESTS_PARROT="1"
    )
    assert status == 1
    assert "recited a poem that nobody can know" in said


def test_a_check_of_the_suite_still_fails(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(
        "import memtests.plugins.recital\n"
        "memtests.plugins.recital.recite_plainly = lambda *_: 'something else'\n"
    )
    some = ("-p", "other", "--self-check", "3", "-k", "test_self_check", "--measure")
    status, said = without_assertions(tmp_path, *some, PYTHONPATH=f"{tmp_path}:{Path.cwd()}")
    assert status == 1
    assert "3 failed" in said
    assert "by plain `generate` 'something else'" in said


@pytest.mark.parametrize(
    "workers",
    [(), pytest.param(("-n", "2"), marks=pytest.mark.slow)],
    ids=["alone", "workers"],
)
def test_a_users_test_without_assertions_fails(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """Only its `assert` statements say what it wants, so without them it could never fail."""
    (tmp_path / "test_own.py").write_text(OWN)
    some = ("--poem", "静夜思", "--gate", "recall>=0.1", *workers)
    command = ("python", "-m", "memtests", "test_own.py", "--assert=plain", *STAND_IN, *some)
    said = run(tmp_path, *command, PYTHONOPTIMIZE="1")
    assert said.returncode == pytest.ExitCode.TESTS_FAILED
    reason = "test_own.py: python -O with --assert=plain leaves out its assertions; leave one"
    assert reason in said.stdout
    assert "= 1 passed, " in said.stdout
    assert "1 error in" in said.stdout
