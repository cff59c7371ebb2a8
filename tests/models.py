"""Small models for tests: untaught, of several architectures, with several kinds of tokenizer.

And what all of them are held against: plain `generate`, one probe at a time.
"""

import functools
from typing import Any

import tokenizers
import torch
import transformers
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

from fixtures.checkpoint import Checkpoint
from fixtures.poems import canon
from fixtures.probes import Probe
from fixtures.tokenizer import train_tokenizer
from plugins.completeness import is_complete

TEXTS = [poem.text for collection in canon() for poem in collection.poems]
END = "<|endoftext|>"


@functools.cache
def tokenizer(kind: str) -> Any:
    """`han`: as memorize trains it; `bytes`: byte-level BPE that merges across Chinese characters,
    and splits rare ones; `pieces`: SentencePiece-like, with a mark for spaces and a
    beginning-of-text token.
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
    if architecture == "llama":
        config: Any = transformers.LlamaConfig(
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
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


def plain(model: Checkpoint, probe: Probe) -> str:
    """The completion by transformers' own `generate`, alone, unpadded, with nothing but argmax."""
    cue = model.encode(probe.cue)
    room = min(len(probe.suffix.encode()) + 32, model.context - len(cue))
    output = model._model.generate(
        torch.tensor([cue]),
        attention_mask=torch.ones(1, len(cue), dtype=torch.long),
        generation_config=transformers.GenerationConfig(
            max_new_tokens=room,
            do_sample=False,
            num_beams=1,
            repetition_penalty=1.0,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            eos_token_id=sorted(model.ends),
            pad_token_id=0,
        ),
    )[0].tolist()
    if output[-1] in model.ends:
        output = output[:-1]
    start = len(model.decode(cue))
    for length in range(len(cue), len(output) + 1):
        text = model.decode(output[:length])[start:]
        if is_complete(text, probe):
            return text
    return model.decode(output)[start:]
