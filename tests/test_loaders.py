"""Real artefacts through the loader: shards, a .gguf file."""

import json
from pathlib import Path

import pytest
import torch

from fixtures.hashes import weights_sha256
from fixtures.language_model import ModelError
from fixtures.loading import Loading, load
from plugins.reciter import Reciter, recite_plainly
from tests.artefacts import save_gguf, save_shards
from tests.models import untaught
from tests.test_plugin import memtests, outcomes, report
from tests.test_reciter import some_probes, texts

pytest_plugins = ["pytester"]
CPU = Loading(device="cpu")


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_shards(tmp_path_factory.mktemp("shards") / "sharded")


def test_shards_give_the_same_verdicts(pytester: pytest.Pytester, shards: Path) -> None:
    arguments = ("--measure", "-k", "test_title and tang", "--device", "cpu")
    assert memtests(pytester, *arguments).ret == 0
    whole = report(pytester)
    assert memtests(pytester, *arguments, "--model", shards).ret == 0
    found = report(pytester)
    assert len(outcomes(found)) == 38
    assert outcomes(found) == outcomes(whole)
    model = found["models"][0]
    assert model["parameters"] == whole["models"][0]["parameters"]
    assert model["weights_sha256"] == weights_sha256(shards)


def test_a_shard_that_changed_is_another_model(shards: Path) -> None:
    before, file = load(str(shards), CPU), sorted(shards.glob("*.safetensors"))[1]
    content = file.read_bytes()
    try:
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        after = load(str(shards), CPU)
    finally:
        file.write_bytes(content)
    assert after.about()["weights_sha256"] != before.about()["weights_sha256"]
    assert after.fingerprint != before.fingerprint


def test_a_missing_shard_is_one_line(pytester: pytest.Pytester, shards: Path) -> None:
    index = json.loads((shards / "model.safetensors.index.json").read_text())
    lost = sorted(set(index["weight_map"].values()))[1]
    (shards / lost).rename(shards / "kept")
    try:
        result = memtests(pytester, "--model", shards, "-k", "test_title and tang")
    finally:
        (shards / "kept").rename(shards / lost)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = [line for line in result.outlines + result.errlines if "--model" in line]
    assert len(said) == 1
    assert f"{shards}: {lost} is missing" in said[0]
    result.stdout.no_fnmatch_line("*Traceback*")


def test_gguf(tmp_path: Path) -> None:
    """The same numbers and the same words as the model that the file was made of."""
    true = untaught("bytes")
    model = load(str(save_gguf(tmp_path / "model.gguf", true)), CPU)
    probes = some_probes(2)[::5]
    assert [model.encode(p.text) for p in probes] == [true.encode(p.text) for p in probes]
    found = texts(Reciter(model).recite(probes))
    assert found == [recite_plainly(model, probe) for probe in probes]
    assert found == texts(Reciter(true).recite(probes))
    assert model.about()["parameters"] == true.about()["parameters"]
    assert model.about()["dtype"] == "float32"
    assert model.exactly() is None
    half = load(str(tmp_path / "model.gguf"), Loading(device="cpu", dtype="bfloat16"))
    assert half._model.dtype == torch.bfloat16
    assert half.exactly() is not None, "its weights are unpacked: they can be made float32"
    assert half.fingerprint != model.fingerprint


def test_a_torn_gguf_is_one_line(tmp_path: Path) -> None:
    file = save_gguf(tmp_path / "model.gguf", untaught("bytes"))
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(ModelError, match=r"--model \S+model.gguf: .+") as error:
        load(str(file), CPU)
    assert "\n" not in str(error.value)
