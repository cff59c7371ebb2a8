"""A pytest plugin that counts earlier models still in memory: `-p tests.support.watched`.

For each model about to be loaded, it adds a line to the file that MEMTESTS_WATCHED names.
"""

import os
import weakref
from pathlib import Path

import pytest

from memtests.fixtures.models.contract import Completer, LanguageModel
from memtests.fixtures.models.errors import ModelError
from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.loading import Loading
from memtests.plugins import model as asking


def pytest_configure(config: pytest.Config) -> None:
    load = asking.try_to_load
    loaded: list[weakref.ref[object]] = []

    def and_count(
        name: str, given: Loading, server: str | None = None, most: int | None = None
    ) -> LanguageModel | Completer | ModelError:
        with Path(os.environ["MEMTESTS_WATCHED"]).open("a") as file:
            file.write(f"{sum(each() is not None for each in loaded)}\n")
        found = load(name, given, server, most)
        assert isinstance(found, Checkpoint)
        loaded.extend([weakref.ref(found), weakref.ref(found._model)])
        return found

    asking.try_to_load = and_count
    config.add_cleanup(lambda: setattr(asking, "try_to_load", load))
