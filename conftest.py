"""The last guard of a clone: pytest runs this file before those of later paths.

`pyproject.toml` beside it names the suite's plugins. Where pytest has taken another configuration,
values of options are paths to it, and it is about to run a conftest.py that lies there.
"""

from pathlib import Path

import pytest


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    if pluginmanager.hasplugin("memtests.plugins"):
        return
    config, own = pluginmanager.getplugin("pytestconfig"), Path(__file__).parent / "pyproject.toml"
    if given := config.known_args_namespace.inifilename:
        raise pytest.UsageError(
            f"-c {given}: it does not load the suite; leave it out, or add -p memtests.plugins"
        )
    raise pytest.UsageError(
        f"pytest took {config.inipath or 'no file'} for its configuration, and not {own}: it takes "
        f"the values of options for paths; write them with `=`, as --model=FOLDER, or add -c {own}"
    )
