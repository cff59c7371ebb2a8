"""From probes to completions by asking for each one: for models that continue a text and tell
nothing of tokens or probabilities.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memtests.fixtures.models.contract import Completer
from memtests.fixtures.probes.cuts import ALONE, first_true
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.completeness import is_complete
from memtests.plugins.reciter import Completion, Unjudged, most_tokens

# How many probes are asked together: four times as many as a server answers at once.
_PORTION = 128


@dataclass
class PlainReciter:
    """Recites as Reciter does, but without tokens, probabilities and fragile verdicts."""

    model: Completer
    in_float32 = False
    """As Reciter.in_float32."""

    def recite(self, probes: Sequence[Probe]) -> list[Completion | Unjudged]:
        """The completion of each probe, in their order."""
        found = dict(self.reciting(probes))
        return [found[at] for at in range(len(probes))]

    def reciting(self, probes: Sequence[Probe]) -> Iterator[tuple[int, Completion | Unjudged]]:
        """The same, each with its number as soon as it is known."""
        for first in range(0, len(probes), _PORTION):
            for at, found in self._together(probes[first : first + _PORTION]):
                yield first + at, found

    def _together(self, probes: Sequence[Probe]) -> Iterator[tuple[int, Completion | Unjudged]]:
        more = []
        few = list(map(few_tokens, probes))
        for at, (text, ended) in self.model.complete([probe.cue for probe in probes], few):
            if ended or is_complete(text, probes[at]):
                yield at, cut_off(text, probes[at])
            else:
                more.append(at)
        more.sort()  # answers come in another order every time
        most = [most_tokens(probes[at]) for at in more]
        for number, (text, _) in self.model.complete([probes[at].cue for at in more], most):
            yield more[number], cut_off(text, probes[more[number]])


def few_tokens(probe: Probe) -> int:
    """A number of tokens that is nearly always enough: one for every three bytes. A Chinese
    character has three bytes, and most tokens have more.
    """
    return min(most_tokens(probe), 16 + len(probe.suffix.encode(errors="replace")) // 3)


def cut_off(text: str, probe: Probe) -> Completion:
    """The completion in a text: its shortest beginning that is complete."""
    enough = first_true(lambda n: is_complete(text[:n], probe), 0, len(text))
    return Completion(text[:enough], None, math.inf, followed=None, cut=ALONE)
