"""The command `memtests`: it asks a model, from any folder, or runs another command like `compare`.

To ask, it runs pytest with its own settings (`command.ini`) and the current folder as root. If that
folder has a configuration of pytest, only `recall_gates` is read from it.
"""

import argparse
import glob
import importlib
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

import memtests
from memtests.fixtures.commands import Typed, quoted
from memtests.fixtures.locales import escape_output

CASES = Path(__file__).parent
SETTINGS = CASES / "command.ini"
# The files in which pytest looks for its configuration, in this order.
CONFIGURATIONS = (
    *("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"),
    *("pyproject.toml", "tox.ini", "setup.cfg"),
)
HUB = "hf:"
POEMS = (".jsonl", ".json", ".csv", ".parquet", ".gz", ".txt", ".md", ".epub")
SAVED = "memtests.reports.saved"
COMMANDS: Mapping[str, tuple[str, str]] = {
    "compare": (SAVED, "several recall.json side by side, on one page"),
    "trend": ("memtests.reports.trend_command", "what a training taught and lost, over its steps"),
    "render": (SAVED, "the page and the tables of a recall.json again"),
    "rescore": (SAVED, "judge the completions of a recall.json again"),
    "schema": (SAVED, "the JSON Schema of recall.json"),
    "teach": ("memtests.fixtures.teach.memorize", "teach a model poems"),
    "study": ("memtests.study.command", "teach models of several sizes, and ask them"),
}
"""Command → the module whose `main` runs it, and what it does."""
WRONG = 4
"""The exit status for a command line that cannot be used; pytest's is the same."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line. Returns the exit status."""
    escape_output()
    given = list(sys.argv[1:] if arguments is None else arguments)
    word = given[0] if given else ""
    if word in COMMANDS:
        module, _ = COMMANDS[word]
        rest = given if module == SAVED else given[1:]
        return int(importlib.import_module(module).main(rest))
    if word == "--version":
        print(f"memtests {memtests.__version__}")
        return 0
    if {"-h", "--help"} & {*given}:
        print(help_text(), end="")
        return 0
    if word and not word.startswith("-") and (meant := unknown(word)):
        print(f"memtests {word}: {meant}", file=sys.stderr)
        return WRONG
    if any(each.partition("=")[0] == "--rootdir" for each in given):
        print("--rootdir: memtests takes the current folder; leave it out", file=sys.stderr)
        return WRONG
    return ask(given, Path.cwd())


def unknown(word: str) -> str | None:
    """The message for a word that is neither a command nor a file; None if it may be a file."""
    if option := option_of(word):
        return f"did you mean memtests {option} {quoted(word)}?"
    if Path(word.partition("::")[0]).exists():
        return None
    near = process.extractOne(word, list(COMMANDS), scorer=fuzz.ratio, score_cutoff=60)
    meant = f"did you mean memtests {near[0]}?" if near else "see memtests --help"
    return f"no such command or file; {meant}"


def option_of(word: str) -> str | None:
    """The option that was probably meant for a word, judged by its form: `--poems`, `--probe` or
    None.
    """
    if word.startswith(HUB) or word.endswith(POEMS):
        return "--poems"
    named = word.count("/") >= 2 and not Path(word).suffix and not Path(word).is_absolute()
    there = Path(word.partition("::")[0]).exists()
    return "--probe" if named and not there else None


def help_text() -> str:
    """The suite's own options and commands."""
    from memtests.plugins.options import GROUPS

    words = "".join(f"\n  memtests {word:<9}{does}" for word, (_, does) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="memtests",
        usage=f"memtests [options] [pytest's options] [test files of your own]\n{words}\n"
        "  memtests WORD --help",
        description="Ask a causal language model to recite poems, and say what it remembers.",
        epilog="pytest's own options work too (-k, -x, --lf, -v, -n 2, --collect-only, …): see "
        "pytest --help",
        add_help=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for title, options in GROUPS.items():
        group = parser.add_argument_group(title)
        for option in options:
            group.add_argument(option.name, **option.settings)
    return parser.format_help()


def ask(arguments: Sequence[str], folder: Path) -> int:
    """Run the suite in a folder, or the test files that are named; the exit status is pytest's."""
    import pytest

    # Otherwise a worker process of -n would look for modules in the current folder first.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    try:
        typed = Typed(("memtests", *arguments))
        status = int(pytest.main([*settings(arguments, folder), *arguments], plugins=[typed]))
        sys.stdout.flush()
        if status == pytest.ExitCode.INTERRUPTED:
            # Exit at once: somebody is waiting, and all files are written.
            sys.stderr.flush()
            os._exit(status)
        return status
    except KeyboardInterrupt:  # pytest has not begun yet
        print("interrupted before anything was asked", file=sys.stderr)
        return int(pytest.ExitCode.INTERRUPTED)
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (pytest.UsageError, pytest.fail.Exception) as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return WRONG


def settings(arguments: Sequence[str], folder: Path) -> list[str]:
    """The arguments for pytest before those of the command line."""
    cases = shlex.quote(glob.escape(str(CASES)))
    told = ["-p", "memtests.plugins", "--import-mode=importlib", f"--rootdir={folder}"]
    told += ["-o", f"testpaths={cases}"]
    given = [*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *arguments]
    if not any(each.startswith(("-c", "--config-file")) for each in given):
        told += ["-c", str(SETTINGS), "-o", "recall_gates=" + "\n".join(gates_of(folder))]
    return told


def gates_of(folder: Path) -> list[str]:
    """`recall_gates` of pytest's configuration in a folder. Raises UsageError."""
    from _pytest.config.findpaths import load_config_dict_from_file

    for name in CONFIGURATIONS:
        found: Mapping[str, Any] | None = None
        if (folder / name).is_file():
            found = load_config_dict_from_file(folder / name)
        if found is not None:
            gates = found.get("recall_gates", [])
            gates = getattr(gates, "value", gates)  # since pytest 9
            return gates.splitlines() if isinstance(gates, str) else list(gates)
    return []


if __name__ == "__main__":
    # `python -m` looks for modules in the current folder first, and that may be a checkpoint's.
    if Path(sys.path[0]).resolve() == Path.cwd() != CASES.parent:
        del sys.path[0]
    sys.exit(main())
