"""From probes to completions: what plain greedy decoding gives, found by reading each text once.

Let `t` be the tokens of a text and `best[i]` the most probable token after `t[:i]`. Greedy decoding
from a cut at token `k` follows the text up to the first `i >= k` with `best[i] != t[i]`. So one
pass over the text decides for every cut of it how far it is recited. Only what comes after a
divergence is generated, once for all the cues that share it (design, section 4). Where a cut lies
inside a token, `best[k]` is the most probable of the tokens that agree with the cue's end. Of a
model that cannot be read in one pass, everything is generated, from every cue.

No pytest in here.
"""

import dataclasses
import functools
import math
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from memtests.fixtures.models.contract import (
    MOST_PROBABLE,
    Doubted,
    Encoding,
    Generated,
    Held,
    LanguageModel,
    Opening,
    Preparing,
    Reading,
)
from memtests.fixtures.probes.cuts import (
    ALONE,
    BETWEEN,
    Cut,
    cut_of,
    first_true,
    rest_of,
    tokens_up_to,
)
from memtests.fixtures.probes.probes import Place, Probe
from memtests.plugins.asides import Aside
from memtests.plugins.completeness import is_complete, lacking, leaves_at
from memtests.plugins.completions import ALWAYS, EVERY_MISS, NEVER, Misses

CONTRADICTED = (
    "what is generated at its divergence is not what the reading says: one of them is not the "
    "model's (a stale cache?)"
)
NOT_FINITE = (
    "the model's logits are not finite (NaN or infinite); its weights are broken, or too large for "
    "its dtype: try --dtype float32"
)
# Poems whose texts are encoded together; and windows, so that those of one length can be read so.
_PREPARED = 16
_WINDOWS_PREPARED = 2048
# Hardly any token adds more units to a completion.
_UNITS_OF_A_TOKEN = 4


@dataclass(frozen=True)
class Completion:
    """The model's words after a cue, by greedy decoding."""

    text: str
    """From where the cut came to lie: what the model said, and nothing else."""
    log_p: float | None
    """Log-probability that sampling at temperature 1 recites the suffix token for token; None where
    that is not a finite number, or not known."""
    gap: float
    """The smallest gap of a decision on its path (see `Reading.gap`)."""
    followed: bool | None
    """Whether every token was the text's own, up to the end of the suffix; None where that would
    say nothing of other cuts: the cue has other tokens than the text, or the text was not read."""
    cut: str
    """How the cut was made: one of `fixtures.probes.cuts.CUTS`."""
    moved: int = 0
    """By how many code points it lies behind where it was asked for."""
    log_p_40: float | None = None
    """As `log_p`, for sampling among the MOST_PROBABLE most probable tokens; minus infinity where
    one of the suffix's is not among them, None where that is not known."""
    recited: bool = True
    """Whether it was asked for to its end. A miss that is only read has no text."""
    set_aside: tuple[Aside, ...] = ()
    """What stood around it in an answer of a chat."""
    divergence: int | None = None
    """Of such a miss: after how many units it leaves the suffix; None where it may yet be the
    suffix in normal form."""

    @property
    def fragile(self) -> bool:
        """Whether rounding may have decided (design, section 3)."""
        return self.gap < 1


@dataclass(frozen=True)
class Unjudged:
    """Why a probe could not be asked."""

    reason: str
    traceback: str | None = None
    """Where it is an error that nobody has foreseen."""


@dataclass(frozen=True)
class Row:
    """A probe in tokens."""

    asked: Probe
    """The probe with its cut where it came to lie."""
    cut: Cut
    tokens: tuple[int, ...]
    """The text's own. Of a cue that is tokenized alone, the cue's and one more, whatever it is."""
    cue: int
    """How many of them are the cue's."""
    stop: int
    """How many hold the text up to the end of the suffix."""

    @property
    def true(self) -> bool:
        """Whether the tokens behind the cue's are the suffix's."""
        return self.cut.kind != ALONE

    def held(self, at: int) -> bytes:
        """What the token at a position has to agree with."""
        inside = self.cue <= at < self.cue + len(self.cut.held)
        return self.cut.held[at - self.cue] if inside else b""


_Known = tuple[tuple[int, ...], bytes]


@dataclass(frozen=True)
class _Path:
    """How far a completion is known from reading alone: the row's tokens up to `left`, where the
    model says something else, or where it was not read; None where it follows the row to the end
    of the suffix.
    """

    row: Row
    left: int | None
    gap: float = math.inf
    log_p: float | None = None
    read: bool = True
    log_p_40: float | None = None

    @property
    def known(self) -> _Known:
        """What decides the rest of it: the tokens before it, and what they leave to agree with."""
        return self.row.tokens[: self.end], self.row.held(self.end)

    @property
    def end(self) -> int:
        """How many tokens it follows the row for, the cue's among them."""
        return self.row.stop if self.left is None else self.left


@dataclass(frozen=True)
class _Asking:
    """What is to be generated, and for which probes, by their numbers."""

    known: _Known
    sharing: Mapping[int, _Path]
    opening: Opening


class _Enough:
    """Whether what was said is enough. That takes long to say, so it is not looked at again before
    it may be. A little late is no matter: a completion ends at the fewest tokens that are enough.
    """

    def __init__(self, lacking: Callable[[Sequence[int]], tuple[int, bool]]) -> None:
        """`lacking`: how many units are, and whether the end of a line may be enough before."""
        self._lacking = lacking
        self._seen = self._next = 0

    def __call__(self, said: Sequence[int]) -> bool:
        if self._seen <= len(said) < self._next:
            return False
        units, line = self._lacking(said)
        self._seen = len(said)
        self._next = self._seen + (1 if line else max(1, units // _UNITS_OF_A_TOKEN))
        return units == 0


@dataclass
class Reciter:
    """Asks one model, and remembers what it has read: keep one as long as its texts are needed."""

    model: LanguageModel
    _encoded: dict[str, Encoding] = field(default_factory=dict)
    _read_from: dict[tuple[int, ...], int] = field(default_factory=dict)
    _readings: dict[tuple[int, ...], Reading | None] = field(default_factory=dict)
    _said: dict[_Known, Generated] = field(default_factory=dict)
    _windows: Counter[tuple[int, ...]] = field(default_factory=Counter)
    """Tokens → how many windows have them that are not settled yet."""
    _contradicted: set[_Known] = field(default_factory=set)
    whole: bool = True
    """Whether texts are read from their beginning, also where nobody asks that far up: all of a
    reading is kept, as a trace."""
    in_float32: bool = False
    """Whether the model computes in float32 for now: it is not to be asked anything else."""
    misses: Misses = EVERY_MISS
    """Which misses are recited, where a reading says that they are some."""

    @functools.cached_property
    def _is_doubted(self) -> bool:
        return isinstance(self.model, Doubted)

    def recite(self, probes: Sequence[Probe]) -> list[Completion | Unjudged]:
        """The completion of each probe, in their order; fragile ones are decided in float32."""
        found = dict(self.reciting(probes))
        return [found[at] for at in range(len(probes))]

    def reciting(self, probes: Sequence[Probe]) -> Iterator[tuple[int, Completion | Unjudged]]:
        """The same, each with its number as soon as it is known; fragile ones at the end."""
        exactly = self.model.exactly()
        fragile: list[int] = []
        for at, found in self._recite(probes):
            if exactly is not None and isinstance(found, Completion) and found.fragile:
                fragile.append(at)
            else:
                yield at, found
        if exactly is not None and fragile:
            self.in_float32 = True
            try:
                with exactly:
                    reciter = Reciter(self.model, misses=self.misses)
                    again = reciter._recite([probes[at] for at in fragile])
                    for at, second in again:
                        yield fragile[at], _marked(second)
            finally:
                self.in_float32 = False

    def read(self, probes: Sequence[Probe]) -> None:
        """Read the texts of probes, and recite nothing."""
        self._read(self._rows(probes))

    def reading(self, probe: Probe) -> tuple[Encoding, Reading] | None:
        """The tokens of a probe's text and what one pass over it said; None where it was not read,
        or where one pass does not tell.
        """
        encoding = self._encoding(probe)
        found = self._readings.get(encoding.tokens) if encoding else None
        return (encoding, found) if encoding and found else None

    def _recite(self, probes: Sequence[Probe]) -> Iterator[tuple[int, Completion | Unjudged]]:
        """Portions of poems are read while there is room for what they leave to generate."""
        settled: deque[tuple[int, _Path | Unjudged]] = deque()
        asking: list[_Asking] = []

        def openings() -> Iterator[list[Opening]]:
            for portion in self._portions(probes):
                self._read(list(portion.values()))
                paths = {at: self._path(row) for at, row in portion.items()}
                new = self._left_to_say(paths)
                left = {at for each in new for at in each.sharing}
                settled.extend((at, path) for at, path in paths.items() if at not in left)
                asking.extend(new)
                yield [each.opening for each in new]

        def known() -> Iterator[tuple[int, Completion | Unjudged]]:
            while settled:
                at, path = settled.popleft()
                if isinstance(path, _Path):
                    yield at, self._completion(path, path.row.cut.at - probes[at].start)
                    if probes[at].window:
                        self._forget(probes[at].text, path.row.tokens)
                else:
                    yield at, path

        for found in self.model.generate(openings()):
            for number, generated in found.items():
                self._take(asking[number], generated)
                settled.extend(asking[number].sharing.items())
            yield from known()
        yield from known()

    def _portions(self, probes: Sequence[Probe]) -> Iterator[dict[int, Row]]:
        """Rows that are read together, by their numbers: those of so many poems, in the order in
        which they first come, that their texts are a portion.
        """
        poems: dict[Place, list[int]] = {}
        windows: list[int] = []
        for at, probe in enumerate(probes):
            if probe.window:
                windows.append(at)
            else:
                poems.setdefault(probe.place, []).append(at)
        yield from self._portions_of_windows(probes, windows)
        portion: dict[int, Row] = {}
        texts: set[tuple[int, ...]] = set()
        for some in _in_groups(list(poems.values())):
            numbers = [at for poem in some for at in poem]
            rows = dict(zip(numbers, self._rows([probes[at] for at in numbers]), strict=True))
            for poem in some:
                more = {rows[at].tokens for at in poem}
                if portion and not self._fits({*texts, *more}):
                    yield portion
                    portion, texts = {}, set()
                texts |= more
                portion |= {at: rows[at] for at in poem}
        if portion:
            yield portion

    def _portions_of_windows(
        self, probes: Sequence[Probe], windows: Sequence[int]
    ) -> Iterator[dict[int, Row]]:
        """The same of windows, which have no text in common: those of one length together, so that
        few are padded.
        """
        for first in range(0, len(windows), _WINDOWS_PREPARED):
            numbers = windows[first : first + _WINDOWS_PREPARED]
            rows = dict(zip(numbers, self._rows([probes[at] for at in numbers]), strict=True))
            portion: dict[int, Row] = {}
            for at in sorted(numbers, key=lambda at: (len(rows[at].tokens), at)):
                tokens = rows[at].tokens
                if portion and not self._fits([*(row.tokens for row in portion.values()), tokens]):
                    yield portion
                    portion = {}
                portion[at] = rows[at]
                self._windows[tokens] += 1
            yield portion

    def _forget(self, text: str, tokens: tuple[int, ...]) -> None:
        """Forget what was read of a window, unless another one has the same tokens."""
        self._windows[tokens] -= 1
        if not self._windows[tokens]:
            del self._windows[tokens]
            self._encoded.pop(text, None)
            self._readings.pop(tokens, None)
            self._read_from.pop(tokens, None)

    def _fits(self, texts: Collection[tuple[int, ...]]) -> bool:
        most = self.model.portion
        return len(texts) <= most.texts and sum(map(len, texts)) <= most.tokens

    def _rows(self, probes: Sequence[Probe]) -> list[Row]:
        texts = {probe.text for probe in probes if not probe.slice}
        new = texts - self._encoded.keys()
        if isinstance(self.model, Preparing):
            self.model.prepare(sorted(new))
        self._encoded.update((text, self.model.encode(text)) for text in new)
        found = []
        for probe in probes:
            encoding = self._encoding(probe)
            assert encoding is not None
            found.append(row_of(self.model, probe, encoding))
        return found

    def _encoding(self, probe: Probe) -> Encoding | None:
        """The tokens of its text; None where they have not been asked for, or are forgotten."""
        if probe.slice:
            return Encoding(probe.slice.tokens, probe.slice.ends)
        return self._encoded.get(probe.text)

    def _read(self, rows: Sequence[Row]) -> None:
        """Read every row that has not been read yet: a poem's own text from its beginning, since
        all of it is kept, any other from as far up as it is asked for.
        """
        starts: dict[tuple[int, ...], int] = {}
        held: dict[tuple[int, ...], set[Held]] = {}
        for row in rows:
            if row.stop > self.model.context:
                continue
            start = 1 if self.whole and row.true and row.asked.control is None else row.cue
            starts[row.tokens] = min(start, starts.get(row.tokens, start))
            held.setdefault(row.tokens, set()).update(enumerate(row.cut.held, start=row.cue))
        new: dict[tuple[int, ...], int] = {}
        for tokens, start in starts.items():
            read = self._readings.get(tokens)
            known = read.held if read else {}
            if tokens in self._readings and read is None:
                continue
            if start < self._read_from.get(tokens, len(tokens)) or not held[tokens] <= {*known}:
                # What is asked for again is read from its beginning, once for all.
                new[tokens] = 1 if tokens in self._read_from else start
                held[tokens] |= {*known}
        if not new:
            return
        cut = [tokens[: self.model.context] for tokens in new]
        readings = self.model.read(cut, list(new.values()), [held[tokens] for tokens in new])
        self._readings.update(zip(new, readings, strict=True))
        self._read_from.update(new)

    def _path(self, row: Row) -> _Path | Unjudged:
        """How far the model follows the row from the end of the cue on."""
        if row.stop > self.model.context:
            limit, window = self.model.context, row.asked.window
            if window:  # one reason for all of them
                size = window.size
                reason = f"a window of {size} is longer than the model's context, {limit} tokens"
                return Unjudged(reason)
            return Unjudged(
                f"it needs {row.stop} tokens; the model's context is {limit} (--windows 50/50 asks "
                "for parts of a long text)"
            )
        reading, here = self._readings[row.tokens], slice(row.cue, row.stop)
        if reading is None:
            return _Path(row, row.cue, read=False)
        best, log_p, gap = reading.best[here], reading.log_p[here], reading.gap[here]
        for at, held in enumerate(row.cut.held):
            best[at], log_p[at], gap[at] = reading.held[row.cue + at, held]
        pairs = enumerate(zip(best, row.tokens[here], strict=True), start=row.cue)
        left = next((at for at, (said, true) in pairs if said != true or not row.true), None)
        gaps = gap if left is None else gap[: left - row.cue + 1]
        if any(map(math.isnan, gaps)):
            return Unjudged(NOT_FINITE)
        total = math.fsum(log_p) if row.true else math.nan
        known = total if math.isfinite(total) else None
        return _Path(row, left, min(gaps), known, log_p_40=_log_p_40(row, reading))

    def _left_to_say(self, paths: Mapping[int, _Path | Unjudged]) -> list[_Asking]:
        """What has to be generated for paths: what comes after every divergence, once for all that
        share it.
        """
        by_what_is_known: dict[_Known, dict[int, _Path]] = {}
        for at, path in paths.items():
            if not isinstance(path, _Path) or self._is_only_read(path):
                continue
            if not self._is_settled(path):
                by_what_is_known.setdefault(path.known, {})[at] = path
        found = []
        for known, sharing in by_what_is_known.items():
            first, gaps = self._believed(next(iter(sharing.values())))
            limit = max(map(self._limit, sharing.values()))
            done = _Enough(functools.partial(self._lacking, list(sharing.values()), first))
            if any(token in self.model.ends for token in first):
                self._said[known] = Generated([], gaps, ended=True)
            elif limit == len(first) or done([]):
                self._said[known] = Generated(first, gaps, ended=False)
            else:
                some = next(iter(sharing.values()))
                text = some.row.tokens[: self.model.context]  # as it was read
                held = rest_of(known[1], self.model.spell(first))
                opening = Opening((*known[0], *first), limit - len(first), done, text, held)
                found.append(_Asking(known, sharing, opening))
        return found

    def _take(self, asked: _Asking, generated: Generated) -> None:
        """Take down what was generated."""
        some = next(iter(asked.sharing.values()))
        first, gaps = self._believed(some)
        tokens = [*first, *generated.tokens]
        said = Generated(tokens, [*gaps, *generated.gaps], generated.ended)
        self._said[asked.known] = said
        if self._is_contradicted(*self._first(some), said):
            self._contradicted.add(asked.known)

    def _believed(self, path: _Path) -> tuple[list[int], list[float]]:
        """As _first, where a reading's word is enough."""
        return ([], []) if self._is_doubted else self._first(path)

    def _is_contradicted(
        self, first: Sequence[int], gaps: Sequence[float], said: Generated
    ) -> bool:
        """Whether something else was generated than the first token, beyond rounding."""
        if not first or not all(gap >= 1 for gap in (*gaps, *said.gaps[:1])):
            return False
        ended = said.ended and not said.tokens
        return first[0] not in self.model.ends if ended else said.tokens[:1] != list(first)

    def _first(self, path: _Path) -> tuple[list[int], list[float]]:
        """The token that the model says in place of the row's, and its gap; none where it was not
        read, and where it has said all of the suffix's and is not done, since it writes the text in
        another way.
        """
        reading = self._readings[path.row.tokens]
        if path.left is None or reading is None:
            return [], []
        held = path.row.held(path.left)
        if held:
            decision = reading.held[path.left, held]
            return [decision.best], [decision.gap]
        return [reading.best[path.left]], [reading.gap[path.left]]

    def _is_only_read(self, path: _Path) -> bool:
        """Whether its reading is all that is wanted: it says that the suffix is not recited token
        for token.
        """
        wanted = self.misses.wanted(path.row.asked)
        if wanted == ALWAYS or not (path.row.true and path.read) or self._follows(path):
            return False
        return wanted == NEVER or self._leaves_at(path) is not None

    def _leaves_at(self, path: _Path) -> int | None:
        """As `Completion.divergence`."""
        first, _ = self._first(path)
        ended = any(token in self.model.ends for token in first)
        return leaves_at(self._text(path, [] if ended else first), path.row.asked, over=ended)

    def _follows(self, path: _Path) -> bool:
        """Whether it is the suffix token for token, and that is enough: of a window always."""
        if path.left is not None or path.row.asked.window:
            return path.left is None
        return is_complete(self._text(path, []), path.row.asked)

    def _is_settled(self, path: _Path) -> bool:
        """Whether what has been generated already is enough for this probe."""
        if self._follows(path):
            return True
        said = self._said.get(path.known)
        return said is not None and (
            said.ended
            or len(said.tokens) >= self._limit(path)
            or is_complete(self._text(path, said.tokens), path.row.asked)
        )

    def _completion(self, path: _Path, moved: int) -> Completion | Unjudged:
        if path.known in self._contradicted:
            return Unjudged(CONTRADICTED)
        if self._is_only_read(path):
            left = self._leaves_at(path)
            return dataclasses.replace(_of_path(path, moved, ""), recited=False, divergence=left)
        row, said = path.row, self._said.get(path.known, Generated([], [], ended=False))
        followed = list(row.tokens[row.cue : path.end])
        tokens = followed + said.tokens[: self._limit(path)]
        if row.asked.window and path.left is None:
            return _of_path(path, moved, row.asked.suffix)

        def enough(count: int) -> bool:
            return is_complete(_spelled(self.model, tokens[:count], row.cut), row.asked)

        # The fewest tokens that are enough: others may have needed more of the same words.
        count = first_true(enough, 0, len(tokens))
        complete = enough(count)
        gaps = said.gaps[: max(0, count - len(followed))] if complete else said.gaps
        if any(map(math.isnan, gaps)):
            return Unjudged(NOT_FINITE)
        if not (complete or said.ended) and row.cue + count >= self.model.context:
            limit = self.model.context
            return Unjudged(f"its completion ran past the model's context, {limit} tokens")
        text = _spelled(self.model, tokens[:count], row.cut)
        return dataclasses.replace(_of_path(path, moved, text), gap=min([path.gap, *gaps]))

    def _text(self, path: _Path, said: Sequence[int]) -> str:
        """The completion so far: what the tokens behind the cue add to it."""
        row = path.row
        return _spelled(self.model, [*row.tokens[row.cue : path.end], *said], row.cut)

    def _lacking(
        self, paths: Sequence[_Path], first: Sequence[int], said: Sequence[int]
    ) -> tuple[int, bool]:
        """How many units that lacks of what is enough for all the probes that share a divergence,
        and whether the end of a line may be enough before.
        """
        texts = [(self._text(path, [*first, *said]), path.row.asked) for path in paths]
        left = [(lacking(text, asked), asked.one_line) for text, asked in texts]
        return max(units for units, _ in left), any(line for units, line in left if units)

    def _limit(self, path: _Path) -> int:
        """The most tokens after the divergence."""
        most = most_tokens(path.row.asked) - (path.end - path.row.cue)
        return max(1, min(most, self.model.context - path.end))


def _of_path(path: _Path, moved: int, text: str) -> Completion:
    """A completion of which the reading has decided all but its text."""
    row = path.row
    return Completion(
        text=text,
        log_p=path.log_p,
        gap=path.gap,
        followed=path.left is None if row.true and path.read else None,
        cut=row.cut.kind,
        moved=moved,
        log_p_40=path.log_p_40,
    )


def _in_groups(poems: Sequence[list[int]]) -> Iterator[Sequence[list[int]]]:
    """Poems whose texts a model is told of beforehand, together."""
    for first in range(0, len(poems), _PREPARED):
        yield poems[first : first + _PREPARED]


def row_of(model: LanguageModel, probe: Probe, encoding: Encoding) -> Row:
    """The tokens that answer a probe. Raises ValueError where the cue alone has none."""
    if probe.slice:  # it is the tokens that were cut
        cut = Cut(BETWEEN, probe.slice.cue, probe.start)
        return Row(probe, cut, encoding.tokens, cut.tokens, len(encoding.tokens))
    cut = cut_of(probe.text, probe.start, *encoding, model.spell)
    asked = dataclasses.replace(probe, start=cut.at)
    if cut.kind != ALONE:
        stop = tokens_up_to(probe.stop, encoding.ends)
        return Row(asked, cut, encoding.tokens, cut.tokens, stop)
    cue = model.encode(probe.cue).tokens
    if not cue:
        raise ValueError(f"the tokenizer makes no tokens of the cue {probe.cue!r}")
    # A reading tells of a token what is said in its place: one more is read, and not looked at.
    return Row(asked, cut, (*cue, cue[-1]), len(cue), len(cue) + 1)


def _spelled(model: LanguageModel, said: Sequence[int], cut: Cut) -> str:
    """The text of tokens behind a cue, without what the cue held of it."""
    held = cut.held[0] if cut.held else b""
    return model.spell(said)[len(held) :].decode(errors="replace")


def _log_p_40(row: Row, reading: Reading) -> float | None:
    """As `Completion.log_p_40`. How probable a token is among those that agree with a cue's end and
    are the most probable of them, a reading does not tell.
    """
    if not row.true or reading.rank is None:
        return None
    alone = slice(row.cue + len(row.cut.held), row.stop)
    if any(rank >= MOST_PROBABLE for rank in reading.rank[alone]):
        return -math.inf
    if row.cut.held or reading.log_top is None:
        return None
    total = math.fsum(reading.log_p[alone]) - math.fsum(reading.log_top[alone])
    return None if math.isnan(total) else min(total, 0.0)


def most_tokens(probe: Probe) -> int:
    """The most tokens of a completion: one a byte is enough for any tokenizer, and 32 to spare."""
    return len(probe.suffix.encode(errors="replace")) + 32


def recite_plainly(model: LanguageModel, probe: Probe) -> str:
    """What the completion has to be: by plain `generate` from the cue's tokens, token by token."""
    row = row_of(model, probe, model.encode(probe.text))
    cue, held = row.tokens[: row.cue], row.cut.held[0] if row.cut.held else b""
    most = min(most_tokens(row.asked), model.context - len(cue))
    # As many as the suffix has and a few more are nearly always enough, and much less than `most`.
    few = max(1, min(most, len(model.encode(probe.suffix).tokens) + 32))

    def text(said: Sequence[int]) -> str:
        return _spelled(model, said, row.cut)

    said = model.plain(cue, few, held)
    if len(said) == few < most and not is_complete(text(said), row.asked):
        said = model.plain(cue, most, held)
    enough = first_true(lambda n: is_complete(text(said[:n]), row.asked), 0, len(said))
    return text(said[:enough])


def _marked(found: Completion | Unjudged) -> Completion | Unjudged:
    """Still fragile, though decided in float32."""
    return dataclasses.replace(found, gap=0.0) if isinstance(found, Completion) else found
