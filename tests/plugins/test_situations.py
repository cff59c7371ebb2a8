"""The ends of runs: every situation with its exit status and the line that says why."""

import json
import re
from pathlib import Path

import pytest

from tests.support.situations import DIES, SITUATIONS, Situation

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
_REFUSED = [name for name, situation in SITUATIONS.items() if situation.status == 4]
# A refusal comes before any worker begins, so a few of those situations are enough here.
ON_WORKERS = [name for name in SITUATIONS if name not in _REFUSED[5:]]
# Baselines are made once and kept here: many situations begin with the same one.
_BASELINES: dict[tuple[tuple[str, ...], tuple[str, ...]], bytes] = {}


def poems(folder: Path) -> None:
    """Two collections of ten poems."""
    for name, letter in (("one", "p"), ("two", "q")):
        lines = []
        for n in range(10):
            verses = [f"{name} verse {n} {word}" for word in ("apple", "river", "stone")]
            poem = {"id": f"{letter}{n}", "title": f"{name} {n}", "author": "A", "language": "en"}
            lines.append(json.dumps({**poem, "lines": verses}))
        (folder / f"{name}.jsonl").write_text("\n".join(lines))


def run(
    pytester: pytest.Pytester, situation: Situation, workers: tuple[str, ...]
) -> pytest.RunResult:
    """One run with the stand-in."""
    chosen = () if "-k" in situation.arguments else ("-k", "test_title or own")
    own = [a for a in situation.arguments if a.endswith(".py")]
    return pytester.runpytest(
        *(ROOT / "memtests", *own, "-c", pytester.path / "pytest.ini", "--rootdir", pytester.path),
        *("--poems", "one.jsonl", "--poems", "two.jsonl", "--recall-report", "report"),
        *("-p", "tests.support.standin", "-p", "no:cacheprovider"),
        *([] if "--model" in situation.arguments else ["--model", "A"]),
        *chosen,
        *(a for a in situation.arguments if not a.endswith(".py")),
        *workers,
        no_reraise_ctrlc=True,
    )


def check(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    situation: Situation,
    workers: tuple[str, ...],
) -> None:
    poems(pytester.path)
    pytester.makepyfile(test_own="def test_own(): raise RuntimeError")
    settings = f"[pytest]\npythonpath = {ROOT}\n"
    settings += "addopts = -p memtests.plugins --import-mode=importlib\n"
    (pytester.path / "pytest.ini").write_text(settings)
    if situation.before is not None:
        before = (situation.before, situation.before_arguments)
        if before not in _BASELINES:
            _BASELINES[before] = baseline(pytester, monkeypatch, *before)
        (pytester.path / "before.json").write_bytes(_BASELINES[before])
    if situation.touch:
        name, _, content = situation.touch.partition("->")
        (pytester.path / name).write_text(content)
    (pytester.path / "pytest.ini").write_text(settings + situation.ini)
    monkeypatch.setenv("MEMTESTS_UNKNOWN", ",".join(situation.unknown))
    monkeypatch.setenv("MEMTESTS_DIED", str(pytester.path / "died"))
    for name, value in situation.environment.items():
        monkeypatch.setenv(name, value)
    result = run(pytester, situation, workers)
    shown = [*result.outlines, *result.errlines]
    assert any(re.search(situation.line, line) for line in shown), "\n".join(shown)
    assert result.ret == situation.status
    assert not any("Traceback" in line or "INTERNALERROR" in line for line in shown)


def baseline(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    unknown: tuple[str, ...],
    arguments: tuple[str, ...],
) -> bytes:
    """The report of a run whose model did not know some poems, or the baseline that it wrote."""
    monkeypatch.setenv("MEMTESTS_UNKNOWN", ",".join(unknown))
    assert run(pytester, Situation((*arguments, "--measure"), 0, ""), ()).ret == 0
    written = pytester.path / "before.json"
    if not written.exists():
        (pytester.path / "report" / "recall.json").rename(written)
    return written.read_bytes()


@pytest.mark.parametrize("name", SITUATIONS)
def test_alone(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    check(pytester, monkeypatch, SITUATIONS[name], ())


@pytest.mark.slow
@pytest.mark.parametrize("name", ON_WORKERS)
def test_workers(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    check(pytester, monkeypatch, SITUATIONS[name], ("-n", "2"))


def test_a_worker_that_dies(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's verdicts are kept, the rest is asked again, and the gate does not pass."""
    check(pytester, monkeypatch, DIES, ("-n", "2"))
    found = json.loads((pytester.path / "report" / "recall.json").read_text())
    assert len(found["verdicts"]) == 20
    assert {verdict["outcome"] for verdict in found["verdicts"]} == {"correct"}
