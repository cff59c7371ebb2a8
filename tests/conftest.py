"""Fixtures for all tests of the suite."""

import gc
import os

import pytest

from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.files import canon
from memtests.fixtures.probes.probes import title_probe
from memtests.plugins.reciter import Reciter
from memtests.reports.counting.over_poems import interval, sign_flips
from memtests.reports.page.page import render_page
from tests.support.reported import knows, reported


def pytest_configure() -> None:
    """Tests may run in xdist workers. A run inside a test must not take itself for a worker."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        os.environ.pop(name, None)


@pytest.fixture(scope="session")
def heavy_modules() -> None:
    """Load the heavy modules once: a run inside a test forgets its imports, and torch cannot be
    imported twice.
    """
    Reciter(load("embedded", Loading(device="cpu"))).recite(
        [title_probe("tang", canon()[0].poems[0])]
    )
    interval([(1, 2), (0, 2)])
    sign_flips([1])
    render_page(reported({"a": knows}))
    gc.collect()
    gc.freeze()  # so that garbage collection in a run does not search these modules


@pytest.fixture
def pytester(heavy_modules: None, pytester: pytest.Pytester) -> pytest.Pytester:
    """Runs inside a test, with the heavy modules loaded before any."""
    return pytester
