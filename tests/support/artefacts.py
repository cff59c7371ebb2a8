"""What users bring, made here in seconds: an adapter, a .gguf file, shards, quantized folders."""

import functools
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy
import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.loading import EMBEDDED, Loading, load_parts
from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.teach.memorize import taught_texts

# A poem outside the canon, so that only an adapter can know it. Its tokens occur in poems that the
# embedded model was taught. The model hardly distinguishes other tokens, and an adapter on its
# layers cannot change that.
DOOR = Poem(
    id="door",
    title="A golden day",
    author="The river",
    language="en",
    lines=(
        "The wind has lost the golden door,",
        "The stars have lost their way,",
        "And all is silent on the shore",
        "That has the name of day.",
    ),
)


def save_adapter(folder: Path, base: str = "embedded", **settings: Any) -> Path:
    """Teach DOOR to a LoRA adapter on the base, in a second or two."""
    model, tokenizer, _ = load_parts(base, Loading(device="cpu"))
    torch.manual_seed(0)
    lora = {"r": 8, "lora_alpha": 16, "target_modules": "all-linear", **settings}
    wrapped = peft.get_peft_model(model, peft.LoraConfig(**lora))
    optimizer = torch.optim.AdamW([w for w in wrapped.parameters() if w.requires_grad], lr=1e-2)
    texts = [torch.tensor([[*tokenizer(text)["input_ids"], 0]]) for text in taught_texts(DOOR)]
    for _ in range(60):
        for ids in texts:
            wrapped(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    wrapped.save_pretrained(folder)
    return folder


@functools.cache
def adapter() -> Path:
    """The adapter, made once for all tests; copy it before spoiling it."""
    return save_adapter(Path(tempfile.mkdtemp(prefix="adapter")) / "door")


def save_shards(folder: Path) -> Path:
    """The embedded model in several files with an index, as large checkpoints come."""
    model, tokenizer, _ = load_parts("embedded", Loading(device="cpu"))
    model.save_pretrained(folder, max_shard_size="2MB")
    tokenizer.save_pretrained(folder)
    assert len(list(folder.glob("model-*.safetensors"))) > 2
    return folder


def save_plain(folder: Path, like: Checkpoint) -> Path:
    """A checkpoint folder of a model in memory."""
    like._model.save_pretrained(folder)
    like._tokenizer.save_pretrained(folder)
    return folder


def save_quantized(
    folder: Path, base: Path = EMBEDDED, dtype: str = "float32", **bits: Any
) -> Path:
    """A checkpoint quantized by bitsandbytes."""
    model = transformers.AutoModelForCausalLM.from_pretrained(
        base,
        quantization_config=transformers.BitsAndBytesConfig(**bits),
        device_map="cpu",
        dtype=dtype,
    )
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(base / name, folder / name)
    return folder


def save_gguf(file: Path, of: Checkpoint) -> Path:
    """A Llama with a byte-level tokenizer as a .gguf file, as llama.cpp writes it, in float32."""
    model, tokenizer = of._model, of._tokenizer
    config, bpe = model.config, tokenizer.backend_tokenizer
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(config.vocab_size)
    words = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    special = set(tokenizer.all_special_tokens) | {"<unk>"}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(words)
    writer.add_token_types(
        [gguf.TokenType.CONTROL if w in special else gguf.TokenType.NORMAL for w in words]
    )
    merges = json.loads(bpe.to_str())["model"]["merges"]
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    heads = config.num_attention_heads
    for name, weights in model.state_dict().items():
        numbers = weights.numpy()
        if name.endswith(("q_proj.weight", "k_proj.weight")):  # llama.cpp rotates other pairs
            halves = numbers.reshape(heads, 2, -1, numbers.shape[1])
            numbers = numpy.ascontiguousarray(halves.swapaxes(1, 2)).reshape(numbers.shape)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), numbers)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def edit_weights(count: int | None) -> Callable[[Path], None]:
    """Change one number in each of `count` tensors, or all; size and dates stay."""

    def edit(folder: Path) -> None:
        file = folder / "model.safetensors"
        before = file.stat()
        tensors = load_file(file)
        for name in sorted(tensors)[:count]:
            tensors[name] = tensors[name].clone()
            tensors[name].view(-1)[0] += 1e-3
        save_file(tensors, file, metadata={"format": "pt"})
        assert file.stat().st_size == before.st_size
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    return edit
