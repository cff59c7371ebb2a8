"""Probes that were only read (`--completions`), in words. Pure functions."""

from collections.abc import Iterable

from memtests.plugins.completions import ALL, NONE
from memtests.plugins.verdicts import Verdict
from memtests.reports.counting.tallies import counted
from memtests.reports.report import ModelRecord, Report
from memtests.reports.text.phrases import RECITES, TELLS, number_of


def said_only_read(verdicts: Iterable[Verdict]) -> str:
    """For instance ``750 of 1,620 probes were read and not recited, 30 of them may be correct,
    apart from marks and the like``; empty if all were recited.
    """
    found = list(verdicts)
    read = [v for v in found if not v.recited]
    if not read:
        return ""
    said = f"{len(read):,} of {number_of(len(found), 'probe')} "
    said += "was read and not recited" if len(read) == 1 else "were read and not recited"
    undecided = sum(v.undecided for v in read)
    return said + (f", {said_undecided(undecided)}" if undecided else "")


def said_undecided(count: int) -> str:
    """A clause on how many of the probes that were only read may be correct."""
    return f"{count:,} of them may be correct, apart from marks and the like"


def completion_notes(report: Report) -> list[str]:
    """A line for each model with probes that were only read, or with probes that were all recited
    although `--completions none` was typed.
    """
    found = counted(report.verdicts)
    lines = []
    for model in report.models:
        own = [v for v in found if v.model == model.name]
        if model.completions == ALL and all(v.recited for v in own):
            continue
        lines += [f"{note}: {model.name}" for note in _notes(model, own)]
    return lines


def _notes(model: ModelRecord, own: list[Verdict]) -> list[str]:
    if said := said_only_read(own):
        if any(v.undecided for v in own):
            said += f" (the interval allows for both; {TELLS})"
        return [f"{said}; what the others say instead is not known ({RECITES})"]
    if model.completions == NONE and any(not v.correct for v in own):
        return [
            f"--completions {NONE}, and every miss was recited all the same, since one pass over a "
            "text does not tell what the model recites"
        ]
    return []
