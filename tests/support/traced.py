"""Traces made by hand."""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence

from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.probes import with_header
from memtests.plugins.traces import Trace

Knows = Callable[[Poem, int, str], float]
"""Poem, number of a token in it, text of the token → the logarithm of its probability."""


def trace_of(
    text: str,
    ends: Sequence[int | None],
    log_p: Sequence[float | None] | None = None,
    rank: Sequence[int | None] | None = None,
    begins: int = 0,
    **fields: str,
) -> Trace:
    """A trace of a text. By default every token is almost certain."""
    log_p = [-0.01] * len(ends) if log_p is None else log_p
    rank = [0] * len(ends) if rank is None else rank
    known = {"model": "m", "collection": "c", "poem": "p", "form": "plain"}
    return Trace(
        **known | {"text_sha256": sha(text)} | fields,
        begins=begins,
        ends=tuple(ends),
        log_p=tuple(log_p),
        rank=tuple(rank),
        log_top=(None,) * len(ends),
    )


def traces_of(
    model: str, collections: Iterable[Collection], knows: Knows, forms: Sequence[str] = ("header",)
) -> list[Trace]:
    """Traces of a model whose tokens are words with the space before them, and characters.

    Greedy decoding says a token whose probability is above one half.
    """
    found = []
    for collection in collections:
        for poem in collection.poems:
            for form in forms:
                text = with_header(poem) if form == "header" else poem.text
                begins = len(text) - len(poem.text)
                cuts = [m.end() for m in re.finditer(r"\n|[^\S\n]?[a-zA-Z']+|.", text)]
                tokens = [text[a:b] for a, b in zip([0, *cuts], cuts, strict=False)]
                first = sum(end <= begins for end in cuts)
                log_p = [None] + [
                    round(min(0.0, knows(poem, at - first, token)), 4)
                    for at, token in enumerate(tokens[1:], 1)
                ]
                rank = [None if p is None else int(p < -0.69) for p in log_p]
                named = {"model": model, "collection": collection.name, "poem": poem.id}
                found.append(trace_of(text, cuts, log_p, rank, begins, form=form, **named))
    return found


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
