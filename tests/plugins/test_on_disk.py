"""Recitations are on disk at once, even if their pytest cases have not come yet."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memtests.plugins.resuming import read_saved, whole_lines
from memtests.plugins.traces import Trace
from tests.support.running import ROOT, STAND_IN, SUITE, few_poems, report, run_suite

pytest_plugins = ["pytester"]

FIRST, STUCK = ["jing-ye-si", "chun-xiao", "deng-guan-que-lou"], "xiang-si"
"""The first poems of `tang`, and the one after them."""
SOME = (*few_poems(), "--controls", "none", "--measure", "-k", "test_title or test_prefix and 50")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_killed_run_loses_what_is_under_way(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """SIGKILL to all processes, while the cases of prefixes wait for a poem that takes for ever."""
    folder = tmp_path / "report"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "pytest", *SUITE, *STAND_IN, *SOME, *workers),
            *("--recall-report", str(folder)),
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "MEMTESTS_AT_ONCE": "1",
            "MEMTESTS_STUCK": STUCK,
        },
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wanted = {(poem, case) for poem in FIRST for case in ("title", "prefix")}
    try:
        began = time.monotonic()
        while not wanted <= judged_on_disk(folder) and time.monotonic() - began < 120:
            time.sleep(0.1)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert wanted <= judged_on_disk(folder)
    assert STUCK not in {poem for poem, _ in judged_on_disk(folder)}
    assert not (folder / "recall.json").exists()
    traces = [line.found for line in whole_lines(folder / "traces.jsonl", Trace)]
    assert {(poem, form) for poem in FIRST for form in ("header", "plain")} <= {
        (trace.poem, trace.form) for trace in traces
    }


def judged_on_disk(folder: Path) -> set[tuple[str, str]]:
    return {(v.poem, v.case) for v in read_saved(folder / "verdicts.jsonl").values()}


def test_a_worker_that_replaces_a_dead_one_asks_only_the_rest(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        *(("ASKED", pytester.path / "asked"), ("AT_ONCE", 1), ("DIE", STUCK)),
        ("DIED", pytester.path / "died"),
    ):
        monkeypatch.setenv(f"MEMTESTS_{name}", str(value))
    result = run_suite(pytester, *STAND_IN, *SOME, "-n", "1", "-p", "tests.support.asked")
    assert result.ret == 1, "a worker has died"
    assert (pytester.path / "died").exists()
    asked = (pytester.path / "asked").read_text().splitlines()
    names = {verdict["probe"] for verdict in report(pytester)["verdicts"]}
    assert len(names) == 16
    again = {name for name in names if asked.count(name) > 1}
    assert {name.split("/")[1] for name in names - again} == {*FIRST}
