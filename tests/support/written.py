"""The bytes that tokens write, worked out from their names, to check the suite's own spelling."""

import functools
import re
from collections.abc import Iterable
from typing import Any

from transformers.convert_slow_tokenizer import bytes_to_unicode

_BYTES = {character: byte for byte, character in bytes_to_unicode().items()}


class Written:
    """The tokens of one tokenizer."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._special = frozenset(tokenizer.all_special_ids)
        self._added = frozenset(tokenizer.added_tokens_decoder)
        self._byte_level = "ByteLevel" in str(tokenizer.backend_tokenizer.decoder)

    def ordinary(self, tokens: Iterable[int]) -> list[int]:
        """The tokens that are not special."""
        return [token for token in tokens if token not in self._special]

    def text(self, tokens: Iterable[int]) -> bytes:
        """The bytes that tokens write together. Special tokens write none."""
        return b"".join(map(self.token, self.ordinary(tokens)))

    @functools.cache  # noqa: B019 - there are few tokenizers
    def token(self, token: int) -> bytes:
        name = self._tokenizer.convert_ids_to_tokens(token)
        if name is None:  # a row of the vocabulary without a token
            return b""
        byte = re.fullmatch("<0x([0-9A-F]{2})>", name)
        if byte:
            return bytes.fromhex(byte[1])
        if self._byte_level and token in self._added:
            return str(name).encode()
        if self._byte_level:
            return bytes(_BYTES[character] for character in name)
        return str(name).replace("▁", " ").encode()

    def agrees(self, token: int, held: bytes) -> bool:
        """Whether a token writes something that begins with `held`, or that `held` begins with."""
        piece = self.token(token)
        return bool(piece) and (piece.startswith(held) or held.startswith(piece))

    def read(self, text: str) -> str:
        """The text as the tokenizer reads it, without the space that it may put before it."""
        normalizer = self._tokenizer.backend_tokenizer.normalizer
        read: str = normalizer.normalize_str(text) if normalizer else text
        return (read if self._byte_level else read.replace("▁", " ")).lstrip(" ")
