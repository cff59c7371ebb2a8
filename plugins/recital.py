"""One model's recitations in one session: asked in batches, judged, remembered."""

from collections.abc import Callable, Mapping, Sequence

from fixtures.language_model import LanguageModel
from fixtures.probes import Probe
from plugins.chance import chance
from plugins.reciter import Completion, Reciter, Unjudged, recite_plainly
from plugins.verdicts import Verdict, verdict

# Poems whose probes are asked together.
POEMS_AT_ONCE = 16


class UnjudgedError(Exception):
    """A probe that could not be asked; the message is the reason."""


class Recital:
    """Answers `recall(probe)` for one model.

    The first probe of a batch that is asked for has the whole batch recited; the others are
    remembered until their cases come.
    """

    def __init__(
        self,
        model: LanguageModel,
        batches: Sequence[Sequence[Probe]],
        bands: Callable[[str], Mapping[int, float]],
    ) -> None:
        """`batches`: what is recited together; `bands`: the chance levels of a collection."""
        self.model = model
        self._bands = bands
        self._batch = {probe.name: batch for batch in batches for probe in batch}
        self._reciter = Reciter(model)
        self._completions: dict[str, Completion | Unjudged] = {}
        self.asked: list[Verdict | tuple[Probe, Unjudged]] = []
        """What was asked for since this list was last emptied."""
        self.introduced = False
        """Whether what the model says of itself is on its way to the report."""

    def __call__(self, probe: Probe) -> Verdict:
        """The verdict on a probe. Raises UnjudgedError where there is none."""
        completion = self._completion(probe)
        if isinstance(completion, Unjudged):
            self.asked.append((probe, completion))
            raise UnjudgedError(completion.reason)
        level = chance(self._bands(probe.collection), probe.suffix)
        judged = verdict(self.model.name, probe, completion, level)
        self.asked.append(judged)
        return judged

    def completion(self, probe: Probe) -> Completion:
        """The completion of a probe, without taking down a verdict. Raises UnjudgedError."""
        found = self._completion(probe)
        if isinstance(found, Unjudged):
            raise UnjudgedError(found.reason)
        return found

    def plainly(self, probe: Probe) -> str:
        """The completion by plain `generate`, alone at batch size 1."""
        return recite_plainly(self.model, probe)

    def followed(self, probe: Probe) -> bool | None:
        """Whether the model said the poem's own tokens to the end.

        None where that says nothing about other cuts: the cue's tokens do not begin the poem's, or
        the probe is unjudged.
        """
        completion = self._completion(probe)
        if isinstance(completion, Unjudged) or not completion.shared:
            return None
        return completion.followed

    def _completion(self, probe: Probe) -> Completion | Unjudged:
        if probe.name not in self._completions:
            batch = self._batch.get(probe.name)
            if batch is not None:
                self._reciter = Reciter(self.model)  # forget the texts of the batch before
            for asked, completion in recite(self._reciter, batch or [probe]):
                self._completions[asked.name] = completion
        return self._completions[probe.name]


def recite(reciter: Reciter, probes: Sequence[Probe]) -> list[tuple[Probe, Completion | Unjudged]]:
    """Completions of probes; where a batch fails, each on its own, so that it costs one probe."""
    try:
        return list(zip(probes, reciter.recite(probes), strict=True))
    except Exception as error:
        if len(probes) > 1:
            return [pair for probe in probes for pair in recite(reciter, [probe])]
        first = next(iter(str(error).splitlines()), "")
        return [(probes[0], Unjudged(f"{type(error).__name__}: {first}"))]


def batches_of(probes: Sequence[Probe], poems: int = POEMS_AT_ONCE) -> list[list[Probe]]:
    """Probes in batches of so many poems, in the order in which the poems first come."""
    by_poem: dict[tuple[str, str], list[Probe]] = {}
    for probe in probes:
        by_poem.setdefault((probe.collection, probe.poem.id), []).append(probe)
    groups = list(by_poem.values())
    return [
        [probe for group in groups[first : first + poems] for probe in group]
        for first in range(0, len(groups), poems)
    ]
