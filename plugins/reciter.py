"""From probes to completions. The result is that of plain greedy decoding, but most of it is found
by reading each text once.

Let `t` be the tokens of a text and `best[i]` the most probable token after `t[:i]`. Greedy decoding
from a cut at token `k` follows the text up to the first `i >= k` with `best[i] != t[i]`. So one
pass over a text decides how far the model recites it from every cut. Only the words after a
divergence are generated, once for all cues that share the divergence (docs/design.md, section 4).
Where a cut lies inside a token, `best[k]` is the most probable of the tokens that agree with the
cue's end. If a model cannot be read in one pass, everything is generated, from every cue.

No pytest in here.
"""

import codecs
import dataclasses
import functools
import math
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

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
    fewest,
    first_true,
    rest_of,
    tokens_up_to,
)
from memtests.fixtures.probes.probes import Place, Probe
from memtests.plugins.asides import Aside
from memtests.plugins.completeness import is_complete, lacking, leaves_at
from memtests.plugins.completions import ALWAYS, EVERY_MISS, NEVER, Misses
from memtests.plugins.overlapping import read_in_pieces

CONTRADICTED = (
    "at its divergence, another token was generated than the reading says: one of them is not the "
    "model's (a stale cache?)"
)
NOT_FINITE = (
    "the model's logits are not finite (NaN or infinite); its weights are broken, or too large for "
    "its dtype: try --dtype float32"
)
# How many poems' texts are encoded together.
_PREPARED = 16
# How many windows are encoded together: so many that those of one length fill a pass.
_WINDOWS_PREPARED = 2048
# Hardly any token adds more units than this to a completion.
_UNITS_OF_A_TOKEN = 4
T = TypeVar("T")


@dataclass(frozen=True)
class Completion:
    """The model's words after a cue, by greedy decoding."""

    text: str
    """The model's words from the cut on (see `moved`), and nothing else."""
    log_p: float | None
    """Log-probability that sampling at temperature 1 recites the suffix token for token; None if
    that is not known, or not a finite number."""
    gap: float
    """The smallest gap of all its decisions (see `Reading.gap`)."""
    followed: bool | None
    """Whether every token was the text's own, up to the end of the suffix. None if that would tell
    nothing of other cuts: the cue was tokenized alone, or the text was not read."""
    cut: str
    """How the cut was made: one of `fixtures.probes.cuts.CUTS`."""
    moved: int = 0
    """By how many code points the cut lies behind the place that was asked for."""
    log_p_40: float | None = None
    """As `log_p`, for sampling among the MOST_PROBABLE most probable tokens: minus infinity if a
    token of the suffix is not among them, None if that is not known."""
    recited: bool = True
    """Whether the model was asked for the whole completion. A miss that is only read has no text.
    """
    set_aside: tuple[Aside, ...] = ()
    """The words around the recitation in an answer of a chat."""
    divergence: int | None = None
    """Only of a miss that is not recited: after how many units it leaves the suffix. None if it may
    still be the suffix in normal form."""

    @property
    def fragile(self) -> bool:
        """Whether rounding may have decided one of its tokens (docs/design.md, section 3)."""
        return self.gap < 1


@dataclass(frozen=True)
class Unjudged:
    """Why a probe could not be asked."""

    reason: str
    traceback: str | None = None
    """Only after an unforeseen error."""


@dataclass(frozen=True)
class Row:
    """A probe in tokens."""

    asked: Probe
    """The probe, with its start moved to where the cut was made."""
    cut: Cut
    tokens: tuple[int, ...]
    """The tokens of the text. If the cue is tokenized alone, only the cue's tokens, and one more
    that nobody looks at."""
    cue: int
    """How many tokens are the cue's."""
    stop: int
    """How many tokens hold the text up to the end of the suffix."""
    lead: bytes = b""
    """If a window in tokens is cut inside a character, the bytes of it that the cue holds. The
    character is the suffix's, so a completion begins with them."""

    @property
    def true(self) -> bool:
        """Whether the tokens after the cue are the suffix's."""
        return self.cut.kind != ALONE

    def held(self, at: int) -> bytes:
        """The bytes that the token at a position must agree with; empty if there are none."""
        inside = self.cue <= at < self.cue + len(self.cut.held)
        return self.cut.held[at - self.cue] if inside else b""


_Known = tuple[tuple[int, ...], bytes]
"""The tokens up to a divergence, and the bytes that the next token must agree with. Greedy decoding
goes on alike wherever both are the same."""


@dataclass(frozen=True)
class _Path:
    """The part of a completion that the reading tells: it follows the row's tokens up to `left`."""

    row: Row
    left: int | None
    """The position where the model says something else, or the cue's end if the text was not read.
    None if the completion follows the row to the end of the suffix."""
    gap: float = math.inf
    log_p: float | None = None
    read: bool = True
    log_p_40: float | None = None

    @property
    def known(self) -> _Known:
        """What decides the rest of the completion."""
        return self.row.tokens[: self.end], self.row.held(self.end)

    @property
    def end(self) -> int:
        """How many of the row's tokens it has, with those of the cue."""
        return self.row.stop if self.left is None else self.left


@dataclass(frozen=True)
class _Asking:
    """One generation that several probes share."""

    known: _Known
    sharing: Mapping[int, _Path]
    """Number of a probe → its path."""
    opening: Opening


class Enough(Generic[T]):
    """Whether the tokens so far are enough for all of some paths. To check takes long, so the next
    check waits until enough tokens may have come. A late check does no harm: `Reciter` cuts a
    completion off at the fewest tokens that are enough.
    """

    def __init__(
        self, paths: Sequence[T], lacking: Callable[[T, Sequence[int]], tuple[int, bool]]
    ) -> None:
        """`lacking`: how many units are lacking for a path, and whether the end of a line may be
        enough before that. Once none is lacking, none is as the tokens become more.
        """
        self._paths = paths
        self._lacking = lacking
        self._left = list(paths)
        self._seen = self._next = 0

    def __call__(self, said: Sequence[int]) -> bool:
        if len(said) <= self._seen:  # another way has begun anew
            self._left = list(self._paths)
        elif len(said) < self._next:
            return False
        self._seen = len(said)
        while self._left:
            units, line = self._lacking(self._left[-1], said)
            if units:
                self._next = self._seen + (1 if line else max(1, units // _UNITS_OF_A_TOKEN))
                return False
            self._left.pop()
        return True


Foresee = Callable[["Reciter", Sequence[Probe]], Iterable[Probe]]
"""Probes that were read → probes that will probably be asked for later, and that need no text that
these do not have. The model may as well say their completions in the same passes."""


def no_foresight(reciter: "Reciter", probes: Sequence[Probe]) -> Iterable[Probe]:
    """Foresees nothing."""
    return ()


@dataclass
class Reciter:
    """Asks one model, and remembers what it has read. Drop it when its texts are not needed any
    more.
    """

    model: LanguageModel
    _encoded: dict[str, Encoding] = field(default_factory=dict)
    _read_from: dict[tuple[int, ...], int] = field(default_factory=dict)
    _readings: dict[tuple[int, ...], Reading | None] = field(default_factory=dict)
    _said: dict[_Known, Generated] = field(default_factory=dict)
    _windows: Counter[tuple[int, ...]] = field(default_factory=Counter)
    """Tokens → how many windows with these tokens are not settled yet."""
    _contradicted: set[_Known] = field(default_factory=set)
    whole: bool = True
    """Whether a text is read from its beginning, even if no cut lies there: its trace needs the
    whole reading."""
    in_float32: bool = False
    """Whether the model computes in float32 at the moment. It must not be asked anything else then.
    """
    _decides_again: bool = False
    """Whether fragile completions are decided in float32."""
    misses: Misses = EVERY_MISS
    """Which misses are recited and not only read."""
    foresee: Foresee = no_foresight
    pieced: set[str] = field(default_factory=set)
    """The texts that are read in pieces if they are longer than the context. Each is left out as
    soon as its reading is taken."""
    _in_pieces: dict[str, Reading | None] = field(default_factory=dict)

    @functools.cached_property
    def _is_doubted(self) -> bool:
        return isinstance(self.model, Doubted)

    def recite(self, probes: Sequence[Probe]) -> list[Completion | Unjudged]:
        """The completion of each probe, in their order. Fragile ones are asked again in float32."""
        found = dict(self.reciting(probes))
        return [found[at] for at in range(len(probes))]

    def reciting(self, probes: Sequence[Probe]) -> Iterator[tuple[int, Completion | Unjudged]]:
        """As `recite`, but each with its number as soon as it is known. Fragile ones come last."""
        exactly = self.model.exactly()
        self._decides_again = exactly is not None
        fragile: list[int] = []
        for at, found in self._recite(probes):
            if self._is_asked_again(found):
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

    def _is_asked_again(self, found: Completion | Unjudged) -> bool:
        """Whether a probe is asked once more, in float32. Until then its reading is needed."""
        return self._decides_again and isinstance(found, Completion) and found.fragile

    def read(self, probes: Sequence[Probe]) -> None:
        """Read the texts of probes. Recites nothing."""
        self._read(self._rows(probes))

    def reading(self, probe: Probe) -> tuple[Encoding, Reading] | None:
        """The tokens of a probe's text, and their reading. None if the text was not read, or if the
        model cannot be read in one pass.
        """
        encoding = self._encoding(probe)
        found = self._readings.get(encoding.tokens) if encoding else None
        return (encoding, found) if encoding and found else None

    def said_from(self, probe: Probe) -> int | None:
        """Where the last token ends that greedy decoding would not say in its place, as far as the
        text was read; None if it was not read. In code points of the text.
        """
        found = self.reading(probe)
        if found is None:
            return None
        encoding, reading = found
        place, other = 0, False
        for end, best, true in zip(encoding.ends, reading.best, encoding.tokens, strict=False):
            other = other or best != true
            if other and end is not None:
                place, other = end, False
        return place

    def is_in_pieces(self, probe: Probe) -> bool:
        """Whether a probe's text was read in pieces, and that reading was not taken yet."""
        return self._in_pieces.get(probe.text) is not None

    def take_pieces(self, probe: Probe) -> tuple[Encoding, Reading] | None:
        """The tokens of a probe's text, and their reading in pieces, which is forgotten here: a
        book's is large. None if there is none.
        """
        encoding, found = self._encoding(probe), self._in_pieces.pop(probe.text, None)
        self.pieced.discard(probe.text)
        return (encoding, found) if encoding and found else None

    def _recite(self, probes: Sequence[Probe]) -> Iterator[tuple[int, Completion | Unjudged]]:
        """Reads portions of poems one by one. `generate` takes the next portion's openings as soon
        as it has room for them.
        """
        settled: deque[tuple[int, _Path | Unjudged]] = deque()
        asking: list[_Asking] = []

        def openings() -> Iterator[list[Opening]]:
            for portion in self._portions(probes):
                self._read(list(portion.values()))
                paths = {at: self._path(row) for at, row in portion.items()}
                later = self._foreseen([probes[at] for at in portion])
                new = self._left_to_say(paths | later)
                left = {at for each in new for at in each.sharing}
                settled.extend((at, path) for at, path in paths.items() if at not in left)
                asking.extend(new)
                yield [each.opening for each in new]

        def known() -> Iterator[tuple[int, Completion | Unjudged]]:
            while settled:
                at, path = settled.popleft()
                if isinstance(path, _Path):
                    found = self._completion(path, path.row.cut.at - probes[at].start)
                    yield at, found
                    if probes[at].window and not self._is_asked_again(found):
                        self._forget(probes[at].text, path.row.tokens)
                else:
                    yield at, path

        try:
            for found in self.model.generate(openings()):
                for number, generated in found.items():
                    self._take(asking[number], generated)
                    sharing = asking[number].sharing.items()
                    settled.extend((at, path) for at, path in sharing if at >= 0)
                yield from known()
        except Exception:
            # What was foreseen may have been the reason. The probes themselves are tried again.
            self.foresee = no_foresight
            raise
        yield from known()

    def _foreseen(self, portion: Sequence[Probe]) -> dict[int, _Path | Unjudged]:
        """The paths of probes that are not asked for yet. They have numbers below zero: what is
        said for them is only remembered.
        """
        rows = self._rows(list(self.foresee(self, portion)))
        self._read(rows)
        return {-1 - at: self._path(row) for at, row in enumerate(rows)}

    def _portions(self, probes: Sequence[Probe]) -> Iterator[dict[int, Row]]:
        """The rows that are read together, by the numbers of their probes. Poems are taken in the
        order in which they first come, as many as fit into the model's portion.
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
        """As `_portions`, for windows. They share no text, so windows of one length are read
        together: few need padding then.
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
        """The tokens of a probe's text; None if the text was not encoded yet, or is forgotten."""
        return _of_slice(probe) or self._encoded.get(probe.text)

    def _read(self, rows: Sequence[Row]) -> None:
        """Read every row that has not been read yet. With `whole`, a poem's own text is read from
        its beginning; any other text only from the first cue's end on.
        """
        self._read_long(rows)
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
                # A second reading begins at the beginning, so that there need not be a third.
                new[tokens] = 1 if tokens in self._read_from else start
                held[tokens] |= {*known}
        if not new:
            return
        cut = [tokens[: self.model.context] for tokens in new]
        readings = self.model.read(cut, list(new.values()), [held[tokens] for tokens in new])
        self._readings.update(zip(new, readings, strict=True))
        self._read_from.update(new)

    def _read_long(self, rows: Sequence[Row]) -> None:
        """Read the texts that are longer than the context in pieces, if their traces are wanted."""
        for row in rows:
            text = row.asked.text
            if text not in self.pieced or text in self._in_pieces or not row.true:
                continue
            encoding = self._encoding(row.asked)
            if encoding and len(encoding.tokens) > self.model.context:
                self._in_pieces[text] = read_in_pieces(self.model, encoding)

    def _path(self, row: Row) -> _Path | Unjudged:
        """How far the model follows the row from the end of the cue on."""
        if row.stop > self.model.context:
            limit, window = self.model.context, row.asked.window
            if window:  # no number of its own, so that the report counts them under one reason
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
        left = None
        ends = self.model.ends & {*row.tokens[here]} if row.true else frozenset()
        if best != list(row.tokens[here]) or ends or not row.true:
            pairs = enumerate(zip(best, row.tokens[here], strict=True), start=row.cue)
            # An end token in the text is one that no decoding goes beyond.
            left = next(
                at for at, (said, true) in pairs if said != true or true in ends or not row.true
            )
        gaps = gap if left is None else gap[: left - row.cue + 1]
        if any(map(math.isnan, gaps)):
            return Unjudged(NOT_FINITE)
        total = math.fsum(log_p) if row.true and not ends else math.nan
        known = total if math.isfinite(total) else None
        log_p_40 = -math.inf if ends else _log_p_40(row, reading)
        return _Path(row, left, min(gaps), known, log_p_40=log_p_40)

    def _left_to_say(self, paths: Mapping[int, _Path | Unjudged]) -> list[_Asking]:
        """What must be generated: the words after every divergence, once for all paths that share
        it.
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
            lacking = functools.partial(self._lacking, first)
            done = Enough(list(sharing.values()), lacking)
            if any(token in self.model.ends for token in first):
                self._remember(known, Generated([], gaps, ended=True))
            elif limit == len(first) or done([]):
                self._remember(known, Generated(first, gaps, ended=False))
            else:
                some = next(iter(sharing.values()))
                text = some.row.tokens[: self.model.context]  # cut off as in _read
                held = rest_of(known[1], self.model.spell(first))
                opening = Opening((*known[0], *first), limit - len(first), done, text, held)
                found.append(_Asking(known, sharing, opening))
        return found

    def _take(self, asked: _Asking, generated: Generated) -> None:
        """Remember what was generated, and whether it contradicts the reading."""
        some = next(iter(asked.sharing.values()))
        first, gaps = self._believed(some)
        tokens = [*first, *generated.tokens]
        said = Generated(tokens, [*gaps, *generated.gaps], generated.ended)
        self._remember(asked.known, said)
        if self._is_contradicted(*self._first(some), said):
            self._contradicted.add(asked.known)

    def _remember(self, known: _Known, said: Generated) -> None:
        """Remember what was said. Probes of several portions may have asked for it, each with a
        limit of its own, and none may get less than it needs: so the longest is kept.
        """
        before = self._said.get(known)
        if before is None or (len(said.tokens), said.ended) > (len(before.tokens), before.ended):
            self._said[known] = said

    def _believed(self, path: _Path) -> tuple[list[int], list[float]]:
        """As `_first`, but nothing for a doubted model: what it says first is generated, too, and
        compared with the reading.
        """
        return ([], []) if self._is_doubted else self._first(path)

    def _is_contradicted(
        self, first: Sequence[int], gaps: Sequence[float], said: Generated
    ) -> bool:
        """Whether generation began with another token than the reading says, and rounding cannot be
        the reason. `first` and `gaps`: as of `_first`.
        """
        if not first or not all(gap >= 1 for gap in (*gaps, *said.gaps[:1])):
            return False
        ended = said.ended and not said.tokens
        return first[0] not in self.model.ends if ended else said.tokens[:1] != list(first)

    def _first(self, path: _Path) -> tuple[list[int], list[float]]:
        """The token that the reading says in place of the row's, and its gap. Both are empty if the
        text was not read, or if the path follows the row to the end of the suffix. Such a path may
        still need more tokens, if they spell the suffix in another form (lower case, say).
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
        """Whether the probe is a miss by its reading, and `misses` wants no completion of it."""
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
        """Whether the completion is the suffix, token for token, and complete with that. A window's
        always is.
        """
        if path.left is not None or path.row.asked.window:
            return path.left is None
        return is_complete(self._text(path, []), path.row.asked)

    def _is_settled(self, path: _Path) -> bool:
        """Whether the reading, and what was generated already, are enough for this probe."""
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
            return is_complete(_spelled(self.model, tokens[:count], row), row.asked)

        # Probes that share a divergence share one generation. This one may need fewer tokens of it
        # than the others.
        count = fewest(enough, len(tokens))
        complete = count < len(tokens) or enough(count)
        gaps = said.gaps[: max(0, count - len(followed))] if complete else said.gaps
        if any(map(math.isnan, gaps)):
            return Unjudged(NOT_FINITE)
        if not (complete or said.ended) and row.cue + count >= self.model.context:
            limit = self.model.context
            return Unjudged(f"its completion ran past the model's context, {limit} tokens")
        text = _spelled(self.model, tokens[:count], row)
        found = _of_path(path, moved, text)
        return dataclasses.replace(found, gap=min([path.gap, *gaps])) if gaps else found

    def _text(self, path: _Path, said: Sequence[int]) -> str:
        """The completion so far: the text of the tokens after the cue."""
        row = path.row
        return _spelled(self.model, [*row.tokens[row.cue : path.end], *said], row)

    def _lacking(self, first: Sequence[int], path: _Path, said: Sequence[int]) -> tuple[int, bool]:
        """How many units are lacking until the tokens `first` and `said` are enough for a path; and
        whether the end of a line may be enough sooner.
        """
        asked = path.row.asked
        return lacking(self._text(path, [*first, *said]), asked), asked.one_line

    def _limit(self, path: _Path) -> int:
        """The most tokens after the divergence."""
        most = most_tokens(path.row.asked) - (path.end - path.row.cue)
        return max(1, min(most, self.model.context - path.end))


def _of_path(path: _Path, moved: int, text: str) -> Completion:
    """A completion with this text, and with everything else as the reading tells it."""
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
    """The poems in groups whose texts are encoded together."""
    for first in range(0, len(poems), _PREPARED):
        yield poems[first : first + _PREPARED]


def _of_slice(probe: Probe) -> Encoding | None:
    """The tokens of a window in tokens; None for other probes, whose text is to be tokenized."""
    return Encoding(probe.slice.tokens, probe.slice.ends) if probe.slice else None


def row_of(model: LanguageModel, probe: Probe, encoding: Encoding) -> Row:
    """The tokens of a probe. Raises ValueError if the cue must be tokenized alone and has none."""
    if probe.slice:  # a window in tokens: its cut is one already
        cut = Cut(BETWEEN, probe.slice.cue, probe.start)
        parted = encoding.ends[cut.tokens - 1] is None
        lead = _begun_in(model.spell(encoding.tokens[: cut.tokens])) if parted else b""
        return Row(probe, cut, encoding.tokens, cut.tokens, len(encoding.tokens), lead)
    cut = cut_of(probe.text, probe.start, *encoding, model.spell)
    asked = dataclasses.replace(probe, start=cut.at) if cut.at != probe.start else probe
    if cut.kind != ALONE:
        stop = tokens_up_to(probe.stop, encoding.ends)
        return Row(asked, cut, encoding.tokens, cut.tokens, stop)
    cue = model.encode(probe.cue).tokens
    if not cue:
        raise ValueError(f"the tokenizer makes no tokens of the cue {probe.cue!r}")
    # A reading says for each token what the model would say in its place. One more token, whichever
    # it is, gets the reading of the first token after the cue.
    return Row(asked, cut, (*cue, cue[-1]), len(cue), len(cue) + 1)


def _spelled(model: LanguageModel, said: Sequence[int], row: Row) -> str:
    """The text of the tokens after a cue, without the bytes that the cue holds already."""
    held = row.cut.held[0] if row.cut.held else b""
    return (row.lead + model.spell(said)[len(held) :]).decode(errors="replace")


def _begun_in(spelled: bytes) -> bytes:
    """The last bytes of a text, if a character begins there and does not end."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(spelled)
    return decoder.getstate()[0]


def _log_p_40(row: Row, reading: Reading) -> float | None:
    """As `Completion.log_p_40`. If the cut lies inside a token, it is not known: a reading does not
    tell how probable the token is among the MOST_PROBABLE most probable ones that agree with the
    cue's end.
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
    """The most tokens of a completion: one for each byte of the suffix, which is enough for any
    tokenizer, and 32 to spare.
    """
    return len(probe.suffix.encode(errors="replace")) + 32


def recite_plainly(model: LanguageModel, probe: Probe) -> str:
    """The completion by plain `generate` from the cue's tokens: every faster way must give the
    same.
    """
    row = row_of(model, probe, _of_slice(probe) or model.encode(probe.text))
    cue, held = row.tokens[: row.cue], row.cut.held[0] if row.cut.held else b""
    most = min(most_tokens(row.asked), model.context - len(cue))
    # The suffix's own number of tokens and a few more: nearly always enough, and far below `most`.
    few = max(1, min(most, len(model.encode(probe.suffix).tokens) + 32))

    def text(said: Sequence[int]) -> str:
        return _spelled(model, said, row)

    said = model.plain(cue, few, held)
    if len(said) == few < most and not is_complete(text(said), row.asked):
        said = model.plain(cue, most, held)
    enough = first_true(lambda n: is_complete(text(said[:n]), row.asked), 0, len(said))
    return text(said[:enough])


def _marked(found: Completion | Unjudged) -> Completion | Unjudged:
    """The same completion, marked as fragile although it was decided in float32: in its own dtype
    the model may say something else.
    """
    return dataclasses.replace(found, gap=0.0) if isinstance(found, Completion) else found
