"""Reports from their files: a recall.json, or the small baseline that was made of one.

This is the one place that knows older schemas. Schema 2 gives a verdict the fields `line` and
`control`, and an unjudged probe `collection`, `case` and `control`; in schema 1 they stood only in
the probe's name. Schema 3 gives a verdict `passage` and `log_p_40`, a tally `verbatim` and `near`,
a collection `passages`, and its intervals are over poems. Small baselines have only one schema.
"""

import codecs
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from memtests.fixtures.locales import unsayable
from memtests.fixtures.probes.probes import CONTROL, NEXT_LINE, CueError, parse_prefix_length
from memtests.fixtures.probes.text import in_words, sound
from memtests.plugins.chance import canon_passages
from memtests.plugins.verdicts import OUTCOMES, passage_of, was_correct
from memtests.reports.counting.over_poems import noise
from memtests.reports.counting.tallies import tallies
from memtests.reports.report import SCHEMA, ComparisonRecord, Report, language_of

BASELINE_SCHEMA = 1


class ReportError(Exception):
    """A report that cannot be read; the message names the file and says what to do."""


class Known(msgspec.Struct, frozen=True):
    """One verdict of a baseline."""

    probe: str
    outcome: str
    question: str
    """A hash of cue and suffix."""
    completion: str | None = None
    """None in a small file."""
    divergence: int | None = None
    """As `Verdict.divergence`; in a small file only of probes that were only read."""

    @property
    def correct(self) -> bool | None:
        """Whether the memory came back; None if there is only a reading, which does not decide."""
        return was_correct(self.outcome, self.divergence)


class CollectionHash(msgspec.Struct, frozen=True):
    """A collection that a baseline asked for, by its hash."""

    name: str
    sha256: str


class Small(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file that `--update-baseline` writes."""

    baseline_schema: int
    model: str
    weights_sha256: str | None
    collections: tuple[CollectionHash, ...]
    verdicts: tuple[Known, ...]
    template: str = "none"
    """`chat` if it was asked in a chat, and nothing in the file otherwise."""


def read_report(file: str | Path) -> Report:
    """A recall.json. Raises ReportError."""
    found = read_file(file)
    if isinstance(found, Small):
        raise ReportError(
            f"{file}: a small baseline has no recitations; name a recall.json (--baseline takes "
            "this one)"
        )
    if torn := next(_torn(found), None):
        raise ReportError(f"{file}: not a recall report ({torn})")
    return _with_passages(found)


def _torn(report: Report) -> Iterator[str]:
    """Reasons why a report is unusable: it refers to records that it lacks, or counts nothing."""
    models = {model.name for model in report.models}
    collections = {record.name for record in report.collections}
    probes = {(v.model, v.probe) for v in report.verdicts}
    for v in report.verdicts:
        if v.model not in models:
            yield f"a verdict of {v.model}, no model of it"
        if v.collection not in collections:
            yield f"a verdict on {v.collection}, no collection of it"
    for record in report.collections:
        if not record.chance or not all(map(str.isdecimal, record.chance)):
            yield f"collection {record.name} has no chance levels"
    for found in report.comparisons:
        for probe in (*found.lost, *found.gained):
            if (found.model, probe) not in probes:
                yield f"{probe} was lost or gained, and has no verdict"
    for control in report.controls:
        counts = (control.correct, control.incorrect, control.forgotten, control.not_recited)
        if min(counts) < 0 or not sum(counts) or not all(map(_is_share, control.by_poem)):
            yield f"control {control.kind} counts no probes"


def _torn_verdicts(report: Report) -> Iterator[str]:
    """Reasons why the verdicts of a report are unusable, also as a baseline."""
    for (model, probe), count in Counter((v.model, v.probe) for v in report.verdicts).items():
        if count > 1:
            yield f"{count} verdicts of {model} on {probe}"
    for v in report.verdicts:
        if v.outcome not in OUTCOMES:
            yield f"{v.probe}: {v.outcome!r} is no outcome"
        if v.prefix_length is not None and not _is_length(v.prefix_length):
            yield f"{v.probe}: {v.prefix_length!r} is no prefix length"


def _is_length(label: str) -> bool:
    try:
        parse_prefix_length(label)
    except CueError:
        return False
    return True


def _is_share(counted: tuple[int, int, int]) -> bool:
    part, whole, many = counted
    return 0 <= part <= whole and whole > 0 and many > 0


def _with_passages(report: Report) -> Report:
    """A report with passages, also if it was made before there were any. They are counted from its
    completions. Their chance levels are the canon's: a collection's own would need all its poems,
    and the report has only some.
    """
    if all(record.passages for record in report.collections):
        return report
    collections = {record.name: record for record in report.collections}
    suffixes = {v.collection: v.suffix for v in report.verdicts}
    for name, record in collections.items():
        if not record.passages:
            language = next(iter(record.languages.values()), record.language)
            levels = canon_passages(language, in_words(suffixes.get(name, "")))
            passages = {str(length): level for length, level in levels.items()}
            collections[name] = msgspec.structs.replace(record, passages=passages)
    verdicts = [
        msgspec.structs.replace(v, passage=passage_of(v, language_of(v, collections[v.collection])))
        if v.passage is None and v.recited and v.collection in collections
        else v
        for v in report.verdicts
    ]
    return msgspec.structs.replace(
        report, collections=tuple(collections.values()), verdicts=tuple(verdicts)
    )


def read_file(file: str | Path, folder: Path = Path()) -> Report | Small:
    """A recall.json or a small baseline, relative to a folder. Raises ReportError."""
    name = str(file)
    if unsaid := unsayable(name):
        raise ReportError(f"{sound(name)}: {unsaid}")
    try:
        # An editor may have put a byte order mark at its beginning.
        written = (folder / file).read_bytes().removeprefix(codecs.BOM_UTF8)
        content: Any = msgspec.json.decode(written)
        small = "baseline_schema" in content
        schema = content.get("baseline_schema" if small else "schema")
    except IsADirectoryError:
        raise ReportError(f"{name}: a folder; name the recall.json in it") from None
    except OSError as error:
        raise ReportError(f"{name}: {error.strerror}; name a recall.json") from None
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError, TypeError, RecursionError):
        raise ReportError(f"{name}: not a recall report; name a recall.json") from None
    known = [BASELINE_SCHEMA] if small else [*_OLDER, SCHEMA]
    if schema is not None and schema not in known:
        read = ", ".join(map(str, known))
        raise ReportError(
            f"{name}: schema {schema}, this suite reads {read}; make it again with this suite"
        )
    try:
        if schema in _OLDER and not small:
            content = _OLDER[schema](content)
        if small:
            return _sound(msgspec.convert(content, Small))
        found = msgspec.convert(content, Report)
        if torn := next(_torn_verdicts(found), None):
            raise ValueError(torn)
        return _over_poems(found) if schema in _OLDER else found
    except (msgspec.ValidationError, KeyError, ValueError, TypeError, AttributeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else error
        raise ReportError(f"{name}: not a recall report ({reason})") from None


def _sound(small: Small) -> Small:
    """A small baseline, if each of its probes has one verdict. Raises ValueError."""
    for probe, count in Counter(known.probe for known in small.verdicts).items():
        if count > 1:
            raise ValueError(f"{probe} has {count} verdicts")
    for known in small.verdicts:
        if known.outcome not in OUTCOMES:
            raise ValueError(f"{known.probe}: {known.outcome!r} is no outcome")
    return small


def _from_schema_1(content: dict[str, Any]) -> dict[str, Any]:
    """A report of schema 1 as one of schema 2."""

    def verdict(found: dict[str, Any]) -> dict[str, Any]:
        case, variant = _case_of(found["probe"])
        line = int(variant) if case == NEXT_LINE else None
        return {**found, "line": line, "control": _control_of(case, variant)}

    def unjudged(found: dict[str, Any]) -> dict[str, Any]:
        case, variant = _case_of(found["probe"])
        collection = found["probe"].partition("/")[0]
        control = _control_of(case, variant)
        return {**found, "collection": collection, "case": case, "control": control}

    changed = {
        name: list(map(change, content[name]))
        for name, change in (("verdicts", verdict), ("unjudged", unjudged))
        if name in content
    }
    return _from_schema_2({**content, **changed})


def _from_schema_2(content: dict[str, Any]) -> dict[str, Any]:
    """A report of schema 2 as one of schema 3, without the gates' intervals: they were not over
    poems.
    """
    gates = [{**gate, "low": None, "high": None} for gate in content.get("gates", ())]
    return {**content, "schema": SCHEMA, "gates": gates}


def _over_poems(report: Report) -> Report:
    """An older report with the statistics of schema 3, counted anew from its verdicts."""
    poems = {(v.model, v.probe): (v.collection, v.poem) for v in report.verdicts}

    def again(found: ComparisonRecord) -> ComparisonRecord:
        lost, gained = (
            [poems[found.model, probe] for probe in probes] for probes in (found.lost, found.gained)
        )
        return msgspec.structs.replace(found, p=noise(lost, gained))

    return msgspec.structs.replace(
        report,
        tallies=tuple(tallies(report.verdicts)),
        comparisons=tuple(map(again, report.comparisons)),
    )


_OLDER = {1: _from_schema_1, 2: _from_schema_2}


def _case_of(probe: str) -> tuple[str, str]:
    """Case and variant, from a probe's name: `collection/poem/case-variant`."""
    case, _, variant = probe.rpartition("/")[2].partition("-")
    return case, variant


def _control_of(case: str, variant: str) -> str | None:
    return variant.partition("-")[0] if case == CONTROL else None
