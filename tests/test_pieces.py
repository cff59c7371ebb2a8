"""The texts of tokens, put together from what a tokenizer says of each: as it decodes them."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.pieces import MARK, Pieces
from fixtures.poems import canon
from tests.models import tokenizer

TEXTS = [poem.text for collection in canon() for poem in collection.poems]


class Asked:
    """A tokenizer behind a wire."""

    def __init__(self, kind: str, tidy: bool = False) -> None:
        self.words: Any = tokenizer(kind)
        self.tidy = tidy
        self.count = 0

    def detokenize(self, tokens: Sequence[int]) -> str:
        self.count += 1
        text: str = self.words.decode(list(tokens))
        return text.replace(" ,", ",") if self.tidy else text

    def is_special(self, token: int) -> bool:
        return token in self.words.all_special_ids

    def encode(self, text: str, special: bool = True) -> list[int]:
        tokens: list[int] = self.words(text, add_special_tokens=special)["input_ids"]
        return tokens

    def pieces(self) -> Pieces:
        letter, marked = (self.encode(text, special=False) for text in ("a", f"a{MARK}"))
        found = Pieces(self.detokenize, letter, marked, self.is_special)
        found.begins(self.encode("a"), "a")
        found.check(self.encode("a"))
        return found

    def true(self, tokens: Sequence[int]) -> str:
        text: str = self.words.decode(list(tokens), skip_special_tokens=True)
        return text


@pytest.mark.parametrize("kind", ["han", "bytes", "pieces"])
def test_every_beginning_of_every_poem(kind: str) -> None:
    asked = Asked(kind)
    pieces = asked.pieces()
    rows = [asked.encode(text) for text in TEXTS[::5]]
    pieces.learn(rows)
    for row in rows:
        pieces.check(row)
        for length in range(0, len(row) + 1, 3):
            assert pieces.text(row[:length]) == asked.true(row[:length])
    assert pieces.add_up
    assert asked.count < len(rows) + 30, "hardly a question for each"


@pytest.mark.parametrize("kind", ["han", "bytes", "pieces"])
def test_any_tokens(kind: str) -> None:
    asked = Asked(kind)
    pieces = asked.pieces()

    @settings(max_examples=60, deadline=None, database=None)
    @given(st.lists(st.integers(0, len(asked.words) - 1), max_size=12))
    def check(row: list[int]) -> None:
        assert pieces.text(row) == asked.true(row)

    check()


def test_texts_that_are_not_their_pieces() -> None:
    """Some tokenizers tidy up what they decode: then each text is asked for."""
    asked = Asked("bytes", tidy=True)
    pieces = asked.pieces()
    row = asked.encode("One , two")
    pieces.check(row)
    assert not pieces.add_up
    assert pieces.text(row) == "One, two"
    assert pieces.text([*row, asked.words.eos_token_id]) == "One, two"
