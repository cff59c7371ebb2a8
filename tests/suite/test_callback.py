"""`RecallCallback`: a model is asked while it is trained, and its training stays the same."""

import errno
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
import transformers
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from memtests import AskError, RecallCallback, asking
from memtests.reports.report import Report
from memtests.reports.report_files import read_report
from memtests.reports.report_folder import DATA
from tests.support.lessons import logged, trainer_of
from tests.support.running import ROOT, few_poems

_, POEMS = few_poems()
ASKED: dict[str, Any] = {"poems": POEMS, "cases": ["title", "next_line"]}


def look(folder: Path, step: int) -> Report:
    return read_report(folder / "recall" / f"step-{step}" / DATA)


def looks(folder: Path) -> list[int]:
    """The steps that have a report."""
    found = (folder / "recall").glob("step-*/recall.json")
    return sorted(int(file.parent.name.removeprefix("step-")) for file in found)


def weights(trainer: Any) -> dict[str, Any]:
    return dict(trainer.model.state_dict())


def equal(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def drawn() -> tuple[Any, ...]:
    """The next numbers of all random generators, to see whether anything has drawn from them."""
    return random.random(), float(numpy.random.rand()), float(torch.rand(1))


@pytest.mark.parametrize("how", [{}, {"bf16": True}], ids=str)
def test_training_does_not_notice(how: dict[str, Any], tmp_path: Path) -> None:
    """Weights, logged losses and the random numbers afterwards are the same to the bit."""
    found = []
    for asked in (False, True):
        folder = tmp_path / str(asked)
        logging = {"logging_strategy": "steps", "logging_steps": 3}
        trainer = trainer_of(POEMS, folder, 12, gradient_checkpointing=True, **logging, **how)
        if asked:
            trainer.add_callback(RecallCallback(trainer, every=3, **ASKED))
        trainer.train()
        found.append((weights(trainer), logged(trainer, "loss"), drawn(), trainer.model.training))
    (ours, *rest), (theirs, *others) = found
    assert equal(ours, theirs)
    assert rest == others
    assert len(rest[0]) == 4
    assert looks(tmp_path / "True") == [0, 3, 6, 9, 12]


def test_curve_in_tensorboard(tmp_path: Path) -> None:
    """A model learns eight poems. TensorBoard's file has the same figures as the reports."""
    trainer = trainer_of(
        POEMS, tmp_path, 120, report_to=["tensorboard"], logging_strategy="steps", logging_steps=60
    )
    trainer.add_callback(RecallCallback(trainer, every=40, **ASKED))
    trainer.train()
    (file,) = (tmp_path / "runs").glob("*/events.out.tfevents.*")
    events = EventAccumulator(str(file.parent)).Reload()
    assert looks(tmp_path) == [0, 40, 80, 120]
    for name, of in (("recall", recall_of), ("log_p", log_p_of)):
        for collection in ("all", "tang"):
            curve = {each.step: each.value for each in events.Scalars(f"train/{name}/{collection}")}
            expected = {step: of(look(tmp_path, step)) for step in looks(tmp_path)}
            assert curve == pytest.approx(expected)
    gained = {each.step: each.value for each in events.Scalars("train/since_first/gained")}
    assert gained == {s: len(look(tmp_path, s).comparisons[0].gained) for s in (40, 80, 120)}
    recall = [recall_of(look(tmp_path, step)) for step in looks(tmp_path)]
    assert recall[0] == 0
    assert recall[-1] > 0.8
    assert [each.step for each in events.Scalars("train/loss")] == [60, 120]


def recall_of(report: Report) -> float:
    return sum(v.correct for v in report.verdicts) / len(report.verdicts)


def log_p_of(report: Report) -> float:
    return float(numpy.mean([v.log_p for v in report.verdicts if v.log_p is not None]))


@pytest.mark.parametrize("stop", [True, False])
def test_gate(stop: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The model learns poems that it must not: training ends there, or goes on and says so."""
    trainer = trainer_of(POEMS, tmp_path, 160)
    gates = ["recall<=10%", "gained<=10%"]
    trainer.add_callback(RecallCallback(trainer, every=40, gates=gates, stop=stop, **ASKED))
    trainer.train()
    breached = [step for step in looks(tmp_path) if recall_of(look(tmp_path, step)) > 0.1]
    assert breached
    assert breached[0] > 0
    assert trainer.state.global_step == (breached[0] if stop else 160)
    assert logged(trainer, "gates/not_passed")[breached[0]] == 2
    assert [len(look(tmp_path, step).gates) for step in (0, breached[0])] == [1, 2]
    said = [record.message for record in caplog.records if record.name == "memtests"]
    assert len(said) == len(breached) or not stop
    assert said[0].startswith(
        f"memtests: step {breached[0]}: NOT PASSED: 2 of 2 gates: recall<=10%"
    )
    ends = "training stops here" if stop else "training goes on (stop=False)"
    assert f"; {ends}; see {tmp_path}" in said[0]


def test_resumed(tmp_path: Path) -> None:
    """A resumed run ends with the same weights, and gains still count from the very first look."""
    how = {"save_strategy": "steps", "save_steps": 40}
    whole = trainer_of(POEMS, tmp_path / "whole", 80, **how)
    whole.train()
    cut_short = trainer_of(POEMS, tmp_path / "parts", 80, **how)
    cut_short.add_callback(RecallCallback(cut_short, every=40, **ASKED))
    cut_short.add_callback(Stop())
    cut_short.train()
    assert looks(tmp_path / "parts") == [0, 40]
    resumed = trainer_of(POEMS, tmp_path / "parts", 80, **how)
    resumed.add_callback(RecallCallback(resumed, every=40, **ASKED))
    resumed.train(resume_from_checkpoint=True)
    assert looks(tmp_path / "parts") == [0, 40, 80]
    (comparison,) = look(tmp_path / "parts", 80).comparisons
    assert comparison.baseline.endswith("step-0/recall.json")
    assert len(comparison.gained) > 0
    assert equal(weights(whole), weights(resumed))


class Stop(transformers.TrainerCallback):  # type: ignore[misc]
    """Ends a run at step 40, as an interruption would."""

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        control.should_training_stop = state.global_step >= 40


def test_resumed_without_its_first_look(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    how = {"save_strategy": "steps", "save_steps": 5}
    trainer_of(POEMS, tmp_path, 5, **how).train()
    resumed = trainer_of(POEMS, tmp_path, 10, **how)
    resumed.add_callback(RecallCallback(resumed, **ASKED))
    resumed.train(resume_from_checkpoint=True)
    assert looks(tmp_path) == [5, 10]
    assert "no look at an earlier step; lost and gained count from step 5" in caplog.text


def test_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Training goes on without that look; but if it is the first look, training ends."""
    trainer = trainer_of(POEMS, tmp_path, 3)
    trainer.add_callback(RecallCallback(trainer, every=1, **ASKED))
    own = asking.finish

    def full(folder: Path, *given: Any, **how: Any) -> Any:
        if folder.name == spoiled:
            raise OSError(errno.ENOSPC, "No space left on device")
        return own(folder, *given, **how)

    monkeypatch.setattr(asking, "finish", full)
    spoiled = "step-2"
    trainer.train()
    assert {*logged(trainer, "recall/all")} == {0, 1, 3}
    assert "step 2: no look: " in caplog.text
    assert (
        "No space left on device; training goes on, and the gates were not checked" in caplog.text
    )
    spoiled = "step-0"
    with pytest.raises(AskError, match=r"^folder: .*step-0: No space left on device; name another"):
        trainer.train()


def test_looks_when_it_is_evaluated_or_saved(tmp_path: Path) -> None:
    for every, how in (
        ("evaluation", {"eval_strategy": "steps", "eval_steps": 4}),
        ("saving", {"save_strategy": "steps", "save_steps": 4}),
    ):
        trainer = trainer_of(POEMS, tmp_path / every, 10, **how)
        trainer.add_callback(RecallCallback(trainer, every=every, **ASKED))
        trainer.train()
        assert looks(tmp_path / every) == [0, 4, 8, 10]


def test_another_folder_and_baseline(tmp_path: Path) -> None:
    """Losses and gains are counted from the report that is given."""
    first = trainer_of(POEMS, tmp_path / "first", 1)
    first.add_callback(RecallCallback(first, every=1, **ASKED))
    first.train()
    file = tmp_path / "first" / "recall" / "step-1" / DATA
    then = trainer_of(POEMS, tmp_path / "then", 1)
    elsewhere = tmp_path / "elsewhere"
    then.add_callback(
        RecallCallback(then, every=1, baseline=file, gates=["lost<=0"], folder=elsewhere, **ASKED)
    )
    then.train()
    report = read_report(elsewhere / "step-0" / DATA)
    assert [record.baseline for record in report.comparisons] == [str(file)]
    assert report.gates[0].passed
    assert not (tmp_path / "then" / "recall").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"every": 0}, "every: 0 is neither a number of steps, from 1 on, nor 'evaluation'"),
        ({"every": True}, "every: True is neither a number of steps"),
        ({"every": "epoch"}, "every: 'epoch' is neither"),
        ({"gates": ["recal>=1"]}, "gates: 'recal>=1': no measure"),
        ({"poems": "none.jsonl"}, "poems: none.jsonl: No such file"),
    ],
    ids=str,
)
def test_bad_input_is_refused_before_training(
    given: dict[str, Any], said: str, tmp_path: Path
) -> None:
    trainer = trainer_of(POEMS, tmp_path, 1)
    with pytest.raises(AskError, match=f"^{said}"):
        RecallCallback(trainer, **{**ASKED, **given})


def test_trainer_without_tokenizer(tmp_path: Path) -> None:
    trainer = trainer_of(POEMS, tmp_path, 1)
    words, trainer.processing_class = trainer.processing_class, None
    with pytest.raises(AskError, match=r"^tokenizer: the Trainer has none"):
        RecallCallback(trainer, **ASKED)
    trainer.add_callback(RecallCallback(trainer, tokenizer=words, **ASKED))
    trainer.train()
    assert looks(tmp_path) == [0, 1]


def together(folder: Path, how: str) -> list[dict[str, Any]]:
    """The output of two processes that share a lesson."""
    script = ROOT / "tests" / "support" / "several_processes.py"
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*run, str(script), POEMS, str(folder), how],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads((folder / f"{how}-{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.slow
def test_one_of_several_processes_asks(tmp_path: Path) -> None:
    """The others wait for it, log the same figures, and stop when it does."""
    together(tmp_path, "unasked")
    asked = together(tmp_path, "asked")
    assert [len(each["asked"]) for each in asked] == [5, 0]
    assert asked[0]["recall"] == asked[1]["recall"]
    assert [*asked[0]["recall"]] == ["0", "10", "20", "30", "40"]
    assert [each["processes"] for each in asked] == [2, 2]
    for rank in (0, 1):
        ours, theirs = (torch.load(tmp_path / f"{how}-{rank}.pt") for how in ("unasked", "asked"))
        assert equal(ours, theirs)
    stopped = together(tmp_path, "stopped")
    assert [each["steps"] for each in stopped] == [1, 1]
