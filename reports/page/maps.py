"""The memory maps of a report's poems, encoded for the page's script. Pure functions.

The text of a poem stands on the page only once. Beside it, the map of each model and each
difference is a string: three characters for each shade, in the order of the text (`encoded`).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from memtests.plugins.traces import HEADER, PLAIN, Trace
from memtests.plugins.verdicts import Verdict
from memtests.reports.counting.changes import FADED, GREW, NOISE, TOO_SHORT, Change, changes
from memtests.reports.counting.own_traces import Read, known_texts, own_traces
from memtests.reports.counting.shades import Shade, shades
from memtests.reports.gating.comparing import among_models
from memtests.reports.page.html import visible
from memtests.reports.report import ComparisonRecord, PoemKey, Report, languages_of
from memtests.reports.text.phrases import number_of, unit_of
from memtests.reports.text.rows import against

STATE_SIGNS = {GREW: "▲", FADED: "▼", NOISE: "·", TOO_SHORT: "·"}
PROBABLE = (
    (4, "0.9 and more: all but certain"),
    (3, "0.5 to 0.9: likely"),
    (2, "0.1 to 0.5: among others"),
    (1, "0.01 to 0.1: unlikely"),
    (0, "less than 0.01: hardly ever"),
)
"""The shades of a map, by a unit's probability; page.js has the same numbers."""
FACTORS = ((1, "1.2"), (2, "2"), (3, "10"))
"""The shades of a difference, by how many times more or less probable a unit is."""
FORMS = {HEADER: "read with its header", PLAIN: "read without its header"}
# The digits of a code: 64 characters from `?` on, none of which has a meaning in HTML.
_FIRST = ord("?")
_BASE = 64
_LONGEST = 31
UNKNOWN = _BASE**2 - 1
"""The value of a shade of which nothing is said."""
_LEAST, _MIDDLE = UNKNOWN - 1, UNKNOWN // 2


class Kept(NamedTuple):
    """The traces for a page."""

    own: Sequence[Trace] = ()
    """Those of the report's models."""
    baseline: Sequence[Trace] = ()
    """Those of the baseline's models."""


NOTHING_KEPT = Kept()


class Row(NamedTuple):
    """The map of one poem by one model, or in one difference."""

    number: int
    """The number of the model in the report, or of the difference on the page."""
    said: str
    """The map in a sentence."""
    code: str
    """As of `encoded`."""


class PoemMap(NamedTuple):
    """The maps of one poem."""

    form: str
    """How it was read, in words."""
    models: Sequence[Row]
    differences: Sequence[Row]


class Changed(NamedTuple):
    """One poem in the table of a difference."""

    key: PoemKey
    state: str
    cells: Sequence[str]


class Difference(NamedTuple):
    """Two readings of the same poems, compared in words."""

    title: str
    summary: Sequence[str]
    poems: Sequence[Changed]
    """Those that faded most come first."""


class Maps(NamedTuple):
    """Everything that the page shows of traces."""

    poems: Mapping[PoemKey, PoemMap]
    differences: Sequence[Difference]


def maps_of(report: Report, kept: Kept) -> Maps:
    """The maps of all poems with traces. For each poem, all models are shown in the same form.

    That form is with its header if any model read it so: that reading answers the `title` probe.
    """
    texts, languages = known_texts(report, kept.own), languages_of(report)
    own = own_traces(report, kept.own, texts)
    before = _of_baseline(kept.baseline, own)
    forms: dict[PoemKey, str] = {}
    for _, form, key in own:
        if forms.get(key) != HEADER:
            forms[key] = form

    def read(found: Read, model: str) -> dict[PoemKey, Trace]:
        places = {key: (model, form, key) for key, form in forms.items()}
        return {key: found[place] for key, place in places.items() if place in found}

    rows: dict[PoemKey, list[Row]] = {key: [] for key in forms}
    for at, model in enumerate(report.models):
        for key, trace in read(own, model.name).items():
            rows[key].append(_row(at, texts[key], languages.get(key, ""), trace))
    pairs = [
        *((record, before) for record in report.comparisons),
        *((compared.record, own) for compared in among_models(report)),
    ]
    differences: list[Difference] = []
    changed: dict[PoemKey, list[Row]] = {key: [] for key in forms}
    for record, then in pairs:
        read_now, read_then = read(own, record.model), read(then, record.baseline_model)
        # Only readings in which as much stands before a word can be compared.
        other = {key for key in read_now if _piece(read_now, key) != _piece(read_then, key)}
        alike = {key: trace for key, trace in read_now.items() if key not in other}
        found = changes(read_then, alike, texts, languages)
        for change in found:
            key = (change.collection, change.poem)
            code = encoded(texts[key], map(_of_change, change.shades), change.shades)
            changed[key].append(Row(len(differences), _said_of(texts[key], change), code))
        if found:
            left_out = len(other & read_then.keys())
            differences.append(_difference(record, found, report.verdicts, left_out))
    poems = {key: PoemMap(FORMS[form], rows[key], changed[key]) for key, form in forms.items()}
    return Maps(poems, differences)


def _piece(found: Mapping[PoemKey, Trace], key: PoemKey) -> int | None:
    """As `Trace.piece`."""
    return found[key].piece if key in found else None


def _of_baseline(traces: Iterable[Trace], own: Read) -> Read:
    """The traces of a baseline whose texts were read now, too."""
    now = {(form, key, trace.text_sha256) for (_, form, key), trace in own.items()}
    found = {}
    for trace in traces:
        key = (trace.collection, trace.poem)
        if (trace.form, key, trace.text_sha256) in now:
            found[trace.model, trace.form, key] = trace
    return found


def _row(number: int, text: str, language: str, trace: Trace) -> Row:
    pieces = shades(text, language, [trace])
    return Row(
        number, _said(text, pieces, trace.piece), encoded(text, map(_of_shade, pieces), pieces)
    )


def encoded(text: str, values: Iterable[tuple[int, bool]], pieces: Iterable[Shade]) -> str:
    """A code of three characters for each shade. The first tells its length on the page and whether
    it is underlined, the other two its value. A shade longer than _LONGEST takes several codes.
    """
    found = []
    for (value, underlined), piece in zip(values, pieces, strict=True):
        length = len(visible(text[piece.begin : piece.end]))
        tail = _digit(value // _BASE) + _digit(value % _BASE)
        found += [_digit(_LONGEST) + tail] * (length // _LONGEST)
        found.append(_digit(length % _LONGEST + (_LONGEST + 1) * underlined) + tail)
    return "".join(found)


def _digit(number: int) -> str:
    return chr(_FIRST + number)


def _of_shade(shade: Shade) -> tuple[int, bool]:
    """A shade's value and underline. The value is -100 times the log-probability, so 0 is certain;
    a shade is underlined if greedy decoding leaves the poem there.
    """
    (log_p,), (said,) = shade.log_p, shade.said
    return UNKNOWN if log_p is None else min(_LEAST, round(-100 * log_p)), said is False


def _of_change(shade: Shade) -> tuple[int, bool]:
    """A difference's value and underline. The value is _MIDDLE plus 100 times the change of the
    log-probability; a shade is underlined if greedy decoding said it before and does not now.
    """
    (then, now), (said_then, said_now) = shade.log_p, shade.said
    lost = said_then is True and said_now is False
    if then is None or now is None:
        return UNKNOWN, lost
    return min(_LEAST, max(0, _MIDDLE + round(100 * (now - then)))), lost


def _said(text: str, pieces: Sequence[Shade], piece: int | None) -> str:
    known = [log_p for (log_p,) in (each.log_p for each in pieces) if log_p is not None]
    judged = [said for (said,) in (each.said for each in pieces) if said is not None]
    greedy = f"greedy decoding says {sum(judged)} of {number_of(len(judged), unit_of(text))}"
    if piece:
        return (
            f"{greedy}; it is longer than the context, and was read in pieces of {piece} tokens: "
            f"after the first one, {piece // 2} tokens or more stand before a word, not all of it"
        )
    return f"{greedy}; sampling says all with probability {probability(sum(known))}"


def _said_of(text: str, change: Change) -> str:
    p = "" if change.p is None else f" (p = {change.p:.2g})"
    more = " more than noise" if change.state in (GREW, FADED) else ""
    said, unit = change.said, unit_of(text)
    total = number_of(len(change.shades), unit)
    return (
        f"{change.state}{more}{p}; probability of a {unit} {_mean(change.before)} → "
        f"{_mean(change.after)}; greedy decoding says {said[0]} → {said[1]} of {total}"
    )


def _difference(
    record: ComparisonRecord, found: Sequence[Change], verdicts: Iterable[Verdict], left_out: int
) -> Difference:
    """`left_out`: how many texts were not read alike."""
    of = {
        state: [(each.collection, each.poem) for each in found if each.state == state]
        for state in (GREW, FADED, NOISE, TOO_SHORT)
    }
    summary = [
        f"Of {number_of(len(found), 'poem')}, {len(of[FADED])} faded and {len(of[GREW])} grew more "
        f"than noise; {len(of[NOISE])} changed within noise"
        + (f"; {len(of[TOO_SHORT])} are too short to tell." if of[TOO_SHORT] else ".")
    ]
    if left_out:
        summary.append(
            f"{number_of(left_out, 'text')} left out: longer than a context, and not read in "
            "pieces of one length by both models."
        )
    if of[FADED]:
        gone = set(record.lost)
        lost = {(v.collection, v.poem) for v in verdicts if v.probe in gone}
        kept = sum(key not in lost for key in of[FADED])
        if kept:
            summary.append(
                f"Of the {len(of[FADED])} that faded, {kept} have lost no probe: the memory is "
                "weaker, and no verdict shows it yet."
            )
    return Difference(against(record), summary, [_changed(each) for each in found])


def _changed(change: Change) -> Changed:
    cells = [
        f"{_mean(change.before)} → {_mean(change.after)}",
        _factor(change.after - change.before),
        "{} → {} of {}".format(*change.said, len(change.shades)),
        "-" if change.p is None else f"{change.p:.2g}",
    ]
    return Changed((change.collection, change.poem), change.state, cells)


def _factor(log: float) -> str:
    """For instance `× 0.31`."""
    return f"× {math.exp(log):.2g}" if abs(log) < 7 else f"× 1e{log / math.log(10):.0f}"


def _mean(log_p: float) -> str:
    return f"{math.exp(log_p):.3f}" if log_p > -7 else probability(log_p)


def probability(log_p: float) -> str:
    """A probability in words; a small one as a power of ten."""
    return f"{math.exp(log_p):.2g}" if log_p > -9 else f"1e{log_p / math.log(10):.0f}"
