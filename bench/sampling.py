"""Whether the suite's number of queries is right: missed probes are really sampled.

Takes the probes (titles, prefixes, next lines) that greedy decoding misses, the most probable
first. It samples each, and compares how often the suffix came with how often its probability
predicts it.
"""

import math

import torch
from common import every_probe, parser, prepare

from memtests.plugins.recital import batches_of
from memtests.plugins.reciter import Completion, Reciter
from tests.support.sampling import sampled


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--probes", type=int, default=20, help="how many are sampled")
    options.add_argument("--samples", type=int, default=2000, help="how often each")
    given = options.parse_args()
    model, _ = prepare(given)
    every = every_probe(given)
    missed = []
    for batch in batches_of(every):
        for probe, found in zip(batch, Reciter(model).recite(batch), strict=True):
            if isinstance(found, Completion) and not found.followed and found.log_p is not None:
                missed.append((found.log_p, probe))
    missed.sort(key=lambda one: -one[0])
    within = sum(1 - (1 - math.exp(log_p)) ** 100 for log_p, _ in missed)
    print(f"{len(missed)} of {len(every)} probes are missed by greedy decoding")
    print(f"100 samples of each would recite {within:.1f} of them")
    torch.manual_seed(0)
    expected, variance, hits = 0.0, 0.0, 0
    for log_p, probe in missed[: given.probes]:
        p, seen = math.exp(log_p), sampled(model, probe, given.samples)
        print(f"p {p:.4f}  expected {p * given.samples:7.1f}  seen {seen:5}  {probe.name}")
        expected += p * given.samples
        variance += p * (1 - p) * given.samples
        hits += seen
    print(f"all: expected {expected:.1f}, seen {hits}, {(hits - expected) / variance**0.5:+.2f} sd")


if __name__ == "__main__":
    main()
