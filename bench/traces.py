"""The cost of traces: the time of reading with and without the numbers that they keep, and bytes on
disk.

Time is measured on texts of the canon, with header and plain. Without traces, a reading has only
`best`, `log_p` and `gap`, and begins at the end of the shortest cue. Bytes are measured on texts of
250 characters, made of the canon's English or Chinese lines, and multiplied to 2,000 poems of each
language in both forms.
"""

import itertools
import statistics
import time
from collections.abc import Iterator

import msgspec
import torch
from common import parser

from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.deciding import Deciding, Said
from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.probes.probes import Probe, parse_prefix_lengths, prefix_probes, title_probe
from memtests.plugins.reciter import Reciter, row_of
from memtests.plugins.traces import form_of, trace_of

CHARACTERS, POEMS, FEW = 250, 2000, 8


def without(self: Deciding, logits: torch.Tensor, true: torch.Tensor) -> Said:
    """As `Deciding.read`, without the numbers that only traces need."""
    found = self.best(logits)
    own = torch.gather(logits, -1, true[:, None])[:, 0].double().cpu()
    log_sum = logits.float().logsumexp(-1).double().cpu()
    return Said(found.best, (own - log_sum).tolist(), found.gap, [], [])


def both_forms(collection: str, poem: Poem) -> list[Probe]:
    """A probe for each text of a poem."""
    return [
        title_probe(collection, poem),
        *prefix_probes(collection, poem, parse_prefix_lengths("10%")),
    ]


def long_poems(language: str) -> Iterator[Poem]:
    """Poems of CHARACTERS characters, or up to a line more."""
    every = (
        line
        for c in canon()
        for poem in c.poems
        if poem.language.startswith(language)
        for line in poem.lines
    )
    while lines := list(itertools.islice(every, 1)):
        while sum(map(len, lines)) < CHARACTERS and (more := next(every, None)):
            lines.append(more)
        title = lines[0][:20]
        yield Poem(id=title, title=title, author="A", language=language, lines=tuple(lines))


def bytes_of(model: Checkpoint, language: str) -> tuple[float, float]:
    """The bytes of a poem's two traces, and their number of tokens, on average."""
    sizes, tokens = [], []
    for poem in itertools.islice(long_poems(language), FEW):
        probes, reciter = both_forms("c", poem), Reciter(model)
        reciter.read(probes)
        for probe in probes:
            form, read = form_of(probe), reciter.reading(probe)
            if form and read:
                trace = trace_of(model.name, probe, form, read, "0" * 64)
                sizes.append(len(msgspec.json.encode(trace)) + 1)
                tokens.append(len(trace.ends))
    return 2 * statistics.mean(sizes), 2 * statistics.mean(tokens)


def main() -> None:
    given = parser(__doc__ or "").parse_args()
    torch.set_num_threads(given.threads)
    model = load(given.model, Loading(device=given.device, dtype=given.dtype))
    for language in ("en", "zh"):
        size, count = bytes_of(model, language)
        print(
            f"{language}: {count:.0f} tokens a poem, {size / count:.1f} bytes a token, "
            f"{POEMS * size / 1e6:.1f} MB for {POEMS:,} poems"
        )
    probes = [
        probe
        for collection in canon()
        for poem in collection.sample(given.sample).poems
        for probe in both_forms(collection.name, poem)
    ]
    rows = [row_of(model, probe, model.encode(probe.text)) for probe in probes]
    tokens = [row.tokens[: model.context] for row in rows]
    cues = [row.cue for row in rows]
    sides = {"without": (without, cues), "with": (Deciding.read, [1] * len(cues))}
    times: dict[str, list[float]] = {name: [] for name in sides}
    model.read(tokens[:8], cues[:8], [()] * 8)  # first use is not timed
    for _ in range(given.runs):
        for name, (read, starts) in sides.items():
            Deciding.read = read  # type: ignore[method-assign]
            start = time.process_time()
            for at in range(0, len(tokens), 32):  # as in a run, 16 poems at once
                here = slice(at, at + 32)
                model.read(tokens[here], starts[here], [()] * len(tokens[here]))
            times[name].append(time.process_time() - start)
    print(f"{len(tokens)} texts, {sum(map(len, tokens)):,} tokens, {given.dtype}, processor time")
    for name, seconds in times.items():
        print(f"{name:<8} {statistics.median(seconds):7.3f} s  {[round(s, 3) for s in seconds]}")
    ratio = statistics.median(times["with"]) / statistics.median(times["without"])
    print(f"with ÷ without: {ratio:.3f}")


if __name__ == "__main__":
    main()
