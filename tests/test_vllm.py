"""The same model here and in a real vLLM, in float32: the same outcomes on the whole canon.

MEMTESTS_VLLM names the `bin` folder of an environment that has vLLM; see docs/servers.md.
"""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.loading import EMBEDDED
from tests.test_plugin import memtests, report

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a vLLM that serves the embedded model, with a penalty by default."""
    place = os.environ.get("MEMTESTS_VLLM")
    if place is None:
        pytest.skip("MEMTESTS_VLLM=/path/to/vllm/bin: the folder of a `vllm` to start")
    folder = tmp_path_factory.mktemp("vllm")
    shutil.copytree(EMBEDDED, folder / "poet")
    (folder / "poet" / "generation_config.json").write_text(
        '{"eos_token_id": 0, "repetition_penalty": 1.3, "temperature": 0.7, "do_sample": true}'
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                *(Path(place) / "vllm", "serve", folder / "poet", "--served-model-name", "poet"),
                *("--host", "127.0.0.1", "--port", str(port), "--dtype", "float32"),
                *("--max-model-len", "1024", "--enforce-eager"),
            ],
            env=os.environ | environment,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/health", process, folder / "log")
        yield url
    finally:
        process.terminate()
        process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(1)
        else:
            return
    raise AssertionError(log.read_text()[-3000:])


def test_same_outcomes(pytester: pytest.Pytester, vllm: str) -> None:
    some = ("--measure", "--controls", "none", "-k", "not prefix_lengths")
    assert memtests(pytester, *some).ret == 0
    here = {v["probe"]: v for v in report(pytester)["verdicts"]}
    over = ("--server", vllm, "--model", "poet", "--dtype", "float32")
    assert memtests(pytester, *over, *some).ret == 0
    there = {v["probe"]: v for v in report(pytester)["verdicts"]}
    assert here.keys() == there.keys()
    assert len(here) == 1620
    sure = [name for name in here if not (here[name]["fragile"] or there[name]["fragile"])]
    assert len(sure) > 1500
    for name in sure:
        assert there[name]["completion"] == here[name]["completion"], name
        assert there[name]["outcome"] == here[name]["outcome"]
        assert there[name]["log_p"] == pytest.approx(here[name]["log_p"], rel=1e-3, abs=0.02)


def test_self_check_and_drawn_lengths(pytester: pytest.Pytester, vllm: str) -> None:
    over = ("--server", vllm, "--model", "poet", "--dtype", "float32", "--measure")
    result = memtests(pytester, *over, "--sample", "2", "--self-check", "20")
    assert result.ret == 0
    assert report(pytester)["unjudged"] == []
    assert report(pytester)["models"][0]["versions"]["vllm"]


def test_longer_than_its_context(pytester: pytest.Pytester, vllm: str) -> None:
    lines = ", ".join(f'"line number {at} of a poem without an end"' for at in range(200))
    (pytester.path / "long.jsonl").write_text(
        f'{{"id": "a", "title": "A", "author": "B", "language": "en", "lines": [{lines}]}}'
    )
    over = ("--server", vllm, "--model", "poet", "--dtype", "float32", "--measure")
    arguments = ("--poems", "long.jsonl", "--controls", "none", "-k", "test_title or next_line")
    assert memtests(pytester, *over, *arguments).ret == 1
    found = report(pytester)
    assert found["verdicts"]
    assert {"it needs", "its completion ran"} >= {
        " ".join(each["reason"].split()[: 2 if "needs" in each["reason"] else 3])
        for each in found["unjudged"]
    }
