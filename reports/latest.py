"""The hooks of `--latest`: a report that new checkpoints are added to, run after run."""

from pathlib import Path

import pytest

from memtests.plugins.hooks import probes_of_items
from memtests.plugins.model import loading, model_names, report_folder
from memtests.plugins.stopping import stop
from memtests.reports.joining import asked_of, other_questions, questions_of_probes
from memtests.reports.report import Report
from memtests.reports.report_files import ReportError, read_report
from memtests.reports.report_folder import DATA
from memtests.reports.text.phrases import number_of

EARLIER = pytest.StashKey[Report]()
"""The report that this run's is added to."""


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Leave out the models that the report has already; exit status 0 if it has them all."""
    if config.option.help or not config.option.latest:
        return None
    if hasattr(config, "workerinput"):  # the controller has chosen its models
        config.option.measure = True
        return None
    for option in ("gate", "baseline", "update_baseline"):
        if config.getoption(option):
            name = option.replace("_", "-")
            raise pytest.UsageError(
                f"--latest: it only measures, and --{name} judges a single run; leave out one of "
                "them"
            )
    config.option.measure = True
    earlier = whole_report(report_folder(config) / DATA)
    if earlier is None:
        return None
    given = config.option.model or ["embedded"]
    there = {model.name for model in earlier.models}
    new = [name for name in given if loading(config).named(name) not in there]
    if not new:
        has = number_of(len(given), "model")
        print(f"nothing new: {report_folder(config) / DATA} has the {has} already")
        return int(pytest.ExitCode.OK)
    config.option.model = new
    config.stash[EARLIER] = earlier
    return None


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
    now = questions_of_probes(probes_of_items(session.items))
    why = other_questions(now, asked_of(earlier, earlier.models[0].name))
    if why:
        stop(
            session.config,
            f"--latest: {report_folder(session.config) / DATA} has other questions: {why}; ask "
            "with the options that it was made with, or name another folder with --recall-report",
        )
