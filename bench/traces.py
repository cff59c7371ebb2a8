"""What traces cost: the time of reading with and without what they keep, and bytes on disk.

Texts of the canon, with header and plain; without, a reading has `best`, `log_p` and `gap` alone
and begins at the end of the shortest cue.
"""

import statistics
import time

import torch
from common import parser

from memtests.fixtures.models.local.deciding import Deciding, Said
from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.files import canon
from memtests.fixtures.probes.probes import Probe, parse_prefix_lengths, prefix_probes, title_probe
from memtests.plugins.reciter import row_of


def without(self: Deciding, logits: torch.Tensor, true: torch.Tensor) -> Said:
    """As `Deciding.read`, but for what traces need."""
    found = self.best(logits)
    own = torch.gather(logits, -1, true[:, None])[:, 0].double().cpu()
    return Said(found.best, (own - found.log_sum).tolist(), found.gap, [], [])


def main() -> None:
    options = parser(__doc__)
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    model = load(given.model, Loading(device=given.device, dtype=given.dtype))
    probes: list[Probe] = []
    for collection in canon():
        for poem in collection.sample(given.sample).poems:
            probes.append(title_probe(collection.name, poem))
            probes += prefix_probes(collection.name, poem, parse_prefix_lengths("10%"))
    rows = [row_of(model, probe, model.encode(probe.text)) for probe in probes]
    tokens = [row.tokens[: model.context] for row in rows]
    cues = [row.cue for row in rows]
    sides = {"without": (without, cues), "with": (Deciding.read, [1] * len(cues))}
    times: dict[str, list[float]] = {name: [] for name in sides}
    model.read(tokens[:8], cues[:8], [()] * 8)  # first use is not timed
    for _ in range(given.runs):
        for name, (read, starts) in sides.items():
            Deciding.read = read  # type: ignore[method-assign]
            start = time.perf_counter()
            for at in range(0, len(tokens), 32):  # as in a run, 16 poems at once
                here = slice(at, at + 32)
                model.read(tokens[here], starts[here], [()] * len(tokens[here]))
            times[name].append(time.perf_counter() - start)
    count = sum(map(len, tokens))
    print(f"{len(tokens)} texts, {count:,} tokens, {given.model}, {given.dtype}")
    for name, seconds in times.items():
        print(f"{name:<8} {statistics.median(seconds):7.3f} s  {[round(s, 3) for s in seconds]}")
    ratio = statistics.median(times["with"]) / statistics.median(times["without"])
    print(f"with ÷ without: {ratio:.3f}")


if __name__ == "__main__":
    main()
