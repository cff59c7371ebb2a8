"""The hooks of `--latest`: a report that new checkpoints are added to, run after run."""

import posixpath
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from memtests.fixtures.models.training_steps import counted_in
from memtests.plugins.completions import ALL, FEW
from memtests.plugins.hooks import probes_of_items
from memtests.plugins.model import loading, model_names, report_folder
from memtests.plugins.stopping import stop
from memtests.reports.gating.gates import evaluate, lacking
from memtests.reports.gating.rules import read_gates, said_option
from memtests.reports.joining import (
    asked_of,
    controls_of,
    controls_of_probes,
    other_controls,
    other_questions,
    questions_of_probes,
)
from memtests.reports.report import Report, unjudged_of
from memtests.reports.report_files import ReportError, read_report
from memtests.reports.report_folder import DATA
from memtests.reports.text.phrases import number_of
from memtests.reports.text.terminal import render_gates

EARLIER = pytest.StashKey[Report]()
"""The report that this run's is added to."""


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Leave out the models that the report has already; exit status 0 if it has them all."""
    if config.option.help or not config.option.latest:
        return None
    # A miss fails nothing; gates may.
    gates = config.option.gate or config.getini("recall_gates")
    config.option.measure = config.option.measure or not gates
    if hasattr(config, "workerinput"):  # the controller has chosen its models
        return None
    for option in ("baseline", "update_baseline"):
        if config.getoption(option):
            name = option.replace("_", "-")
            raise pytest.UsageError(
                f"--latest: it adds to a report, and --{name} judges a single run; leave out one "
                "of them"
            )
    file = report_folder(config) / DATA
    earlier = whole_report(file)
    given = config.option.model or ["embedded"]
    named = {loading(config).named(name): name for name in given}
    check_steps(named, earlier)
    if earlier is None:
        return None
    there = {model.name for model in earlier.models}
    new = [name for called, name in named.items() if called not in there]
    if not new:
        return _nothing_new(config, earlier, file, number_of(len(given), "model"))
    config.option.model = new
    config.stash[EARLIER] = earlier
    return None


def _nothing_new(config: pytest.Config, earlier: Report, file: Path, has: str) -> int:
    """Say so, and judge the gates anew on the report; the exit status."""
    print(f"nothing new: {file} has the {has} already; nothing was asked")
    gates = read_gates(config, [each.name for each in earlier.collections])
    if not gates:
        return int(pytest.ExitCode.OK)
    for gate in gates:
        all_recited = all(model.completions == ALL for model in earlier.models)
        what = lacking(gate, ALL if all_recited else FEW, bool(earlier.texts), False)
        if what:
            named = said_option(config, gate)
            raise pytest.UsageError(f"{named} {gate.rule!r} needs {what}, which {file} has not")
    judged = evaluate(gates, earlier, ())
    shown = msgspec.structs.replace(earlier, gates=judged)
    print("gates, judged anew on that report:", *render_gates(shown), sep="\n")
    if left := unjudged_of(earlier):
        print(f"{number_of(len(left), 'probe')} of it unjudged")
    passed = not left and all(gate.passed for gate in judged)
    return int(pytest.ExitCode.OK if passed else pytest.ExitCode.TESTS_FAILED)


def check_steps(named: Mapping[str, str], earlier: Report | None) -> None:
    """Raise UsageError at two checkpoints of one folder that were saved at the same step. `named`:
    what a report calls a model → the model as it was named.
    """
    steps = {model.name: model.step for model in (earlier.models if earlier else ())}
    taken: dict[tuple[str, int], str] = {}
    for name in dict.fromkeys([*steps, *named]):
        step = steps.get(name)
        step = counted_in(named.get(name, name)) if step is None else step
        if step is None:
            continue
        place = (posixpath.dirname(posixpath.normpath(name)), step)
        other = taken.setdefault(place, name)
        if other != name:
            raise pytest.UsageError(
                f"--latest: {other} and {name} are both of step {step}; leave one of them out, or "
                "take it away"
            )


def whole_report(file: Path) -> Report | None:
    """The report in a file; None if there is none, or if its run was not whole.

    Raises UsageError.
    """
    if not file.exists():
        return None
    try:
        found = read_report(file)
    except ReportError as error:
        raise pytest.UsageError(f"--latest: {error}") from None
    return None if found.problems else found


def pytest_report_header(config: pytest.Config) -> list[str]:
    earlier = config.stash.get(EARLIER, None)
    if earlier is None:
        return []
    there, new = number_of(len(earlier.models), "model"), len(model_names(config))
    return [f"latest: {report_folder(config) / DATA} has {there}; {new} more will be added"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """End a run that asks other questions than the report has: its models could not be added. With
    -n, the controller collects no cases, so that this shows only at the end of the run.
    """
    earlier = session.config.stash.get(EARLIER, None)
    if earlier is None or not session.items:
        return
    probes = probes_of_items(session.items)
    now = questions_of_probes(probes)
    why = other_questions(now, asked_of(earlier, earlier.models[0].name))
    why = why or other_controls(controls_of_probes(probes), controls_of(earlier))
    if why is None and session.config.option.controls == "none" and earlier.controls:
        why = "it has controls; leave --controls none out"
    if why:
        stop(
            session.config,
            f"--latest: {report_folder(session.config) / DATA} has other questions: {why}; ask "
            "with the options that it was made with, or name another folder with --recall-report",
        )
