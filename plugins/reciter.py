"""From probes to completions: what plain greedy decoding gives, found by reading each text once.

Let `t` be the tokens of a text and `best[i]` the most probable token after `t[:i]`. Greedy decoding
from a cue that ends at token `k` follows the text up to the first `i >= k` with `best[i] != t[i]`.
So one pass over the text decides for every cue cut from it how far it is recited. Only what comes
after a divergence is generated, once for all the cues that share it (design, section 4).

No pytest in here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from fixtures.language_model import Generated, LanguageModel, Reading
from fixtures.probes import Probe
from fixtures.text import normal_form, sure_units, units


@dataclass(frozen=True)
class Completion:
    """The model's words after a cue, by greedy decoding."""

    text: str
    log_p: float | None
    """Log-probability that sampling at temperature 1 recites the suffix token for token, or None
    where the cue alone has other tokens than the text has at its beginning."""
    gap: float
    """The smallest gap of a decision on its path (see `Reading.gap`)."""
    followed: bool
    """Whether every token was the text's own, up to the end of the suffix."""


@dataclass(frozen=True)
class Unjudged:
    """Why a probe could not be asked."""

    reason: str


@dataclass(frozen=True)
class _Text:
    """A text that has been read, up to the model's context."""

    tokens: list[int]
    reading: Reading


@dataclass
class Reciter:
    """Asks one model, and remembers the texts it has read: keep one as long as they are needed."""

    model: LanguageModel
    _texts: dict[str, _Text] = field(default_factory=dict)
    _generated: dict[tuple[int, ...], Generated] = field(default_factory=dict)

    def recite(self, probes: Sequence[Probe]) -> list[Completion | Unjudged]:
        """The completion of each probe, in their order."""
        self._read([probe.text for probe in probes])
        paths = [self._path(probe) for probe in probes]
        self._generate([path for path in paths if isinstance(path, _Path) and path.open])
        return [path if isinstance(path, Unjudged) else self._completion(path) for path in paths]

    def _read(self, texts: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._texts]
        rows = [self.model.encode(text)[: self.model.context] for text in new]
        for text, row, reading in zip(new, rows, self.model.read(rows), strict=True):
            self._texts[text] = _Text(row, reading)

    def _path(self, probe: Probe) -> "_Path | Unjudged":
        """How far the text's own tokens are recited."""
        read, cue = self._texts[probe.text], self.model.encode(probe.cue)
        needed = max(len(cue) + 1, len(self.model.encode(probe.text[: probe.stop])))
        if needed > self.model.context:
            return Unjudged(
                f"it needs {needed} tokens; the model's context is {self.model.context}"
            )
        k = len(cue)
        if read.tokens[:k] != cue:
            return _Path(probe, cue, cue, [], None, open=True)
        stop = self._end_of_suffix(read.tokens, probe)
        log_p = math.fsum(read.reading.log_p[k:stop])
        i = first_divergence(read.tokens, read.reading, k)
        gaps = read.reading.gap[k : min(i, stop)]
        if any(map(math.isnan, gaps)):
            return Unjudged(NOT_FINITE)
        if i >= stop:
            return _Path(probe, cue, read.tokens[:stop], gaps, log_p, open=False)
        return _Path(probe, cue, read.tokens[:i], gaps, log_p, open=True)

    def _end_of_suffix(self, tokens: list[int], probe: Probe) -> int:
        """The number of tokens that hold the text up to the end of the suffix."""
        if probe.stop == len(probe.text):
            return len(tokens)
        low, high = 1, len(tokens)
        while low < high:
            middle = (low + high) // 2
            if len(self.model.decode(tokens[:middle]).rstrip("\ufffd")) >= probe.stop:
                high = middle
            else:
                low = middle + 1
        return low

    def _generate(self, paths: Sequence["_Path"]) -> None:
        """Continue every divergence that has not been continued far enough yet, all together."""
        asking: dict[tuple[int, ...], list[_Path]] = {}
        for path in paths:
            known = self._generated.get(tuple(path.tokens))
            if known is None or not self._settled(path, known):
                asking.setdefault(tuple(path.tokens), []).append(path)
        rows = list(asking)
        limits = [max(self._limit(path) for path in asking[row]) for row in rows]

        def done(index: int, tokens: list[int]) -> bool:
            row = rows[index]
            return all(is_complete(self._text(path, tokens), path.probe) for path in asking[row])

        for row, generated in zip(rows, self.model.generate(rows, limits, done), strict=True):
            self._generated[row] = generated

    def _settled(self, path: "_Path", generated: Generated) -> bool:
        return (
            generated.ended
            or len(generated.tokens) >= self._limit(path)
            or is_complete(self._text(path, generated.tokens), path.probe)
        )

    def _completion(self, path: "_Path") -> Completion | Unjudged:
        if not path.open:
            return Completion(path.probe.suffix, path.log_p, min(path.gaps), followed=True)
        generated, limit = self._generated[tuple(path.tokens)], self._limit(path)
        count = min(limit, len(generated.tokens))
        # The first count at which it is complete: others may have needed more of the same words.
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            if is_complete(self._text(path, generated.tokens[:middle]), path.probe):
                high = middle
            else:
                low = middle + 1
        text = self._text(path, generated.tokens[:low])
        whole = low < count or is_complete(text, path.probe) or generated.ended
        gaps = generated.gaps[: low + (1 if generated.ended else 0)]
        if math.isnan(generated.gaps[-1]) and not is_complete(text, path.probe):
            return Unjudged(NOT_FINITE)
        if not whole and len(path.tokens) + low >= self.model.context:
            return Unjudged(
                f"its completion ran past the model's context, {self.model.context} tokens"
            )
        return Completion(text, path.log_p, min([*path.gaps, *gaps]), followed=False)

    def _text(self, path: "_Path", tokens: Sequence[int]) -> str:
        """The completion so far: what the tokens add to the cue."""
        cue = len(self.model.decode(path.cue))
        return self.model.decode([*path.tokens, *tokens])[cue:]

    def _limit(self, path: "_Path") -> int:
        """The most tokens to generate: no tokenizer needs more than one a byte; some to spare."""
        return min(len(path.probe.suffix.encode()) + 32, self.model.context - len(path.tokens))


NOT_FINITE = "the model's logits are not finite (NaN or infinite); its weights are broken"


@dataclass(frozen=True)
class _Path:
    """The tokens known without generating: the cue's, and those that follow the text."""

    probe: Probe
    cue: list[int]
    tokens: list[int]
    gaps: list[float]
    log_p: float | None
    open: bool
    """Whether the model leaves the text after `tokens`, so that the rest has to be generated."""


def first_divergence(tokens: Sequence[int], reading: Reading, k: int) -> int:
    """The first `i >= k` where the best token is not the text's; the text's length if none is."""
    for i in range(k, len(tokens)):
        if reading.best[i] != tokens[i]:
            return i
    return len(tokens)


def is_complete(completion: str, probe: Probe) -> bool:
    """Whether a completion is sure to hold as many units as the suffix, or its line has ended.

    While it still is the suffix word for word it goes on to the suffix's last mark, so that
    `verbatim` can be told. Once true it stays true as the completion grows.
    """
    suffix, language = probe.suffix, probe.poem.language
    completion = completion.rstrip("\ufffd")  # a character whose last bytes are still to come
    if len(completion) < len(suffix) and suffix.startswith(completion):
        return False
    if completion.startswith(suffix):
        return True
    if probe.one_line and _line_ended(completion):
        return True
    wanted = len(units(normal_form(suffix), language))
    if len(completion) < wanted:
        return False
    return sure_units(completion, language) >= wanted


def _line_ended(completion: str) -> bool:
    """Whether the first line with any unit in it is over."""
    *over, _ = completion.split("\n")
    return any(normal_form(line) for line in over)
