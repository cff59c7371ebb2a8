"""A poem cut at lengths of its own: some are drawn by Hypothesis, others tried in search of the
shortest cue.

A length that the search tries depends on what the model said after the one before, so each would be
recited alone. But the reading of the poem's text tells beforehand what nearly all of them bring. So
those that the search will probably try are recited together with the drawn ones.
"""

import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.probes.drawing import draw_lengths, lengths_tried, shrink_length
from memtests.fixtures.probes.probes import (
    PREFIX_LENGTHS,
    Place,
    Probe,
    parse_prefix_length,
    poem_unit_ends,
    prefix_probes,
)
from memtests.plugins.recital import Recital
from memtests.plugins.reciter import Foresee, Reciter


@dataclass(frozen=True)
class PoemCuts:
    """A poem that a test can cut at any unit, at prefix lengths of its own."""

    collection: str
    poem: Poem
    cut: Callable[[int], Probe]
    """Number of units, 1 up to `longest` → the probe with a prefix of that length."""
    longest: int
    drawn: tuple[int, ...]
    """Some of these lengths, drawn by Hypothesis over the whole poem, in rising order."""

    def __repr__(self) -> str:  # like Probe's
        return f"<{self.name}>"

    @property
    def name(self) -> str:
        """The name of the pytest case. The name of a probe adds its length to it."""
        return f"{'/'.join(self.place)}/{PREFIX_LENGTHS}"

    @property
    def probes(self) -> list[Probe]:
        """The probes of the drawn lengths."""
        return [self.cut(length) for length in self.drawn]

    @property
    def place(self) -> Place:
        """As Probe.place."""
        return self.collection, self.poem.id

    def contradicting(self, recall: Recital) -> Probe | None:
        """A drawn probe that is not recited although one with a shorter prefix is, both cut between
        the poem's own tokens; None if there is none. Raises UnjudgedError.
        """
        verdicts = [recall(probe) for probe in self.probes]
        followed = [recall.followed(probe) for probe in self.probes]
        for at, verdict in enumerate(verdicts):
            if not verdict.verbatim and followed[at] is not None and True in followed[:at]:
                return self.probes[at]
        return None

    def shortest(self, recall: Recital) -> Probe | None:
        """The probe with the shortest prefix after which the poem is recited, among those that
        Hypothesis tries; None if it is recited at no drawn length. Raises UnjudgedError.
        """
        triggering = [n for n in self.drawn if recall(self.cut(n)).correct]
        if not triggering:
            return None
        known, expected = min(triggering), self._expected(recall)
        return self.cut(shrink_length(known, lambda n: recall(self.cut(n)).correct, expected))

    def foreseen(self, reciter: Reciter) -> list[Probe]:
        """The probes that `shortest` will ask for, if the poem is recited after exactly those cues
        after which its reading says so.
        """
        expected = self._expected(reciter)
        triggering = [n for n in self.drawn if expected is not None and n >= expected]
        if expected is None or not triggering:
            return []
        return [self.cut(length) for length in lengths_tried(min(triggering), expected)]

    def _expected(self, asked: Reciter | Recital) -> int | None:
        """The fewest units after which the poem is recited, by its reading; None if the reading is
        not at hand.
        """
        place = asked.said_from(self.cut(self.longest))
        return None if place is None else 1 + bisect.bisect_left(poem_unit_ends(self.poem), place)


def cuts_of(collection: str, poem: Poem) -> PoemCuts:
    """The cuts of one poem, at lengths drawn by Hypothesis."""

    def cut(count: int) -> Probe:
        length = parse_prefix_length(str(count))
        (probe,) = prefix_probes(collection, poem, (length,), PREFIX_LENGTHS)
        return probe

    longest = len(poem_unit_ends(poem)) - 1
    return PoemCuts(collection, poem, cut, longest, draw_lengths(longest) if longest else ())


def foresight(cuts: Iterable[PoemCuts]) -> Foresee:
    """What the search for the shortest cues of these poems will ask for."""
    of_place = {each.place: each for each in cuts}

    def foresee(reciter: Reciter, probes: Sequence[Probe]) -> Iterator[Probe]:
        places = dict.fromkeys(probe.place for probe in probes if probe.case == PREFIX_LENGTHS)
        for place in (place for place in places if place in of_place):
            yield from of_place[place].foreseen(reciter)

    return foresee
