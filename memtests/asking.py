"""`memtests.ask`: ask a model in memory what a run asks, without pytest.

The probes, their order, the recital and the report are those of a run.
"""

import argparse
import datetime
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from memtests.arguments import (
    AskError,
    check_file,
    check_number,
    check_text,
    columns_said,
    files_of,
    texts_of,
)
from memtests.fixtures.models.errors import ModelError
from memtests.fixtures.models.local.live import live, undisturbed
from memtests.fixtures.probes.controls import UNSEEN
from memtests.fixtures.probes.probes import (
    CONTROL,
    DEFAULT_HEADER,
    DEFAULT_PREFIX_LENGTHS,
    NEXT_LINE,
    PREFIX,
    PREFIX_LENGTHS,
    TITLE,
    Probe,
)
from memtests.plugins.chance import chance_bands
from memtests.plugins.completions import ALL, FEW, misses_of
from memtests.plugins.gathering import Gathered, properties_of
from memtests.plugins.options import GROUPS
from memtests.plugins.poem_cuts import PoemCuts, foresight
from memtests.plugins.questions import (
    CONTROLS,
    Questions,
    all_cuts,
    all_probes,
    read_questions,
)
from memtests.plugins.recital import Recital, UnjudgedError, batches_of
from memtests.reports.counting.tallies import build
from memtests.reports.gating.baselines import (
    Baseline,
    MismatchError,
    check,
    read_baseline,
    with_traces,
)
from memtests.reports.gating.conclusion import Conclusion, Rules, conclude
from memtests.reports.gating.faults import said_failed
from memtests.reports.gating.gates import (
    A_BASELINE,
    EVERY_COMPLETION,
    WINDOWS,
    Gate,
    GateError,
    lacking,
    parse_gate,
)
from memtests.reports.gating.measures import OF_COMPLETIONS, OF_RECITING
from memtests.reports.report import Report
from memtests.reports.report_files import ReportError
from memtests.reports.report_folder import ErrorLog, FolderError, Journal, claim, finish

CASES = (TITLE, PREFIX, PREFIX_LENGTHS, NEXT_LINE)
"""The cases that can be asked of a poem, other than controls."""
Poems = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
"""A file of poems, or several, as `--poems` takes them."""


@dataclass(frozen=True)
class Asking:
    """The questions for a model and the rules for its report, read and checked once."""

    questions: Questions
    cases: tuple[str, ...]
    rules: Rules
    template: str
    completions: str

    def __call__(
        self, model: Any, tokenizer: Any, name: str, folder: Path | None = None, **how: bool
    ) -> Conclusion:
        """Ask a model. `folder`: where the report goes, if anywhere. `how`: further arguments of
        `finish`. Raises AskError.
        """
        if self.rules.baseline is not None:
            self._check(self.rules.baseline, name)
        with ExitStack() as kept:
            kept.enter_context(undisturbed())
            try:
                asked = live(model, tokenizer, name, self.template)
                if folder is not None:
                    kept.callback(claim(folder))
            except ModelError as error:
                raise AskError(_of_argument(str(error))) from None
            except FolderError as error:
                raise AskError(f"folder: {error}") from None
            journal = Journal(folder, None) if folder is not None else None
            probes = [probe for each in self._asked for probe in _probes(each)]
            recital = Recital(
                asked,
                batches_of(probes),
                lambda collection: chance_bands(self._collections[collection]),
                misses=misses_of(self.completions, probes),
                sink=journal.add if journal else lambda *_: None,
                foresee=foresight([each for each in self._asked if isinstance(each, PoemCuts)]),
            )
            gathered, errors = Gathered(), ErrorLog(folder) if folder else None
            failed = 0
            for each in self._asked:
                failed += _fails(each, recital)
                taken = gathered.take(properties_of(recital))
                if errors:
                    errors.add(taken.errors)
            found = self._concluded(gathered, name, failed)
            if journal is None or folder is None:
                return found
            journal.close(finished=True)
            if not (found.report.verdicts or found.report.unjudged):
                return found
            then = self.rules.baseline.traces if self.rules.baseline else ()
            return finish(folder, found, then, **how)

    @property
    def _collections(self) -> dict[str, Any]:
        return {collection.name: collection for collection in self.questions.collections}

    @property
    def _asked(self) -> list[Probe | PoemCuts]:
        """Every question, in the order of pytest's cases, so that the same probes are asked
        together.
        """
        found: list[Probe | PoemCuts] = []
        for kinds in CONTROLS.values():
            found += [probe for probe in self.questions.controls if probe.control in kinds]
        for case in sorted(self.cases):
            cuts = case == PREFIX_LENGTHS
            found += all_cuts(self.questions) if cuts else all_probes(self.questions, case)
        return found

    def _check(self, baseline: Baseline, name: str) -> None:
        probes = [each for each in self._asked if isinstance(each, Probe)]
        probes = [probe for probe in probes if probe.case != CONTROL]
        try:
            check(baseline, [name], self.questions.collections, probes)
        except MismatchError as error:
            raise AskError(f"baseline: {error}") from None

    def _concluded(self, gathered: Gathered, name: str, failed: int) -> Conclusion:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        controlled = bool(self.questions.controlled)
        report = build(gathered, self.questions.collections, now, [name], controlled=controlled)
        problems = [said_failed(failed)] if failed else []
        return conclude(report, replace(self.rules, measured=True), problems, status=0)


def _probes(question: Probe | PoemCuts) -> Iterable[Probe]:
    return question.probes if isinstance(question, PoemCuts) else [question]


def _fails(question: Probe | PoemCuts, recital: Recital) -> bool:
    """Ask a question. Returns whether its case would fail for another reason than a miss."""
    if isinstance(question, Probe):
        found = recital.measure(question)
        return question.control == UNSEEN and found is not None and found.correct
    try:
        contradicting = question.contradicting(recital)
        question.shortest(recital)
    except UnjudgedError:  # the recital has recorded it
        return False
    return contradicting is not None


def ask(
    model: Any,
    tokenizer: Any,
    *,
    poems: Poems = (),
    language: str | None = None,
    author: str | None = None,
    gates: Sequence[str] = (),
    baseline: str | os.PathLike[str] | None = None,
    cases: Sequence[str] = CASES,
    prefix_lengths: str = DEFAULT_PREFIX_LENGTHS,
    header: str = DEFAULT_HEADER,
    sample: int | None = None,
    controls: str = "sample",
    completions: str = ALL,
    template: str = "none",
    name: str | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Report:
    """Ask a model of transformers that is in memory for poems, and say what it remembers.

    The verdicts are the same as those of `memtests --model` on the model's checkpoint. The model is
    asked where it is, with its own weights, and is left as it was: its mode and settings, its
    gradients, and the random numbers. The report says whether gates are met: `all(gate.passed for
    gate in report.gates)`. It has no hash of the weights, because they are in no known file.

    `poems`: files of poems; the canon if there are none. `language`, `author`: of all poems, if
    the files do not say it (`--poem-columns language=en`). `gates`, `baseline`, `prefix_lengths`,
    `header`, `sample`, `controls`, `completions`, `template`: as the options of the command line.
    `cases`: some of CASES. `name`: the model's name in the report. `folder`: where the report, its
    page and the other files of a run go, if anywhere. Raises AskError, a ValueError, for anything
    that cannot be asked in this way.
    """
    check_text("name", name, "step 100", none=True)
    check_file("folder", folder)
    asking = prepared(
        poems=poems,
        language=language,
        author=author,
        gates=gates,
        baseline=baseline,
        cases=cases,
        prefix_lengths=prefix_lengths,
        header=header,
        sample=sample,
        controls=controls,
        completions=completions,
        template=template,
    )
    where = None if folder is None else Path(folder)
    return asking(model, tokenizer, name or _called(model), where).report


def prepared(
    *,
    poems: Poems = (),
    language: str | None = None,
    author: str | None = None,
    gates: Sequence[str] = (),
    baseline: str | os.PathLike[str] | None = None,
    cases: Sequence[str] = CASES,
    compared: bool = False,
    completions: str | None = None,
    **given: Any,
) -> Asking:
    """Check the arguments of `ask` once; the result can ask any number of times. `compared`:
    whether there will be a baseline. `completions`: by default, as few as the gates allow. Raises
    AskError.
    """
    option = _unsaid()
    option.poems = files_of("poems", poems) or None
    option.poem_columns = columns_said(option.poems, language=language, author=author)
    for argument, like in (("prefix_lengths", "25%,50%"), ("header", "{title}")):
        check_text(argument, given.get(argument, like), like)
    check_number("sample", given.get("sample"))
    check_file("baseline", baseline)
    cases, given_gates = texts_of("cases", cases, TITLE), texts_of("gates", gates, "recall>=0.9")
    option.completions = ALL if completions is None else completions
    for argument, value in given.items():
        setattr(option, argument, value)
    for argument, known in (
        ("controls", _choices("--controls")),
        ("completions", _choices("--completions")),
        ("template", _choices("--template")),
    ):
        if getattr(option, argument) not in known:
            raise AskError(
                f"{argument}: {getattr(option, argument)!r} is none of {', '.join(known)}"
            )
    strange = [case for case in cases if case not in CASES]
    if strange or not cases:
        raise AskError(
            f"cases: {strange[0] if strange else 'none'!r}: name some of {', '.join(CASES)}"
        )
    try:
        questions = read_questions(option)
        then = None if baseline is None else known_from(Path(baseline))
        names = [collection.name for collection in questions.collections]
        parsed = [parse_gate(rule, names) for rule in given_gates]
    except pytest.UsageError as error:
        raise AskError(_of_argument(str(error))) from None
    except ReportError as error:
        raise AskError(f"baseline: {error}") from None
    except GateError as error:
        raise AskError(f"gates: {error}") from None
    if completions is None:
        option.completions = ALL if any(map(_needs_all, parsed)) else FEW
    for gate in parsed:
        what = lacking(gate, option.completions, False, compared or then is not None)
        if what:
            how = {
                EVERY_COMPLETION: f"leave completions={option.completions!r} out, or the gate",
                WINDOWS: "ask for them on the command line",
                A_BASELINE: "add baseline=FILE",
            }
            raise AskError(f"gates: {gate.rule!r} needs {what}; {how[what]}")
    order = tuple(case for case in CASES if case in cases)
    rules = Rules(tuple(dict.fromkeys(parsed)), then)
    return Asking(questions, order, rules, option.template, option.completions)


def _needs_all(gate: Gate) -> bool:
    """Whether a gate needs every completion: it measures completions, or its upper bound on
    reciting proves nothing without all of them.
    """
    return gate.measure in OF_COMPLETIONS or (gate.measure in OF_RECITING and not gate.at_least)


def known_from(file: Path) -> Baseline:
    """An earlier report as a baseline, with the traces beside it. Raises ReportError."""
    return with_traces(read_baseline(str(file), Path()), file.parent)


def _unsaid() -> argparse.Namespace:
    """The command line's options with their defaults."""
    parser = argparse.ArgumentParser(add_help=False)
    for option in (option for group in GROUPS.values() for option in group):
        parser.add_argument(option.name, **option.settings)
    return parser.parse_args([])


def _choices(name: str) -> Sequence[str]:
    """The values that an option may have."""
    options = (option for group in GROUPS.values() for option in group)
    found: Sequence[str] = next(o.settings["choices"] for o in options if o.name == name)
    return found


def _of_argument(said: str) -> str:
    """Turn a message about an option of the command line into one about the argument with that
    name: `--sample 0` becomes `sample: 0`.
    """
    said = said.replace("add --poem-columns language=en (or zh, …)", "add language='en'")
    return re.sub(r"--([a-z-]+):? ", lambda found: f"{found[1].replace('-', '_')}: ", said, count=1)


def _called(model: Any) -> str:
    """The name in a report of a model without a given name."""
    return str(getattr(model, "name_or_path", "") or type(model).__name__)
