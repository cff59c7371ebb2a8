"""Quantized checkpoints: real ones of bitsandbytes, and one line where a library is missing."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from fixtures import engine
from fixtures.language_model import ModelError
from fixtures.loading import EMBEDDED, Loading, check_name, load
from fixtures.quantized import method_of
from plugins.reciter import Completion, Reciter, recite_plainly
from tests.artefacts import save_adapter, save_quantized
from tests.models import tokenizer
from tests.test_plugin import memtests
from tests.test_reciter import some_probes

pytest_plugins = ["pytester"]
CPU = Loading(device="cpu")


@pytest.fixture(scope="module")
def four_bits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In blocks of 64, so of a model whose widths are multiples of that."""
    folder, words = tmp_path_factory.mktemp("four"), tokenizer("han")
    config = transformers.LlamaConfig(
        vocab_size=len(words),
        eos_token_id=words.eos_token_id,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
    )
    torch.manual_seed(0)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder / "whole")
    words.save_pretrained(folder / "whole")
    return save_quantized(folder / "quantized", folder / "whole", load_in_4bit=True)


@pytest.fixture(scope="module")
def eight_bits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_quantized(tmp_path_factory.mktemp("eight") / "quantized", load_in_8bit=True)


def test_four_bits_as_plain_generate(four_bits: Path) -> None:
    model = load(str(four_bits), CPU)
    whole = load(str(four_bits.parent / "whole"), CPU)
    probes = some_probes(1)[::7]
    for probe, found in zip(probes, Reciter(model).recite(probes), strict=True):
        assert isinstance(found, Completion), found
        assert found.fragile or found.text == recite_plainly(model, probe), probe.name
    about = model.about()
    assert about["parameters"] == whole.about()["parameters"], "not the bytes they are packed in"
    assert "bitsandbytes" in about["versions"]
    assert about["device"] == "cpu"
    assert model.fingerprint not in (None, whole.fingerprint)


def test_eight_bits_are_fragile_as_half_precision_is(eight_bits: Path) -> None:
    """What is rounded to eight bits depends on what else is in the batch."""
    model = load(str(eight_bits), CPU)
    probes = some_probes(1)[::7]
    completions = Reciter(model).recite(probes)
    assert any(isinstance(c, Completion) and c.fragile for c in completions)
    for probe, found in zip(probes, completions, strict=True):
        assert isinstance(found, Completion), found
        assert found.fragile or found.text == recite_plainly(model, probe), probe.name
    assert model.about()["parameters"] == load("embedded", CPU).about()["parameters"]
    assert engine.rounds_like(model._model) == torch.bfloat16


@pytest.mark.parametrize("bits", ["load_in_4bit", "load_in_8bit"])
def test_no_float32_where_there_is_none(bits: str, four_bits: Path, tmp_path: Path) -> None:
    """Nothing brings back what quantization has rounded: a fragile verdict stays so."""
    whole = four_bits.parent / "whole"
    folder = save_quantized(tmp_path / "half", whole, "bfloat16", **{bits: True})
    model = load(str(folder), CPU)
    assert model.about()["dtype"] == "bfloat16"
    assert model.exactly() is None
    before = {name: w.dtype for name, w in model._model.named_parameters()}
    Reciter(model).recite(some_probes(1)[:5])
    assert {name: w.dtype for name, w in model._model.named_parameters()} == before


def test_settings_are_part_of_the_fingerprint(four_bits: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(four_bits, tmp_path / "copy"))
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"]["bnb_4bit_compute_dtype"] = "bfloat16"
    (folder / "config.json").write_text(json.dumps(config))
    one, other = load(str(four_bits), CPU), load(str(folder), CPU)
    assert one.fingerprint != other.fingerprint


def test_an_adapter_on_four_bits(four_bits: Path, tmp_path: Path) -> None:
    folder = save_adapter(tmp_path / "adapter", str(four_bits))
    model = load(str(four_bits), Loading(device="cpu", adapter=str(folder)))
    assert set(model.about()["versions"]) >= {"bitsandbytes", "peft"}
    for probe in some_probes(1)[:2]:
        (found,) = Reciter(model).recite([probe])
        assert isinstance(found, Completion), found
        assert found.fragile or found.text == recite_plainly(model, probe)


def quantized_by(folder: Path, found: dict[str, Any]) -> Path:
    """The embedded model, whose config.json says that it is quantized so."""
    shutil.copytree(EMBEDDED, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "quantization_config": found}))
    return folder


# As they stand in folders that users have.
GPTQ = {"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": False, "sym": True}
AWQ = {"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm", "zero_point": True}
PACKED = {
    "quant_method": "compressed-tensors",
    "format": "pack-quantized",
    "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 4}}},
    "quantization_status": "compressed",
}
EIGHT = {"load_in_8bit": True, "llm_int8_threshold": 6.0}


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (GPTQ, "quantized with gptq; pip install optimum gptqmodel"),
        (AWQ, "quantized with awq; pip install gptqmodel"),
        (PACKED, "quantized with compressed-tensors; pip install compressed-tensors"),
        (EIGHT, "quantized with bitsandbytes; pip install bitsandbytes"),
    ],
    ids=["gptq", "awq", "compressed-tensors", "bitsandbytes"],
)
def test_missing_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: dict[str, Any], reason: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    folder = quantized_by(tmp_path / "spoilt", found)
    with pytest.raises(ModelError) as error:
        check_name(str(folder), CPU)
    assert str(error.value) == f"--model {folder}: {reason}"


def test_missing_library_is_said_at_once(pytester: pytest.Pytester) -> None:
    folder = quantized_by(pytester.path / "spoilt", GPTQ)
    result = memtests(pytester, "--model", folder, "--collect-only", "-q")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--model {folder}: quantized with gptq; pip install *"])


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"quant_method": "aqlm"}, "quantized with aqlm: *pip install aqlm*"),
        ({"quant_method": "eetq"}, "quantized with eetq: *pip install kernels*"),
        ({"quant_method": "tomorrow"}, "quantized with tomorrow, which this version of*"),
        ({"bits": 4}, "quantized with no named method, which this version of*"),
    ],
    ids=["aqlm", "eetq", "tomorrow", "unnamed"],
)
def test_other_methods(tmp_path: Path, found: dict[str, Any], reason: str) -> None:
    """What transformers says of a library; and its silence about a method unknown to it."""
    folder = quantized_by(tmp_path / "spoilt", found)
    with pytest.raises(ModelError) as error:
        load(str(folder), CPU)
    pytest.LineMatcher([str(error.value)]).fnmatch_lines([f"--model {folder}: {reason}"])
    assert "\n" not in str(error.value)


def test_method_of() -> None:
    assert method_of({}) is None
    assert method_of({"quantization_config": None}) is None
    assert method_of({"text_config": {"quantization_config": GPTQ}}) == "gptq"
