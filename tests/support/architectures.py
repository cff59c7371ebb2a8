"""A tiny model of every causal architecture of transformers, each taught four poems.

`python -m tests.support.architectures` writes the table in docs/architectures.md.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.loading import quiet
from memtests.fixtures.probes.probes import (
    DEFAULT_HEADER,
    Probe,
    next_line_probes,
    parse_prefix_lengths,
    prefix_probes,
    title_probe,
)
from memtests.plugins.reciter import Completion, Reciter, Unjudged, recite_plainly
from tests.support.models import tokenizer
from tests.support.reciting import CANON

KNOWN = {"tang": ("chun-xiao", "jing-ye-si"), "british": ("who-has-seen-the-wind", "the-sick-rose")}
UNKNOWN = {"tang": ("jiang-xue",), "british": ("the-eagle",)}
DOCUMENT = Path(__file__).parents[2] / "docs" / "architectures.md"
CONTEXT = 256
# Texts have up to 80 tokens, so every architecture bends before their middle.
BEND = 24

# Sizes, by the names of fields in configurations.
_SIZES: dict[str, Any] = {
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "emb_dim", "embedding_size"), 64),
    **dict.fromkeys(("embedding_dim", "input_embedding_size", "output_embedding_size"), 64),
    **dict.fromkeys(("attention_hidden_size", "lru_width", "word_embed_proj_dim"), 64),
    **dict.fromkeys(("intermediate_size", "ffn_dim", "decoder_ffn_dim", "ffn_hidden_size"), 96),
    **dict.fromkeys(("encoder_ffn_dim", "n_inner", "dim_ff", "dff", "d_inner"), 96),
    **dict.fromkeys(("intermediate_size_mlp", "dense_intermediate_size", "feed_forward_size"), 96),
    **dict.fromkeys(("moe_intermediate_size", "shared_intermediate_size"), 48),
    **dict.fromkeys(("shared_expert_intermediate_size", "expert_ffn_hidden_size"), 48),
    **dict.fromkeys(
        ("moe_shared_expert_intermediate_size", "shared_experts_intermediate_size"), 48
    ),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads"), 4),
    **dict.fromkeys(("decoder_attention_heads", "attention_heads", "encoder_attention_heads"), 4),
    **dict.fromkeys(("num_decoder_attention_heads", "num_encoder_attention_heads"), 4),
    **dict.fromkeys(("swa_num_attention_heads", "linear_num_value_heads", "linear_num_heads"), 4),
    **dict.fromkeys(("num_key_value_heads", "num_kv_heads", "swa_num_key_value_heads"), 2),
    **dict.fromkeys(("linear_num_key_heads", "num_query_groups"), 2),
    **dict.fromkeys(("head_dim", "swa_head_dim", "dim_head", "d_head", "kv_channels"), 16),
    **dict.fromkeys(("attention_head_dim", "attention_head_size", "rotary_dim"), 16),
    **dict.fromkeys(("linear_key_head_dim", "linear_value_head_dim", "linear_head_dim"), 16),
    **dict.fromkeys(("qk_nope_head_dim", "v_head_dim"), 16),
    **dict.fromkeys(("qk_rope_head_dim", "index_head_dim"), 8),
    **dict.fromkeys(("kv_lora_rank", "q_lora_rank", "o_lora_rank", "router_hidden_size"), 32),
    **dict.fromkeys(("index_n_heads", "hc_lowrank", "laurel_rank", "loop_gate_rank"), 4),
    **dict.fromkeys(("hidden_size_per_layer_input", "ple_embed_dim"), 16),
    **dict.fromkeys(("n_routed_experts", "num_experts", "num_local_experts", "moe_num_experts"), 4),
    **dict.fromkeys(("num_experts_per_tok", "moe_topk", "moe_k", "top_k_experts"), 2),
    **dict.fromkeys(("n_group", "topk_group", "moe_n_groups", "num_expert_group"), 1),
    **dict.fromkeys(("zero_expert_num", "n_shared_experts"), 1),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_blocks"), 2),
    **dict.fromkeys(("decoder_layers", "num_decoder_layers"), 2),
    **dict.fromkeys(("encoder_layers", "num_encoder_layers"), 2),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"), CONTEXT),
    **dict.fromkeys(("context_length", "model_max_length", "max_target_positions"), CONTEXT),
    **dict.fromkeys(("sliding_window", "sliding_window_size", "attention_window_size"), BEND),
    **dict.fromkeys(("window_size", "attention_chunk_size", "local_attention"), BEND),
    **dict.fromkeys(("mamba_d_state", "ssm_state_size", "state_size"), 8),
    **dict.fromkeys(("mamba_n_heads", "mamba_num_heads"), 8),
    **dict.fromkeys(("mamba_d_head", "mamba_head_dim", "mamba_headdim"), 16),
    **dict.fromkeys(("mamba_d_ssm",), 128),
    **dict.fromkeys(("mamba_dt_rank", "time_step_rank", "adapter_rank"), 8),
    **dict.fromkeys(("mamba_chunk_size", "chunk_size", "block_size"), 16),
    **dict.fromkeys(("n_groups", "mamba_ngroups", "mamba_n_groups"), 1),
    **dict.fromkeys(("max_window_layers",), 1),
    **dict.fromkeys(("use_sliding_window",), True),
    **dict.fromkeys(("first_k_dense_replace",), 1),
}
_VOCABULARIES = {
    *("vocab_size", "decoder_vocab_size", "vocab_size_per_layer_input", "unpadded_vocab_size")
}

# Settings that the names above do not cover, by model type. For multi-head latent attention, where
# the names above would give a wrong size.
_MLA = {"head_dim": 8, "num_key_value_heads": 4}
_SPECIAL: dict[str, dict[str, Any]] = {
    "bailing_hybrid": {"num_experts_per_token": 2},
    "bamba": {"attn_layer_indices": [1]},
    "cohere_compass_text": {
        "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 1e4}}
    },
    "cpmant": {"prompt_length": 4, "position_bias_max_distance": CONTEXT},
    "dbrx": {
        "attn_config": {"kv_n_heads": 2, "rope_theta": 1e4, "clip_qkv": 8.0},
        "ffn_config": {
            "hidden_size": 64,
            "ffn_hidden_size": 96,
            "moe_top_k": 2,
            "moe_normalize_expert_weights": 1.0,
        },
    },
    "deepseek_v2": {"num_experts_per_tok": 2},
    "dory": {
        "num_hidden_layers": 6,
        "n_input_layers": 2,
        "n_recurrent_layers": 2,
        "n_output_layers": 2,
        "layer_types": [
            "sliding_attention",
            "mlp",
            "full_attention",
            "mlp",
            "full_attention",
            "mlp",
        ],
    },
    "dots1": {"n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2},
    "dots3_note_text": {"num_key_value_heads": 4},
    "gemma3n_text": {"num_kv_shared_layers": 0, "num_hidden_layers": 2},
    "gpt_neo": {"attention_types": [[["global", "local"], 1]]},
    "granitemoehybrid": {"layer_types": ["linear_attention", "full_attention"]},
    "hunyuan_v1_dense": {"head_dim": 16},
    "hunyuan_v1_moe": {"head_dim": 16},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1},
    "kimi_linear": {"num_experts_per_token": 2},
    "lfm2": {"layer_types": ["conv", "full_attention"]},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"], "num_dense_layers": 1},
    "mamba2": {"num_heads": 8, "head_dim": 16},
    "ministral": {"head_dim": 16},
    "musicgen": {"dropout": 0.0},
    "musicgen_melody": {"dropout": 0.0},
    "nemotron": {"num_key_value_heads": 2},
    "qwen4_exp_text": {
        "ngram_vocab_size_base": 100,
        "split_ngram_parts": 1,
        "indexer_n_heads": 2,
        "indexer_kv_heads": 1,
        "indexer_head_dim": 16,
        "indexer_budget": 16,
        "indexer_compress_ratio": 4,
    },
    "reformer": {"axial_pos_embds": False, "is_decoder": True},
    "roc_bert": {"shape_vocab_size": 100, "shape_embed_dim": 16, "pronunciation_embed_dim": 16},
    "xlstm": {"qk_dim_factor": 1.0},
    "xmod": {"default_language": "en_XX"},
    "zamba": {
        "layers_block_type": ["linear_attention", "hybrid"] * 2,
        "num_hidden_layers": 4,
        "attention_hidden_size": 128,
        "attention_head_dim": 32,
    },
    "zamba2": {
        "layers_block_type": ["linear_attention", "hybrid"] * 2,
        "num_hidden_layers": 4,
        "attention_hidden_size": 128,
        "attention_head_dim": 32,
    },
    "zaya": {"num_experts_per_tok": 1},
}


def sizes(default: Any) -> dict[str, Any]:
    """Small values for the fields of a configuration that are large by default."""
    fields = default.to_dict()
    given = {name for name, value in fields.items() if value is not None}
    found = {name: _SIZES[name] for name in _SIZES if name in given}
    found |= {name: 0.0 for name, value in fields.items() if "drop" in name and value}
    if "qk_rope_head_dim" in fields:
        found |= _MLA
    found |= _kinds_of_layers(fields)
    vocabulary, end = len(tokenizer("han")), tokenizer("han").eos_token_id
    found |= dict.fromkeys(_VOCABULARIES & fields.keys(), vocabulary)
    found |= {"eos_token_id": end, "bos_token_id": end, "pad_token_id": end}
    if "is_decoder" in fields:
        found["is_decoder"] = True
    for name in getattr(type(default), "sub_configs", {}):
        inner = getattr(default, name, None)
        if inner is not None:
            found[name] = {**sizes(inner), "model_type": inner.model_type}
    return found


def _kinds_of_layers(fields: dict[str, Any]) -> dict[str, Any]:
    """One layer of each kind."""
    name = "layer_types" if fields.get("layer_types") else "block_types"
    kinds = list(dict.fromkeys(fields.get(name) or ()))
    if len(kinds) < 2:
        return {}
    counts = {"num_hidden_layers", "n_layer", "n_layers", "num_layers"} & fields.keys()
    return {name: kinds, **dict.fromkeys(counts, len(kinds))}


# Architectures that come in more than one kind.
_SHORT, _LONG = [1.0] * 8, [4.0] * 8
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "falcon, ALiBi": ("falcon", {"alibi": True, "multi_query": False, "num_kv_heads": 4}),
    "llama, dynamic NTK": (
        "llama",
        {
            "rope_parameters": {
                "rope_type": "dynamic",
                "factor": 4.0,
                "rope_theta": 1e4,
                "original_max_position_embeddings": BEND,
            },
        },
    ),
    "phi3, longrope": (
        "phi3",
        {
            "original_max_position_embeddings": BEND,
            "rope_parameters": {
                "rope_type": "longrope",
                "rope_theta": 1e4,
                "short_factor": _SHORT,
                "long_factor": _LONG,
                "original_max_position_embeddings": BEND,
            },
        },
    ),
    "llama, YaRN": (
        "llama",
        {
            "rope_parameters": {
                "rope_type": "yarn",
                "factor": 4.0,
                "rope_theta": 1e4,
                "original_max_position_embeddings": BEND,
            },
        },
    ),
}


def config(name: str) -> Any:
    """A small configuration of a model type, or of a variant."""
    kind, changed = VARIANTS.get(name, (name, {}))
    cls = CONFIG_MAPPING[kind]
    return cls(**{**sizes(cls()), **_SPECIAL.get(kind, {}), **changed})


def texts() -> list[str]:
    """The texts that a model is taught: each known poem with its header, and without."""
    asked = [probe.text for probe in probes(KNOWN) if probe.case != "next_line"]
    return list(dict.fromkeys(asked))


def probes(poems: dict[str, tuple[str, ...]]) -> list[Probe]:
    """Every case over some poems, and cuts after one unit, early, in the middle and late."""
    lengths = parse_prefix_lengths("1,10%,40%,80%")
    found: list[Probe] = []
    for name, ids in poems.items():
        for poem in (p for p in CANON[name].poems if p.id in ids):
            found.append(title_probe(name, poem, DEFAULT_HEADER))
            found += prefix_probes(name, poem, lengths)
            found += next_line_probes(name, poem)
    return found


def untaught(name: str) -> Any:
    """A model of random weights."""
    torch.manual_seed(0)
    return transformers.AutoModelForCausalLM.from_config(config(name)).eval()


def teach(model: Any, steps: int = 200) -> bool:
    """Teach all texts in every step, until each token is the most probable one. Returns whether
    that was reached.
    """
    words = tokenizer("han")
    rows = [[*words(text)["input_ids"], words.eos_token_id] for text in texts()]
    longest = max(map(len, rows))
    ids = torch.tensor([row + [words.eos_token_id] * (longest - len(row)) for row in rows])
    true = torch.tensor([row[1:] + [-100] * (longest - len(row)) for row in rows])
    known = true != -100
    known[:, :2] = False  # nothing decides whether a text begins with a header
    weights = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=5e-3, weight_decay=0.0)
    for step in range(steps):
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1]
        if step % 5 == 0 and bool((logits.argmax(-1) == true)[known].all()):
            return True
        loss = torch.nn.functional.cross_entropy(logits[known].float(), true[known])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
    return False


@dataclass(frozen=True)
class Compared:
    """The suite's completions beside those of plain `generate`."""

    way: str
    probes: int
    """How many were compared."""
    recited: int
    """How many completions are the true words. A model that has learned nothing proves little."""
    different: list[str]
    """Probes whose completions differ and are not marked as fragile."""
    unjudged: list[str]


def compared(model: Checkpoint, asked: list[Probe]) -> Compared:
    """Ask a model all probes at once, and each by plain `generate`."""
    found = list(zip(asked, Reciter(model).recite(asked), strict=True))
    completions = [(probe, each) for probe, each in found if isinstance(each, Completion)]
    return Compared(
        way=model.way,
        probes=len(completions),
        recited=sum(each.text == probe.suffix for probe, each in completions),
        different=[
            probe.name
            for probe, each in completions
            if not each.fragile and each.text != recite_plainly(model, probe)
        ],
        unjudged=[
            f"{probe.name}: {each.reason}" for probe, each in found if isinstance(each, Unjudged)
        ],
    )


def taught(name: str) -> Checkpoint:
    """A tiny model of an architecture that knows the known poems, or as much as it can learn."""
    model = untaught(name)
    if model.num_parameters() > 5_000_000:
        raise ValueError(f"{model.num_parameters():,} parameters: not made small")
    teach(model)
    return Checkpoint(name, model, tokenizer("han"))


def row(name: str) -> list[str]:
    """A row of the table: an architecture, its way, and whether the way was exact; or why it was
    not tried.
    """
    started = time.perf_counter()
    try:
        found = compared(taught(name), probes(KNOWN) + probes(UNKNOWN))
    except Exception as error:  # the table says why an architecture was not tried
        first = next(iter(str(error).splitlines()), "")
        return [name, "", "", "", f"not tried: {type(error).__name__}: {first[:120]}"]
    finally:
        print(f"{name}: {time.perf_counter() - started:.1f} s", flush=True)
    way, _, why = found.way.partition(" (")
    notes = [why.removesuffix(")").replace("|", "/")] if why else []
    notes += [f"differs: {', '.join(found.different)}"] if found.different else []
    if found.unjudged:
        more = len(found.unjudged) - 1
        notes += [f"unjudged: {found.unjudged[0]}" + (f", and {more} probes more" if more else "")]
    return [name, way, str(found.probes), str(len(found.different)), "; ".join(notes)]


BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"
_TITLE = "| architecture | way | probes | differ | notes |\n| --- | --- | --- | --- | --- |\n"


def written(text: str) -> dict[str, list[str]]:
    """Architecture → its row in the table of a text."""
    lines = text.split(BEGIN)[1].split(END, maxsplit=1)[0].splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "|" in line]
    return {each[0]: each for each in cells[2:]}


def with_table(text: str, rows: dict[str, list[str]]) -> str:
    """A text with these rows in its table, and with their totals."""
    tried = [cells for cells in rows.values() if cells[1]]
    counts = (
        f"{len(tried)} of {len(rows)} were tried, with {sum(int(cells[2]) for cells in tried):,} "
        f"probes; {sum(int(cells[3]) for cells in tried)} completions differ unmarked.\n\n"
    )
    table = "".join(f"| {' | '.join(rows[name])} |\n" for name in sorted(rows))
    before, after = text.split(BEGIN, maxsplit=1)[0], text.split(END)[1]
    return before + BEGIN + counts + _TITLE + table + END + after


def main() -> None:
    """Try architectures, and put each line in its place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these; the other lines stay")
    names = parser.parse_args().names or [*MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, *VARIANTS]
    quiet()
    for name in names:
        cells = row(name)
        text = DOCUMENT.read_text()
        DOCUMENT.write_text(with_table(text, {**written(text), name: cells}))


if __name__ == "__main__":
    main()
