"""From probes to completions: what plain greedy decoding gives, found by reading each text once.

Let `t` be the tokens of a text and `best[i]` the most probable token after `t[:i]`. Greedy decoding
from a cue that ends at token `k` follows the text up to the first `i >= k` with `best[i] != t[i]`.
So one pass over the text decides for every cue cut from it how far it is recited. Only what comes
after a divergence is generated, once for all the cues that share it (design, section 4).

No pytest in here.
"""

import dataclasses
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from memtests.fixtures.models.contract import Generated, LanguageModel, Opening, Preparing, Reading
from memtests.fixtures.probes.cuts import Row, first_true, row_of
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.completeness import is_complete

NOT_FINITE = "the model's logits are not finite (NaN or infinite); its weights are broken"


@dataclass(frozen=True)
class Completion:
    """The model's words after a cue, by greedy decoding."""

    text: str
    log_p: float | None
    """Log-probability that sampling at temperature 1 recites the suffix token for token; None where
    that is not a finite number."""
    gap: float
    """The smallest gap of a decision on its path (see `Reading.gap`)."""
    followed: bool
    """Whether every token was the text's own, up to the end of the suffix."""
    shared: bool
    """Whether the cue alone has the tokens that the text begins with."""

    @property
    def fragile(self) -> bool:
        """Whether rounding may have decided (design, section 3)."""
        return self.gap < 1


@dataclass(frozen=True)
class Unjudged:
    """Why a probe could not be asked."""

    reason: str


@dataclass(frozen=True)
class _Path:
    """How far a completion is known from reading alone: the row's tokens up to `left`, where the
    model says something else; None where it follows the row to the end of the suffix.
    """

    probe: Probe
    row: Row
    left: int | None
    gap: float
    log_p: float | None


@dataclass
class Reciter:
    """Asks one model, and remembers what it has read: keep one as long as its texts are needed."""

    model: LanguageModel
    _read_from: dict[tuple[int, ...], int] = field(default_factory=dict)
    _readings: dict[tuple[int, ...], Reading] = field(default_factory=dict)
    _said: dict[tuple[int, ...], Generated] = field(default_factory=dict)

    def recite(self, probes: Sequence[Probe]) -> list[Completion | Unjudged]:
        """The completion of each probe, in their order; fragile ones are decided in float32."""
        found = self._recite(probes)
        exactly = self.model.exactly()
        fragile = [at for at, c in enumerate(found) if isinstance(c, Completion) and c.fragile]
        if exactly is not None and fragile:
            with exactly:
                again = Reciter(self.model)._recite([probes[at] for at in fragile])
            for at, second in zip(fragile, again, strict=True):
                found[at] = _marked(second)
        return found

    def _recite(self, probes: Sequence[Probe]) -> list[Completion | Unjudged]:
        if isinstance(self.model, Preparing):
            self.model.prepare([*{p.text for p in probes}, *{p.cue for p in probes}])
        whole = {text: tuple(self.model.encode(text)) for text in {p.text for p in probes}}
        rows = [row_of(self.model, probe, whole[probe.text]) for probe in probes]
        self._read([row for row in rows if row.stop <= self.model.context])
        paths = [self._path(probe, row) for probe, row in zip(probes, rows, strict=True)]
        self._go_on([path for path in paths if isinstance(path, _Path)])
        return [path if isinstance(path, Unjudged) else self._completion(path) for path in paths]

    def _read(self, rows: Sequence[Row]) -> None:
        """Read every row that has not been read yet from as far up as it is asked for."""
        starts: dict[tuple[int, ...], int] = {}
        for row in rows:
            starts[row.tokens] = min(row.cue, starts.get(row.tokens, row.cue))
        new = {
            # What is asked for again, from further up, is read from its beginning, once for all.
            tokens: 1 if tokens in self._read_from else start
            for tokens, start in starts.items()
            if start < self._read_from.get(tokens, len(tokens))
        }
        cut = [tokens[: self.model.context] for tokens in new]
        readings = self.model.read(cut, list(new.values()))
        self._readings.update(zip(new, readings, strict=True))
        self._read_from.update(new)

    def _path(self, probe: Probe, row: Row) -> _Path | Unjudged:
        """How far the model follows the row from the end of the cue on."""
        if row.stop > self.model.context:
            limit = self.model.context
            return Unjudged(f"it needs {row.stop} tokens; the model's context is {limit}")
        reading = self._readings[row.tokens]
        left = next(
            (i for i in range(row.cue, row.stop) if reading.best[i] != row.tokens[i]),
            None if row.true else row.cue,
        )
        gaps = reading.gap[row.cue : row.stop if left is None else left + 1]
        if any(map(math.isnan, gaps)):
            return Unjudged(NOT_FINITE)
        log_p = math.fsum(reading.log_p[row.cue : row.stop]) if row.true else math.nan
        return _Path(probe, row, left, min(gaps), log_p if math.isfinite(log_p) else None)

    def _go_on(self, paths: Sequence[_Path]) -> None:
        """Generate what comes after every divergence, once for all that share it, all together."""
        asking: dict[tuple[int, ...], list[_Path]] = {}
        for path in paths:
            if path.left is not None and not self._is_settled(path):
                asking.setdefault(path.row.tokens[: path.left], []).append(path)
        openings: dict[tuple[int, ...], Opening] = {}
        for known, sharing in asking.items():
            row = sharing[0].row
            first = self._readings[row.tokens].best[len(known)]
            gap = self._readings[row.tokens].gap[len(known)]
            limit = max(map(self._limit, sharing))
            if first in self.model.ends:
                self._said[known] = Generated([], [gap], ended=True)
            elif limit == 1 or self._are_complete(sharing, [first], []):
                self._said[known] = Generated([first], [gap], ended=False)
            else:
                done = functools.partial(self._are_complete, sharing, [first])
                text = row.tokens[: self.model.context]  # as it was read
                openings[known] = Opening((*known, first), limit - 1, done, text)
        found = self.model.generate(list(openings.values()))
        for (known, opening), generated in zip(openings.items(), found, strict=True):
            gap = self._readings[asking[known][0].row.tokens].gap[len(known)]
            tokens = [opening.tokens[-1], *generated.tokens]
            self._said[known] = Generated(tokens, [gap, *generated.gaps], generated.ended)

    def _is_settled(self, path: _Path) -> bool:
        """Whether what has been generated already is enough for this probe."""
        said = self._said.get(path.row.tokens[: path.left])
        return said is not None and (
            said.ended
            or len(said.tokens) >= self._limit(path)
            or is_complete(self._text(path, said.tokens), path.probe)
        )

    def _completion(self, path: _Path) -> Completion | Unjudged:
        if path.left is None:
            return Completion(path.probe.suffix, path.log_p, path.gap, True, path.row.shared)
        said = self._said[path.row.tokens[: path.left]]
        tokens = said.tokens[: self._limit(path)]

        def enough(count: int) -> bool:
            return is_complete(self._text(path, tokens[:count]), path.probe)

        # The fewest tokens that are enough: others may have needed more of the same words.
        count = first_true(enough, 0, len(tokens))
        complete = enough(count)
        gaps = said.gaps[:count] if complete else said.gaps
        if any(map(math.isnan, gaps)):
            return Unjudged(NOT_FINITE)
        if not (complete or said.ended) and path.left + count >= self.model.context:
            limit = self.model.context
            return Unjudged(f"its completion ran past the model's context, {limit} tokens")
        text = self._text(path, tokens[:count])
        return Completion(text, path.log_p, min([path.gap, *gaps]), False, path.row.shared)

    def _text(self, path: _Path, said: Sequence[int]) -> str:
        """The completion so far: what the tokens add to the cue."""
        return self.model.decode([*path.row.tokens[: path.left], *said])[path.row.offset :]

    def _are_complete(
        self, paths: Sequence[_Path], first: Sequence[int], said: Sequence[int]
    ) -> bool:
        """Whether that is enough for all the probes that share a divergence."""
        text = self.model.decode([*paths[0].row.tokens[: paths[0].left], *first, *said])
        return all(is_complete(text[path.row.offset :], path.probe) for path in paths)

    def _limit(self, path: _Path) -> int:
        """The most tokens after the divergence."""
        left = path.left or 0
        most = most_tokens(path.probe) - (left - path.row.cue)
        return max(1, min(most, self.model.context - left))


def most_tokens(probe: Probe) -> int:
    """The most tokens of a completion: one a byte is enough for any tokenizer, and 32 to spare."""
    return len(probe.suffix.encode(errors="replace")) + 32


def recite_plainly(model: LanguageModel, probe: Probe) -> str:
    """What the completion has to be: by plain `generate` from the cue, token by token."""
    cue = model.encode(probe.cue)
    offset = len(model.decode(cue))
    most = min(most_tokens(probe), model.context - len(cue))
    # As many as the suffix has and a few more are nearly always enough, and much less than `most`.
    few = max(1, min(most, len(model.encode(probe.text[: probe.stop])) - len(cue) + 32))

    def text(said: Sequence[int]) -> str:
        return model.decode([*cue, *said])[offset:]

    said = model.plain(cue, few)
    if len(said) == few < most and not is_complete(text(said), probe):
        said = model.plain(cue, most)
    return text(said[: first_true(lambda n: is_complete(text(said[:n]), probe), 0, len(said))])


def _marked(found: Completion | Unjudged) -> Completion | Unjudged:
    """Still fragile, though decided in float32."""
    return dataclasses.replace(found, gap=0.0) if isinstance(found, Completion) else found
