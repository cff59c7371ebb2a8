"""Small models for tests: untaught, of several architectures, with several kinds of tokenizer."""

import functools
from typing import Any

import tokenizers
import torch
import transformers
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.ways import ALONE
from memtests.fixtures.poems.files import canon
from memtests.fixtures.teach.teaching import train_tokenizer

TEXTS = [poem.text for collection in canon() for poem in collection.poems]
END = "<|endoftext|>"


@functools.cache
def tokenizer(kind: str) -> Any:
    """`han`: trained like the one of `memtests teach`. `bytes`: byte-level BPE that merges
    neighbouring Chinese characters and splits rare ones. `pieces`: like SentencePiece, with a mark
    for spaces and a beginning-of-text token.
    """
    if kind == "han":
        return train_tokenizer(TEXTS, 2000)
    bpe = tokenizers.Tokenizer(models.BPE(unk_token="<unk>" if kind == "pieces" else None))
    special = [END, "<s>", "<unk>"]
    if kind == "bytes":
        bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        bpe.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    else:
        bpe.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
        bpe.decoder = decoders.Metaspace(prepend_scheme="first")
        alphabet = sorted({c for text in TEXTS for c in text})
    trainer = trainers.BpeTrainer(
        vocab_size=6000 if kind == "pieces" else 1500,
        special_tokens=special,
        initial_alphabet=list(alphabet),
        show_progress=False,
    )
    bpe.train_from_iterator(TEXTS, trainer)
    if kind == "pieces":
        bpe.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", bpe.token_to_id("<s>"))]
        )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token=END, bos_token="<s>", pad_token=END
    )


def untaught(kind: str = "han", architecture: str = "llama", context: int = 1024) -> Checkpoint:
    """A model of random weights, spread so that it neither loops at once nor ties."""
    torch.manual_seed(0)
    words = tokenizer(kind)
    common = {"vocab_size": len(words), "eos_token_id": words.eos_token_id, "bos_token_id": None}
    if architecture in ("llama", "grouped"):
        config: Any = transformers.LlamaConfig(
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1 if architecture == "grouped" else 2,
            max_position_embeddings=context,
            **common,
        )
    elif architecture == "gpt2":
        config = transformers.GPT2Config(
            n_embd=64, n_layer=2, n_head=2, n_positions=context, **common
        )
    else:
        config = transformers.BloomConfig(hidden_size=64, n_layer=2, n_head=2, **common)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    for weights in model.parameters():
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=0.2)
    return Checkpoint(f"{architecture}-{kind}", model, words)


def take_only(model: Checkpoint, *names: str) -> None:
    """Let a model be computed only in these ways, and one by one where they do not hold."""
    engine = model._engine
    engine._ways = [way for way in engine._ways if way.name in (*names, ALONE)]
