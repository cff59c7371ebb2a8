"""The one thing that an installed suite adds to every pytest run: it refuses one of the suite that
has not loaded the suite.

pytest loads entry points before any conftest.py, so that the one beside a checkpoint is not run. It
adds no option, no fixture and no other hook.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

from memtests.plugins.starting import refusal

# What marks a clone of the suite.
_MARKS = ("memtests/command.ini", "fixtures/canon")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    if early_config.pluginmanager.hasplugin("memtests.plugins"):
        return
    known = early_config.known_args_namespace
    folder = early_config.invocation_params.dir
    # With -c a run in a clone may well be one of something else.
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
    """The clone of the suite that the first of these places in one is in."""
    folders = (above for place in places for above in (place, *place.resolve().parents))
    return next((each for each in folders if all((each / mark).exists() for mark in _MARKS)), None)
