"""Made-up readings of windows, by a model whose tokens are words."""

import re
from collections.abc import Callable, Iterator

import msgspec

from memtests.fixtures.probes.windows import parse_size
from memtests.plugins.traces import Trace, sha256_of
from memtests.reports.report import Report
from tests.support.traced import trace_of

Follows = Callable[[int], bool]
"""Whether greedy decoding says the text's token of this number after the true tokens."""


def traces_of_windows(report: Report, follows: Follows) -> Iterator[Trace]:
    """One trace for each window of a report. Tokens are words with the space before them."""
    for v in report.verdicts:
        if v.window is None:
            continue
        text = v.cue + v.suffix
        ends = [m.end() for m in re.finditer(r"\s?\S+", text)]
        rank = [int(not follows(v.window.first + at)) for at in range(len(ends))]
        if parse_size(v.window.size).in_tokens:  # there is a beginning-of-text token
            ends, rank = [0, *ends], [0, *rank]
        log_p = [None, *[-0.01] * (len(ends) - 1)]
        trace = trace_of(text, ends, log_p, rank, collection=v.collection, poem=v.poem)
        yield msgspec.structs.replace(
            trace,
            model=v.model,
            form=f"window-{v.window.variant}",
            text_sha256=sha256_of(text),
            window=v.window,
        )
