"""One model's recitations in one session: probes are asked in chunks, judged, handed on to the disk
and remembered.
"""

import dataclasses
import traceback
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from memtests.fixtures.models.chat import in_chat
from memtests.fixtures.models.contract import Answerer, Completer, LanguageModel, Usage
from memtests.fixtures.models.server.wire import ServerError
from memtests.fixtures.poems.poems import Collection as Poems
from memtests.fixtures.probes.probes import Place, Probe, own_probe
from memtests.fixtures.probes.text import masked
from memtests.plugins.chance import Bands, chance, chance_bands
from memtests.plugins.chatting import ChatReciter
from memtests.plugins.completions import ALWAYS, EVERY_MISS, UNDECIDED, Misses
from memtests.plugins.plain import PlainReciter
from memtests.plugins.reciter import (
    Completion,
    Foresee,
    Reciter,
    Unjudged,
    no_foresight,
    recite_plainly,
)
from memtests.plugins.redacting import kind_of_error, redacted, without_messages
from memtests.plugins.resuming import SavedVerdict, key_of, trace_key_of
from memtests.plugins.traces import Form, Trace, form_of, in_pieces, trace_of
from memtests.plugins.verdicts import Verdict, verdict

Poem = TypeVar("Poem", bound=Hashable)

# The most poems of a chunk: enough to fill the passes of any device, few enough for its memory.
POEMS_AT_ONCE = 256
# Several workers get about this many chunks each, so that none waits long for another at the end.
# But chunks are not made smaller than this many poems for that.
_CHUNKS_EACH, _FEW_POEMS = 4, 16
# If probes fail together, they are tried again in this many parts.
_PARTS = 16
Sink = Callable[[Sequence[SavedVerdict], Sequence[Trace]], object]
"""Takes verdicts and traces as soon as they are settled, before their cases ask for them."""
ERRORS = "errors.log"
"""The file in the report's folder that keeps the tracebacks of unforeseen errors."""


class UnjudgedError(Exception):
    """A probe that could not be asked; the message is the reason."""


class Recital:
    """Answers `recall(probe)` for one model.

    A chunk begins when its first probe is asked for. Then each case lets the chunk go on until the
    case's own probe is settled. Other probes that are settled on the way go to the sink, too, and
    are remembered until their cases come.
    """

    def __init__(
        self,
        model: LanguageModel | Completer,
        chunks: Sequence[Sequence[Probe]],
        bands: Callable[[str], Bands],
        saved: Mapping[str, SavedVerdict] | None = None,
        saved_traces: Collection[str] = (),
        *,
        misses: Misses = EVERY_MISS,
        traces: bool = True,
        redact: bool = False,
        sink: Sink = lambda *_: None,
        foresee: Foresee = no_foresight,
    ) -> None:
        """`chunks`: the probes that are recited together; `bands`: the name of a collection → its
        chance levels; `saved`: key → verdict of an earlier run, which need not be asked for again;
        `saved_traces`: the keys of the earlier run's traces; `misses`: which misses are recited;
        `traces`: whether traces are wanted; `redact`: whether verdicts leave without their texts
        (plugins/redacting.py); `foresee`: what probes outside of the chunks will be asked for.
        """
        self.model = model
        self.redact = redact
        self._bands = bands
        self._saved = saved or {}
        self._chunks = chunks
        self._chunk = {probe.name: chunk for chunk in chunks for probe in chunk}
        self.misses = misses
        self._traces = traces
        # Kept here because isinstance is slow with a protocol, and each probe needs it several
        # times.
        self._in_tokens = None if isinstance(model, Completer) else model
        self.answerer = model if isinstance(model, Answerer) else None
        self._in_chat = self._in_tokens is not None and self._in_tokens.in_chat("") is not None
        # In a chat, each cue has a text of its own, so a reading does not tell of other cues.
        self._foresee = no_foresight if self._in_chat else foresee
        self._reciter = self._new_reciter()
        self._going: Iterator[tuple[Probe, Probe, Completion | Unjudged]] = iter(())
        """The chunk that has begun: each probe, the probe as it was put to the model, and its
        completion."""
        self._expected: set[str] = set()
        """The names of the chunk's probes that are still to come."""
        self._completions: dict[str, Completion | Unjudged] = {}
        self._judged: dict[str, SavedVerdict] = {}
        self.asked: list[SavedVerdict | tuple[Probe, Unjudged]] = []
        """The answers that cases got since this list was last emptied."""
        self._saved_traces = saved_traces
        self._traced: set[Form] = set()
        """The forms whose traces are saved or handed on."""
        self._sink = sink
        # The next four say what `gathering` has sent to the report already.
        self.introduced = False
        """Whether the model's record was sent."""
        self.way = ""
        """The way of computing the model that was sent last."""
        self.usage: Usage | None = None
        """The usage of a chat server that was sent last."""
        self.errors: list[str] = []
        """The errors of ways that failed, as far as they were sent."""

    def __repr__(self) -> str:  # pytest shows it where a user's own test fails
        return f"<recall of {self.model.name}>"

    def __call__(
        self,
        probe: Probe | None = None,
        *,
        opening: str = "",
        rest: str = "",
        language: str | None = None,
    ) -> Verdict:
        """The verdict on a probe, which goes into the report. Without a probe, the verdict on a
        test's own question (`own_probe`), which does not. Raises UnjudgedError if there is none.
        """
        if probe is None:
            own = own_probe(opening, rest, language)
            level = chance(chance_bands(Poems(own.collection, (own.poem,))), own.suffix)
            found = verdict(self.model.name, own, self.completion(own), level)
            return redacted(found, own.poem.language) if self.redact else found
        return self._taken_down(probe)

    def _taken_down(self, probe: Probe) -> Verdict:
        found = self._known(probe)
        if found is None:
            completion = self._completion(probe)
            if isinstance(completion, Unjudged):
                self.asked.append((probe, completion))
                raise UnjudgedError(completion.reason)
            found = self._judged.get(probe.name) or self._verdict(probe, completion)
        if not self._is_traced(probe):
            chunk = self._chunk.get(probe.name, [probe])
            self._read_again([other for other in chunk if other == probe or self._known(other)])
        self.asked.append(found)
        return found

    def _verdict(self, probe: Probe, completion: Completion) -> SavedVerdict:
        level = chance(self._bands(probe.collection), probe.suffix)
        judged = verdict(self.model.name, probe, completion, level)
        fields = msgspec.structs.asdict(judged)
        key = key_of(self.model, probe, level)
        found = SavedVerdict(**fields, key=key, followed=completion.followed)
        return redacted(found, probe.poem.language) if self.redact else found

    def take_down_rest(self) -> None:
        """Take down what is judged already though its case has not come, by this run or an earlier
        one: where a run is broken off.
        """
        for probe in (probe for chunk in self._chunks for probe in chunk):
            found = self._judged.get(probe.name) or self._known(probe)
            if found:
                self.asked.append(found)

    def _read_again(self, probes: Sequence[Probe]) -> None:
        """Read the texts of probes that have a verdict from an earlier run but no trace. Recites
        nothing.
        """
        missing = [probe for probe in probes if not self._is_traced(probe)]
        asked = [self._as_asked(probe) for probe in missing]
        reciter = reciter_of(self.model)
        if isinstance(reciter, Reciter):
            reciter.pieced = self._in_pieces(missing)
            reciter.read(asked)
            for probe, put in zip(missing, asked, strict=True):
                self._sink([], self._new_trace(reciter, probe, put))

    def _new_trace(self, reciter: Reciter, probe: Probe, put: Probe) -> list[Trace]:
        """The trace of a probe's text, if it is new. `put`: the probe as put to the model."""
        place = self._place(probe)
        if place is None or self._is_traced(probe):
            return []
        self._traced.add(place)
        key, form, ends = self._trace_key(probe), place[-1], reciter.model.ends
        long = reciter.take_pieces(put)
        if long:
            text = masked(probe.poem.text) if self.redact else probe.poem.text
            trace = trace_of(self.model.name, put, form, long, key, ends=ends)
            return [in_pieces(trace, reciter.model.context, text)]
        read = reciter.reading(put)
        return [trace_of(self.model.name, put, form, read, key, ends=ends)] if read else []

    def _in_pieces(self, probes: Iterable[Probe]) -> set[str]:
        """The texts that are to be read in pieces if they are too long: those without a trace. In a
        chat there are none, as no turn would stand around a piece.
        """
        if self._in_chat:
            return set()
        texts = {probe.text: probe for probe in probes if not probe.window}
        return {text for text, probe in texts.items() if not self._is_traced(probe)}

    def _is_traced(self, probe: Probe) -> bool:
        """Whether a probe's text has a trace already, or needs none."""
        place = self._place(probe)
        if place is None or place in self._traced:
            return True
        if self._trace_key(probe) in self._saved_traces:
            self._traced.add(place)
        return place in self._traced

    def _place(self, probe: Probe) -> Form | None:
        """What the trace of a probe's text would be of; None if the text gets no trace."""
        form = form_of(probe)
        if form is None or self._in_tokens is None or not self._traces:
            return None
        return self.model.name, probe.collection, probe.poem.id, form

    def _trace_key(self, probe: Probe) -> str | None:
        place = self._place(probe)
        if place is None or self._in_tokens is None:
            return None
        return trace_key_of(self._in_tokens, self._as_asked(probe), place[-1])

    def expect(self, probe: Probe) -> Verdict:
        """The verdict on a probe. Raises AssertionError at a miss, also under `python -O`, which
        may leave out `assert` statements.
        """
        found = self(probe)
        if not found.correct:
            raise AssertionError(found.outcome)
        return found

    def measure(self, probe: Probe) -> Verdict | None:
        """The verdict on a probe; None if it is unjudged. The report has it in both cases."""
        try:
            return self(probe)
        except UnjudgedError:
            return None

    def completion(self, probe: Probe) -> Completion:
        """The whole completion of a probe, even if `misses` would leave it unrecited. It leaves no
        verdict in the report. Raises UnjudgedError.
        """
        found = self._completion(probe)
        if isinstance(found, Completion) and not found.recited:
            put = self._as_asked(probe)
            ((_, asked),) = recite(reciter_of(self.model), [put], redact=self.redact)
            found = _counted_from(probe, put, asked)
        if isinstance(found, Unjudged):
            raise UnjudgedError(found.reason)
        return found

    def plainly(self, probe: Probe) -> str:
        """The completion by plain `generate`, alone at batch size 1."""
        if isinstance(self.model, Completer):  # there is no plainer way: ask once more, uncached
            self.model.forget()
            ((_, completion),) = recite(reciter_of(self.model), [probe], redact=self.redact)
            return completion.text if isinstance(completion, Completion) else completion.reason
        return recite_plainly(self.model, self._as_asked(probe))

    def followed(self, probe: Probe) -> bool | None:
        """Whether the model said the poem's own tokens to the end.

        None if that tells nothing of other cuts: the cue was tokenized alone, the text was not
        read, or the probe is unjudged.
        """
        known = self._known(probe)
        if known is not None:
            return known.followed
        completion = self._completion(probe)
        return None if isinstance(completion, Unjudged) else completion.followed

    def said_from(self, probe: Probe) -> int | None:
        """As `Reciter.said_from`; None in a chat, where each cue has a text of its own."""
        if self._in_chat or not isinstance(self._reciter, Reciter):
            return None
        return self._reciter.said_from(probe)

    def _known(self, probe: Probe) -> SavedVerdict | None:
        """The verdict of an earlier run on the same question to the same model, unless it was only
        read there and is to be recited now.
        """
        if not self._saved:
            return None
        level = chance(self._bands(probe.collection), probe.suffix)
        found = self._saved.get(key_of(self.model, probe, level) or "")
        return None if found and self._is_wanted(found, probe) else found

    def _is_wanted(self, found: Verdict, probe: Probe) -> bool:
        """Whether a saved verdict was only read, and the probe is to be recited now."""
        wanted = self.misses.wanted(probe)
        return not found.recited and (wanted == ALWAYS or (wanted == UNDECIDED and found.undecided))

    def _completion(self, probe: Probe) -> Completion | Unjudged:
        if probe.name in self._completions:
            return self._completions[probe.name]
        if probe.name not in self._chunk:
            put = self._as_asked(probe)
            ((_, found),) = recite(self._reciter, [put], redact=self.redact)
            self._completions[probe.name] = _counted_from(probe, put, found)
            return self._completions[probe.name]
        if probe.name not in self._expected:
            self._go_on(lambda: bool(self._expected))
            self._begin(probe)
        self._go_on(lambda: probe.name in self._expected or self._reciter.in_float32)
        return self._completions[probe.name]

    def _begin(self, probe: Probe) -> None:
        """Begin the chunk of a probe, without the probes that an earlier run judged or this run has
        asked already.
        """
        done = self._completions
        chunk = [
            other
            for other in self._chunk[probe.name]
            if other == probe or not (other.name in done or self._known(other))
        ]
        self._reciter = self._new_reciter()  # forget the texts of the chunk before
        self._expected = {other.name for other in chunk}
        asked = [self._as_asked(other) for other in chunk]
        if isinstance(self._reciter, Reciter):
            self._reciter.pieced = self._in_pieces(chunk)
        found = recite(self._reciter, asked, redact=self.redact)
        self._going = ((chunk[at], asked[at], completion) for at, completion in found)

    def _go_on(self, wanted: Callable[[], bool]) -> None:
        """Go on with the chunk for as long as `wanted` says so."""
        try:
            while wanted() and (settled := next(self._going, None)):
                self._settle(*settled)
        except BaseException:
            # Another plugin's, such as a timeout. The chunk has ended with it. If the run goes on,
            # the next case begins it anew, with those that are left.
            self._expected.clear()
            raise

    def _settle(self, probe: Probe, put: Probe, completion: Completion | Unjudged) -> None:
        """Remember a probe's completion, judge it, and hand on the verdict and its trace. `put`:
        the probe as put to the model.
        """
        self._expected.discard(probe.name)
        self._completions[probe.name] = found = _counted_from(probe, put, completion)
        judged, new = [], []
        if isinstance(found, Completion):
            self._judged[probe.name] = self._verdict(probe, found)
            judged = [self._judged[probe.name]]
        # A text that is too long for its probes has a trace, if it was read in pieces.
        if isinstance(self._reciter, Reciter) and (judged or self._reciter.is_in_pieces(put)):
            new = self._new_trace(self._reciter, probe, put)
        if judged or new:
            self._sink(judged, new)

    def _new_reciter(self) -> Reciter | PlainReciter:
        return reciter_of(self.model, self.misses, whole=self._traces, foresee=self._foresee)

    def _as_asked(self, probe: Probe) -> Probe:
        """The probe as it is put to this model."""
        model = self._in_tokens
        if model is None or not self._in_chat:
            return probe
        return in_chat(probe, lambda message: model.in_chat(message) or "")


def _counted_from(
    probe: Probe, put: Probe, completion: Completion | Unjudged
) -> Completion | Unjudged:
    """The completion of a probe, with `moved` counted in the probe itself and not in `put`, the
    probe as it was put to the model. They differ in a chat: there, the empty line between header
    and poem belongs to the user's turn, not to the suffix.
    """
    if isinstance(completion, Unjudged) or put is probe:
        return completion
    moved = completion.moved + len(probe.suffix) - len(put.suffix)
    return dataclasses.replace(completion, moved=moved)


def reciter_of(
    model: LanguageModel | Completer,
    misses: Misses = EVERY_MISS,
    *,
    whole: bool = True,
    foresee: Foresee = no_foresight,
) -> Reciter | PlainReciter:
    """The reciter for this kind of model. A model that cannot be read recites every probe. `whole`:
    whether texts are read from their beginning, for their traces.
    """
    if isinstance(model, Answerer):
        return ChatReciter(model)
    if isinstance(model, Completer):
        return PlainReciter(model)
    return Reciter(model, misses=misses, whole=whole, foresee=foresee)


def recite(
    reciter: Reciter | PlainReciter, probes: Sequence[Probe], *, redact: bool = False
) -> Iterator[tuple[int, Completion | Unjudged]]:
    """The completion of each probe, with its number, as soon as it is known. If an error ends a
    batch, the rest is tried again in smaller and smaller parts, so that only the probe with the
    error is lost.

    `redact`: whether the message of an error is left out.
    """
    left = dict.fromkeys(range(len(probes)))
    try:
        for at, found in reciter.reciting(probes):
            del left[at]
            yield at, found
    except Exception as error:
        if len(probes) == 1:
            yield 0, unforeseen(error, redact)
            return
    rest = list(left)
    size = -(-len(rest) // _PARTS)
    for first in range(0, len(rest), max(1, size)):
        part = rest[first : first + size]
        for at, found in recite(reciter, [probes[number] for number in part], redact=redact):
            yield part[at], found


def unforeseen(error: Exception, redact: bool = False) -> Unjudged:
    """Why a probe could not be asked, after an error that no other code has handled."""
    first = next(iter(str(error).splitlines()), "")
    reason = kind_of_error(error) if redact else f"{type(error).__name__}: {first}"
    if isinstance(error, ServerError):  # its message is enough, without a traceback
        return Unjudged(reason)
    told = "".join(traceback.format_exception(error))
    told = without_messages(told) if redact else told
    return Unjudged(f"{reason} (traceback in {ERRORS})", told)


def batches_of(probes: Sequence[Probe], workers: int = 1) -> list[list[Probe]]:
    """Probes in chunks, in the order in which their poems first come. All probes of a poem are in
    one chunk.
    """
    poems: dict[Place, list[Probe]] = {}
    for probe in probes:
        poems.setdefault(probe.place, []).append(probe)
    batches: dict[int, list[Probe]] = {}
    for poem, chunk in chunks_of(poems, workers).items():
        batches.setdefault(chunk, []).extend(poems[poem])
    return list(batches.values())


def chunks_of(poems: Iterable[Poem], workers: int = 1) -> dict[Poem, int]:
    """Poem → the number of its chunk, counted in the order in which poems first come.

    A chunk is recited together, on one worker. There are at least as many chunks as workers, if
    there are as many poems. Chunks depend only on the poems and the number of workers, so they are
    the same in every such run.
    """
    order = dict.fromkeys(poems)
    size = POEMS_AT_ONCE
    if workers > 1:
        few = max(_FEW_POEMS, len(order) // (_CHUNKS_EACH * workers))
        size = max(1, min(size, few, len(order) // workers))
    return {poem: at // size for at, poem in enumerate(order)}
