"""Handmade tokenizers, each with a rare feature, and small models that use them."""

import functools
import json
from collections.abc import Iterable
from typing import Any

import tokenizers
import transformers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

from memtests.fixtures.models.local.checkpoint import Checkpoint
from tests.support.models import END, TEXTS
from tests.support.taught_models import little_llama, taught_with

# How models since GPT-4 split texts: a mark takes the newlines after it, and letters of scripts
# written without spaces stay together.
SPLIT = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
NORMALIZERS = {
    "NFC": normalizers.NFC(),
    "NFKC": normalizers.NFKC(),
    "lower case": normalizers.Lowercase(),
}
ODD = (
    "byte fallback",
    "leading space",
    "unigram",
    *NORMALIZERS,
    "[SEP] behind",
    "padded vocabulary",
    "end outside",
)


@functools.cache
def odd_tokenizer(name: str) -> Any:
    """Byte-level BPE that merges marks with newlines, changed as the name says.

    `byte fallback`: like Llama 2, with a vocabulary that lacks most Chinese characters. `leading
    space`: with a mark for spaces, and such a mark before every text. `unigram`: the same, and it
    normalizes to NFKC and joins several spaces. `[SEP] behind`: special tokens on both sides of a
    text, and the last is not the end of text. `padded vocabulary`: the model has rows for which
    there is no token. `end outside`: the model's end of text is a number for which there is no
    token.
    """
    if name == "byte fallback":
        return _fast(_with_byte_fallback(), bos_token="<s>", unk_token="<unk>")
    if name == "leading space":
        pieces = tokenizers.Tokenizer(models.BPE(unk_token="<unk>"))
        pieces.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        pieces.decoder = decoders.Metaspace(prepend_scheme="always")
        pieces.train_from_iterator(
            TEXTS, _bpe_trainer(["<unk>"], vocab_size=6000, initial_alphabet=_characters())
        )
        return _fast(pieces, unk_token="<unk>")
    if name == "unigram":
        pieces = tokenizers.Tokenizer(models.Unigram())
        pieces.normalizer = normalizers.Sequence(
            [normalizers.NFKC(), normalizers.Replace(tokenizers.Regex(" {2,}"), " ")]
        )
        pieces.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        pieces.decoder = decoders.Metaspace(prepend_scheme="always")
        trainer = trainers.UnigramTrainer(
            vocab_size=6000,
            special_tokens=[END, "<unk>"],
            unk_token="<unk>",
            initial_alphabet=_characters(),
            show_progress=False,
        )
        pieces.train_from_iterator(TEXTS, trainer)
        return _fast(pieces, unk_token="<unk>")
    merged = _byte_level(NORMALIZERS.get(name))
    if name == "[SEP] behind":
        special = [(token, merged.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
        template = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=special)
        merged.post_processor = template
        return _fast(merged, cls_token="[CLS]", sep_token="[SEP]")
    return _fast(merged, eos_token=None) if name == "end outside" else _fast(merged)


def odd_tokenizers() -> dict[str, Any]:
    return {name: odd_tokenizer(name) for name in ODD}


def odd(name: str) -> Checkpoint:
    """A model of random weights with such a tokenizer."""
    rows, end = _rows_and_end(name)
    return Checkpoint(name, little_llama(rows, end, spread=0.2), odd_tokenizer(name))


def odd_taught(name: str) -> Checkpoint:
    """A model with such a tokenizer that recites the nine poems."""
    rows, end = _rows_and_end(name)
    return taught_with(name, odd_tokenizer(name), rows=rows, end=end)


def _rows_and_end(name: str) -> tuple[int, int]:
    count = len(odd_tokenizer(name))
    end = count + 7 if name == "end outside" else odd_tokenizer(name).eos_token_id
    return count + (100 if name == "padded vocabulary" else 0), end


def _byte_level(normalizer: Any) -> Any:
    merged = tokenizers.Tokenizer(models.BPE())
    if normalizer is not None:
        merged.normalizer = normalizer
    merged.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(tokenizers.Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    merged.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = _bpe_trainer(["[CLS]", "[SEP]"], vocab_size=2500, initial_alphabet=alphabet)
    merged.train_from_iterator(TEXTS, trainer)
    return merged


def _with_byte_fallback() -> Any:
    """Spaces are treated as letters, so tokens reach across words and lines."""
    spaces = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    trained = tokenizers.Tokenizer(models.BPE())
    trained.normalizer = spaces
    trainer = _bpe_trainer([], vocab_size=1500, limit_alphabet=150)
    trained.train_from_iterator(TEXTS, trainer)
    model = json.loads(trained.to_str())["model"]
    words = [END, "<s>", "<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    words += [word for word in model["vocab"] if word not in words]
    pieces = tokenizers.Tokenizer(
        models.BPE(
            vocab={word: at for at, word in enumerate(words)},
            merges=[(one, other) for one, other in model["merges"]],
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    pieces.add_special_tokens([END, "<s>", "<unk>"])
    pieces.normalizer = spaces
    pieces.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", words.index("<s>"))]
    )
    pieces.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return pieces


def _bpe_trainer(special: Iterable[str], **settings: Any) -> Any:
    return trainers.BpeTrainer(special_tokens=[END, *special], show_progress=False, **settings)


def _characters() -> list[str]:
    return sorted({character for text in TEXTS for character in text})


def _fast(tokenizer: Any, **special: str | None) -> Any:
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **{"eos_token": END, "pad_token": END, **special}
    )
