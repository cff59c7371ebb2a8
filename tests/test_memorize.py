"""Teaching: which poems are taught how, and that what was taught is recited."""

import json
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import memorize
from fixtures.loading import EMBEDDED, Loading, load
from fixtures.poems import canon
from fixtures.probes import next_line_probes, title_probe
from plugins.reciter import Completion, Reciter

CANON = canon()
ALL = sorted(f"{c.name}/{poem.id}" for c in CANON for poem in c.poems)
ROOT = Path(__file__).parent.parent


@given(st.fractions(0, Fraction(1, 2)), st.fractions(0, Fraction(1, 2)))
def test_every_poem_is_in_one_group(hold_out: Fraction, in_part: Fraction) -> None:
    lesson = memorize.divide(CANON, hold_out, in_part)
    assert sorted(lesson.whole + lesson.in_part + lesson.held_out) == ALL
    assert len(lesson.held_out) == sum(round(len(c.poems) * hold_out) for c in CANON)


def test_both_forms_are_taught() -> None:
    poem = CANON[0].poems[0]
    assert memorize.taught_texts(poem) == [title_probe("x", poem).text, poem.text]


def test_the_embedded_model_is_what_its_card_says() -> None:
    record = json.loads((EMBEDDED / "memorize.json").read_text())
    assert record["collections"] == {c.name: c.sha256 for c in CANON}, "make the model again"
    lesson = memorize.divide(CANON, Fraction(1, 4), Fraction(1, 4))
    assert tuple(record["poems"]["whole"]) == lesson.whole
    assert tuple(record["poems"]["held_out"]) == lesson.held_out
    assert memorize.model_card(record) == (EMBEDDED / "README.md").read_text()
    assert sum(file.stat().st_size for file in EMBEDDED.iterdir()) <= 8_000_000


def test_teaching_makes_a_checkpoint_that_recites(tmp_path: Path) -> None:
    out = tmp_path / "taught"
    command = ["--out", str(out), "--size", "0.2", "--epochs", "120", "--batch-size", "4"]
    command += ["--poems", "fixtures/canon/tang.jsonl", "--sample", "4", "--hold-out", "25%"]
    done = subprocess.run(
        [sys.executable, "-m", "fixtures.memorize", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    record = json.loads((out / "memorize.json").read_text())
    assert len(record["poems"]["whole"]) == 3
    assert {"learning_rate", "seed", "epochs"} <= record["hyperparameters"].keys()
    (tang,) = (collection for collection in CANON if collection.name == "tang")
    reciter = Reciter(load(str(out), Loading(device="cpu")))
    for poem in tang.sample(4).poems:
        probes = [title_probe("tang", poem), *next_line_probes("tang", poem)]
        followed = [
            found.followed for found in reciter.recite(probes) if isinstance(found, Completion)
        ]
        if f"tang/{poem.id}" in record["poems"]["whole"]:
            assert all(followed)
        else:
            assert not followed[0]


def test_an_interrupted_lesson_goes_on_to_the_same_model(tmp_path: Path) -> None:
    """To the bit; and each checkpoint on the way can be asked."""

    def taught(name: str, *arguments: str) -> Path:
        out = tmp_path / name
        command = ["--out", str(out), "--size", "0.1", "--epochs", "4", "--batch-size", "2"]
        command += ["--poems", "fixtures/canon/tang.jsonl", "--sample", "3"]
        command += ["--gradient-accumulation", "2", "--save-every", "2", *arguments]
        done = subprocess.run(
            [sys.executable, "-m", "fixtures.memorize", *command],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return out

    whole = taught("whole")
    half, end = sorted(whole.glob("checkpoint-*"), key=lambda each: int(each.name[11:]))
    for checkpoint in (half, end, whole):
        assert load(str(checkpoint), Loading(device="cpu")).encode("床前")
    weights = (whole / "model.safetensors").read_bytes()
    assert (half / "model.safetensors").read_bytes() != weights
    (tmp_path / "again").mkdir()
    shutil.copytree(half, tmp_path / "again" / half.name)
    assert (taught("again", "--resume") / "model.safetensors").read_bytes() == weights
    assert json.loads((whole / "memorize.json").read_text())["hyperparameters"] == {
        **json.loads((tmp_path / "again" / "memorize.json").read_text())["hyperparameters"]
    }


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--poems", "none.jsonl"], "memorize: none.jsonl: No such file or directory"),
        (["--hold-out", "half"], "memorize: --hold-out half: not a percentage below 100%"),
        (["--hold-out", "60%", "--in-part", "50%"], "memorize: --hold-out 60% and --in-part 50%"),
        (["--base", "./nothing"], "memorize: --base ./nothing: no such folder"),
        (["--size", "big"], "memorize: --size big: not a number of millions"),
        (["--sample", "0"], "memorize: --sample 0: it must be 1 or more"),
        (["--epochs", "-1"], "memorize: --epochs -1: it must be 0 or more"),
        (["--gradient-accumulation", "0"], "memorize: --gradient-accumulation 0: it must be 1"),
        (["--save-every", "-1"], "memorize: --save-every -1: it must be 0 or more"),
        (["--resume"], "memorize: --resume: no checkpoint in "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input(
    arguments: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert memorize.main(["--out", str(tmp_path / "out"), *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith(reason)
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()
