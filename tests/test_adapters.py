"""An adapter on a base: a real LoRA, taught a poem that nobody else knows."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import peft
import pytest
import torch
from safetensors.torch import load_file, save_file

from fixtures.adapters import add_adapter, check_adapter
from fixtures.language_model import ModelError
from fixtures.loading import EMBEDDED, Loading, check_name, load, load_parts
from fixtures.probes import Probe, title_probe
from plugins.reciter import Completion, Reciter, recite_plainly
from tests.artefacts import DOOR, adapter, save_adapter, save_gguf, save_plain
from tests.models import untaught
from tests.test_plugin import memtests, outcomes, report
from tests.test_reciter import some_probes, texts

pytest_plugins = ["pytester"]
DOOR_PROBE: Probe = title_probe("mine", DOOR)


def adapted(**options: Any) -> Loading:
    return Loading(**{"device": "cpu", "adapter": str(adapter()), **options})


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(adapter(), tmp_path / "adapter"))


def test_as_plain_generate_and_as_peft_computes() -> None:
    model = load("embedded", adapted())
    probes = [DOOR_PROBE, *some_probes(1)[::6]]
    found = texts(Reciter(model).recite(probes))
    assert found == [recite_plainly(model, probe) for probe in probes]
    assert found[0] == DOOR_PROBE.suffix, "it knows what the adapter was taught"
    assert model._engine._slots_are_exact
    base = load("embedded", Loading(device="cpu"))
    assert texts(Reciter(base).recite([DOOR_PROBE]))[0] != DOOR_PROBE.suffix
    plain, _ = load_parts("embedded", Loading(device="cpu"))
    true = peft.PeftModel.from_pretrained(plain, str(adapter())).eval()
    ids = torch.tensor([model.encode(DOOR_PROBE.text)])
    with torch.inference_mode():
        assert torch.equal(model._model(ids).logits, true(ids).logits)


def test_about_and_fingerprint(copied: Path, tmp_path: Path) -> None:
    base = load("embedded", Loading(device="cpu"))
    given = adapted(adapter=str(copied))
    model = load("embedded", given)
    assert model.name == f"embedded + {copied}"
    more = sum(t.numel() for t in load_file(copied / "adapter_model.safetensors").values())
    assert model.about()["parameters"] == base.about()["parameters"] + more
    assert model.about()["weights_sha256"] != base.about()["weights_sha256"]
    assert model.about()["versions"]["peft"] == peft.__version__
    same = load("embedded", given)
    assert same.fingerprint == model.fingerprint

    config = json.loads((copied / "adapter_config.json").read_text())
    (copied / "adapter_config.json").write_text(json.dumps({**config, "lora_alpha": 17}))
    other_config = load("embedded", given)
    assert other_config.about()["weights_sha256"] == model.about()["weights_sha256"]
    (copied / "adapter_config.json").write_text(json.dumps(config))
    tensors = load_file(copied / "adapter_model.safetensors")
    next(iter(tensors.values())).view(-1)[0] += 1
    save_file(tensors, copied / "adapter_model.safetensors", metadata={"format": "pt"})
    other_weights = load("embedded", given)
    assert other_weights.about()["weights_sha256"] != model.about()["weights_sha256"]
    folder = Path(shutil.copytree(EMBEDDED, tmp_path / "base"))
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, "rms_norm_eps": 1e-3}))
    other_base = load(str(folder), adapted())
    all_of_them = [base, model, other_config, other_weights, other_base]
    assert len({each.fingerprint for each in all_of_them}) == len(all_of_them)


def test_in_half_precision_the_adapter_stays_as_saved() -> None:
    model = load("embedded", adapted(dtype="bfloat16"))
    own = {name: w.clone() for name, w in model._model.named_parameters()}
    saved = load_file(adapter() / "adapter_model.safetensors")
    kept = [w for name, w in own.items() if "lora_A" in name]
    assert {w.dtype for w in kept} == {torch.float32}
    assert {w.sum().item() for w in kept} <= {w.sum().item() for w in saved.values()}
    probes = [DOOR_PROBE, *some_probes(1)[::9]]
    found = Reciter(model).recite(probes)
    assert any(c.fragile for c in found if isinstance(c, Completion))
    exactly = model.exactly()
    assert exactly is not None
    with exactly:
        again = Reciter(model)._recite(probes)
    for one, true in zip(found, again, strict=True):
        assert isinstance(one, Completion)
        assert isinstance(true, Completion)
        assert not one.fragile or one.text == true.text
    for name, w in model._model.named_parameters():
        assert w.dtype == own[name].dtype
        assert torch.equal(w, own[name])


def test_on_a_gguf(tmp_path: Path) -> None:
    true = untaught("bytes")
    file = save_gguf(tmp_path / "model.gguf", true)
    plain = save_plain(tmp_path / "plain", true)
    folder = save_adapter(tmp_path / "adapter", str(plain))
    probes = [DOOR_PROBE, *some_probes(1)[::9]]
    given = adapted(adapter=str(folder))
    found = texts(Reciter(load(str(file), given)).recite(probes))
    assert found == texts(Reciter(load(str(plain), given)).recite(probes))
    assert found[0] == DOOR_PROBE.suffix


def test_whole_run(pytester: pytest.Pytester, copied: Path) -> None:
    (pytester.path / "mine.jsonl").write_bytes(msgspec.json.encode(DOOR))
    arguments = ("--poems", "mine.jsonl", "--adapter", copied, "--device", "cpu")
    result = memtests(pytester, *arguments, "-k", "test_title or test_prefix", "--self-check", "3")
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"model: embedded + {copied}"])
    found = report(pytester)
    assert [model["name"] for model in found["models"]] == [f"embedded + {copied}"]
    assert outcomes(found)["mine/door/title"] == "correct"


def no_config(folder: Path) -> None:
    (folder / "adapter_config.json").unlink()


def torn_config(folder: Path) -> None:
    (folder / "adapter_config.json").write_text('{"peft_type": ')


def no_type(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")


def no_weights(folder: Path) -> None:
    (folder / "adapter_model.safetensors").unlink()


def pickled(folder: Path) -> None:
    no_weights(folder)
    torch.save({}, folder / "adapter_model.bin")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (shutil.rmtree, "no such folder"),
        (no_config, "no adapter_config.json in it; name a folder that PEFT has saved"),
        (torn_config, "adapter_config.json: Expecting value"),
        (no_type, "adapter_config.json has no field `peft_type`"),
        (no_weights, "no adapter_model.safetensors in it"),
        (pickled, "only pickled weights (adapter_model.bin), which can run code"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_bad_folder(
    pytester: pytest.Pytester, copied: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    """Said at once, before any model is loaded."""
    spoil(copied)
    result = memtests(pytester, "--adapter", copied, "--collect-only", "-q")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = [line for line in result.outlines + result.errlines if "--adapter" in line]
    assert len(said) == 1
    assert f"--adapter {copied}: {reason}" in said[0]


def other_type(folder: Path) -> None:
    config = json.loads((folder / "adapter_config.json").read_text())
    config["peft_type"] = "NO_SUCH_TYPE"
    (folder / "adapter_config.json").write_text(json.dumps(config))


def other_rank(folder: Path) -> None:
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "r": 4}))


def of_fewer_layers(folder: Path) -> None:
    change_tensors(folder, lambda name: "layers.1." not in name)


def torn(folder: Path) -> None:
    file = folder / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])


def change_tensors(folder: Path, keep: Callable[[str], bool]) -> None:
    tensors = load_file(folder / "adapter_model.safetensors")
    tensors = {name: tensor for name, tensor in tensors.items() if keep(name)}
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})


def of_more_layers(folder: Path) -> None:
    tensors = load_file(folder / "adapter_model.safetensors")
    tensors |= {
        name.replace("layers.1.", "layers.7."): tensor.clone()
        for name, tensor in tensors.items()
        if "layers.1." in name
    }
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})


def virtual_tokens(folder: Path) -> None:
    model, _ = load_parts("embedded", Loading(device="cpu"))
    config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4)
    shutil.rmtree(folder)
    peft.get_peft_model(model, config).save_pretrained(folder)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (torn, "PEFT cannot read it: Error while deserializing header"),
        (other_type, "PEFT cannot read it: 'NO_SUCH_TYPE'"),
        (other_rank, "it does not fit the base: Error(s) in loading state_dict for PeftModel: "),
        (of_fewer_layers, "it does not fit the base: 14 tensors are missing and 0 have no place"),
        (of_more_layers, "it does not fit the base: 0 tensors are missing and 14 have no place"),
        (virtual_tokens, "PROMPT_TUNING changes more than the layers of the base"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_does_not_fit(copied: Path, spoil: Callable[[Path], None], reason: str) -> None:
    spoil(copied)
    with pytest.raises(ModelError) as error:
        load("embedded", adapted(adapter=str(copied)))
    assert str(error.value).startswith(f"--adapter {copied}: {reason}")
    assert "\n" not in str(error.value)


def test_another_base() -> None:
    with pytest.raises(ModelError, match=r"it does not fit the base: .*size mismatch for"):
        add_adapter(untaught()._model, str(adapter()))


def test_without_peft(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ModelError, match=r"^--adapter \S+: needs PEFT; pip install peft$"):
        check_adapter(str(adapter()), trust_remote_code=False)


@pytest.mark.parametrize("whole", [True, False])
def test_an_adapter_is_no_model(copied: Path, whole: bool) -> None:
    """Whether transformers would add it depends on what is installed; so neither is guessed."""
    folder = copied
    if whole:
        for file in EMBEDDED.iterdir():
            shutil.copy(file, folder)
    with pytest.raises(ModelError, match=r"an adapter is in it .*--model BASE --adapter FOLDER"):
        check_name(str(folder), Loading())


def test_of_one_base(pytester: pytest.Pytester) -> None:
    folder = str(adapter())
    result = memtests(pytester, "--model", "embedded", "--model", ".", "--adapter", folder)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--adapter {folder}: it is of one base; name one --model*"])
