"""`memtests.RecallCallback` asks a model for poems while transformers' Trainer trains it."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum
from pathlib import Path
from typing import Any

import transformers
from accelerate.utils import broadcast_object_list

from memtests.arguments import AskError, check_file
from memtests.asking import Asking, Poems, known_from, prepared
from memtests.fixtures.probes.probes import (
    DEFAULT_HEADER,
    DEFAULT_PREFIX_LENGTHS,
    NEXT_LINE,
    PREFIX,
    TITLE,
)
from memtests.reports.counting.tallies import counted, totals
from memtests.reports.gating.baselines import Baseline
from memtests.reports.gating.conclusion import Conclusion
from memtests.reports.gating.measures import OF_COMPARISON
from memtests.reports.report import unjudged_of
from memtests.reports.report_files import ReportError
from memtests.reports.report_folder import DATA
from memtests.reports.text.phrases import number_of

EVALUATION, SAVING = "evaluation", "saving"
FOLDER = "recall"
"""The folder for the reports, inside the Trainer's output folder."""
_STEP = "step-"
_log = logging.getLogger("memtests")


@dataclass(frozen=True)
class Look:
    """The result of one look at a model in training; the same in all processes."""

    logged: Mapping[str, float]
    breached: bool


class RecallCallback(transformers.TrainerCallback):  # type: ignore[misc]
    """Looks at what a model remembers while it is trained, and logs it through its Trainer.

        trainer.add_callback(RecallCallback(trainer, every=500, poems="mine.jsonl"))

    The first look is before the first step. Lost and gained poems are counted from it, and a
    resumed run takes the first look of the run that it resumes. The last look is after the last
    step.
    """

    def __init__(
        self,
        trainer: Any,
        *,
        every: int | str = EVALUATION,
        poems: Poems = (),
        language: str | None = None,
        author: str | None = None,
        gates: Sequence[str] = (),
        stop: bool = True,
        baseline: str | os.PathLike[str] | None = None,
        cases: Sequence[str] = (TITLE, PREFIX, NEXT_LINE),
        prefix_lengths: str = DEFAULT_PREFIX_LENGTHS,
        header: str = DEFAULT_HEADER,
        sample: int | None = None,
        controls: str = "none",
        completions: str | None = None,
        template: str = "none",
        tokenizer: Any = None,
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        """`trainer`: its model is asked, and its log gets the numbers. `every`: a number of steps,
        or `evaluation`, or `saving`. `stop`: whether a gate that is not passed ends the training,
        or is only reported. `baseline`: a report from which lost and gained poems are counted,
        instead of the first look. `tokenizer`: by default the Trainer's own. `folder`: gets a
        report for each look, by its step; by default `recall` in the Trainer's output folder.
        `completions`: by default `few`, or `all` if a gate needs them. All other arguments are as
        in `ask`. Raises AskError.
        """
        if every not in (EVALUATION, SAVING) and not (type(every) is int and every > 0):
            raise AskError(
                f"every: {every!r} is neither a number of steps, from 1 on, nor {EVALUATION!r} nor "
                f"{SAVING!r}"
            )
        check_file("folder", folder)
        words = tokenizer or trainer.processing_class
        if words is None:
            raise AskError(
                "tokenizer: the Trainer has none (processing_class); give RecallCallback("
                "tokenizer=…) the one that the texts were made with"
            )
        self._asking = prepared(
            poems=poems,
            language=language,
            author=author,
            gates=gates,
            baseline=baseline,
            cases=cases,
            compared=True,
            prefix_lengths=prefix_lengths,
            header=header,
            sample=sample,
            controls=controls,
            completions=completions,
            template=template,
        )
        self._trainer, self._tokenizer = trainer, words
        self._every, self._stop = every, stop
        self._folder = Path(folder or Path(trainer.args.output_dir) / FOLDER)
        self._first: Baseline | None = None
        """Lost and gained poems are counted from it."""
        self._looked: int | None = None
        """The step of the last look."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        self._first, self._looked = self._asking.rules.baseline, None
        step = state.global_step
        if step and self._of_one(lambda: self._is_found_again(step)):
            return control
        return self._look(step, control)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        step, every = state.global_step, self._every
        last = step >= state.max_steps or control.should_training_stop
        if last or (isinstance(every, int) and step % every == 0):
            return self._look(step, control)
        return control

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        return self._look(state.global_step, control) if self._every == EVALUATION else control

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        return self._look(state.global_step, control) if self._every == SAVING else control

    def _look(self, step: int, control: Any) -> Any:
        """One process asks; all processes log its result."""
        if self._looked == step:
            return control
        self._looked = step
        look: Look = self._of_one(lambda: self._asked(step))
        wanted = control.should_log
        if look.logged:
            self._trainer.log(dict(look.logged))
        control.should_log = wanted  # `log` has cleared it; the training logs at this step too
        if look.breached and self._stop:
            control.should_training_stop = True
        return control

    def _of_one(self, work: Callable[[], Any]) -> Any:
        """Do some work in the main process only. The others wait, and all get its result."""
        one, several = self._trainer.accelerator, self._trainer.accelerator.num_processes > 1
        told: list[Any] = [None, None]
        if one.is_main_process:
            try:
                told = [work(), None]
            except Exception as error:
                if several:
                    broadcast_object_list([None, f"{type(error).__name__}: {error}"])
                raise
        if several:
            broadcast_object_list(told)
        found, failed = told
        if failed:
            raise AskError(f"the process that asks has ended with {failed}")
        return found

    def _is_found_again(self, step: int) -> bool:
        """Whether the resumed run's first look, at this step or before, is found; keep it if so."""
        found = first_look(self._folder, step)
        self._first = self._first or found
        if found is None:
            _log.warning(
                "memtests: %s holds no look at an earlier step; lost and gained count from step %d",
                *(self._folder, step),
            )
        return found is not None

    def _asked(self, step: int) -> Look:
        folder = self._folder / f"{_STEP}{step}"
        rules = replace(self._asking.rules, baseline=self._first)
        if self._first is None:
            gates = tuple(gate for gate in rules.gates if gate.measure not in OF_COMPARISON)
            rules = replace(rules, gates=gates)
        asking: Asking = replace(self._asking, rules=rules)
        try:
            found = asking(
                *(self._trainer.model, self._tokenizer, f"{_STEP}{step}", folder),
                drawn=step >= self._trainer.state.max_steps,  # drawing takes longer than all else
                published=False,
            )
        except OSError as error:  # such as a full disk: days of training are worth more than a look
            if self._first is None:
                raise AskError(f"folder: {folder}: {error.strerror}; name another") from None
            reason = f"{error.strerror}; training goes on, and the gates were not checked"
            _log.warning("memtests: step %d: no look: %s: %s", step, folder, reason)
            return Look({}, False)
        if self._first is None:
            self._first = known_from(folder / DATA)
        breached = not all(gate.passed for gate in found.report.gates)
        if breached:
            ends = "training stops here" if self._stop else "training goes on (stop=False)"
            _log.warning("memtests: step %d: %s; %s; see %s", step, found.headline[0], ends, folder)
        elif left := unjudged_of(found.report):
            unasked = number_of(len(left), "probe")
            _log.warning("memtests: step %d: %s unjudged; see %s", step, unasked, folder)
        return Look(logged(found), breached)


def first_look(folder: Path, step: int) -> Baseline | None:
    """A run's first readable look, up to step `step`, as a baseline; None if there is none."""
    there = [each.name.removeprefix(_STEP) for each in folder.glob(f"{_STEP}*")]
    for number in sorted(int(each) for each in there if each.isdecimal() and int(each) <= step):
        try:
            return known_from(folder / f"{_STEP}{number}" / DATA)
        except ReportError:
            continue
    return None


def logged(found: Conclusion) -> dict[str, float]:
    """The numbers of a look for the log: recall and the mean log-probability of a suffix, for each
    collection and for all; how many probes were lost and gained; how many gates were not passed.
    """
    report = found.report
    asked = counted(report.verdicts)
    numbers = {f"recall/{each.collection}": each.recall for each in totals(asked, "collection")}
    for name in (*sorted({v.collection for v in asked}), "all"):
        known = [v.log_p for v in asked if v.log_p is not None and name in (v.collection, "all")]
        if known:
            numbers[f"log_p/{name}"] = fsum(known) / len(known)
    for each in totals(asked):
        numbers["recall/all"] = each.recall
    for comparison in report.comparisons:
        numbers["since_first/lost"] = len(comparison.lost)
        numbers["since_first/gained"] = len(comparison.gained)
    if report.gates:
        numbers["gates/not_passed"] = sum(not gate.passed for gate in report.gates)
    return numbers
