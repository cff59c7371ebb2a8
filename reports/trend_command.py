"""`memtests trend REPORT…`: what a training taught and lost, over its checkpoints."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from memtests.fixtures.locales import escape_output
from memtests.fixtures.models.training_steps import step_in_folder
from memtests.fixtures.usage import OneLineParser
from memtests.reports.counting.trends import StepError, trend_of
from memtests.reports.joining import check_one_question, joined
from memtests.reports.page.trend_page import render_trend
from memtests.reports.report import Report, write_whole
from memtests.reports.saved import exit_status, read_all
from memtests.reports.text.trend_rows import trend_sections

PAGE = "trend.html"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, or 2 for a file that cannot be used."""
    escape_output()
    given = _parser().parse_args(arguments)
    page = (given.recall_report or Path(given.files[0]).parent) / PAGE
    return exit_status("trend", lambda: _show(given.files, page), StepError)


def _show(files: Sequence[str], page: Path) -> None:
    report = one_report(read_all(files))
    trend = trend_of(report)
    write_whole(page, render_trend(report, trend).encode())
    for title, lines in trend_sections(trend):
        print(f"{title}\n\n" + "\n".join(lines) + "\n")
    print(f"page: {page}")


def one_report(reports: Mapping[str, Report]) -> Report:
    """All reports as one, with the training step of each model. Raises MismatchError if the models
    were not asked the same questions.
    """
    check_one_question(reports)
    whole = joined(reports)
    models = [
        model
        if model.step is not None
        else msgspec.structs.replace(model, step=step_in_folder(Path(model.name)))
        for model in whole.models
    ]
    return msgspec.structs.replace(whole, models=tuple(models))


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser("memtests trend", description=__doc__)
    text = (
        "a recall.json; each may hold several checkpoints, asked with --model 'runs/checkpoint-*'"
    )
    parser.add_argument("files", nargs="+", metavar="REPORT", help=text)
    parser.add_argument(
        "--recall-report",
        metavar="DIR",
        type=Path,
        help=f"where {PAGE} goes (default: beside the first report)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
