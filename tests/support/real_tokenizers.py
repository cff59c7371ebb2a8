"""The tokenizers of real models, as `make tokenizers` fetches them."""

import functools
import os
from pathlib import Path
from typing import Any

import pytest
import transformers

FOLDER = Path(__file__).parents[2] / ".tokenizers"
# The tokenizers that the Makefile fetches for the tests.
REAL = ("qwen3", "llama3", "llama2", "gemma3")


@functools.cache
def load_real_tokenizer(name: str) -> Any:
    """Load a tokenizer. Raises FileNotFoundError with the command that fetches it."""
    folder = FOLDER / name
    if not (folder / "tokenizer.json").exists():
        raise FileNotFoundError(
            f"no tokenizer {name} in .tokenizers; fetch it: make tokenizers TOKENIZERS={name}"
        )
    return transformers.AutoTokenizer.from_pretrained(folder)


def real_tokenizer(name: str) -> Any:
    """Load a tokenizer for a test. If it was not fetched, skip the test; in CI, fail."""
    try:
        return load_real_tokenizer(name)
    except FileNotFoundError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
