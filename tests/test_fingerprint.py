"""A checkpoint that was changed in place is another one, and its verdicts are asked for again."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from fixtures.hashes import others_sha256, weights_sha256
from fixtures.loading import EMBEDDED, Loading, load
from fixtures.poems import canon
from fixtures.probes import title_probe
from plugins.saved import key_of


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoint"
    shutil.copytree(EMBEDDED, folder)
    return folder


def edit_json(name: str, **fields: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        file = folder / name
        found = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps({**found, **fields}))

    return edit


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


def swap_two_tokens(folder: Path) -> None:
    file = folder / "tokenizer.json"
    found = json.loads(file.read_text())
    vocabulary = found["model"]["vocab"]
    one, other = list(vocabulary)[-2:]
    vocabulary[one], vocabulary[other] = vocabulary[other], vocabulary[one]
    file.write_text(json.dumps(found, ensure_ascii=False))


def adapter(folder: Path) -> None:
    (folder / "adapter_model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())


def shards(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    names = sorted(tensors)
    for number, part in enumerate((names[::2], names[1::2])):
        save_file({name: tensors[name] for name in part}, folder / f"model-{number}.safetensors")


CHANGES: dict[str, Callable[[Path], None]] = {
    "all weights": edit_weights(None),
    "one tensor": edit_weights(1),
    "tokenizer": swap_two_tokens,
    "tokenizer settings": edit_json("tokenizer_config.json", add_bos_token=False, note=1),
    "config": edit_json("config.json", rms_norm_eps=1e-3),
    "end of text": edit_json("generation_config.json", eos_token_id=[0, 1]),
    "added tokens": edit_json("added_tokens.json", x=1),
    "special tokens": edit_json("special_tokens_map.json", unk_token="<x>"),
    "adapter weights": adapter,
    "adapter settings": edit_json("adapter_config.json", base_model_name_or_path="elsewhere"),
    "chat template": lambda folder: (folder / "chat_template.jinja").touch() or None,
    "shards beside it": shards,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_checkpoint_is_another(checkpoint: Path, change: str) -> None:
    before = load(str(checkpoint), Loading(device="cpu")).fingerprint
    assert load(str(checkpoint), Loading(device="cpu")).fingerprint == before
    CHANGES[change](checkpoint)
    changed = (weights_sha256(checkpoint), others_sha256(checkpoint))
    assert changed != (weights_sha256(EMBEDDED), others_sha256(EMBEDDED))


def test_what_a_trainer_leaves_changes_nothing(checkpoint: Path) -> None:
    before = load(str(checkpoint), Loading(device="cpu")).fingerprint
    for name in ("optimizer.pt", "trainer_state.json", "rng_state.pth", "training_args.bin"):
        (checkpoint / name).write_text("x")
    assert load(str(checkpoint), Loading(device="cpu")).fingerprint == before


def test_dtype_and_versions_are_part_of_it(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    float32 = load(str(checkpoint), Loading(device="cpu")).fingerprint
    bfloat16 = load(str(checkpoint), Loading(device="cpu", dtype="bfloat16")).fingerprint
    monkeypatch.setattr("tokenizers.__version__", "0")
    older = load(str(checkpoint), Loading(device="cpu")).fingerprint
    assert len({float32, bfloat16, older}) == 3


def test_a_file_and_what_lies_beside_it(tmp_path: Path) -> None:
    """A .gguf file takes its tokenizer's settings from its folder."""
    file = tmp_path / "model.gguf"
    file.write_bytes(b"weights")
    before = weights_sha256(file), others_sha256(file)
    (tmp_path / "another.gguf").write_bytes(b"of no concern")
    assert (weights_sha256(file), others_sha256(file)) == before
    (tmp_path / "tokenizer_config.json").write_text("{}")
    assert others_sha256(file) != before[1]
    file.write_bytes(b"heights")
    assert weights_sha256(file) != before[0]


def test_remote_code_is_part_of_it(checkpoint: Path) -> None:
    found = [
        load(str(checkpoint), Loading(device="cpu", trust_remote_code=trusted)).fingerprint
        for trusted in (False, True)
    ]
    assert found[0] != found[1]


def test_the_suite_itself_is_part_of_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    probe, model = title_probe("tang", canon()[-1].poems[0]), load("embedded", Loading("cpu"))
    before = key_of(model, probe, 0.2)
    assert before == key_of(model, probe, 0.2)
    assert key_of(model, probe, 0.3) != before
    monkeypatch.setattr("plugins.saved.suite_sha256", lambda: "another")
    assert key_of(model, probe, 0.2) != before
