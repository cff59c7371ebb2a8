"""Several models in one run: each is freed before the next is loaded, and each gets all threads."""

import shutil

import pytest
import torch

from memtests.fixtures.models.local.loading import EMBEDDED
from memtests.plugins import model as asking
from tests.support.running import ROOT, SUITE, outcomes, report, taught

pytest_plugins = ["pytester"]


@pytest.mark.slow
def test_the_old_model_is_gone_before_the_next_is_loaded(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if its last case was a miss, whose frames pytest keeps.

    The run has a process of its own, because pytester would keep the frames, too.
    """
    log = pytester.path / "log"
    monkeypatch.setenv("MEMTESTS_WATCHED", str(log))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    other = pytester.path / "other"
    shutil.copytree(EMBEDDED, other)
    unknown = taught("held_out")[0].partition("/")[2]
    result = pytester.runpytest_subprocess(
        *(*SUITE, "--recall-report", "report", "-p", "tests.support.watched"),
        *("--model", "embedded", "--model", other, "-k", f"test_title and {unknown}"),
    )
    assert result.ret == 1
    assert len(report(pytester)["verdicts"]) == 2
    assert "correct" not in outcomes(report(pytester)).values(), "or it is no miss"
    assert log.read_text().split() == ["0", "0"]


def test_threads_are_divided_once(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = [16]
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads[-1])
    monkeypatch.setattr(torch, "set_num_threads", threads.append)
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "2")
    asking.threads_alone.cache_clear()
    for _ in range(3):
        asking.share_threads()
    asking.threads_alone.cache_clear()
    assert threads[-1] == 8
