"""The GitHub action in action.yml: its syntax, and its script as a runner would run it."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.documents import workflows
from tests.support.running import few_poems

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]


def test_syntax() -> None:
    """The action meets GitHub's rules for composite actions, and bash can parse its scripts."""
    assert {*ACTION} == {"name", "description", "inputs", "outputs", "runs"}
    assert ACTION["runs"]["using"] == "composite"
    for step in STEPS:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an input in a script could run anything"
        checked = subprocess.run(
            ["bash", "-n", "-c", step["run"]], capture_output=True, check=False
        )
        assert (checked.returncode, checked.stderr) == (0, b"")
    for each in (*ACTION["inputs"].values(), *ACTION["outputs"].values()):
        assert each["description"]


def test_names_fit_together() -> None:
    """Every input is used, and every expression names something that exists."""
    text = (ROOT / "action.yml").read_text()
    found = re.findall(r"\$\{\{ ([\w.]+) \}\}", text)
    assert len(found) == text.count("${{")
    inputs = {f"inputs.{name}" for name in ACTION["inputs"]}
    outputs = {f"steps.ask.outputs.{name}" for name in ACTION["outputs"]}
    assert {*found} == inputs | outputs
    assert [step["id"] for step in STEPS if "id" in step] == ["ask"]


def test_the_documents_use_it_so() -> None:
    steps = [
        step
        for workflow in workflows()
        for job in workflow.get("jobs", {}).values()
        for step in job["steps"]
        if "/memtests@" in step.get("uses", "")
    ]
    assert len(steps) == 1
    assert {*steps[0]["with"]} <= {*ACTION["inputs"]}


def run(folder: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """The step that asks, and the outputs that it sets."""
    step = STEPS[-1]
    given = {name: each["default"] for name, each in ACTION["inputs"].items()} | inputs
    environment = {
        name: given[re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", value)[1]]  # type: ignore[index]
        for name, value in step["env"].items()
    }
    (folder / "output").touch()
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={
            **environment,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "GITHUB_OUTPUT": str(folder / "output"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (folder / "output").read_text().splitlines()
    return done, dict(line.split("=", 1) for line in lines)


@pytest.mark.slow
def test_its_script(tmp_path: Path) -> None:
    """With a gate that is met, with one that is not, and with a model that does not exist."""
    _, poems = few_poems()
    asked = {"poems": poems, "options": "-k=test_title\n--controls=none\n"}
    done, outputs = run(tmp_path, **asked, gates="recall>=0.1\ntang:recall>=10%\n")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert outputs["report"] == "reports/latest"
    assert 0.1 <= float(outputs["recall"]) < 1
    assert "passed: 2 gates" in done.stdout
    for name in ("recall.json", "summary.md", "report.html", "junit.xml"):
        assert (tmp_path / "reports/latest" / name).exists()
    again = tmp_path / "again"
    again.mkdir()
    done, outputs = run(again, **asked, gates="recall>=1")
    assert done.returncode == 1
    assert float(outputs["recall"]) < 1
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    done, outputs = run(wrong, **asked, model="./nothing")
    assert done.returncode == 4
    assert outputs == {"report": "reports/latest"}


@pytest.mark.slow
def test_without_gates_it_measures(tmp_path: Path) -> None:
    _, poems = few_poems()
    done, outputs = run(tmp_path, poems=poems, options="-k=test_title\n--controls=none")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert float(outputs["recall"]) < 1
