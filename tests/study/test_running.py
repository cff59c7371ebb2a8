"""Doing a study: bad input, a folder with another one, going on, and a small one to its end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from memtests.fixtures.poems.files import canon, read_collections
from memtests.study.command import main, parser
from memtests.study.measured import LATER, TAUGHT, Model
from memtests.study.plan import Plan, Sizes, chosen
from memtests.study.running import (
    StudyError,
    begin,
    lessons_of,
    model_file,
    poem_file,
    read_models,
    run,
)

ROOT = Path(__file__).parents[2]
FEW = chosen(canon(), 5, 60, True)
MODELS = tuple(Sizes(("0.04M", "0.05M"), (1,), 1).models())
PLAN = Plan(MODELS, 60, True, 400, False, {each.name: each.sha256 for each in FEW})


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--sizes", "big"], "study: --sizes big: not different sizes in millions, like 0.2,6"),
        (["--sizes", "1,1M"], "study: --sizes 1,1M: not different sizes"),
        (["--epochs", "0"], "study: --epochs 0: not different numbers of epochs, like 24,40"),
        (["--epochs", "4,4"], "study: --epochs 4,4: not different numbers of epochs"),
        (["--seeds", "0"], "study: --seeds 0: it must be 1 or more"),
        (["--sample", "-3"], "study: --sample -3: it must be 2 or more"),
        (["--characters", "5"], "study: --characters 5: it must be 24 or more"),
        (["--poems", "none.jsonl"], "study: none.jsonl: No such file or directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input(
    arguments: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path / "out"), *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith(reason)
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_documented_commands_are_ones() -> None:
    page = (ROOT / "docs/study.md").read_text()
    lines = [line.split()[2:] for line in page.splitlines() if "    memtests study" in line]
    assert len(lines) >= 3
    for words in lines:
        assert parser().parse_args(words)


def test_a_folder_holds_one_study(tmp_path: Path) -> None:
    begin(PLAN, FEW, tmp_path)
    begin(PLAN, FEW, tmp_path)
    with pytest.raises(StudyError, match="holds a study of other models or poems; remove it"):
        begin(msgspec.structs.replace(PLAN, characters=70), FEW, tmp_path)
    assert read_collections([poem_file(tmp_path, "chinese")])[0].sha256 == FEW[0].sha256


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("notes.txt", r"--out .*: something else is there already \(notes\.txt\); name another"),
        ("plan.json", r"plan\.json: no plan of a study \(.*\); name another folder with --out"),
    ],
)
def test_a_folder_of_something_else(tmp_path: Path, file: str, reason: str) -> None:
    (tmp_path / file).write_text("mine")
    with pytest.raises(StudyError, match=reason):
        begin(PLAN, FEW, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [file]
    assert (tmp_path / file).read_text() == "mine"


def test_poems_of_both_lessons_are_known(tmp_path: Path) -> None:
    begin(PLAN, FEW, tmp_path)
    lessons = lessons_of(PLAN, tmp_path)
    assert [len(lessons.of(lesson)) for lesson in (TAUGHT, LATER)] == [8, 2]
    assert {known.language for known in lessons.known} == {"chinese", "english"}
    assert [known.characters for known in lessons.known] == [len(p.text) for p in lessons.poems]


def test_only_missing_models_are_taught(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And of one seed a model comes out the same, whichever process teaches it."""
    begin(PLAN, FEW, tmp_path)
    run(PLAN, tmp_path, together=1)
    first, second = read_models(PLAN, tmp_path)
    assert [look.epoch for look in first.at(TAUGHT)] == [0, 1]
    assert [look.epoch for look in first.at(LATER)] == [0, 1]
    assert len(first.looks[0].poems) == len(first.poems) == 10
    model_file(tmp_path, MODELS[0]).unlink()
    kept = model_file(tmp_path, MODELS[1]).stat().st_mtime_ns
    capsys.readouterr()
    run(PLAN, tmp_path, together=2)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1 of 2 models are there already"
    assert [line.split()[3] for line in said[1:]] == [MODELS[0].name]
    assert model_file(tmp_path, MODELS[1]).stat().st_mtime_ns == kept
    assert read_models(PLAN, tmp_path) == [first, second]


def test_a_model_that_fails_is_named(tmp_path: Path) -> None:
    begin(PLAN, FEW, tmp_path)
    (tmp_path / "models").write_text("in the way")
    with pytest.raises(StudyError, match=r"^0\.0[45]M-1-epochs-seed-0-apart: \w+Error: "):
        run(PLAN, tmp_path, together=1)


@pytest.mark.slow
def test_a_small_study_that_was_interrupted(tmp_path: Path) -> None:
    """Goes on with what is missing, and answers every question of models that were taught."""
    out = tmp_path / "study"
    asked = ["--sizes", "0.1,0.4", "--epochs", "1,4", "--seeds", "1", "--sample", "10"]
    asked += ["--characters", "60", "--out", str(out)]
    # Where the tests run in the background, Ctrl-C is ignored by all that they start.
    listening = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from memtests.study.command import main\n"
        "if __name__ == '__main__': sys.exit(main())"
    )
    (tmp_path / "listening.py").write_text(listening)
    study = subprocess.Popen(
        [sys.executable, str(tmp_path / "listening.py"), *asked],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    while not list(out.glob("models/*.json")):
        assert study.poll() is None
        time.sleep(0.1)
    study.send_signal(signal.SIGINT)
    said, _ = study.communicate(timeout=60)
    assert study.returncode == 130
    assert b"study: interrupted; the same command goes on from here" in said
    assert b"Traceback" not in said
    there = len(list(out.glob("models/*.json")))
    command = [sys.executable, "-m", "memtests", "study", *asked]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{there} of 6 models are there already\n")
    assert "  6 of 6  " in done.stdout
    assert "Larger models remember more\n" in done.stdout
    models = [msgspec.json.decode(f.read_bytes(), type=Model) for f in out.glob("models/*.json")]
    assert {(m.size, m.kind) for m in models} == {
        (size, kind) for size in ("0.1M", "0.4M") for kind in ("apart", "joined")
    }
    longest = [model for model in models if model.epochs == 4]
    for model in longest:
        first, last = model.at(TAUGHT)[0], model.at(TAUGHT)[-1]
        taught = [at for at, poem in enumerate(model.poems) if poem.lesson == TAUGHT]
        assert all(sum(last.poems[at].log_p) > sum(first.poems[at].log_p) for at in taught)
    text = (out / "study.md").read_text()
    assert "| apart | 4 | 0.4M |" in text
    assert (out / "study.html").exists()
