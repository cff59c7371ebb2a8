"""Several saved reports as one: their models side by side. Pure functions."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from memtests.fixtures.probes.probes import CONTROL, PREFIX_LENGTHS, Probe
from memtests.plugins.traces import Trace
from memtests.plugins.verdicts import Verdict, question_of
from memtests.reports.counting.tallies import counted, tallies
from memtests.reports.gating.baselines import MismatchError
from memtests.reports.report import CollectionRecord, Report
from memtests.reports.text.phrases import number_of

# How many names of each report a message shows.
_MOST_NAMED = 3


def joined(reports: Mapping[str, Report]) -> Report:
    """One report on the models of several. `reports`: file → report, at least one.

    Models of the same name get their files' names, too. The new report has no gates and baselines:
    they belonged to the single runs. Raises MismatchError if the reports are on different poems or
    cues, or have no probe in common.
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
        gates=(),
        comparisons=(),
        controls=tuple(record for report in renamed for record in report.controls),
        command="",
        texts=tuple(dict.fromkeys(text for report in renamed for text in report.texts)),
        problems=tuple(
            f"{file}: {problem}" for file, report in reports.items() for problem in report.problems
        ),
    )


def joined_traces(
    reports: Mapping[str, Report], traces: Mapping[str, Sequence[Trace]]
) -> tuple[Trace, ...]:
    """The traces of the same files, with their models named as in `joined`."""
    twice = _twice(reports)
    return tuple(
        msgspec.structs.replace(trace, model=_named(trace.model, file, twice))
        for file in reports
        for trace in traces[file]
    )


def _twice(reports: Mapping[str, Report]) -> set[str]:
    """The names of models that stand in several reports."""
    names = Counter(model.name for report in reports.values() for model in report.models)
    return {name for name, count in names.items() if count > 1}


def _named(model: str, file: str, twice: set[str]) -> str:
    return f"{model} ({file})" if model in twice else model


def _renamed(report: Report, file: str, twice: set[str]) -> Report:
    """The report with the file's name after the names of models in `twice`."""

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
        controls=named(report.controls),
    )


def left_out(reports: Mapping[str, Report]) -> list[str]:
    """Lines on what `joined` leaves out of each file, and on versions of the suite that differ."""
    lines = [
        f"{file}: its gates and baselines were of that run and are left out; "
        f"memtests render {file} shows them"
        for file, report in reports.items()
        if report.gates or report.comparisons
    ]
    suites = {report.suite for report in reports.values()}
    if len(suites) > 1:
        told = ", ".join(f"{file} {report.suite or '?'}" for file, report in reports.items())
        lines.append(
            f"judged by other versions of the suite ({told}); to have all judged alike: "
            "memtests rescore FILE --recall-report DIR for each, and compare those"
        )
    return lines


def check_one_question(reports: Mapping[str, Report]) -> None:
    """Raise MismatchError if a model of several reports was asked other questions than the first
    one, or is in two reports: such models cannot be counted together.
    """
    files: dict[str, str] = {}
    first: tuple[str, Mapping[str, str]] | None = None
    for file, report in reports.items():
        for model in report.models:
            if model.name in files:
                raise MismatchError(
                    f"{file}: it has {model.name}, and so has {files[model.name]}; leave one of "
                    "them out, or ask each model by the path of a folder of its own"
                )
            files[model.name] = file
            found = asked_of(report, model.name)
            where = f"{model.name} ({file})"
            first = first or (where, found)
            if why := other_questions(found, first[1]):
                raise MismatchError(
                    f"{where} was asked other questions than {first[0]}: {why}; take reports of "
                    "the same poems, options and cases, and of whole runs (--resume)"
                )


def asked_of(report: Report, model: str) -> dict[str, str]:
    """The probes that a model was asked and that count → their questions; empty for unjudged ones,
    whose questions the report does not hold.
    """
    found = {
        record.probe: ""
        for record in report.unjudged
        if record.model == model and record.case not in (PREFIX_LENGTHS, CONTROL)
    }
    judged = {v.probe: v.question for v in counted(report.verdicts) if v.model == model}
    return found | judged


def controls_of(report: Report) -> dict[str, str]:
    """The controls of a report's first model → their questions, unless there was no verdict."""
    model = report.models[0].name if report.models else ""
    missing = [r.probe for r in report.unjudged if r.model == model and r.case == CONTROL]
    judged = {v.probe: v.question for v in report.verdicts if v.model == model and v.control}
    return dict.fromkeys(missing, "") | judged


def other_controls(now: Mapping[str, str], then: Mapping[str, str]) -> str | None:
    """How the controls of one run differ from those of another; None where they do not."""
    why = other_questions(now, then)
    return f"it has other controls: {why}; give the same --controls" if why else None


def questions_of_probes(probes: Iterable[Probe]) -> dict[str, str]:
    """The probes of a run that count → their questions."""
    return _questions(probe for probe in probes if probe.case not in (PREFIX_LENGTHS, CONTROL))


def controls_of_probes(probes: Iterable[Probe]) -> dict[str, str]:
    """The controls of a run → their questions."""
    return _questions(probe for probe in probes if probe.case == CONTROL)


def _questions(probes: Iterable[Probe]) -> dict[str, str]:
    return {probe.name: question_of(probe.cue, probe.suffix) for probe in probes}


def other_questions(now: Mapping[str, str], then: Mapping[str, str]) -> str | None:
    """How the probes of one model differ from those of another; None if they do not."""
    more, fewer = now.keys() - then.keys(), then.keys() - now.keys()
    if more or fewer:
        said = [
            f"{number_of(len(probes), 'probe')} {word} ({min(probes)}{', …' * (len(probes) > 1)})"
            for word, probes in (("more", more), ("fewer", fewer))
            if probes
        ]
        return ", ".join(said)
    changed = [name for name, asked in now.items() if asked and then[name] not in ("", asked)]
    return f"{min(changed)} has another cue or another suffix" if changed else None


def _check(reports: Mapping[str, Report]) -> None:
    collections: dict[str, tuple[str, CollectionRecord]] = {}
    questions: dict[str, tuple[str, str]] = {}
    for file, report in reports.items():
        for record in report.collections:
            first, known = collections.setdefault(record.name, (file, record))
            if known.sha256 != record.sha256:
                raise MismatchError(
                    f"{file} has other poems than {first}: collection {record.name} has changed; "
                    "compare reports on the same poems"
                )
        for v in counted(report.verdicts):
            first, asked = questions.setdefault(v.probe, (file, v.question))
            if asked != v.question:
                raise MismatchError(
                    f"{file} asked with other cues than {first} ({v.probe}); compare reports of "
                    "the same --header"
                )
    _check_common(reports)


def _check_common(reports: Mapping[str, Report]) -> None:
    """Raise MismatchError if a report has no probe in common with the first one or with the one
    before, with which it is compared.
    """
    judged = {file: counted(report.verdicts) for file, report in reports.items()}
    for file, verdicts in judged.items():
        if not verdicts:
            raise MismatchError(
                f"{file}: no probe was judged in it; compare reports that have some"
            )
    files = [*judged]
    for at, file in enumerate(files[1:]):
        for other in (files[0], files[at]):
            probes = {v.probe for v in judged[file]}
            if probes.isdisjoint(v.probe for v in judged[other]):
                kind, here, there = _difference(judged[file], judged[other])
                raise MismatchError(
                    f"{file} and {other} have no probe in common: {kind} {here} in {file}, {there} "
                    f"in {other}; compare reports on the same poems and cues"
                )


_KINDS: Mapping[str, Callable[[Verdict], str | None]] = {
    "collection": lambda v: v.collection,
    "poem": lambda v: f"{v.collection}/{v.poem}",
    "case": lambda v: v.case,
    "prefix length": lambda v: v.prefix_length,
    "probe": lambda v: v.probe,
}
"""Kinds of difference between the probes of two reports, the coarsest first."""


def _difference(one: Sequence[Verdict], other: Sequence[Verdict]) -> tuple[str, str, str]:
    """How two reports without a common probe differ: the first of _KINDS in which they have nothing
    in common, and what each has there.
    """
    found = []
    for kind, named in _KINDS.items():
        here, there = ({name for v in each if (name := named(v))} for each in (one, other))
        if here and there and here.isdisjoint(there):
            found.append((kind, _some(here), _some(there)))
    return found[0]


def _some(names: Collection[str]) -> str:
    """The first few names."""
    shown = ", ".join(sorted(names)[:_MOST_NAMED])
    return shown + (", …" if len(names) > _MOST_NAMED else "")
