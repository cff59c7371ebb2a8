"""A model that is spread over devices: the CPU and the disk here, by accelerate's own hooks."""

from pathlib import Path
from typing import Any

import pytest

from fixtures.language_model import ModelError
from fixtures.loading import Loading, load
from fixtures.memory import fits_in_float32, tokens_that_fit
from fixtures.placement import DEVICE_MAPS, devices, said_place
from plugins.reciter import Reciter, recite_plainly
from tests.artefacts import adapter, save_shards
from tests.models import untaught
from tests.test_plugin import memtests, outcomes, report
from tests.test_reciter import some_probes, texts

pytest_plugins = ["pytester"]
SPREAD = Loading(device_map="auto")


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose memory holds about half of the embedded model."""
    monkeypatch.setattr(
        "transformers.integrations.accelerate.accelerate_max_memory", lambda *_: {"cpu": 4_000_000}
    )


@pytest.mark.parametrize("how", DEVICE_MAPS)
def test_as_on_one_device(how: str) -> None:
    probes = some_probes(1)[::9]
    expected = texts(Reciter(load("embedded", Loading(device="cpu"))).recite(probes))
    model = load("embedded", Loading(device_map=how))
    assert texts(Reciter(model).recite(probes)) == expected


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("sharded", [False, True])
def test_partly_on_the_disk(sharded: bool, tmp_path: Path) -> None:
    name = str(save_shards(tmp_path / "shards")) if sharded else "embedded"
    probes = some_probes(1)[::9]
    plain = load(name, Loading(device="cpu"))
    spread = load(name, SPREAD)
    assert any(weights.is_meta for weights in spread._model.parameters()), "it was spread indeed"
    expected = texts(Reciter(plain).recite(probes))
    assert texts(Reciter(spread).recite(probes)) == expected
    assert recite_plainly(spread, probes[0]) == expected[0]
    assert spread._engine._slots_are_exact
    about = spread.about()
    assert about["device"] == "cpu + disk"
    assert about["parameters"] == plain.about()["parameters"]
    assert spread.fingerprint != plain.fingerprint


@pytest.mark.usefixtures("little_memory")
def test_no_float32_of_what_is_on_the_disk() -> None:
    model = load("embedded", Loading(device_map="auto", dtype="bfloat16"))
    if all(not weights.is_meta for weights in model._model.parameters()):
        pytest.fail("nothing was spread")
    assert model.exactly() is None
    assert len(texts(Reciter(model).recite(some_probes(1)[::9]))) > 0


def test_no_float32_without_room_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    half = load("embedded", Loading(device="cpu", dtype="bfloat16"))
    assert half.exactly() is not None
    need = 2 * half.about()["parameters"]
    for free, fits in ((need, True), (need - 1, False)):
        monkeypatch.setattr("fixtures.memory.free_memory", lambda _, free=free: free)
        assert fits_in_float32(half._model) is fits
    tight = load("embedded", Loading(device="cpu", dtype="bfloat16"))
    assert tight.exactly() is None


@pytest.mark.usefixtures("little_memory")
def test_an_adapter_needs_its_base_in_memory() -> None:
    given = Loading(device_map="auto", adapter=str(adapter()))
    with pytest.raises(ModelError, match="parts of the base are on the CPU or the disk; merge"):
        load("embedded", given)


def test_an_adapter_on_a_spread_base() -> None:
    given = Loading(device_map="auto", adapter=str(adapter()))
    probes = some_probes(1)[::9]
    expected = load("embedded", Loading(device="cpu", adapter=str(adapter())))
    assert texts(Reciter(load("embedded", given)).recite(probes)) == texts(
        Reciter(expected).recite(probes)
    )


@pytest.mark.parametrize(
    ("places", "computing", "said"),
    [
        (None, ["cpu"], "cpu"),
        ({"": "disk"}, ["cpu"], "cpu + disk"),
        ({"a": "cuda:0", "b": "cuda:1"}, ["cuda:0", "cuda:1"], "cuda"),
        ({"a": "cuda:1", "b": "cpu", "c": "disk"}, ["cuda:1"], "cuda + cpu + disk"),
        ({"a": "cpu", "b": "cuda:0"}, ["cuda:0"], "cuda + cpu"),
    ],
)
def test_places(places: Any, computing: list[str], said: str) -> None:
    """As accelerate writes them down; where there are GPUs, also by number."""
    model = untaught()._model
    model.hf_device_map = places
    assert [str(place) for place in devices(model)] == computing
    assert said_place(model) == said


def test_the_device_with_least_memory_bounds_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    model = untaught()._model
    model.hf_device_map = {"a": "cuda:0", "b": "cuda:1"}
    free = {"cuda:0": 1 << 30, "cuda:1": 1 << 22}
    monkeypatch.setattr("fixtures.memory.free_memory", lambda device: free[str(device)])
    assert tokens_that_fit(model) < 1000
    free["cuda:1"] = 1 << 30
    assert tokens_that_fit(model) > 1000


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--device", "cpu"), "--device-map auto: it takes all devices; leave --device cpu out"),
        (("-n", "2"), "--device-map auto: every process of -n would take all devices"),
    ],
)
def test_excludes(pytester: pytest.Pytester, arguments: tuple[str, ...], reason: str) -> None:
    result = memtests(pytester, "--device-map", "auto", "--collect-only", "-q", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{reason}*"])


def test_whole_run(pytester: pytest.Pytester) -> None:
    arguments = ("--measure", "-k", "test_title and tang", "--self-check", "2")
    assert memtests(pytester, *arguments, "--device", "cpu").ret == 0
    expected = outcomes(report(pytester))
    assert memtests(pytester, *arguments, "--device-map", "auto").ret == 0
    assert outcomes(report(pytester)) == expected
    result = memtests(pytester, "--device-map", "wide")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--device-map: invalid choice: 'wide'*auto*"])
