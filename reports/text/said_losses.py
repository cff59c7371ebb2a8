"""Losses in words, for whoever must decide. Pure functions."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from memtests.fixtures.probes.text import in_words, unit_ends, units
from memtests.reports.gating.comparing import Comparison, Loss
from memtests.reports.gating.lost_poems import lost_by_poem, poem_of, within
from memtests.reports.report import ComparisonRecord, PoemKey
from memtests.reports.text.phrases import number_of, one_line


class _Size(NamedTuple):
    """The most that is shown of a recitation."""

    words: int
    """In languages with spaces."""
    characters: int
    """In other languages."""
    code_points: int
    """In any language: a word may be very long."""


_EXCERPT, _RECITATION = _Size(6, 12, 100), _Size(40, 60, 400)


def said_losses(record: ComparisonRecord, most: int | None = None, collection: str = "") -> str:
    """For instance ``2 of 6 poems lost something: six/fog 10 of 10 probes, six/sea 3 of 9``; empty
    if nothing was lost. `most`: how many poems are named at most; `collection`: whose poems count,
    all if it is empty.
    """
    summary, counts = counts_of(record, collection)
    named = [f"{poem} {count}" for poem, count in counts[:most]]
    more = len(counts) - len(named)
    if more:
        named.append(f"and {number_of(more, 'poem')} more")
    return f"{summary}: {', '.join(named)}" if counts else ""


def counts_of(
    record: ComparisonRecord, collection: str = ""
) -> tuple[str, Sequence[tuple[str, str]]]:
    """How many poems lost something: ``2 of 6 poems lost something``. And each of these poems with
    its count, the worst first: ``10 of 10 probes``, then ``3 of 9``.
    """
    found = [each for each in lost_by_poem(record) if within(each.poem, collection)]
    known = sum(within(poem, collection) for poem in record.known)
    of = f" of {known:,}" if known else ""
    noun = "poem" if (known or len(found)) == 1 else "poems"
    counts = []
    for at, each in enumerate(found):
        count = f"{each.lost}" + (f" of {each.known}" if each.known else "")
        if at == 0:
            count += " probe" if (each.known or each.lost) == 1 else " probes"
        counts.append((each.poem, count))
    return f"{len(found):,}{of} {noun} lost something", counts


def worst_first(comparison: Comparison) -> Sequence[Loss]:
    """The losses; those of the poem that lost most come first."""
    places = {each.poem: at for at, each in enumerate(lost_by_poem(comparison.record))}
    return sorted(comparison.losses, key=lambda loss: places[poem_of(loss.verdict.probe)])


def said_worst(comparison: Comparison, languages: Mapping[PoemKey, str]) -> list[str]:
    """Lines on the poem that lost most: its lost probe with the longest suffix, then the baseline's
    recitation and the present one, as far as they are known. If the run is redacted, only the first
    line. There must be a loss.
    """
    worst, *_ = lost_by_poem(comparison.record)
    own = [loss for loss in comparison.losses if poem_of(loss.verdict.probe) == worst.poem]
    loss = max(own, key=lambda loss: len(loss.verdict.asked))
    language, at = _from(loss, languages)
    total = len(unit_ends(loss.verdict.asked, language))
    worst_of_all = f"the worst, {loss.verdict.probe}, leaves the poem after {at} of {total}"
    if loss.verdict.redacted:  # show no text, even if the baseline has some
        return [worst_of_all]
    return [f"{worst_of_all}; from there:", *_recitations(loss, at, language, _RECITATION)]


def describe_loss(loss: Loss, languages: Mapping[PoemKey, str]) -> str:
    """Where the present recitation leaves the poem, and both recitations from there on, as far as
    they are known.
    """
    language, at = _from(loss, languages)
    if loss.verdict.redacted:
        return f"after {at}"
    return f"after {at}: {' '.join(_recitations(loss, at, language, _EXCERPT))}"


def _recitations(loss: Loss, start: int, language: str, most: _Size) -> list[str]:
    """The recitations then and now, as far as they are known."""
    now = loss.verdict.completion if loss.verdict.recited else None
    texts = {"then": loss.then, "now": now}
    return [
        f"{when} {recitation(text, start, language, most)}"
        for when, text in texts.items()
        if text is not None
    ]


def _from(loss: Loss, languages: Mapping[PoemKey, str]) -> tuple[str, int]:
    """The poem's language, and after how many units the recitation leaves it."""
    verdict = loss.verdict
    return languages[verdict.collection, verdict.poem], verdict.divergence or 0


def recitation(text: str, start: int, language: str, most: _Size = _RECITATION) -> str:
    """A recitation from unit `start` on, clipped, in quotes, as `one_line`. If it ends in a loop,
    that is shown once and counted: ``“Twinkle, la…” (“la” ×37)``.
    """
    ends = [0, *unit_ends(text, language)]
    total = len(ends) - 1
    start = min(start, total)
    loop = loop_of(units(text, language)[start:])
    if loop is None:
        return f"“{_clipped(text, ends, start, total, most)}”"
    begins = start + loop.begins
    once = _clipped(text, ends, begins, begins + loop.period, most)
    before = _clipped(text, ends, start, begins, most)
    if before:
        return f"“{before} {once}…” (“{once}” ×{loop.times:,})"
    return f"“{once}…” (×{loop.times:,})"


def _clipped(text: str, ends: Sequence[int], start: int, end: int, most: _Size) -> str:
    """The units from `start` to `end`, or the first of them if they are more than `most`."""
    count = most.words if in_words(text) else most.characters
    begin, stop = ends[start], ends[min(end, start + count)]
    cut = min(stop, begin + most.code_points)
    return one_line(text[begin:cut]) + ("…" if cut < ends[end] else "")


class Loop(NamedTuple):
    """A sequence that a text repeats to its end."""

    begins: int
    """How many units come before it."""
    period: int
    """Its length in units."""
    times: int


def loop_of(parts: Sequence[str]) -> Loop | None:
    """The shortest sequence that a text repeats to its end, three times or more."""
    total = len(parts)
    for period in range(1, total // 3 + 1):
        begins = total - period
        while begins and parts[begins - 1] == parts[begins - 1 + period]:
            begins -= 1
        if total - begins >= 3 * period:
            return Loop(begins, period, (total - begins) // period)
    return None
