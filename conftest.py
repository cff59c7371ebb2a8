"""The last guard of a clone: pytest runs this file before those of later paths.

`pyproject.toml` beside it names the suite's plugins. Where pytest has taken another configuration,
values of options are paths to it, and it is about to run a conftest.py that lies there.
"""

from pathlib import Path

import pytest


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    if not pluginmanager.hasplugin("memtests.plugins"):
        taken = pluginmanager.getplugin("pytestconfig").inipath or "no file"
        own = Path(__file__).parent / "pyproject.toml"
        raise pytest.UsageError(
            f"pytest took {taken} for its configuration, and not {own}: write values of options "
            f"with `=`, as --model=FOLDER, or add -c {own}"
        )
