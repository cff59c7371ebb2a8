"""The one plugin that an installed suite adds to every pytest run. It stops a run in a clone of the
suite if pytest has not loaded the suite's own plugins.

That happens, for instance, if pytest takes the value of an option for a path, and reads another
configuration there. pytest loads this plugin before any conftest.py, so one that lies beside a
checkpoint is not run. The plugin adds no option, no fixture and no other hook.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

from memtests.plugins.starting import refusal

# A folder that holds both is a clone of the suite.
_MARKS = ("memtests/command.ini", "fixtures/canon")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    if early_config.pluginmanager.hasplugin("memtests.plugins"):
        return
    known = early_config.known_args_namespace
    folder = early_config.invocation_params.dir
    # With -c, a run in a clone may be meant for other tests.
    here = [] if known.inifilename else [folder]
    clone = clone_of([*here, *(folder / name for name in known.file_or_dir)])
    if clone is None:
        return
    if known.inifilename:
        raise pytest.UsageError(
            f"-c {known.inifilename}: it does not load the suite; leave it out, or add "
            "-p memtests.plugins"
        )
    raise pytest.UsageError(refusal(early_config.inipath, clone / "pyproject.toml"))


def clone_of(places: Iterable[Path]) -> Path | None:
    """The clone of the suite that holds the first of these places that lies in one."""
    folders = (above for place in places for above in (place, *place.resolve().parents))
    return next((each for each in folders if all((each / mark).exists() for mark in _MARKS)), None)
