"""Several saved reports as one: their models side by side. Pure functions."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from memtests.plugins.traces import Trace
from memtests.reports.counting.tallies import counted, tallies
from memtests.reports.gating.baselines import MismatchError
from memtests.reports.report import CollectionRecord, Report


def joined(reports: Mapping[str, Report]) -> Report:
    """One report on the models of several; file → report, at least one.

    Models of one name are told apart by their files. Raises MismatchError where the reports are of
    other poems or other cues.
    """
    _check(reports)
    twice = _twice(reports)
    renamed = [_renamed(report, file, twice) for file, report in reports.items()]
    verdicts = sorted(
        (verdict for report in renamed for verdict in report.verdicts),
        key=lambda v: v.probe,
    )
    collections = {record.name: record for report in renamed for record in report.collections}
    return msgspec.structs.replace(
        renamed[0],
        created=max(report.created for report in renamed),
        models=tuple(model for report in renamed for model in report.models),
        collections=tuple(collections.values()),
        verdicts=tuple(verdicts),
        tallies=tuple(tallies(verdicts)),
        unjudged=tuple(record for report in renamed for record in report.unjudged),
        gates=tuple(gate for report in renamed for gate in report.gates),
        comparisons=tuple(found for report in renamed for found in report.comparisons),
        controls=tuple(record for report in renamed for record in report.controls),
    )


def joined_traces(
    reports: Mapping[str, Report], traces: Mapping[str, Sequence[Trace]]
) -> tuple[Trace, ...]:
    """The traces of the same files, under the names that their models have in one report."""
    twice = _twice(reports)
    return tuple(
        msgspec.structs.replace(trace, model=_named(trace.model, file, twice))
        for file in reports
        for trace in traces[file]
    )


def _twice(reports: Mapping[str, Report]) -> set[str]:
    """The names that models of several reports have."""
    names = Counter(model.name for report in reports.values() for model in report.models)
    return {name for name, count in names.items() if count > 1}


def _named(model: str, file: str, twice: set[str]) -> str:
    return f"{model} ({file})" if model in twice else model


def _renamed(report: Report, file: str, twice: set[str]) -> Report:
    """The report with the file's name behind those models' names."""

    def named(records: tuple[msgspec.Struct, ...]) -> tuple[msgspec.Struct, ...]:
        return tuple(
            msgspec.structs.replace(
                record,
                model=_named(record.model, file, twice),  # type: ignore[attr-defined]
            )
            for record in records
        )

    models = [
        msgspec.structs.replace(model, name=_named(model.name, file, twice))
        for model in report.models
    ]
    return msgspec.structs.replace(
        report,
        models=tuple(models),
        verdicts=named(report.verdicts),
        unjudged=named(report.unjudged),
        gates=named(report.gates),
        comparisons=named(report.comparisons),
        controls=named(report.controls),
    )


def _check(reports: Mapping[str, Report]) -> None:
    collections: dict[str, tuple[str, CollectionRecord]] = {}
    questions: dict[str, tuple[str, tuple[str, str]]] = {}
    for file, report in reports.items():
        for record in report.collections:
            first, known = collections.setdefault(record.name, (file, record))
            if known.sha256 != record.sha256:
                raise MismatchError(
                    f"{file} is of other poems than {first}: collection {record.name} has changed; "
                    "compare reports on the same poems"
                )
        for v in counted(report.verdicts):
            first, asked = questions.setdefault(v.probe, (file, (v.cue, v.suffix)))
            if asked != (v.cue, v.suffix):
                raise MismatchError(
                    f"{file} asked with other cues than {first} ({v.probe}); compare reports of "
                    "the same --header"
                )
