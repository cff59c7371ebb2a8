"""The tokenizers of real models, as `make tokenizers` fetches them."""

import functools
import os
from pathlib import Path
from typing import Any

import pytest
import transformers

FOLDER = Path(__file__).parents[2] / ".tokenizers"
# Those that the Makefile fetches for the tests.
REAL = ("qwen3", "llama3", "llama2", "gemma3")


@functools.cache
def load_real_tokenizer(name: str) -> Any:
    """Raises FileNotFoundError with what to do."""
    folder = FOLDER / name
    if not (folder / "tokenizer.json").exists():
        raise FileNotFoundError(
            f"no tokenizer {name} in .tokenizers; fetch it: make tokenizers TOKENIZERS={name}"
        )
    return transformers.AutoTokenizer.from_pretrained(folder)


def real_tokenizer(name: str) -> Any:
    """For a test: where it has not been fetched the test is skipped, and in CI it fails."""
    try:
        return load_real_tokenizer(name)
    except FileNotFoundError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
