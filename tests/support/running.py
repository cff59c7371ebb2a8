"""Real runs of the suite inside a test, and what their reports hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from memtests.fixtures.models.local.loading import EMBEDDED

ROOT = Path(__file__).parents[2]


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


def report(pytester: pytest.Pytester) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((pytester.path / "report" / "recall.json").read_text())
    return found


def without_rounding(found: dict[str, Any]) -> dict[str, Any]:
    """A report but for its date, and for what rounding changes with the batch: log_p's end."""
    verdicts = [{**v, "log_p": pytest.approx(v["log_p"], abs=0.02)} for v in found["verdicts"]]
    return {**found, "created": None, "verdicts": verdicts}


def judged_dicts(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Verdicts but for drawn lengths and controls."""
    return [v for v in found["verdicts"] if v["case"] not in ("prefix_lengths", "control")]


def outcomes(found: dict[str, Any]) -> dict[str, str]:
    return {verdict["probe"]: verdict["outcome"] for verdict in found["verdicts"]}


def taught(kind: str) -> list[str]:
    """Poems that the embedded model was taught `whole`, `in_part`, or that were `held_out`."""
    poems: list[str] = json.loads((EMBEDDED / "memorize.json").read_text())["poems"][kind]
    return poems
