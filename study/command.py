"""`memtests study`: the paper's experiments on models of several sizes, and what came of them."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from memtests.fixtures.locales import escape_output
from memtests.fixtures.poems.columns import OPTION as COLUMNS
from memtests.fixtures.poems.columns import ColumnError, parse_columns
from memtests.fixtures.poems.files import PoemError, canon, read_collections
from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.poems.texts import OPTION as PART
from memtests.fixtures.poems.texts import PartError, parse_part
from memtests.fixtures.usage import OneLineParser
from memtests.reports.report import write_whole
from memtests.study.findings import read_study
from memtests.study.plan import Plan, lessons
from memtests.study.running import StudyError, begin, run
from memtests.study.study_pages import render_markdown, render_study


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, 1 where a step failed, 2 for a command line that cannot be used."""
    escape_output()
    given = _parser().parse_args(arguments)
    try:
        plan, collections = _planned(given)
        begin(plan, collections, given.out)
    except (PoemError, StudyError, OSError) as error:
        print(f"study: {error}", file=sys.stderr)
        return 2
    try:
        run(plan, given.out)
    except StudyError as error:
        print(f"study: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("study: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    _write(plan, collections, given.out)
    return 0


def _planned(given: argparse.Namespace) -> tuple[Plan, tuple[Collection, ...]]:
    """The options, checked. Raises PoemError or StudyError."""
    sizes = [f"{size.strip().removesuffix('M')}M" for size in given.sizes.split(",")]
    for size in sizes:
        if not re.fullmatch(r"\d+(\.\d+)?M", size) or sizes.count(size) > 1:
            raise StudyError(f"--sizes {given.sizes}: not different sizes in millions, like 0.2,6")
    for option in ("epochs", "sample"):
        if getattr(given, option) < 1:
            raise StudyError(f"--{option} {getattr(given, option)}: it must be 1 or more")
    try:
        columns = parse_columns(given.poem_columns, given.poems)
    except ColumnError as error:
        raise StudyError(f"--poem-columns {error}") from None
    try:
        part = parse_part(given.part, given.poems)
    except PartError as error:
        raise StudyError(f"--part {error}") from None
    files = read_collections(given.poems or (), columns, part)
    collections = lessons((*canon(), *files), given.sample)
    hashes = {collection.name: collection.sha256 for collection in collections}
    return Plan(tuple(sizes), given.epochs, hashes), collections


def _write(plan: Plan, collections: Sequence[Collection], folder: Path) -> None:
    study = read_study(plan, folder)
    poems = {collection.name: len(collection.poems) for collection in collections}
    write_whole(folder / "study.md", render_markdown(study, poems).encode())
    write_whole(folder / "study.html", render_study(study, poems).encode())
    print(f"\nplots:   {folder / 'study.html'}\ntables:  {folder / 'study.md'}")
    print(f"poems:   {folder / 'asked' / 'report.html'}")


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser("memtests study", description=__doc__)
    add = parser.add_argument
    add(
        "--sizes",
        default="0.2,0.6,1.8,6",
        metavar="LIST",
        help="of the models, in millions of parameters (default: %(default)s)",
    )
    text = "of the first lesson; the other is a third as long (default: %(default)s)"
    add("--epochs", type=int, default=60, metavar="N", help=text)
    add(
        "--poems",
        action="append",
        metavar="FILE",
        help="poem file or table to teach beside the canon's; repeatable (default: none)",
    )
    add("--poem-columns", **COLUMNS)
    add("--part", **PART)
    add(
        "--sample",
        type=int,
        metavar="N",
        default=200,
        help="poems of each language, at most, the canon's first (default: %(default)s)",
    )
    add(
        "--out",
        type=Path,
        metavar="FOLDER",
        default=Path("reports/study"),
        help="where everything goes (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
