"""The last guard of a clone: stops pytest before it runs a conftest.py in a folder of data.

`pyproject.toml` beside this file loads the suite's plugins. If pytest has taken another
configuration, it does not know the suite's options. It then takes their values for paths, and is
about to run a conftest.py there. It runs this file first.
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
