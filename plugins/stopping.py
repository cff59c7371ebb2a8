"""A run that cannot go on ends with one line that says why, and with the exit status of that.

`pytest.exit` has the line twice between exclamation marks, behind the name of an exception.
"""

import sys
from collections.abc import Generator
from typing import NoReturn

import pytest

from memtests.fixtures.usage import plain

HELP = "memtests --help"


class Stop(pytest.UsageError):
    """Ends a run from any hook of the process that reports: what is judged is written before."""

    def __init__(self, reason: str, status: int = pytest.ExitCode.USAGE_ERROR) -> None:
        super().__init__(reason)
        self.status = status


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main() -> Generator[None, int, int]:
    try:
        return (yield)
    except Stop as error:
        sys.stdout.flush()
        print(f"ERROR: {error}", file=sys.stderr)
        return error.status


def pytest_addoption(parser: pytest.Parser) -> None:
    """Have a mistyped option said in one line; before pytest 9 its parser is made later."""
    typed = getattr(parser, "optparser", None)
    if typed is None:
        return

    def error(message: str) -> NoReturn:
        known = [name for name in typed._option_string_actions if name.startswith("--")]
        told = parser.extra_info.get("config source")  # `via addopts config`, say
        raise pytest.UsageError(plain(message, known, HELP) + (f" ({told})" if told else ""))

    typed.error = error
