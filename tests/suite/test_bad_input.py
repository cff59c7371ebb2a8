"""Bad input: one clear line that names the thing and says what to do, and exit status 4."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from memtests.fixtures.models.local.loading import EMBEDDED
from tests.support.running import STAND_IN, few_poems, outcomes, report, run_suite

pytest_plugins = ["pytester"]

POEM = {
    "id": "a",
    "title": "T",
    "author": "A",
    "language": "en",
    "lines": ["one two", "three four"],
}


def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def pickled(folder: Path) -> None:
    no_weights(folder)
    torch.save({}, folder / "pytorch_model.bin")


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def torn_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])


def a_tensor_less(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("model.layers.1.mlp.up_proj.weight")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def broken_config(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": ')


def unknown_architecture(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "no-such-thing"}')


def no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (shutil.rmtree, "--model ./spoilt: no such folder"),
        (no_weights, "--model ./spoilt: no weights in it (no *.safetensors)"),
        (pickled, "--model ./spoilt: only pickled weights (pytorch_model.bin), which can run code"),
        (no_config, "--model ./spoilt: no config.json in it; name a checkpoint folder"),
        (torn_weights, "--model ./spoilt: *"),
        (a_tensor_less, "--model ./spoilt: 1 tensors are missing from its weights"),
        (broken_config, "--model ./spoilt: *config*"),
        (unknown_architecture, "--model ./spoilt: *no-such-thing*"),
        (no_tokenizer, "--model ./spoilt: *tokenizer*"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_model(pytester: pytest.Pytester, spoil: Callable[[Path], None], reason: str) -> None:
    shutil.copytree(EMBEDDED, pytester.path / "spoilt")
    spoil(pytester.path / "spoilt")
    result = run_suite(pytester, "--model", "./spoilt", *few_poems(), "-k", "test_title")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = [line for line in result.outlines + result.errlines if "--model" in line]
    assert len(said) == 1
    result.stdout.no_fnmatch_line("*Traceback*")
    pytest.LineMatcher(said).fnmatch_lines([f"*{reason.replace('[', '[[]')}*"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--model", "nothing.gguf"], "--model nothing.gguf: no such file"),
        (["--model", "mine.jsonl"], "--model mine.jsonl: neither a checkpoint folder nor a .gguf"),
        (["--model", "/no/such/folder"], "--model /no/such/folder: no such folder"),
        (["--model", "embedded", "--model", "embedded"], "--model embedded: named twice"),
        (["--dtype", "float23"], "--dtype: invalid choice: 'float23' (choose from *float32*"),
        (["--prefix-lengths", "ten"], "--prefix-lengths 'ten' is neither a percentage like 25%"),
        (["--prefix-lengths", "9"], "--prefix-lengths 9: no poem is longer than that"),
        (["--header", "{titel}"], "--header '{titel}' cannot be filled in*use {title}, {author}"),
        (["--batch-tokens", "0"], "--batch-tokens 0: it must be 1 or more"),
        (["--self-check", "-1"], "--self-check -1: it must be 0 or more"),
        (["--sample", "0"], "--sample 0: it must be 1 or more"),
        (["--sample", "some"], "--sample: invalid int value: 'some'"),
        (["--poems", "none.jsonl"], "--poems none.jsonl: No such file or directory; name a file"),
        (["--poems", "empty.jsonl"], "--poems empty.jsonl: no poems in it"),
        (["--poems", "bad.jsonl"], "--poems bad.jsonl, line 2, field `lines`: expected `array`"),
        (["--recall-report", "mine.jsonl/x"], "--recall-report *mine.jsonl/x: Not a directory"),
        (["--mesure"], "--mesure: no such option; did you mean --measure?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_option(pytester: pytest.Pytester, arguments: list[str], reason: str) -> None:
    (pytester.path / "mine.jsonl").write_text(json.dumps(POEM))
    (pytester.path / "empty.jsonl").touch()
    bad = json.dumps(POEM) + "\n" + json.dumps({**POEM, "id": "b", "lines": "one"})
    (pytester.path / "bad.jsonl").write_text(bad)
    poems = [] if "--poems" in arguments else ["--poems", "mine.jsonl"]
    result = run_suite(pytester, *poems, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    pytest.LineMatcher(result.outlines + result.errlines).fnmatch_lines(
        [f"*{reason.replace('[', '[[]')}*"]
    )
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_device(pytester: pytest.Pytester) -> None:
    result = run_suite(pytester, "--device", "nonsense", *few_poems(), "-k", "test_title")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --device nonsense: *; name one that is there, or leave*"])


def test_model_that_fails_in_a_worker(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMTESTS_FAIL", "1")
    asked = (*STAND_IN, *few_poems(), "-k", "静夜思 and test_title")
    result = run_suite(pytester, *asked, "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --model A: its weights are torn"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["memtests", "--measure"], 4),
        (["memtests", "--measure", "-n", "2"], 4),
        (["memtests", "--windows", "50t/50t"], 4),
        (["memtests", "teach", "--out", "taught"], 2),
    ],
    ids=["serial", "n2", "windows", "teach"],
)
def test_a_broken_installation(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, command: list[str], status: int
) -> None:
    broken = pytester.mkdir("broken") / "transformers.py"
    broken.write_text("raise OSError('libcudart.so.13: cannot open shared object file')")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    result = pytester.run(sys.executable, "-m", *command)
    assert result.ret == status
    result.stderr.fnmatch_lines(
        ["*torch and transformers cannot be imported: libcudart*; install them again"]
    )
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_second_model_missing_keeps_what_was_judged(pytester: pytest.Pytester) -> None:
    shutil.copytree(EMBEDDED, pytester.path / "spoilt")
    torn_weights(pytester.path / "spoilt")
    arguments = ("--model", "embedded", "--model", "./spoilt", "--measure", *few_poems())
    result = run_suite(pytester, *arguments, "-k", "test_title")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert len(outcomes(report(pytester))) == 8


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.slow)])
def test_weights_with_nan(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    shutil.copytree(EMBEDDED, pytester.path / "spoilt")
    weights = pytester.path / "spoilt" / "model.safetensors"
    tensors = load_file(weights)
    tensors["model.norm.weight"][0] = float("nan")
    save_file(tensors, weights, metadata={"format": "pt"})
    arguments = ("--model", "./spoilt", "--measure", *few_poems(), "-k", "test_title")
    result = run_suite(pytester, *arguments, *workers)
    assert result.ret == 1, "--measure tolerates misses; an unjudged probe is none"
    result.stdout.fnmatch_lines(["8 UNJUDGED  ./spoilt  the model's logits are not finite*"])
    found = report(pytester)
    assert found["verdicts"] == []
    assert len(found["unjudged"]) == 8
    assert found["tallies"] == []


def test_poem_longer_than_the_context(pytester: pytest.Pytester) -> None:
    shutil.copytree(EMBEDDED, pytester.path / "short")
    config = json.loads((pytester.path / "short" / "config.json").read_text())
    (pytester.path / "short" / "config.json").write_text(
        json.dumps({**config, "max_position_embeddings": 60})
    )
    result = run_suite(
        pytester, "--model", "./short", "--measure", "-k", "test_title and (the-eagle or 静夜思)"
    )
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["1 UNJUDGED  ./short  it needs * tokens; the model's context is 60*"]
    )
    found = report(pytester)
    assert [each["probe"] for each in found["unjudged"]] == ["british/the-eagle/title"]
    assert list(outcomes(found)) == ["tang/jing-ye-si/title"], "the others go on"
