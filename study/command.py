"""`memtests study`: models of many sizes are taught the same poems; what do they remember?"""

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from memtests.fixtures.locales import escape_output
from memtests.fixtures.poems.columns import OPTION as COLUMNS
from memtests.fixtures.poems.columns import ColumnError, parse_columns
from memtests.fixtures.poems.files import PoemError, canon, read_collections
from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.poems.texts import OPTION as PART
from memtests.fixtures.poems.texts import PartError, parse_part
from memtests.fixtures.usage import OneLineParser
from memtests.study.plan import LEAST_CHARACTERS, Plan, chosen
from memtests.study.presets import FULL, PAPER, QUICK, Preset
from memtests.study.running import StudyError, ask_at_length, begin, read_models, run
from memtests.study.study_pages import write_study


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, 1 where a model failed, 2 for a command line that cannot be used."""
    escape_output()
    given = parser().parse_args(arguments)
    try:
        plan, collections = _planned(given)
        begin(plan, collections, given.out)
    except (PoemError, StudyError, OSError) as error:
        print(f"study: {error}", file=sys.stderr)
        return 2
    try:
        run(plan, given.out, _together())
        ask_at_length(plan, given.out)
    except StudyError as error:
        print(f"study: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("study: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    write_study(plan, read_models(plan, given.out), given.out)
    return 0


def _planned(given: argparse.Namespace) -> tuple[Plan, tuple[Collection, ...]]:
    """The options, checked. Raises PoemError or StudyError."""
    preset: Preset = given.preset
    sizes = preset.models
    if given.sizes is not None:
        names = _sizes(given.sizes)
        sizes = msgspec.structs.replace(sizes, sizes=names, joined=_of(sizes.joined, names))
    if given.epochs is not None:
        sizes = msgspec.structs.replace(sizes, epochs=_epochs(given.epochs))
    if given.seeds is not None:
        sizes = msgspec.structs.replace(sizes, seeds=given.seeds, once=())
    characters = preset.characters if given.characters is None else given.characters
    poems = preset.poems if given.sample is None else given.sample
    for option, value, least in (
        ("seeds", sizes.seeds, 1),
        ("characters", characters, LEAST_CHARACTERS),
        ("sample", poems, 2),
    ):
        if value < least:
            raise StudyError(f"--{option} {value}: it must be {least} or more")
    try:
        columns = parse_columns(given.poem_columns, given.poems)
    except ColumnError as error:
        raise StudyError(f"--poem-columns {error}") from None
    try:
        part = parse_part(given.part, given.poems)
    except PartError as error:
        raise StudyError(f"--part {error}") from None
    files = read_collections(given.poems or (), columns, part)
    collections = chosen((*canon(), *files), poems, characters, preset.drawn)
    hashes: Mapping[str, str] = {each.name: each.sha256 for each in collections}
    plan = Plan(
        tuple(sizes.models()),
        characters,
        preset.drawn,
        preset.vocabulary,
        preset.at_length,
        hashes,
    )
    return plan, collections


def _sizes(given: str) -> tuple[str, ...]:
    names = tuple(f"{size.strip().removesuffix('M')}M" for size in given.split(","))
    for name in names:
        if not re.fullmatch(r"\d+(\.\d+)?M", name) or names.count(name) > 1:
            raise StudyError(f"--sizes {given}: not different sizes in millions, like 0.2,6")
    return names


def _of(some: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(each for each in some if each in names)


def _epochs(given: str) -> tuple[int, ...]:
    numbers = [int(each) if each.strip().isdecimal() else 0 for each in given.split(",")]
    if min(numbers) < 1 or len({*numbers}) < len(numbers):
        raise StudyError(f"--epochs {given}: not different numbers of epochs, like 24,40")
    return tuple(sorted(numbers))


def _together() -> int:
    """How many models are taught at once: one a core, or one where there is a GPU."""
    import torch

    return 1 if torch.cuda.is_available() else len(os.sched_getaffinity(0))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = OneLineParser("memtests study", description=__doc__)
    add = made.add_argument
    kinds = made.add_mutually_exclusive_group()
    made.set_defaults(preset=QUICK)
    for name, preset, says in (
        ("--full", FULL, "more sizes, seeds and poems, and longer ones: hours"),
        ("--paper", PAPER, "the paper's setting: fewer, larger models, for a GPU; add --poems"),
    ):
        text = f"{says} (default: a quarter of an hour on two cores)"
        kinds.add_argument(name, dest="preset", action="store_const", const=preset, help=text)
    models = QUICK.models
    sizes = ",".join(size.removesuffix("M") for size in models.sizes)
    for name, kind, metavar, says, default in (
        ("--sizes", str, "LIST", "of the models, in millions of parameters", sizes),
        ("--epochs", str, "LIST", "lengths of the first lesson", ",".join(map(str, models.epochs))),
        ("--seeds", int, "N", "models of one size and length; the largest have one", models.seeds),
        (
            *("--sample", int, "N"),
            "poems of each language, at most, the canon's first; a fifth is for the later lesson",
            QUICK.poems,
        ),
        ("--characters", int, "N", "the most of a poem that is taught", QUICK.characters),
    ):
        add(name, type=kind, metavar=metavar, help=f"{says} (default: {default})")
    add(
        "--poems",
        action="append",
        metavar="FILE",
        help="poem file or table to teach beside the canon's; repeatable (default: none)",
    )
    add("--poem-columns", **COLUMNS)
    add("--part", **PART)
    add(
        "--out",
        type=Path,
        metavar="FOLDER",
        default=Path("reports/study"),
        help="where everything goes (default: %(default)s)",
    )
    return made


if __name__ == "__main__":
    sys.exit(main())
