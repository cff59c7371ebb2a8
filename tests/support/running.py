"""Real runs of the suite inside a test, and what their reports hold."""

import functools
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from memtests.fixtures.models.local.loading import EMBEDDED
from memtests.fixtures.poems.files import CANON

ROOT = Path(__file__).parents[2]
STAND_IN = (
    *("-p", "tests.support.standin", "--model", "A"),
    # Other tests in this process may have imported the stand-in.
    *("-W", "ignore:Module already imported so cannot be rewritten"),
)
"""Arguments for tests that are not about the model."""


@functools.cache
def few_poems() -> tuple[str, str]:
    """Options that ask for the first eight poems of `tang`, for tests that are not about the canon.

    A run makes 1,858 cases from the canon, even if it then selects a few.
    """
    file = Path(tempfile.mkdtemp(prefix="few")) / "tang.jsonl"
    lines = (CANON / file.name).read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:8]))
    return "--poems", str(file)


SUITE = (
    str(ROOT / "memtests"),
    *("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-p", "no:cacheprovider"),
)


def run_suite(pytester: pytest.Pytester, *arguments: object) -> pytest.RunResult:
    """Run the suite in a fresh folder; its report goes to `report` there."""
    return pytester.runpytest(
        *SUITE,
        *("--recall-report", pytester.path / "report"),
        *arguments,
        no_reraise_ctrlc=True,
    )


@dataclass(frozen=True)
class Ran:
    """A run that several tests look at."""

    result: pytest.RunResult
    folder: Path
    """The folder of its report. pytest keeps it until the end of the tests."""

    @property
    def report(self) -> dict[str, Any]:
        return read_report(self.folder)


_RAN: dict[tuple[str, ...], Ran] = {}


def run_once(pytester: pytest.Pytester, *arguments: str) -> Ran:
    """Run the suite as `run_suite` does, or return an earlier run with the same arguments."""
    if arguments not in _RAN:
        _RAN[arguments] = Ran(run_suite(pytester, *arguments), pytester.path / "report")
    return _RAN[arguments]


def report(pytester: pytest.Pytester) -> dict[str, Any]:
    return read_report(pytester.path / "report")


def read_report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "recall.json").read_text())
    return found


def without_rounding(found: dict[str, Any]) -> dict[str, Any]:
    """A report to compare, without its date, with log_p compared loosely, because rounding changes
    with the batch, and without the way in which the run computed.
    """
    verdicts = [
        {**v, **{name: pytest.approx(v[name], abs=0.02) for name in ("log_p", "log_p_40")}}
        for v in found["verdicts"]
    ]
    return {**without_way(found), "created": None, "verdicts": verdicts}


def without_way(found: dict[str, Any]) -> dict[str, Any]:
    """A report without the way in which the run computed, and without its command line."""
    return {
        **found,
        "command": None,
        "models": [{**model, "way": None} for model in found["models"]],
    }


def judged_dicts(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The verdicts, without drawn lengths and controls."""
    return [v for v in found["verdicts"] if v["case"] not in ("prefix_lengths", "control")]


def outcomes(found: dict[str, Any]) -> dict[str, str]:
    return {verdict["probe"]: verdict["outcome"] for verdict in found["verdicts"]}


def taught(kind: str) -> list[str]:
    """Poems that the embedded model was taught `whole`, `in_part`, or that were `held_out`."""
    poems: list[str] = json.loads((EMBEDDED / "memorize.json").read_text())["poems"][kind]
    return poems
