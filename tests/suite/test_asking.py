"""`memtests.ask`: its report on a model in memory is that of a run on the model's checkpoint."""

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pytest

import memtests
from memtests import asking
from memtests.fixtures.models.local import packed
from memtests.fixtures.models.local.loading import Loading, load_parts
from memtests.reports.report import Report
from memtests.reports.report_files import read_report
from tests.support.running import few_poems, run_suite

pytest_plugins = ["pytester"]

GATES = ("recall>=0.9", "near<=99%")
_, POEMS = few_poems()


@pytest.fixture(scope="module")
def parts() -> Any:
    return load_parts("embedded", Loading(device="cpu"))


def as_run(found: Report) -> Report:
    """A report without date, command, and fields that only a checkpoint's files can give."""
    models = tuple(
        msgspec.structs.replace(model, weights_sha256=None, name="embedded")
        for model in found.models
    )
    return msgspec.structs.replace(found, created="", command="", models=models)


def test_says_what_a_run_says(
    pytester: pytest.Pytester, parts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every case and control, verdict by verdict, to the last digit; and in gates.

    Weights in memory may change, so they are not packed. The run does not pack here either.
    """
    monkeypatch.setattr(packed, "_is_faster", lambda: False)
    gates = [f"--gate={gate}" for gate in GATES]
    run_suite(pytester, "--model", "embedded", "--poems", POEMS, *gates)
    ran = read_report(pytester.path / "report" / "recall.json")
    folder = pytester.path / "asked"
    found = memtests.ask(
        parts.model, parts.tokenizer, poems=POEMS, gates=GATES, name="embedded", folder=folder
    )
    cases = {(v.case, v.control) for v in found.verdicts}
    assert len(cases) > 8
    assert as_run(found) == as_run(ran)
    assert [gate.passed for gate in found.gates] == [False, True]
    assert read_report(folder / "recall.json") == found
    names = {"recall.json", "report.html", "summary.md", "traces.jsonl", "verdicts.jsonl"}
    assert {file.name for file in folder.iterdir()} - {".lock"} == names
    # Keys say which checkpoint a verdict is on; a model in memory is no checkpoint.
    traces = [(pytester.path / each / "traces.jsonl").read_text() for each in ("report", "asked")]
    kept = [[dropped(line) for line in text.splitlines()] for text in traces]
    assert kept[0] == kept[1] != []


def dropped(line: str) -> dict[str, Any]:
    return {**msgspec.json.decode(line), "key": None}


def test_against_a_baseline(parts: Any, tmp_path: Path) -> None:
    asked = {"poems": [POEMS], "cases": ["title"], "controls": "none"}
    memtests.ask(parts.model, parts.tokenizer, folder=tmp_path / "a", **asked)
    file = tmp_path / "a" / "recall.json"
    found = memtests.ask(
        parts.model, parts.tokenizer, gates="lost<=0", baseline=file, name="b", **asked
    )
    (comparison,) = found.comparisons
    assert comparison.retained > 0
    assert comparison.lost == comparison.gained == ()
    assert found.gates[0].passed
    with pytest.raises(memtests.AskError, match=r"baseline: .*asked with other cues"):
        memtests.ask(
            parts.model, parts.tokenizer, baseline=file, header="{author}: {title}", **asked
        )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"poems": "none.jsonl"}, "poems: none.jsonl: No such file"),
        ({"poems": ["none.jsonl"]}, "poems: none.jsonl: No such file"),
        ({"gates": "recal>=1"}, "gates: 'recal>=1': no measure 'recal'; did you mean 'recall'"),
        ({"gates": ["lost<=0"]}, "gates: 'lost<=0' needs a baseline; add baseline=FILE"),
        ({"baseline": "none.json"}, "baseline: none.json: No such file"),
        ({"cases": ["titles"]}, "cases: 'titles': name some of title, prefix"),
        ({"cases": []}, "cases: 'none': name some of title, prefix"),
        ({"controls": "all"}, "controls: 'all' is none of sample, full, none"),
        ({"completions": "some"}, "completions: 'some' is none of all, few, none"),
        (
            {"completions": "few", "gates": ["near<=1%"]},
            "gates: 'near<=1%' needs every completion; leave completions='few' out, or the gate",
        ),
        ({"gates": ["extracted<=1%"]}, "gates: 'extracted<=1%' needs windows; ask for them on"),
        ({"template": "chat"}, "template: chat: .* has no chat template"),
        ({"template": "none at all"}, "template: 'none at all' is none of none, auto, chat"),
        ({"sample": 0}, "sample: 0: it must be 1 or more"),
        ({"prefix_lengths": "0%"}, "prefix_lengths: '0%' leaves nothing"),
        ({"header": "{poet}"}, "header: '{poet}' cannot be filled in"),
        ({"poems": None}, "poems: None: expected a file, or a list of files; leave it out"),
        ({"poems": ["mine.jsonl", 3]}, "poems: 3: expected a file, or a list of files"),
        ({"gates": 0.9}, r"gates: 0.9: expected texts, like \['recall>=0.9'\]"),
        ({"gates": [("recall", 0.9)]}, r"gates: \('recall', 0.9\): expected texts"),
        ({"baseline": 3}, "baseline: 3: expected a path"),
        ({"cases": None}, r"cases: None: expected texts, like \['title'\]"),
        ({"sample": "2"}, "sample: '2': expected a whole number, like 20"),
        ({"sample": True}, "sample: True: expected a whole number"),
        ({"prefix_lengths": 10}, "prefix_lengths: 10: expected a text, like '25%,50%'"),
        ({"header": None}, "header: None: expected a text, like '{title}'"),
        ({"controls": None}, "controls: None is none of sample, full, none"),
        ({"completions": ""}, "completions: '' is none of all, few, none"),
        ({"name": 3}, "name: 3: expected a text"),
        ({"folder": 3}, "folder: 3: expected a path"),
        ({"language": 3}, "language: 3: expected a text, like 'en'"),
        ({"author": "Wang, Li"}, "author: 'Wang, Li': expected one name without a comma"),
        ({"language": "en", "poems": ()}, "language: 'en': the canon has its own; name files"),
        ({"tokenizer": None}, "tokenizer: NoneType is no tokenizer"),
        ({"model": 3}, "model: int is no causal language model"),
    ],
    ids=str,
)
def test_what_cannot_be_asked(given: dict[str, Any], said: str, parts: Any) -> None:
    """The error is one line that names the argument."""
    asked = {"model": parts.model, "tokenizer": parts.tokenizer, "poems": POEMS, **given}
    with pytest.raises(memtests.AskError, match=f"^{said}") as found:
        memtests.ask(**asked)
    assert "\n" not in str(found.value)


def test_a_text_that_says_neither_its_language_nor_its_author(parts: Any, tmp_path: Path) -> None:
    text = tmp_path / "tale.txt"
    text.write_text("Call me nobody.\nSome years ago I went to sea.\nThere was no ship.\n")
    with pytest.raises(memtests.AskError, match="say its language; add language='en', and"):
        memtests.ask(*parts[:2], poems=text)
    found = memtests.ask(*parts[:2], poems=text, language="en", author="A. Sailor", controls="none")
    assert found.collections[0].language == "en"
    (title,) = [v for v in found.verdicts if v.case == "title"]
    assert title.cue == "tale\nA. Sailor"


def test_as_few_completions_as_the_gates_allow(parts: Any) -> None:
    for gates, completions in (
        (["recall>=0.1"], "few"),
        (["recall>=0.1", "lost<=0"], "few"),
        (["incorrect<=10%"], "all"),
        (["recall<=0"], "all"),  # no proof unless all completions are known
    ):
        prepared = asking.prepared(poems=POEMS, gates=gates, compared=True)
        assert prepared.completions == completions
    few, every = (
        memtests.ask(
            *parts[:2], poems=POEMS, cases=["next_line"], controls="none", completions=completions
        )
        for completions in ("few", "all")
    )
    assert [v.correct for v in few.verdicts] == [v.correct for v in every.verdicts]
    assert "not recited" in {v.outcome for v in few.verdicts}


def test_folder_in_use(parts: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(memtests.AskError, match=r"^folder: .*file: File exists; name another"):
        memtests.ask(parts.model, parts.tokenizer, poems=POEMS, folder=tmp_path / "file")


def test_unseen_that_is_recited_proves_nothing(parts: Any) -> None:
    """As in a run, where the case of the control fails."""
    prepared = asking.prepared(poems=POEMS, cases=["title"], gates=["recall>=0.1"])
    titles = asking.all_probes(prepared.questions, "title")
    known = next(probe for probe in titles if probe.poem.id == "jing-ye-si")
    questions = dataclasses.replace(prepared.questions)
    made_up = dataclasses.replace(known, case="control", control="unseen")
    vars(questions)["controls"] = (made_up,)
    found = dataclasses.replace(prepared, questions=questions)(*parts[:2], "model").report
    assert [v.outcome for v in found.verdicts if v.control] == ["correct"]
    assert found.problems == ("1 case failed for another reason than a miss",)
    assert [gate.reason for gate in found.gates] == [*found.problems]
