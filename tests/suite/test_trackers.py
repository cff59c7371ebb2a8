"""The lines of docs/ci.md that send a report to MLflow and to W&B, run if these are installed."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from memtests.reports.report import encode
from tests.support.reported import forgets, knows, reported

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NAMES = ("recall.json", "summary.md")


def run(folder: Path, library: str, **environment: str) -> None:
    """Run the lines on a library beside a report, with a Python that has the library."""
    python = os.environ.get("MEMTESTS_TRACKERS")
    if python is None:
        pytest.skip("MEMTESTS_TRACKERS=/path/to/python: one that has mlflow and wandb")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/ci.md").read_text(), re.S)
    (lines,) = (block for block in blocks if f"import {library}\n" in block)
    (folder / "reports/latest").mkdir(parents=True)
    report = reported({"A": knows, "B": forgets})
    (folder / "reports/latest/recall.json").write_bytes(encode(report))
    (folder / "reports/latest/summary.md").write_text("# Half of it\n")
    done = subprocess.run(
        [python, "-c", lines],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def written(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "reports/latest" / name).read_bytes() for name in NAMES}


def test_mlflow(tmp_path: Path) -> None:
    """The report goes into a file store."""
    store = tmp_path / "mlruns"
    settings = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
    run(tmp_path, "mlflow", MLFLOW_TRACKING_URI=store.as_uri(), **settings)
    (artifacts,) = store.glob("*/*/artifacts/recall")
    assert {file.name: file.read_bytes() for file in artifacts.iterdir()} == written(tmp_path)
    (metric,) = store.glob("*/*/metrics/recall")
    assert float(metric.read_text().split()[1]) == 0.5


def test_wandb(tmp_path: Path) -> None:
    """The report goes into an offline run, which stays on disk until somebody sends it."""
    run(tmp_path, "wandb", WANDB_MODE="offline", WANDB_SILENT="true")
    (log,) = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
    assert all(name.encode() in log.read_bytes() for name in NAMES)
    staged = (tmp_path / ".local/share/wandb/artifacts/staging").iterdir()
    assert {file.read_bytes() for file in staged} == {*written(tmp_path).values()}
