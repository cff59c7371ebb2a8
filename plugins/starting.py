"""A safe start: a run ends at once if pytest took its configuration from the value of an option.

pytest looks for its configuration before it knows the options of any plugin. It takes the value in
`--model ../runs/ckpt` for a test path, and reads a configuration file there or above. The right
file's gates would then be missing without a word.
"""

import inspect
import os
from pathlib import Path

import pytest
from _pytest.config.findpaths import determine_setup

from memtests.fixtures.locales import escape_output, unsayable
from memtests.fixtures.models.training_steps import is_checkpoint, pattern_of
from memtests.fixtures.probes.text import sound


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Raise UsageError if pytest would have taken another file, had it known the options."""
    known = early_config.known_args_namespace
    folder = early_config.invocation_params.dir
    for word in known.file_or_dir:
        if is_checkpoint(folder / word):
            raise pytest.UsageError(
                f"{word}: a checkpoint, in the place of a test file; if a shell has put it there, "
                f"write the pattern in quotes: --model {pattern_of(word)}"
            )
    if known.inifilename:  # -c names the file
        return
    told = {
        "inifile": None,
        "override_ini": None,
        "args": known.file_or_dir,
        "rootdir_cmd_arg": known.rootdir or None,
        "invocation_dir": early_config.invocation_params.dir,
    }
    # Before pytest 9 there is no override_ini.
    takes = inspect.signature(determine_setup).parameters
    _, right, *_ = determine_setup(**{name: told[name] for name in takes})
    if early_config.inipath != right:
        raise pytest.UsageError(refusal(early_config.inipath, right))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    escape_output()
    if config.getoption("dist", "no") != "no":
        told = (*config.invocation_params.args, str(config.invocation_params.dir))
        for text in told:
            if reason := unsayable(text):
                raise pytest.UsageError(f"{sound(text)}: no worker can be told of it: {reason}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Keep the current folder off the import path of the processes of -n, unless it is the tests'
    own: python would run modules that lie beside a checkpoint.
    """
    if config.invocation_params.dir != config.rootpath:
        os.environ.setdefault("PYTHONSAFEPATH", "1")


def refusal(taken: Path | None, right: Path | None) -> str:
    """Why a run does not begin, and what to type."""
    told = f", or add -c {right}" if right else ""
    return (
        f"pytest took {taken or 'no file'} for its configuration, and not {right or 'none'}: it "
        f"takes the values of options for paths; write them with `=`, as --model=FOLDER{told}"
    )
