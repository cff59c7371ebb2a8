"""What all tests of the suite share."""

import os

import pytest

from fixtures.loading import Loading, load
from fixtures.poems import canon
from fixtures.probes import title_probe
from plugins.reciter import Reciter
from reports.page import render_page
from reports.tallies import interval
from tests.reported import knows, reported


def pytest_configure() -> None:
    """Runs inside a test are no workers, where the tests themselves are spread over some."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        os.environ.pop(name, None)


@pytest.fixture(scope="session", autouse=True)
def _heavy_modules_stay_loaded() -> None:
    """Runs inside a test forget the modules they import; torch cannot be imported twice."""
    Reciter(load("embedded", Loading(device="cpu"))).recite(
        [title_probe("tang", canon()[0].poems[0])]
    )
    interval(1, 2)
    render_page(reported({"a": knows}))
