"""Every option of the suite: its name, its values and its help text. The code that uses an option
checks its value.

pytest gets the options from here, and so does `memtests --help`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from memtests.fixtures.locales import typed
from memtests.fixtures.models.chat import TEMPLATES
from memtests.fixtures.models.local.devices import DEVICE_MAPS
from memtests.fixtures.models.local.loading import ENGINES
from memtests.fixtures.probes.controls import SAMPLE
from memtests.fixtures.probes.probes import DEFAULT_HEADER, DEFAULT_PREFIX_LENGTHS
from memtests.fixtures.probes.windows import EVERY
from memtests.plugins.completions import COMPLETIONS


class Option(NamedTuple):
    """An option, as argparse takes it."""

    name: str
    settings: Mapping[str, Any]


def _option(name: str, help: str, **settings: Any) -> Option:
    return Option(name, {"help": help.replace("%", "%%"), **settings})


GROUPS: Mapping[str, tuple[Option, ...]] = {
    "who is asked": (
        _option(
            "--model",
            "a checkpoint folder, a hub id or a .gguf file; 'runs/checkpoint-*', in quotes, names "
            "all of them, in step order; repeatable (default: embedded)",
            action="append",
            metavar="NAME",
        ),
        _option(
            "--server",
            "ask a completions server (vLLM, say), or a chat server with --template chat",
            metavar="URL",
        ),
        _option(
            "--max-requests",
            "send a server at most N questions for each model; probes beyond that are unjudged",
            type=int,
            metavar="N",
        ),
        _option(
            "--engine",
            "vllm starts the installed vLLM's server for the model, and asks it (default: local)",
            default="local",
            choices=ENGINES,
        ),
        _option("--revision", "branch, tag or commit of a hub id", metavar="NAME"),
        _option(
            "--device",
            "cpu, cuda, cuda:1, …; auto takes a GPU where there is one (default: auto)",
            default="auto",
            metavar="NAME",
        ),
        _option(
            "--device-map",
            "spread a model over all devices, as accelerate does",
            choices=DEVICE_MAPS,
        ),
        _option("--adapter", "put an adapter, saved by PEFT, on the model", metavar="FOLDER"),
        _option(
            "--dtype",
            "auto is the checkpoint's own (default: auto)",
            default="auto",
            choices=("auto", "float32", "bfloat16", "float16"),
        ),
        _option(
            "--batch-tokens",
            "tokens in a batch (default: sized from the free memory of the device)",
            type=int,
            metavar="N",
        ),
        _option(
            "--template",
            "chat asks in the tokenizer's chat template, or a server in a chat; auto does so if "
            "there is a template (default: none)",
            default="none",
            choices=TEMPLATES,
        ),
        _option(
            "--trust-remote-code",
            "run code that comes with the checkpoint: its modelling code, pickled weights",
            action="store_true",
        ),
    ),
    "what is asked": (
        _option(
            "--poems",
            "poems to ask for: a .jsonl, .json, .csv or .parquet file; a text in .txt, .md or "
            ".epub, or a folder of them; hf:DATASET; repeatable (default: the canon)",
            action="append",
            metavar="FILE",
        ),
        _option(
            "--poem-columns",
            "columns with other names: author=poet,text=body; or a value for all poems and texts: "
            "language=en; repeatable, the lists add up",
            action="append",
            type=typed,
            metavar="LIST",
        ),
        _option(
            "--part",
            "a line that begins with it starts a new text in a file, and is its title: CHAPTER",
            type=typed,
            metavar="REGEX",
        ),
        _option(
            "--poem",
            "only this poem: its title, its id or COLLECTION/ID; repeatable (default: all)",
            action="append",
            type=typed,
            metavar="TITLE-OR-ID",
        ),
        _option(
            "--probe",
            "only this probe, by its name in a report or a test id: tang/jing-ye-si/prefix-25%; "
            "repeatable (default: all)",
            action="append",
            type=typed,
            metavar="NAME",
        ),
        _option(
            "--sample",
            "N poems of each collection, always the same; with --windows N windows of each text "
            "(default: all)",
            type=int,
            metavar="N",
        ),
        _option(
            "--windows",
            "in place of whole poems, a short prefix and suffix at every place of a text, with "
            "nothing before it: 50/50 words or characters, or 50t/50t of the model's tokens",
            metavar="SIZE",
        ),
        _option(
            "--every",
            f"step between windows, in the same units (default: {EVERY})",
            type=int,
            metavar="N",
        ),
        _option(
            "--header",
            r"the cue of `title`, with {title}, {author}, {dynasty} and \n"
            f" (default: {DEFAULT_HEADER!r})",
            type=typed,
            metavar="TEMPLATE",
            default=DEFAULT_HEADER,
        ),
        _option(
            "--prefix-lengths",
            "cues of `prefix`: percentages of the poem's units, or counts like 5 "
            f"(default: {DEFAULT_PREFIX_LENGTHS})",
            metavar="LIST",
            default=DEFAULT_PREFIX_LENGTHS,
        ),
        _option(
            "--controls",
            f"probes to compare recitations with: made from {SAMPLE} poems of each collection "
            "(sample), from all of them (full), or none (default: sample)",
            choices=("sample", "full", "none"),
            default="sample",
        ),
        _option(
            "--completions",
            "which misses are recited: all, a few, or none; none takes much less time, and recall "
            "then comes from readings alone (default: all; with --windows none)",
            choices=COMPLETIONS,
        ),
        _option(
            "--self-check",
            "ask N of the probes again by plain `generate`, one by one, and compare (default: 0)",
            type=int,
            metavar="N",
            default=0,
        ),
    ),
    "what decides": (
        _option("--measure", "report only: nothing fails for a miss", action="store_true"),
        _option(
            "--gate",
            "[collection:]measure[:low|:high](<=|>=)number[%], for instance 'tang:recall>=0.95'; "
            "repeatable; measures: recall, correct, incorrect, forgotten, verbatim, near, "
            "discoverable(n), expected(n), longest; with --windows extracted, extracted(n), "
            "passage; and with a baseline lost, gained",
            action="append",
            type=typed,
            metavar="RULE",
        ),
        _option(
            "--baseline", "recall.json of an earlier checkpoint, to compare with", metavar="FILE"
        ),
        _option(
            "--update-baseline",
            "write a small baseline, unless a gate is not passed",
            metavar="FILE",
        ),
    ),
    "what is reported": (
        _option(
            "--recall-report",
            "where the reports go (default: reports/latest)",
            metavar="DIR",
            default="reports/latest",
        ),
        _option(
            "--redact",
            "keep texts, cues and completions out of every file and off the terminal",
            action="store_true",
        ),
        _option(
            "--latest",
            "ask only the models that the report in DIR does not have yet, and add them to it",
            action="store_true",
        ),
        _option(
            "--no-traces",
            "write no traces.jsonl, and report nothing from it",
            action="store_true",
        ),
        _option(
            "--resume",
            "take the verdicts of an interrupted run from DIR, and ask only the rest",
            action="store_true",
        ),
    ),
}
"""Title → its options, in the order of a help."""


def pytest_addoption(parser: pytest.Parser) -> None:
    for title, options in GROUPS.items():
        group = parser.getgroup(title, f"memtests: {title}")
        for option in options:
            group.addoption(option.name, **option.settings)
    parser.addini("recall_gates", "gates of every run, one a line", type="linelist", default=[])
