"""A pytest plugin that writes down what the reciter is asked: `-p tests.support.asked`.

A line for each probe, in the file that MEMTESTS_ASKED names.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from memtests.fixtures.probes.probes import Probe
from memtests.plugins.reciter import Completion, Reciter, Unjudged


def pytest_configure(config: pytest.Config) -> None:
    reciting = Reciter.reciting

    def and_write_down(
        self: Reciter, probes: Sequence[Probe]
    ) -> Iterator[tuple[int, Completion | Unjudged]]:
        with Path(os.environ["MEMTESTS_ASKED"]).open("a") as file:
            file.write("".join(f"{probe.name}\n" for probe in probes))
        return reciting(self, probes)

    Reciter.reciting = and_write_down  # type: ignore[method-assign]
    config.add_cleanup(lambda: setattr(Reciter, "reciting", reciting))
