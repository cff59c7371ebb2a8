"""Check the arguments of `memtests.ask` and `RecallCallback`; an error names the argument."""

import os
from collections.abc import Iterable
from typing import Any


class AskError(ValueError):
    """Something cannot be asked in this way. The message is one line that says what to change."""


def files_of(argument: str, given: Any) -> list[str]:
    """A file or several, as a list. Raises AskError."""
    form = "a file, or a list of files"
    if isinstance(given, str | os.PathLike):
        return [os.fspath(given)]
    if not isinstance(given, Iterable) or isinstance(given, bytes):
        raise AskError(f"{argument}: {given!r}: expected {form}; leave it out for the canon")
    found = list(given)
    for each in found:
        if not isinstance(each, str | os.PathLike):
            raise AskError(f"{argument}: {each!r}: expected {form}")
    return [os.fspath(each) for each in found]


def texts_of(argument: str, given: Any, like: str) -> list[str]:
    """A text or several, as a list. `like`: an example of one. Raises AskError."""
    if isinstance(given, str):
        return [given]
    found = list(given) if isinstance(given, Iterable) and not isinstance(given, bytes) else [given]
    for each in found:
        if not isinstance(each, str):
            raise AskError(f"{argument}: {each!r}: expected texts, like [{like!r}]")
    return found


def check_file(argument: str, given: Any) -> None:
    """Raise AskError if an argument is neither a path nor None."""
    if given is not None and not isinstance(given, str | os.PathLike):
        raise AskError(f"{argument}: {given!r}: expected a path")


def check_text(argument: str, given: Any, like: str, *, none: bool = False) -> None:
    """Raise AskError if an argument is no text. `none`: whether it may be None too."""
    if not (isinstance(given, str) or (none and given is None)):
        raise AskError(f"{argument}: {given!r}: expected a text, like {like!r}")


def check_number(argument: str, given: Any) -> None:
    """Raise AskError if an argument is neither a whole number nor None."""
    if given is not None and type(given) is not int:
        raise AskError(f"{argument}: {given!r}: expected a whole number, like 20")


def columns_said(files: list[str] | None, **said: Any) -> list[str] | None:
    """The language and author of all poems, as `--poem-columns` takes them; None if neither is
    given. Raises AskError.
    """
    like = {"language": "en", "author": "Herman Melville"}
    found = []
    for argument, given in said.items():
        check_text(argument, given, like[argument], none=True)
        if given is None:
            continue
        if not given.strip() or "," in given:
            raise AskError(
                f"{argument}: {given!r}: expected one name without a comma, like {like[argument]!r}"
            )
        if not files:
            raise AskError(
                f"{argument}: {given!r}: the canon has its own; name files with poems=FILE, or "
                "leave it out"
            )
        found.append(f"{argument}={given}")
    return found or None
