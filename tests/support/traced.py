"""Traces made by hand."""

import hashlib
from collections.abc import Sequence

from memtests.plugins.traces import Trace


def trace_of(
    text: str,
    ends: Sequence[int | None],
    log_p: Sequence[float | None] | None = None,
    rank: Sequence[int | None] | None = None,
    begins: int = 0,
    **fields: str,
) -> Trace:
    """What a model says of a text's tokens; all of them as good as certain, where it is not said."""
    log_p = [-0.01] * len(ends) if log_p is None else log_p
    rank = [0] * len(ends) if rank is None else rank
    known = {
        "model": "m",
        "collection": "c",
        "poem": "p",
        "form": "plain",
        "text_sha256": sha(text),
    }
    return Trace(
        **known | fields,
        begins=begins,
        ends=tuple(ends),
        log_p=tuple(log_p),
        rank=tuple(rank),
        log_top=(None,) * len(ends),
    )


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
