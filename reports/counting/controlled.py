"""Counts over the controls in a report's verdicts (fixtures/probes/controls.py). Pure functions."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from memtests.fixtures.probes.controls import CHANGES, COPYING, UNSEEN, WRONG_AUTHOR
from memtests.fixtures.probes.probes import PREFIX, TITLE
from memtests.plugins.chance import chance
from memtests.plugins.verdicts import CORRECT, OUTCOMES, Verdict, in_order, judge
from memtests.reports.counting.over_poems import by_poem, interval
from memtests.reports.report import ControlRecord, Report, bands_of, field_of, languages_of

CHANCE = "chance"
# In the order in which tables show them.
KINDS = (UNSEEN, CHANCE, COPYING, WRONG_AUTHOR, *CHANGES)


def control_records(report: Report) -> tuple[ControlRecord, ...]:
    """A record for each model, collection and kind of control with any verdict."""
    outcomes: dict[tuple[str, str, str], list[Verdict]] = defaultdict(list)
    titles: dict[tuple[str, str, str], bool] = {}
    for v in report.verdicts:
        if v.control is not None:
            outcomes[v.model, v.collection, v.control].append(v)
        elif v.case == TITLE:
            titles[v.model, v.collection, v.poem] = v.correct
    records = []
    for (model, collection, kind), found in outcomes.items():
        same = [titles.get((model, collection, v.poem)) for v in found]
        asked = [correct for correct in same if correct is not None and kind != UNSEEN]
        unchanged = (sum(asked), len(asked)) if asked else None
        each = [(v.poem, v.outcome) for v in found]
        records.append(_record(model, collection, kind, each, unchanged))
    records += _against_others(report)
    kinds = in_order(KINDS, {record.kind for record in records})
    return tuple(sorted(records, key=lambda r: (r.model, kinds.index(r.kind), r.collection)))


def merged_controls(records: Sequence[ControlRecord]) -> list[ControlRecord]:
    """The records of each model and kind, added up over the collections."""
    groups: dict[tuple[str, str], list[ControlRecord]] = defaultdict(list)
    for record in records:
        groups[record.model, record.kind].append(record)
    merged = []
    for (model, kind), members in groups.items():
        counts = {o: sum(getattr(m, field_of(o)) for m in members) for o in OUTCOMES}
        pairs = [m.unchanged for m in members if m.unchanged is not None]
        unchanged = (sum(p[0] for p in pairs), sum(p[1] for p in pairs)) if pairs else None
        poems = tuple(each for m in members for each in m.by_poem)
        fields = {field_of(outcome): count for outcome, count in counts.items()}
        merged.append(ControlRecord(model, "", kind, unchanged=unchanged, by_poem=poems, **fields))
    return merged


def control_interval(record: ControlRecord) -> tuple[float, float]:
    """The 95 % interval of a control's recall."""
    poems = [(part, whole) for part, whole, many in record.by_poem for _ in range(many)]
    return interval(poems)


def _record(
    model: str,
    collection: str,
    kind: str,
    found: Sequence[tuple[str, str]],
    unchanged: tuple[int, int] | None,
) -> ControlRecord:
    """`found`: the poem and the outcome of each probe."""
    counts = Counter(outcome for _, outcome in found)
    poems = Counter(by_poem((poem, outcome == CORRECT) for poem, outcome in found))
    shares = tuple((part, whole, many) for (part, whole), many in sorted(poems.items()))
    fields = {field_of(outcome): counts[outcome] for outcome in OUTCOMES}
    return ControlRecord(model, collection, kind, unchanged=unchanged, by_poem=shares, **fields)


def _against_others(report: Report) -> Iterator[ControlRecord]:
    """Every recitation of a poem or of its rest, judged as if the next poem of the collection had
    been asked for. Such an `incorrect` is chance. Redacted verdicts are left out: they have no
    texts.
    """
    languages, bands = languages_of(report), bands_of(report)
    groups: dict[tuple[str, ...], list[Verdict]] = defaultdict(list)
    for v in report.verdicts:
        if v.case in (TITLE, PREFIX) and v.collection in bands and v.recited and not v.redacted:
            language = languages[v.collection, v.poem]
            groups[v.model, v.collection, language, v.case, v.prefix_length or ""].append(v)
    outcomes: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for (model, collection, language, *_), members in groups.items():
        for v, other in zip(members, [*members[1:], members[0]], strict=True):
            if v.suffix != other.suffix:
                level = chance(bands[collection], other.suffix)
                found = judge(v.completion, other.suffix, language, level, other.cue)
                outcomes[model, collection].append((v.poem, found.outcome))
    for (model, collection), each in outcomes.items():
        yield _record(model, collection, CHANCE, each, None)
