"""A pytest plugin that writes down which worker asks what: `-p tests.support.spread`.

It adds a line for each case of a poem to the file that MEMTESTS_SPREAD names: the worker, the case,
and what the controller, which spreads cases over workers, believes that the case asks.
"""

import json
import os
from pathlib import Path

import pytest

from memtests.plugins.hooks import ASKED


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    node = getattr(report, "node", None)
    if report.when == "call" and not os.environ.get("PYTEST_XDIST_WORKER"):
        asked = _config[0].stash[ASKED].get(report.nodeid)
        worker = node.gateway.id if node else "alone"
        with Path(os.environ["MEMTESTS_SPREAD"]).open("a") as file:
            file.write(json.dumps([worker, report.nodeid, asked]) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    _config[:] = [config]


_config: list[pytest.Config] = []
