"""Memories from the traces beside a report: recall after every cut of every poem. Pure functions.

Here, `recited` means token for token, after the true words before it: the literature's extractable.
A verdict's `correct` compares normal forms instead.
"""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from memtests.fixtures.probes.probes import parse_prefix_length
from memtests.fixtures.probes.text import in_words, unit_ends
from memtests.plugins.traces import (
    HEADER,
    PLAIN,
    Trace,
    longest_run,
    place_of,
    recited_from,
    said_of_tokens,
    shortest_prefix,
)
from memtests.reports.counting.inside_windows import Inside, inside_windows
from memtests.reports.counting.own_traces import known_texts, own_traces
from memtests.reports.report import PoemKey, Report, is_chat, languages_of

_LENGTHS = tuple(parse_prefix_length(f"{share}%") for share in range(1, 100))
# Between a header and its poem.
_WHITE = "\n\n"


class Memory(NamedTuple):
    """One model's memory of one poem."""

    model: str
    collection: str
    poem: str
    in_words: bool
    """Whether its units are words."""
    units: int
    """How many units the poem has."""
    shortest: int | None
    """The length in units of the shortest prefix after which the rest is recited. None if there is
    none, or if the poem was not read without its header."""
    longest: int
    """The most units in a row that are recited, each after the true ones before it."""
    shares: tuple[bool | None, ...]
    """For each percentage of the poem in the cue, from 0 (the header alone) to 99: whether the rest
    is recited. None if that is not known."""

    @property
    def strength(self) -> float:
        """Extraction strength: 1 less the share of the poem that is its shortest prefix."""
        return 0.0 if self.shortest is None else 1 - self.shortest / self.units


class Protocol(NamedTuple):
    """How many tokens are given, and how many tokens after them are asked for."""

    given: int
    asked: int


FIFTY = Protocol(50, 50)


class Extracted(NamedTuple):
    """What a protocol finds in one text: whether the tokens it asks for are recited."""

    model: str
    collection: str
    poem: str
    recited: bool
    log_p: float
    log_p_40: float | None


class Remembered(NamedTuple):
    """Everything that is counted from the traces beside a report."""

    memories: tuple[Memory, ...] = ()
    protocol: Protocol = FIFTY
    extracted: tuple[Extracted, ...] = ()
    """One for each text that is long enough for the protocol."""
    inside: tuple[Inside, ...] = ()
    """Recall by length, from the readings of windows."""


NOTHING = Remembered()


def remembered(report: Report, traces: Iterable[Trace], protocol: Protocol = FIFTY) -> Remembered:
    """Count the traces of a report's models and poems. Other traces are ignored."""
    traces = list(traces)
    texts, languages = known_texts(report, traces), languages_of(report)
    chats = {model.name: is_chat(model.template) for model in report.models}
    of_poem: dict[tuple[str, PoemKey], dict[str, Trace]] = defaultdict(dict)
    for (model, form, key), trace in own_traces(report, traces, texts).items():
        of_poem[model, key][form] = trace
    models = list(chats)
    memories, extracted = [], []
    for (model, key), forms in sorted(
        of_poem.items(), key=lambda item: (models.index(item[0][0]), item[0][1])
    ):
        lead = 0 if chats[model] else len(_WHITE)
        language = languages.get(key, "")
        # No cue can be as long as such a text, so nothing is known of its rest after a cut.
        if not any(trace.piece for trace in forms.values()):
            memories.append(_memory(model, key, forms, texts[key], language=language, lead=lead))
        if PLAIN in forms and (found := _extracted(forms[PLAIN], protocol)):
            extracted.append(found)
    inside = inside_windows(report, traces) if report.texts else ()
    return Remembered(tuple(memories), protocol, tuple(extracted), inside)


def _memory(
    model: str,
    key: PoemKey,
    forms: Mapping[str, Trace],
    text: str,
    *,
    language: str,
    lead: int,
) -> Memory:
    ends = unit_ends(text, language)
    plain, header = forms.get(PLAIN), forms.get(HEADER)
    shares: list[bool | None] = [*recited_from(header, text, [-lead])] if header else [None]
    counts = _counts(len(ends))
    cuts = [ends[count - 1] for count in counts if count < len(ends)]
    shares += recited_from(plain, text, cuts) if plain else [None] * len(cuts)
    shares += [None] * (1 + len(counts) - len(shares))
    return Memory(
        model,
        *key,
        in_words(text),
        len(ends),
        shortest_prefix(plain, text, ends) if plain else None,
        max(longest_run(trace, text, ends) for trace in forms.values()),
        tuple(shares),
    )


@functools.lru_cache(maxsize=4096)
def _counts(units: int) -> Sequence[int]:
    """Each percentage of a poem in units. Cached: many poems have the same number of units."""
    return [length.of(units) for length in _LENGTHS]


def _extracted(trace: Trace, protocol: Protocol) -> Extracted | None:
    """What a protocol finds in a trace; None if the text is too short."""
    before = sum(end is not None and end <= trace.begins for end in trace.ends)
    first = before + protocol.given
    stop = first + protocol.asked
    found = said_of_tokens(trace, first, first, stop) if stop <= len(trace.ends) else None
    if found is None or found.log_p is None:
        return None
    return Extracted(*place_of(trace)[:3], bool(found.recited), found.log_p, found.log_p_40)


def by_collection(found: Sequence[Memory]) -> dict[tuple[str, str], list[Memory]]:
    """Model and collection → the memories of its poems."""
    groups: dict[tuple[str, str], list[Memory]] = defaultdict(list)
    for memory in found:
        groups[memory.model, memory.collection].append(memory)
    return groups
