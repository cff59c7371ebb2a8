"""`--windows`, `--every` and `--sample`: which windows of a text are asked, read and checked."""

import argparse
from collections.abc import Callable

import pytest

from memtests.fixtures.models.errors import ModelError
from memtests.fixtures.models.whole_texts import tokenizer_for
from memtests.fixtures.probes.probes import DEFAULT_HEADER, DEFAULT_PREFIX_LENGTHS
from memtests.fixtures.probes.windows import EVERY, Size, Tokens, WindowError, Windows, parse_size
from memtests.plugins.model import given_names, loading, model_names

Tokenize = Callable[[str], Tokens]


def read_windows(option: argparse.Namespace) -> Windows | None:
    """Which windows are asked, if any are. Raises UsageError."""
    if option.windows is None:
        if option.every is not None:
            raise pytest.UsageError(
                f"--every {option.every}: it only goes with --windows; add --windows 50/50, or "
                "leave it out"
            )
        return None
    try:
        size = parse_size(option.windows)
    except WindowError as error:
        raise pytest.UsageError(f"--windows {error}") from None
    every = EVERY if option.every is None else option.every
    if every < 1:
        raise pytest.UsageError(f"--every {every}: it must be 1 or more")
    for name, given, unsaid in (
        ("--header", option.header, DEFAULT_HEADER),
        ("--prefix-lengths", option.prefix_lengths, DEFAULT_PREFIX_LENGTHS),
    ):
        if given != unsaid:
            raise pytest.UsageError(
                f"{name} {given}: it is of whole poems, and --windows asks for parts of a text in "
                "their place; leave one of them out"
            )
    return Windows(size, every, option.sample)


def tokenizer_of(config: pytest.Config, size: Size) -> Tokenize:
    """The tokenizer by which windows in tokens are cut. Raises UsageError."""
    names, given = model_names(config), loading(config)
    if len(names) > 1:
        raise pytest.UsageError(
            f"--windows {size.label}: every model has tokens of its own; name one --model, or "
            f"write {size.given}/{size.asked}, in words or characters"
        )
    if given.template != "none":
        raise pytest.UsageError(
            f"--windows {size.label}: a chat begins with tokens of its own; leave --template "
            f"{given.template} out, or write {size.given}/{size.asked}"
        )
    try:
        return tokenizer_for(given_names(config)[0], given, size, config.option.server)
    except ModelError as error:
        raise pytest.UsageError(str(error)) from None
