"""One model's recitations in one session: asked in batches, judged, remembered."""

import dataclasses
import traceback
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from memtests.fixtures.models.chat import in_chat
from memtests.fixtures.models.contract import Completer, LanguageModel
from memtests.fixtures.models.server.wire import ServerError
from memtests.fixtures.poems.poems import Collection as Poems
from memtests.fixtures.probes.probes import Probe, own_probe
from memtests.plugins.chance import Bands, chance, chance_bands
from memtests.plugins.plain import PlainReciter
from memtests.plugins.reciter import Completion, Reciter, Unjudged, recite_plainly
from memtests.plugins.redacting import kind_of_error, redacted, without_messages
from memtests.plugins.resuming import SavedVerdict, key_of, trace_key_of
from memtests.plugins.traces import Form, Trace, form_of, trace_of
from memtests.plugins.verdicts import Verdict, verdict

Poem = TypeVar("Poem", bound=Hashable)

# Poems whose probes are asked together, at most.
POEMS_AT_ONCE = 16
ERRORS = "errors.log"
"""The file in the report's folder that keeps what is said of errors nobody has foreseen."""


class UnjudgedError(Exception):
    """A probe that could not be asked; the message is the reason."""


class Recital:
    """Answers `recall(probe)` for one model.

    The first probe of a batch that is asked for has the whole batch recited; the others are
    remembered until their cases come.
    """

    def __init__(
        self,
        model: LanguageModel | Completer,
        batches: Sequence[Sequence[Probe]],
        bands: Callable[[str], Bands],
        saved: Mapping[str, SavedVerdict] | None = None,
        saved_traces: Collection[str] = (),
        *,
        redact: bool = False,
    ) -> None:
        """`batches`: what is recited together; `bands`: the chance levels of a collection; `saved`:
        key → verdict, of an earlier run that need not be asked again; `saved_traces`: the keys of
        its traces; `redact`: whether no text leaves it (plugins/redacting.py).
        """
        self.model = model
        self.redact = redact
        self._bands = bands
        self._saved = saved or {}
        self._batch = {probe.name: batch for batch in batches for probe in batch}
        self._reciter = reciter_of(model)
        self._completions: dict[str, Completion | Unjudged] = {}
        self.asked: list[SavedVerdict | tuple[Probe, Unjudged]] = []
        """What was asked for since this list was last emptied."""
        self._saved_traces = saved_traces
        self._read: dict[Form, Trace | None] = {}
        """What was read, not yet handed on; None where it was, or need not be."""
        self.traced: list[Trace] = []
        """The traces of what was asked for, since this list was last emptied."""
        self.introduced = False
        """Whether what the model says of itself is on its way to the report."""
        self.way = ""
        """How it is computed, as that was last put on its way to the report."""
        self.errors: list[str] = []
        """What was raised in other ways, of which the same is true."""

    def __repr__(self) -> str:  # shown where a test of one's own fails
        return f"<recall of {self.model.name}>"

    def __call__(
        self,
        probe: Probe | None = None,
        *,
        opening: str = "",
        rest: str = "",
        language: str | None = None,
    ) -> Verdict:
        """The verdict on a probe, which goes into the report; or that on a question of a test's
        own, which does not (`own_probe`). Raises UnjudgedError where there is none.
        """
        if probe is None:
            own = own_probe(opening, rest, language)
            level = chance(chance_bands(Poems(own.collection, (own.poem,))), own.suffix)
            found = verdict(self.model.name, own, self.completion(own), level)
            return redacted(found, own.poem.language) if self.redact else found
        return self._taken_down(probe)

    def _taken_down(self, probe: Probe) -> Verdict:
        level = chance(self._bands(probe.collection), probe.suffix)
        key = key_of(self.model, probe, level)
        found = self._saved.get(key or "")
        if found is None:
            completion = self._completion(probe)
            if isinstance(completion, Unjudged):
                self.asked.append((probe, completion))
                raise UnjudgedError(completion.reason)
            judged = verdict(self.model.name, probe, completion, level)
            fields = msgspec.structs.asdict(judged)
            found = SavedVerdict(**fields, key=key, followed=completion.followed)
            if self.redact:
                found = redacted(found, probe.poem.language)
        self._hand_on(probe)
        self.asked.append(found)
        return found

    def _hand_on(self, probe: Probe) -> None:
        """Hand on the trace of the text that a verdict is on, once. Where the verdict is an earlier
        run's and the trace is not, the text is read again.
        """
        place = self._place(probe)
        if place is None:
            return
        if place not in self._read:
            batch = self._batch.get(probe.name, [probe])
            self._read_again([other for other in batch if other == probe or self._known(other)])
        if trace := self._read[place]:
            self.traced.append(trace)
        self._read[place] = None

    def _read_again(self, probes: Sequence[Probe]) -> None:
        """Read the texts of probes whose traces are not there, and recite nothing."""
        missing = [probe for probe in probes if not self._is_kept(probe)]
        asked = [self._as_asked(probe) for probe in missing]
        reciter = reciter_of(self.model)
        if asked and isinstance(reciter, Reciter):
            reciter.read(asked)
            self._keep(reciter, missing, asked)

    def _keep(self, reciter: Reciter, probes: Sequence[Probe], asked: Sequence[Probe]) -> None:
        """Keep what was read of the texts of probes, `asked` as they were put to the model."""
        for probe, put in zip(probes, asked, strict=True):
            place = self._place(probe)
            if place is not None and not self._is_kept(probe):
                read, key = reciter.reading(put.text), self._trace_key(probe)
                made = trace_of(self.model.name, put, place[-1], read, key) if read else None
                self._read[place] = made

    def _is_kept(self, probe: Probe) -> bool:
        """Whether there is nothing to keep of the text of a probe, or not any more."""
        place = self._place(probe)
        if place is None or place in self._read:
            return True
        if self._trace_key(probe) in self._saved_traces:
            self._read[place] = None
        return place in self._read

    def _place(self, probe: Probe) -> Form | None:
        """What the trace of the text of a probe is of; None where there is none."""
        form = form_of(probe)
        if form is None or isinstance(self.model, Completer):
            return None
        return self.model.name, probe.collection, probe.poem.id, form

    def _trace_key(self, probe: Probe) -> str | None:
        place = self._place(probe)
        if place is None or isinstance(self.model, Completer):
            return None
        return trace_key_of(self.model, self._as_asked(probe), place[-1])

    def expect(self, probe: Probe) -> Verdict:
        """The verdict on a probe. Raises AssertionError at a miss; `python -O` may leave out an
        `assert`, and does not leave out this.
        """
        found = self(probe)
        if not found.correct:
            raise AssertionError(found.outcome)
        return found

    def measure(self, probe: Probe) -> Verdict | None:
        """The verdict on a probe; None where there is none, which is taken down all the same."""
        try:
            return self(probe)
        except UnjudgedError:
            return None

    def completion(self, probe: Probe) -> Completion:
        """The completion of a probe, without taking down a verdict. Raises UnjudgedError."""
        found = self._completion(probe)
        if isinstance(found, Unjudged):
            raise UnjudgedError(found.reason)
        return found

    def plainly(self, probe: Probe) -> str:
        """The completion by plain `generate`, alone at batch size 1."""
        if isinstance(self.model, Completer):  # there is no plainer way, but it is asked anew
            self.model.forget()
            ((_, completion),) = recite(PlainReciter(self.model), [probe], redact=self.redact)
            return completion.text if isinstance(completion, Completion) else completion.reason
        return recite_plainly(self.model, self._as_asked(probe))

    def followed(self, probe: Probe) -> bool | None:
        """Whether the model said the poem's own tokens to the end.

        None where that says nothing about other cuts: the cue has other tokens than the poem, or
        the probe is unjudged.
        """
        known = self._known(probe)
        if known is not None:
            return known.followed
        completion = self._completion(probe)
        return None if isinstance(completion, Unjudged) else completion.followed

    def _known(self, probe: Probe) -> SavedVerdict | None:
        """The verdict of an earlier run on the same question to the same model."""
        if not self._saved:
            return None
        level = chance(self._bands(probe.collection), probe.suffix)
        return self._saved.get(key_of(self.model, probe, level) or "")

    def _completion(self, probe: Probe) -> Completion | Unjudged:
        if probe.name not in self._completions:
            batch = self._batch.get(probe.name)
            if batch is not None:
                self._reciter = reciter_of(self.model)  # forget the texts of the batch before
                batch = [other for other in batch if other == probe or not self._known(other)]
            batch = batch or [probe]
            put = [self._as_asked(other) for other in batch]
            found = recite(self._reciter, put, redact=self.redact)
            if isinstance(self._reciter, Reciter):
                self._keep(self._reciter, batch, [asked for asked, _ in found])
            for other, (asked, completion) in zip(batch, found, strict=True):
                self._completions[other.name] = completion
                if isinstance(completion, Completion):
                    # In a chat, the empty line between header and poem is the turn's.
                    moved = completion.moved + len(other.suffix) - len(asked.suffix)
                    self._completions[other.name] = dataclasses.replace(completion, moved=moved)
        return self._completions[probe.name]

    def _as_asked(self, probe: Probe) -> Probe:
        """The probe as it is put to this model."""
        model = self.model
        if isinstance(model, Completer) or model.in_chat("") is None:
            return probe
        return in_chat(probe, lambda message: model.in_chat(message) or "")


def reciter_of(model: LanguageModel | Completer) -> Reciter | PlainReciter:
    """What asks this kind of model."""
    return PlainReciter(model) if isinstance(model, Completer) else Reciter(model)


def recite(
    reciter: Reciter | PlainReciter, probes: Sequence[Probe], *, redact: bool = False
) -> list[tuple[Probe, Completion | Unjudged]]:
    """Completions of probes; where a batch fails, each on its own, so that it costs one probe.

    `redact`: whether what an error says is left out.
    """
    try:
        return list(zip(probes, reciter.recite(probes), strict=True))
    except Exception as error:
        if len(probes) == 1:
            return [(probes[0], unforeseen(error, redact))]
    return [pair for probe in probes for pair in recite(reciter, [probe], redact=redact)]


def unforeseen(error: Exception, redact: bool = False) -> Unjudged:
    """Why a probe could not be asked, where that is an error and nobody looked out for it."""
    first = next(iter(str(error).splitlines()), "")
    reason = kind_of_error(error) if redact else f"{type(error).__name__}: {first}"
    if isinstance(error, ServerError):  # it says all there is to say
        return Unjudged(reason)
    told = "".join(traceback.format_exception(error))
    told = without_messages(told) if redact else told
    return Unjudged(f"{reason} (traceback in {ERRORS})", told)


def batches_of(probes: Sequence[Probe], workers: int = 1) -> list[list[Probe]]:
    """Probes in batches of some poems, in the order in which the poems first come."""
    poems = [probe.place for probe in probes]
    chunks = chunks_of(poems, workers)
    batches: dict[int, list[Probe]] = {}
    for probe, poem in zip(probes, poems, strict=True):
        batches.setdefault(chunks[poem], []).append(probe)
    return list(batches.values())


def chunks_of(poems: Iterable[Poem], workers: int = 1) -> dict[Poem, int]:
    """The number of the chunk that each poem is in, counted in the order in which they first come.

    A chunk is recited together, on one worker; there are at least as many as workers.
    """
    order = dict.fromkeys(poems)
    size = max(1, min(POEMS_AT_ONCE, len(order) // workers))
    return {poem: at // size for at, poem in enumerate(order)}
