"""The rules that decide the exit status: `--gate`, `--baseline` and `--update-baseline`, read and
checked.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from memtests.plugins.completions import completions_of
from memtests.plugins.hooks import TOLERANT
from memtests.plugins.model import model_names
from memtests.plugins.questions import EVERY_CASE, QUESTIONS, all_probes
from memtests.plugins.stopping import stop
from memtests.reports.gating.baselines import (
    Baseline,
    MismatchError,
    check,
    read_baseline,
    with_traces,
)
from memtests.reports.gating.conclusion import Rules
from memtests.reports.gating.gates import (
    A_BASELINE,
    EVERY_COMPLETION,
    WINDOWS,
    Gate,
    GateError,
    lacking,
    parse_gate,
)
from memtests.reports.report_files import ReportError

RULES = pytest.StashKey[Rules]()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.help:
        return
    names = [collection.name for collection in config.stash[QUESTIONS].collections]
    gates = read_gates(config, names)
    config.stash[TOLERANT] = config.getoption("--measure") or bool(gates)
    # A worker needs only the gates: its controller draws the conclusion.
    worker = hasattr(config, "workerinput")
    rules = config.stash[RULES] = Rules(gates) if worker else read_rules(config, gates)
    if rules.baseline is not None:
        questions = config.stash[QUESTIONS]
        probes = [probe for case in EVERY_CASE.values() for probe in all_probes(questions, case)]
        try:
            check(rules.baseline, model_names(config), questions.collections, probes)
        except MismatchError as error:
            stop(config, f"--baseline {error}", pytest.ExitCode.TESTS_FAILED)


def read_gates(config: pytest.Config, names: Sequence[str]) -> tuple[Gate, ...]:
    """The gates of a command line and its ini file, for collections with these names. Raises
    UsageError.

    `--measure` sets the gates of the ini file aside. Together with `--gate` it makes no sense.
    """
    given, measure = config.getoption("--gate") or [], config.getoption("--measure")
    if given and measure:
        raise pytest.UsageError(
            f"--gate {given[0]}: nothing fails with --measure; drop one of them"
        )
    gates: list[Gate] = []
    lines = [("--gate", rule) for rule in given]
    lines += [("recall_gates", rule) for rule in ([] if measure else config.getini("recall_gates"))]
    for option, rule in lines:
        try:
            gates.append(parse_gate(rule, names))
        except GateError as error:
            raise pytest.UsageError(f"{option} {error}") from None
    return tuple(dict.fromkeys(gates))


def read_rules(config: pytest.Config, gates: tuple[Gate, ...]) -> Rules:
    """The rules of a command line. Raises UsageError."""
    baseline, file = None, config.getoption("--baseline")
    if file:
        refuse_own_report(config, "--baseline", file)
        try:
            here = config.invocation_params.dir
            baseline = with_traces(read_baseline(file, here), (here / file).parent)
        except ReportError as error:
            raise pytest.UsageError(f"--baseline {error}") from None
    completions = completions_of(config.option)
    for gate in gates:
        given = (completions, config.stash[QUESTIONS].windows is not None, baseline is not None)
        if what := lacking(gate, *given):
            how = {
                EVERY_COMPLETION: f"leave --completions {completions} out, or the gate",
                WINDOWS: "add --windows 50/50",
                A_BASELINE: "add --baseline FILE",
            }
            named = said_option(config, gate)
            raise pytest.UsageError(f"{named} {gate.rule!r} needs {what}; {how[what]}")
    path = _to_update(config)
    replaced = replaced_by(path) if path else None
    # Windows are only measured: one that is not recited fails nothing.
    measured = config.getoption("--measure") or config.stash[QUESTIONS].windows is not None
    return Rules(gates, baseline, path, replaced, measured)


def said_option(config: pytest.Config, gate: Gate) -> str:
    """Where a gate comes from, for a message."""
    return "--gate" if gate.rule in (config.getoption("--gate") or []) else "recall_gates:"


def replaced_by(path: Path) -> Baseline | None:
    """The baseline that a file holds already. Raises UsageError if it holds something else."""
    if not path.exists():
        return None
    try:
        return read_baseline(str(path), path.parent)
    except ReportError as error:
        raise pytest.UsageError(f"--update-baseline {error}") from None


def refuse_own_report(config: pytest.Config, option: str, file: str) -> None:
    """Raise UsageError for a file in this run's report folder: with the same command, the next run
    would compare a checkpoint with itself.
    """
    here = config.invocation_params.dir
    if (here / file).resolve().parent == (here / config.getoption("--recall-report")).resolve():
        raise pytest.UsageError(
            f"{option} {file}: this run's own report goes there; copy it to another folder first"
        )


def _to_update(config: pytest.Config) -> Path | None:
    file = config.getoption("--update-baseline")
    if not file:
        return None
    if len(model_names(config)) > 1:
        raise pytest.UsageError(f"--update-baseline {file}: it holds one model; name one --model")
    refuse_own_report(config, "--update-baseline", file)
    path: Path = config.invocation_params.dir / file
    if not path.parent.is_dir():
        raise pytest.UsageError(f"--update-baseline {file}: no such folder; make it first")
    if path.is_dir():
        raise pytest.UsageError(f"--update-baseline {file}: it is a folder; name a file")
    if not os.access(path.parent, os.W_OK):
        raise pytest.UsageError(
            f"--update-baseline {file}: its folder cannot be written to; name another"
        )
    return path


def pytest_report_header(config: pytest.Config) -> list[str]:
    rules = config.stash[RULES]
    lines = ["gates: " + ", ".join(gate.rule for gate in rules.gates)] if rules.gates else []
    if rules.baseline:
        lines.append(f"baseline: {rules.baseline.file} ({', '.join(rules.baseline.models)})")
    if config.getini("recall_gates") and config.getoption("--measure"):
        lines.append("gates: set aside by --measure")
    return lines
