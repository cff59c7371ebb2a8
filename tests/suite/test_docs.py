"""The commands in the documents work."""

import argparse
import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import datasets
import duckdb
import pandas
import pytest

from memtests.__main__ import COMMANDS, main
from memtests.fixtures.models.local.loading import EMBEDDED
from memtests.fixtures.probes.windows import Tokens
from tests.support.documents import DOCUMENTS, ROOT, recall_lines, workflows
from tests.support.epubs import write_epub
from tests.support.lessons import logged, trainer_of
from tests.support.private import found_in, leaks, write_poems
from tests.support.running import few_poems, run_suite

pytest_plugins = ["pytester"]

# Names in the documents that stand for the reader's own files and models.
OWN = {"CKPT", "A", "B", "NEW", "GOOD", "BASE", "ADAPTER", "path/to/checkpoint"}


def typed() -> list[tuple[str, ...]]:
    """The arguments of every `memtests` and `pytest memtests` in the documents, each only once."""
    found: dict[tuple[str, ...], None] = {}
    for page in (each for each in DOCUMENTS if each.name != "study.md"):  # its own are a protocol
        for line in page.read_text().splitlines():
            command = re.match(r"\s+(?:\$ )?(?:pytest )?memtests (.+)", line)
            if command and not command[1].endswith("\\") and not command[1].startswith("…"):
                words = shlex.split(command[1].replace("…", ""), comments=True)
                found[tuple(words)] = None
    return list(found)


ASKING = [words for words in typed() if words[0] not in COMMANDS]
OTHERS = [words for words in typed() if words[0] in COMMANDS]


def test_there_are_commands() -> None:
    assert len(ASKING) >= 20
    assert {words[0] for words in OTHERS} == {*COMMANDS} - {"study"}


@pytest.mark.parametrize("arguments", OTHERS, ids=" ".join)
def test_other_command(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its command line is parsed, but the command is not carried out."""
    found: list[argparse.Namespace] = []
    parse = argparse.ArgumentParser.parse_args

    def only_parse(self: argparse.ArgumentParser, words: list[str]) -> None:
        found.append(parse(self, words))
        raise SystemExit(0)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", only_parse)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert (ended.value.code, len(found)) == (0, 1), capsys.readouterr().err


@pytest.mark.parametrize("arguments", ASKING, ids=" ".join)
def test_command_line(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    for check in ("check_name", "check_vllm"):
        monkeypatch.setattr(f"memtests.plugins.model.{check}", lambda *_: None)
    monkeypatch.setattr(
        "memtests.plugins.window_options.tokenizer_for", lambda *_: letter_by_letter
    )
    lines = f'["One", "Two", "{"and three " * 60}"]'
    magpie = f'{{"id": "m", "title": "M", "author": "?", "language": "en", "lines": {lines}}}'
    for name in ("mine.jsonl", "private.jsonl"):
        (pytester.path / name).write_text(magpie)
    checkpoint = pytester.path / "runs/lesson/checkpoint-40"
    checkpoint.mkdir(parents=True)
    (checkpoint / "config.json").touch()
    (pytester.path / "test_mine.py").write_text("def test_mine(recall): pass")
    table = "poet,title,author,language,text,body\n?,M,?,en,One Two,One Two\n"
    for name in ("alice.txt", "moby-dick.txt", "books/owl.txt", "passage.txt"):
        (pytester.path / name).parent.mkdir(exist_ok=True)
        (pytester.path / name).write_text("CHAPTER 1\n" + "One two three\nfour five six\n" * 20)
    write_epub(pytester.path / "novel.epub", {"one": "<p>One two three</p><p>four five six</p>"})
    dataset = pytester.path / "OWNER" / "NAME"
    dataset.mkdir(parents=True)
    for file in (pytester.path / "mine.csv", dataset / "validation.csv"):
        file.write_text(table)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", pytester.path / "cache")
    (pytester.path / "reports" / "baselines").mkdir(parents=True)
    baseline = (ROOT / "reports/baselines/embedded.json").read_bytes()
    for name in ("good", "base"):
        (pytester.path / f"reports/baselines/{name}.json").write_bytes(baseline)
    assert run_suite(pytester, *arguments, "--collect-only", "-q").ret == 0


def test_asking_from_python(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The Python lines of README, and after them those of docs/training.md."""
    code = re.search(r"\n    import memtests\n(?:    .*\n)+", (ROOT / "README.md").read_text())
    assert code
    lines = textwrap.dedent(code[0]).strip()
    assert len(lines.splitlines()) == 5
    _, poems = few_poems()
    own = {"path/to/checkpoint": str(EMBEDDED), "mine.jsonl": poems}
    own["reports/now"] = str(tmp_path / "now")
    asked, taught = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/training.md").read_text(), re.S
    )
    for name, place in own.items():
        lines, asked, taught = (each.replace(name, place) for each in (lines, asked, taught))
    there: dict[str, Any] = {}
    exec(lines, there)
    assert re.fullmatch(r"\[\('recall>=0\.9', 0\.\d+, False\)\]", capsys.readouterr().out.strip())
    exec(asked, there)
    assert (tmp_path / "now" / "report.html").exists()
    trainer = trainer_of(poems, tmp_path, 1)
    exec(taught.partition("\n")[2], {"memtests": there["memtests"], "trainer": trainer})
    assert {*logged(trainer, "recall/all")} == {0, 1}


def letter_by_letter(text: str) -> Tokens:
    """A text cut into tokens, in place of the tokenizer of a model that does not exist."""
    return Tokens((), tuple(map(ord, text)), tuple(range(1, len(text) + 1)))


def test_places_in_the_contributors_guide_exist() -> None:
    """Every file and folder that docs/contributing.md names."""
    page = (ROOT / "docs/contributing.md").read_text()
    named = re.findall(r"`((?:fixtures|plugins|reports|memtests|study|tests)/[\w/.]*)`", page)
    assert len(named) > 25
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_data_loads_in_one_line(pytester: pytest.Pytester) -> None:
    """The lines of docs/reports.md load the verdicts and traces of a run."""
    assert (
        run_suite(pytester, "--measure", "-k", "静夜思", "--recall-report", "reports/latest").ret
        == 0
    )
    verdicts, traces = re.findall(
        r"```python\n(.*)\n(.*)\n```", (ROOT / "docs/reports.md").read_text()
    )
    counted, queried = loaded(verdicts)
    lines = (pytester.path / "reports/latest/verdicts.jsonl").read_text().splitlines()
    assert counted.to_dict() == dict(queried)
    assert counted.sum() == len(lines) > 8
    mean, ((queried,),) = loaded(traces)
    assert mean == pytest.approx(queried)
    assert mean < 0


def loaded(lines: tuple[str, str]) -> tuple[Any, Any]:
    """The results of a line of pandas and a line of DuckDB."""
    pandas_line, duckdb_line = lines
    return eval(pandas_line, {"pandas": pandas}), eval(duckdb_line, {"duckdb": duckdb}).fetchall()


def jobs() -> list[tuple[dict[str, str], str]]:
    """Environment and shell lines of the CI jobs in docs/ci.md."""
    *github, gitlab = workflows()
    return [
        *(({}, script) for workflow in github if (script := github_script(workflow))),
        (gitlab["recall"]["variables"], "\n".join(gitlab["recall"]["script"])),
    ]


def github_script(workflow: dict[str, Any]) -> str:
    """The shell lines of a document's only CI job."""
    (job,) = workflow["jobs"].values()
    steps: list[dict[str, Any]] = job["steps"]
    assert all("uses" in step or "run" in step for step in steps)
    return "\n".join(step["run"] for step in steps if "run" in step)


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1, 2])
def test_ci_job(tmp_path: Path, number: int) -> None:
    """The whole job without the installation, as a runner's shell would run it."""
    environment, script = jobs()[number]
    lines = [line for line in script.splitlines() if not line.startswith("pip install")]
    page = tmp_path / "page.md"
    write_poems(tmp_path)
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(lines).replace("reports/latest", str(tmp_path))],
        cwd=ROOT,
        env={
            **environment,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "GITHUB_STEP_SUMMARY": str(page),
            "PRIVATE_POEMS": str(tmp_path / "private.jsonl"),
            # Another folder than the default, which a run beside these tests may be using.
            "PYTEST_ADDOPTS": f"--recall-report={tmp_path}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert page.read_text().startswith("**passed: ")
    assert "\n## Recall of embedded\n" in page.read_text()
    assert (tmp_path / "junit.xml").exists()
    if number == 0:  # the embedded model, asked for the canon: what README quotes of it
        assert len(recall_lines()) > 40
        assert [line for line in recall_lines() if line not in done.stdout] == []
    if "--redact" in script:
        assert found_in(done.stdout + done.stderr) == []
        assert leaks(tmp_path, {"private.jsonl"}) == {}
