"""From probes to completions by asking for each: for models that only go on from texts."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memtests.fixtures.models.contract import Completer
from memtests.fixtures.probes.cuts import ALONE, first_true
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.completeness import is_complete
from memtests.plugins.reciter import Completion, Unjudged, most_tokens

# So many probes are asked together: four times as many as a server answers at once.
_PORTION = 128


@dataclass
class PlainReciter:
    """Recites as Reciter does, and knows nothing of tokens, probabilities and rounding."""

    model: Completer
    in_float32 = False
    """As Reciter.in_float32."""

    def recite(self, probes: Sequence[Probe]) -> list[Completion | Unjudged]:
        """The completion of each probe, in their order."""
        return [found for _, found in self.reciting(probes)]

    def reciting(self, probes: Sequence[Probe]) -> Iterator[tuple[int, Completion | Unjudged]]:
        """The same, each with its number, a portion at a time."""
        for first in range(0, len(probes), _PORTION):
            portion = probes[first : first + _PORTION]
            yield from enumerate(self._together(portion), start=first)

    def _together(self, probes: Sequence[Probe]) -> list[Completion | Unjudged]:
        few = list(map(_few_tokens, probes))
        found = self.model.complete([probe.cue for probe in probes], few)
        more = [
            at
            for at, (text, ended) in enumerate(found)
            if not (ended or is_complete(text, probes[at]))
        ]
        again = self.model.complete(
            [probes[at].cue for at in more], [most_tokens(probes[at]) for at in more]
        )
        for at, said in zip(more, again, strict=True):
            found[at] = said
        return [_cut(text, probe) for (text, _), probe in zip(found, probes, strict=True)]


def _few_tokens(probe: Probe) -> int:
    """Nearly always enough: three bytes are a Chinese character, and less than most tokens."""
    return min(most_tokens(probe), 16 + len(probe.suffix.encode(errors="replace")) // 3)


def _cut(text: str, probe: Probe) -> Completion:
    """As much of a text as is enough."""
    enough = first_true(lambda n: is_complete(text[:n], probe), 0, len(text))
    return Completion(text[:enough], None, math.inf, followed=None, cut=ALONE)
