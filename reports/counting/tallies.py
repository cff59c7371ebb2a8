"""From verdicts to tallies and to the whole report. Pure functions."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median_low
from typing import Any, NamedTuple, TypeVar

import msgspec

from memtests import __version__
from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.probes.cuts import CUTS
from memtests.fixtures.probes.probes import CONTROL, PREFIX_LENGTHS
from memtests.fixtures.probes.text import in_words, unit_ends
from memtests.plugins.chance import chance_bands
from memtests.plugins.gathering import Gathered
from memtests.plugins.verdicts import (
    CORRECT,
    FORGOTTEN,
    INCORRECT,
    MINOR,
    NOT_RECITED,
    OUTCOMES,
    Verdict,
)
from memtests.reports.counting.controlled import control_records
from memtests.reports.counting.over_poems import by_poem, interval
from memtests.reports.report import (
    SCHEMA,
    CollectionRecord,
    ModelRecord,
    Report,
    Tally,
    TextRecord,
    field_of,
)

Judged = TypeVar("Judged", bound=Verdict)
Group = tuple[str, str, str, str]
"""Model, collection, case and prefix length; each is empty if a tally is over all of its values."""


class ShortestCues(NamedTuple):
    """How long the shortest prefixes are that trigger the poems of a collection."""

    model: str
    collection: str
    poems: int
    recited: int
    """How many poems some prefix triggers."""
    shortest: int | None
    """In units, like `median`; None if no poem is triggered."""
    median: int | None


def build(
    gathered: Gathered,
    collections: Sequence[Collection],
    created: str,
    models: Sequence[str] = (),
    command: str = "",
    *,
    controlled: bool = True,
) -> Report:
    """The report on everything that was gathered. `models`: their names in the order of the command
    line, since workers may finish in another order; `command`: what was typed; `controlled`:
    whether controls are wanted.
    """
    unknown = [model for model, _ in (*gathered.verdicts, *gathered.unjudged)]
    every = dict.fromkeys([*models, *gathered.models, *unknown])
    order = {name: at for at, name in enumerate(every)}
    plain = (saved.plain() for saved in gathered.verdicts.values())
    verdicts = sorted(plain, key=lambda v: (v.probe, order[v.model]))
    unjudged = sorted(gathered.unjudged.values(), key=lambda r: (r.probe, order[r.model]))
    asked = {v.collection for v in verdicts} | {record.collection for record in unjudged}
    report = Report(
        schema=SCHEMA,
        suite=__version__,
        created=created,
        models=tuple(
            msgspec.convert({**model, **gathered.way(name), **gathered.usage(name)}, ModelRecord)
            for name, model in sorted(gathered.models.items(), key=lambda item: order[item[0]])
        ),
        collections=tuple(record(c) for c in collections if c.name in asked),
        verdicts=tuple(verdicts),
        tallies=tuple(tallies(verdicts)),
        unjudged=tuple(unjudged),
        gates=(),
        command=command,
        texts=tuple(text_records(collections, verdicts)),
    )
    controls = control_records(report) if controlled else ()
    return msgspec.structs.replace(report, controls=controls)


def record(collection: Collection) -> CollectionRecord:
    """The report's record of a collection."""
    bands = chance_bands(collection)
    return CollectionRecord(
        name=collection.name,
        language=collection.language,
        poems=len(collection.poems),
        sha256=collection.sha256,
        chance={str(length): level for length, level in bands.similarity.items()},
        passages={str(length): level for length, level in bands.passages.items()},
        languages={poem.id: poem.language for poem in collection.poems}
        if collection.language == "mul"
        else {},
    )


def text_records(
    collections: Iterable[Collection], verdicts: Iterable[Verdict]
) -> Iterator[TextRecord]:
    """The report's records of the texts that windows were asked of."""
    asked = {(v.collection, v.poem): v.redacted is not None for v in verdicts if v.window}
    for collection in collections if asked else ():
        for poem in collection.poems:
            redacted = asked.get((collection.name, poem.id))
            if redacted is None:
                continue
            text = poem.text
            yield TextRecord(
                collection=collection.name,
                poem=poem.id,
                title="" if redacted else poem.title,
                units=len(unit_ends(text, poem.language)),
                length=len(text),
                in_words=in_words(text),
            )


def tallies(verdicts: Iterable[Verdict]) -> list[Tally]:
    """One tally for each model, collection, case and prefix length. Controls have none."""
    return _by_group(v for v in verdicts if v.case != CONTROL)


def totals(verdicts: Iterable[Verdict], *by: str) -> list[Tally]:
    """One tally for all verdicts that agree in the fields `by`. Smaller tallies cannot simply be
    added up, because they do not tell which probes are of one poem.
    """
    return _by_group(verdicts, by)


def counted(found: Iterable[Judged]) -> list[Judged]:
    """The verdicts that totals, gates and baselines count.

    These are all but the controls and the prefix lengths that Hypothesis draws: which lengths it
    tries depends on the answers, so that recall over them would mean little.
    """
    return [each for each in found if each.case not in (PREFIX_LENGTHS, CONTROL)]


def near(verdict: Verdict) -> bool:
    """Whether it is correct or nearly so."""
    return verdict.correct or verdict.kind == MINOR


def _by_group(
    verdicts: Iterable[Verdict],
    by: Sequence[str] = ("model", "collection", "case", "prefix_length"),
) -> list[Tally]:
    groups: dict[Group, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(_group(verdict, by), []).append(verdict)
    return [_tally(group, groups[group]) for group in sorted(groups, key=_in_order)]


def _group(v: Verdict, by: Sequence[str]) -> Group:
    # Hypothesis draws other lengths for every poem, so they make one group.
    length = "" if v.case == PREFIX_LENGTHS else v.prefix_length or ""
    return (
        v.model if "model" in by else "",
        v.collection if "collection" in by else "",
        v.case if "case" in by else "",
        length if "prefix_length" in by else "",
    )


def _tally(group: Group, verdicts: Sequence[Verdict]) -> Tally:
    counts = Counter(verdict.outcome for verdict in verdicts)
    poems = by_poem(((v.collection, v.poem), v.correct) for v in verdicts)
    low, high = interval(poems)
    undecided = sum(verdict.undecided for verdict in verdicts)
    if undecided:
        may_be = by_poem(((v.collection, v.poem), v.settled is not False) for v in verdicts)
        _, high = interval(may_be)
    model, collection, case, prefix_length = group
    return Tally(
        model=model,
        collection=collection,
        case=case,
        prefix_length=prefix_length or None,
        **{field_of(outcome): counts[outcome] for outcome in OUTCOMES},
        recall=counts[CORRECT] / len(verdicts),
        low=low,
        high=high,
        verbatim=sum(verdict.verbatim for verdict in verdicts),
        near=sum(map(near, verdicts)),
        poems=len(poems),
        undecided=undecided,
    )


def cuts_made(verdicts: Iterable[Verdict]) -> dict[str, dict[str, int]]:
    """Model → each of CUTS → how many of its cues were cut in that way."""
    found: dict[str, dict[str, int]] = {}
    for v in counted(verdicts):
        found.setdefault(v.model, dict.fromkeys(CUTS, 0))[v.cut] += 1
    return dict(sorted(found.items()))


def shortest_cues(verdicts: Iterable[Verdict]) -> list[ShortestCues]:
    """The shortest cues of each model and collection."""
    rows = []
    for (model, collection), poems in sorted(shortest_by_poem(verdicts).items()):
        shortest = [length for length in poems.values() if length is not None]
        rows.append(
            ShortestCues(
                model,
                collection,
                len(poems),
                len(shortest),
                min(shortest, default=None),
                median_low(shortest) if shortest else None,
            )
        )
    return rows


def shortest_by_poem(
    verdicts: Iterable[Verdict],
) -> dict[tuple[str, str], dict[str, int | None]]:
    """Model and collection → poem → the length in units of the shortest prefix that triggers it,
    among those that were tried; None if none does.
    """
    lengths: dict[tuple[str, str], dict[str, int | None]] = {}
    for v in verdicts:
        if v.case == PREFIX_LENGTHS and v.prefix_length:
            poems = lengths.setdefault((v.model, v.collection), {})
            known = poems.setdefault(v.poem, None)
            if v.correct:
                poems[v.poem] = min(filter(None, (known, int(v.prefix_length))))
    return lengths


def best_drawn(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts, with only one of the prefix lengths that were drawn for a poem: the shortest
    that triggers it, or else the one with the best verdict.
    """
    found: list[Verdict] = []
    drawn: dict[tuple[str, str, str], list[Verdict]] = {}
    for v in verdicts:
        if v.case == PREFIX_LENGTHS:
            drawn.setdefault((v.model, v.collection, v.poem), []).append(v)
        else:
            found.append(v)
    return [*found, *(min(tried, key=_best) for tried in drawn.values())]


# From best to worst. A probe that was only read may be anything but correct token for token, so it
# stands between incorrect and forgotten.
_BEST = (CORRECT, INCORRECT, NOT_RECITED, FORGOTTEN)


def _best(v: Verdict) -> tuple[int, float, int]:
    place = _BEST.index(v.outcome) if v.outcome in _BEST else len(_BEST)
    return place, -(v.similarity or 0.0), int(v.prefix_length or 0)


def _in_order(group: Group) -> tuple[Any, ...]:
    """Sort prefix lengths as numbers: 5 before 10, and counts before percentages."""
    *names, length = group
    number = float(length.removesuffix("%") or 0)
    return *names, length.endswith("%"), number, length


def queries(log_p: float, seen: float) -> float | None:
    """The number of queries after which a memory is seen with probability `seen`, at least 1.

    `log_p` is the natural logarithm of p, `seen` between 0 and 1. None where the number is beyond
    floating point (p so small that it is zero).
    """
    if log_p >= 0:
        return 1.0
    # log(1 - p), in the form that stays exact for p near 0 or near 1.
    log_not_p = math.log1p(-math.exp(log_p)) if log_p < -0.69 else math.log(-math.expm1(log_p))
    if log_not_p == 0:
        return None
    number = math.log1p(-seen) / log_not_p
    return max(1.0, number) if math.isfinite(number) else None
