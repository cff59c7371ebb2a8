"""`--windows`, `--every` and `--sample`: which windows of a text are asked, read and checked."""

import argparse
from collections.abc import Callable, Mapping

import pytest

from memtests.fixtures.models.errors import ModelError
from memtests.fixtures.models.whole_texts import tokenizer_for
from memtests.fixtures.probes.probes import DEFAULT_HEADER, DEFAULT_PREFIX_LENGTHS
from memtests.fixtures.probes.windows import EVERY, Size, Tokens, WindowError, Windows, parse_size
from memtests.plugins.model import given_names, loading

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
    names, given = given_names(config), loading(config)
    if given.template != "none":
        raise pytest.UsageError(
            f"--windows {size.label}: a chat begins with tokens of its own; leave --template "
            f"{given.template} out, or write {size.given}/{size.asked}"
        )
    try:
        tokenizers = {
            name: tokenizer_for(name, given, size, config.option.server)
            for name in dict.fromkeys(names)
        }
    except ModelError as error:
        raise pytest.UsageError(str(error)) from None
    return lambda text: same_tokens(tokenizers, text, size)


def same_tokens(tokenizers: Mapping[str, Tokenize], text: str, size: Size) -> Tokens:
    """A text's tokens, if all models make the same: then they are asked the same windows. Raises
    ModelError.
    """
    (first, tokenize), *others = tokenizers.items()
    found = tokenize(text)
    for name, other in others:
        if other(text) != found:
            raise ModelError(
                f"--windows {size.label}: {first} and {name} make other tokens of the same text; "
                f"name one of them, or write {size.given}/{size.asked}, in words or characters"
            )
    return found
