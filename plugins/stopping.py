"""A run that cannot go on ends with one line that says why, and with the exit status that fits.

`pytest.exit` would print the line twice, between exclamation marks and behind the name of an
exception.
"""

import sys
from collections.abc import Generator
from typing import NoReturn

import pytest

from memtests.fixtures.usage import plain

HELP = "memtests --help"


_STOPPED = pytest.StashKey[tuple[str, int]]()
"""Why the run has ended, and its exit status."""


def stop(config: pytest.Config, reason: str, status: int = pytest.ExitCode.USAGE_ERROR) -> NoReturn:
    """End the run, from any hook of the process that reports. Verdicts so far are still written."""
    config.stash[_STOPPED] = reason, int(status)
    raise pytest.Session.Failed(reason)  # pytest prints nothing for this one


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, int, int]:
    status = yield
    if _STOPPED not in config.stash:
        return status
    reason, status = config.stash[_STOPPED]
    sys.stdout.flush()
    print(f"ERROR: {reason}", file=sys.stderr)
    return status


def pytest_addoption(parser: pytest.Parser) -> None:
    """Report a mistyped option in one line. Before pytest 9 its parser is made later, so that its
    own longer message stays.
    """
    typed = getattr(parser, "optparser", None)
    if typed is None:
        return

    def error(message: str) -> NoReturn:
        known = [name for name in typed._option_string_actions if name.startswith("--")]
        told = parser.extra_info.get("config source")  # `via addopts config`, say
        raise pytest.UsageError(plain(message, known, HELP) + (f" ({told})" if told else ""))

    typed.error = error
