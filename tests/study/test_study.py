"""The study: which poems it teaches, its commands, its tables, and a small one from end to end."""

import dataclasses
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.fixtures.poems.files import canon, read_collections
from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.probes import Probe, probes_of
from memtests.fixtures.probes.text import normal_form
from memtests.fixtures.teach import memorize
from memtests.reports.report import Report
from memtests.reports.report_files import read_report
from memtests.study.command import main
from memtests.study.findings import (
    BANDS,
    Look,
    Study,
    by_band,
    epochs_until_recited,
    looks_of,
    of_lesson,
)
from memtests.study.paper_tables import tables_of
from memtests.study.plan import (
    LATER,
    MOST_CHARACTERS,
    Plan,
    Step,
    lessons,
    poem_file,
    step_count,
    steps,
)
from memtests.study.running import StudyError, begin, going_on, run
from memtests.study.study_pages import render_markdown, render_study
from tests.support.reported import TANG, forgets, knows, reported, slips

ROOT = Path(__file__).parents[2]
CANON = canon()
PLAN = Plan(("0.1M", "0.2M"), 4, {"tang": "aa", "nursery": "bb"})


@given(st.integers(1, 80), st.permutations(CANON))
def test_each_poem_is_taught_once(most: int, collections: list[Collection]) -> None:
    """Or not at all: too long, or one too many."""
    found = lessons(collections, most)
    texts = [normal_form(poem.text) for c in found for poem in c.poems]
    assert len(set(texts)) == len(texts)
    assert max(len(poem.text) for c in found for poem in c.poems) <= MOST_CHARACTERS
    for language in ("english", "chinese"):
        named = {c.name: len(c.poems) for c in found if c.name.endswith(language)}
        assert sum(named.values()) <= most
        assert named[LATER + language] == -(-sum(named.values()) // 4)
    assert [c.name.startswith(LATER) for c in found] == sorted(
        c.name.startswith(LATER) for c in found
    )


def test_the_canon_comes_first_and_ids_differ() -> None:
    again = Poem("jing-ye-si", "Another", "?", "zh", ("另一首诗，", "不是那首。"))
    found = lessons((*CANON, Collection("mine", (again,))), 200)
    poems = [poem for c in found if c.name.endswith("chinese") for poem in c.poems]
    assert {"jing-ye-si", "jing-ye-si-2"} <= {poem.id for poem in poems}
    few = lessons((TANG, Collection("mine", (again,))), 2)
    assert "Another" not in {poem.title for c in few for poem in c.poems}


def test_commands_are_ones_that_exist(tmp_path: Path) -> None:
    """Every command names what the steps before it have made."""
    collections = lessons(CANON, 8)
    plan = Plan(("0.1M", "1.8M"), 20, {c.name: c.sha256 for c in collections})
    begin(plan, collections, tmp_path)
    done = []
    for step in steps(plan, tmp_path):
        _, *arguments = step.command
        models = [word for at, word in enumerate(arguments) if arguments[at - 1] == "--model"]
        assert all(Path(model).is_dir() for model in models)
        files = [word for at, word in enumerate(arguments) if arguments[at - 1] == "--poems"]
        assert read_collections(map(Path, files))
        if arguments[0] == "teach":
            given = memorize._parser().parse_args(arguments[1:])
            assert given.base is None or Path(given.base).is_dir()
            for number in range(0, given.epochs, given.save_every or 1):
                (step.folder / f"checkpoint-{(number + given.save_every) * 7}").mkdir(parents=True)
            step.folder.mkdir(parents=True, exist_ok=True)
        done.append(step.title)
    assert len(done) == step_count(plan)
    assert done[:4] == ["0.1M base", "0.1M taught", "0.1M later", "0.1M asked"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--sizes", "big"], "study: --sizes big: not different sizes in millions, like 0.2,6"),
        (["--sizes", "1,1M"], "study: --sizes 1,1M: not different sizes"),
        (["--epochs", "0"], "study: --epochs 0: it must be 1 or more"),
        (["--sample", "-3"], "study: --sample -3: it must be 1 or more"),
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


def test_a_folder_holds_one_study(tmp_path: Path) -> None:
    begin(PLAN, (TANG,), tmp_path)
    begin(PLAN, (TANG,), tmp_path)
    with pytest.raises(StudyError, match="holds a study of other sizes, epochs or poems; remove"):
        begin(dataclasses.replace(PLAN, epochs=5), (TANG,), tmp_path)
    assert read_collections([poem_file(tmp_path, "tang")])[0].sha256 == TANG.sha256


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (
            "notes.txt",
            r"--out .*: something else is there already \(notes\.txt\); name another fol",
        ),
        ("plan.json", r"plan\.json: no plan of a study \(.*\); name another folder with --out"),
    ],
)
def test_a_folder_of_something_else(tmp_path: Path, file: str, reason: str) -> None:
    (tmp_path / file).write_text("mine")
    with pytest.raises(StudyError, match=reason):
        begin(PLAN, (TANG,), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [file]
    assert (tmp_path / file).read_text() == "mine"


def test_an_unfinished_step_is_done_over_or_gone_on_with(tmp_path: Path) -> None:
    """What is left of a model is in the way of none, a whole checkpoint is gone on from."""
    step = Step("s", ("memtests", "teach"), tmp_path / "taught", "memorize.json")
    assert going_on(step) == []
    (step.folder / "checkpoint-2").mkdir(parents=True)
    assert going_on(step) == ["--overwrite"]
    (step.folder / "checkpoint-4").mkdir()
    (step.folder / "checkpoint-4" / "trainer_state.json").touch()
    assert going_on(step) == ["--resume"]


def titles(collection: Collection) -> list[Probe]:
    return probes_of(collection, "title", (), "{title}")


def looked() -> list[Look]:
    """Nothing, then Chinese with slips, then all; later the English poem is lost again."""

    def only_chinese(probe: Probe) -> str:
        return probe.suffix if probe.poem.language == "zh" else "la " * 40

    models = {
        "s/base": forgets,
        "s/taught/checkpoint-7": slips,
        "s/taught/checkpoint-21": knows,
        "s/later/checkpoint-9": only_chinese,
    }
    return list(looks_of(reported(models, asked=titles), PLAN))


def test_looks_are_in_order_of_time() -> None:
    found = looked()
    assert [(look.lesson, look.epoch) for look in found] == [
        ("base", 0),
        ("taught", 1),
        ("taught", 2),
        ("later", 1),
    ]
    assert [look.epoch for look in of_lesson(found, "taught")] == [0, 1, 2]
    forgetting = of_lesson(found, "later")
    assert [look.epoch for look in forgetting] == [0, 1]
    assert [sum(v.correct for v in look.titles) for look in forgetting] == [3, 2]


def test_epochs_until_recited() -> None:
    assert epochs_until_recited(looked(), "nursery") == ([2], 0)
    assert epochs_until_recited(looked()[:2], "nursery") == ([], 1)
    recited, never = epochs_until_recited(looked(), "tang")
    assert (len(recited), never) == (2, 0)


def test_bands_are_of_normal_form() -> None:
    shares = by_band(looked()[2].titles)
    assert len(shares) == len(BANDS) + 1
    assert sum(found.poems for found in shares) == 3
    assert shares[0].poems == 2, "20 characters, but for the punctuation"


def whole_study() -> Study:
    """Of two sizes, of which one recites nothing."""
    after: Report = reported({"s/0.1M/taught": forgets, "s/0.2M/taught": knows})
    looks = {"0.1M": (looked()[0],) * 3, "0.2M": tuple(looked())}
    looks["0.1M"] = tuple(
        Look(lesson, at, looked()[0].titles)
        for at, lesson in enumerate(("base", "taught", "taught", "later"))
    )
    return Study(PLAN, {"0.1M": 100_000, "0.2M": 200_000}, looks, after)


def test_every_cell_has_a_number_or_a_reason() -> None:
    for table in tables_of(whole_study()):
        head, *body = table.rows
        for row in body:
            assert len(row) == len(head), table.title
            assert all(row), table.title


def test_a_study_of_one_size() -> None:
    whole = whole_study()
    alone = dataclasses.replace(
        whole,
        plan=dataclasses.replace(PLAN, sizes=("0.1M",)),
        parameters={"0.1M": 100_000},
        looks={"0.1M": whole.looks["0.1M"]},
        after=reported({"s/0.1M/taught": forgets}, [canon()[-1].sample(8)]),
    )
    for table in tables_of(alone):
        assert {len(row) for row in table.rows} == {len(table.rows[0])}, table.title
    assert "all or no poems are recited" in render_study(alone, {"tang": 2, "nursery": 1})


def test_tables_say_what_was_found() -> None:
    study = whole_study()
    text = render_markdown(study, {"tang": 2, "nursery": 1})
    assert "| 0.2M | 200,000 | 0 of 2 | 2 of 2 | 2 of 2 | 0 of 1 | 1 of 1 | 0 of 1 |" in text
    assert "| 0.1M | nursery | 0.0 % | 0.0 % | 0.0 % | none recited | 1 of 1 |" in text
    assert "| fewer than 4 poems | - | - | - | - |" in text
    assert "2 tang, 1 nursery poems" in text


def test_the_page_has_every_table_and_plot() -> None:
    page = render_study(whole_study(), {"tang": 2, "nursery": 1})
    for table in tables_of(whole_study()):
        assert f"<h2>{table.title}</h2>" in page
    assert page.count("<svg") >= 6
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")


@pytest.mark.parametrize("ending", ["pass", "assert 0"])
def test_a_step_with_failures_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    run_one_step(tmp_path, monkeypatch, ending)
    assert (tmp_path / "recall.json").exists()


@pytest.mark.parametrize(
    "ending", ["raise KeyboardInterrupt", "import os; os.kill(os.getpid(), 9)"]
)
def test_a_report_on_a_part_is_not_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """It would be taken for all that was to be asked when the study goes on."""
    with pytest.raises(StudyError, match=r"one: .*one\.txt"):
        run_one_step(tmp_path, monkeypatch, ending)
    assert not (tmp_path / "recall.json").exists()


def run_one_step(folder: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    """A step that writes its report and then ends so."""
    file = folder / "test_one.py"
    report = folder / "recall.json"
    file.write_text(f"def test_one():\n    open({str(report)!r}, 'w').close()\n    {ending}\n")
    command = ("pytest", str(file), "-p", "no:cacheprovider", "-c", "/dev/null")
    monkeypatch.setattr(
        "memtests.study.running.steps", lambda *_: [Step("one", command, folder, "recall.json")]
    )
    run(PLAN, folder)


@pytest.mark.slow
def test_a_small_study_that_was_interrupted(tmp_path: Path) -> None:
    """Goes on where it was, and tells of models that were really taught."""
    asked = ["--sizes", "0.1", "--epochs", "2", "--sample", "6", "--out", str(tmp_path / "study")]
    command = [sys.executable, "-m", "memtests", "study", *asked]
    # Where the tests run in the background, Ctrl-C is ignored by all that they start.
    listening = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from memtests.study.command import main; sys.exit(main())"
    )
    study = subprocess.Popen(
        [sys.executable, "-c", listening, *asked],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    while not (tmp_path / "study/log/0.1M-taught.txt").exists():  # the step before is done
        assert study.poll() is None
        time.sleep(0.2)
    time.sleep(1)
    study.send_signal(signal.SIGINT)
    said, _ = study.communicate(timeout=60)
    assert study.returncode == 130
    assert b"study: interrupted; the same command goes on from here" in said
    assert b"Traceback" not in said
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "  1 of 5  0.1M base      done before" in done.stdout
    assert "  5 of 5  all asked      " in done.stdout
    text = (tmp_path / "study/study.md").read_text()
    assert "| 0.1M | chinese | 0.0 % |" in text
    assert (tmp_path / "study/study.html").exists()
    assert not list((tmp_path / "study").rglob("optimizer.pt"))
    found = read_report(tmp_path / "study/0.1M/asked/recall.json")
    assert len(found.models) == 1 + 2 + 1
    assert len(found.verdicts) == len(found.models) * 12, "all that was to be asked"
