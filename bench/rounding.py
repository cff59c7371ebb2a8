"""How much batching changes the gap of the two best logits, in multiples of the machine epsilon.

It reads the same poems in batches and one by one. The suite's bound for fragile verdicts comes from
these numbers.
"""

import torch
from common import parser

from memtests.fixtures.models.local.deciding import rounding
from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.files import canon


def main() -> None:
    given = parser(__doc__).parse_args()
    torch.set_num_threads(given.threads)
    model = load(given.model, Loading(device=given.device, dtype=given.dtype))
    texts = [p.text for c in canon() for p in c.sample(given.sample).poems]
    rows = [model.encode(text).tokens for text in texts]
    together = model.read(rows, [1] * len(rows), [()] * len(rows))
    alone = [model.read([row], [1], [()])[0] for row in rows]
    epsilon = torch.finfo(model._model.dtype).eps
    scale = rounding(model._model.dtype) / epsilon
    changes, flips = [], 0
    for one, other in zip(together, alone, strict=True):
        assert one is not None, "the model is not read in one pass"
        assert other is not None
        for at in range(1, len(one.best)):
            changes.append(scale * abs(one.gap[at] - other.gap[at]))
            flips += one.best[at] != other.best[at]
    changes.sort()
    print(
        f"{given.dtype}: {len(changes)} positions, {flips} other decisions; gaps changed by "
        f"{changes[len(changes) // 2]:.1f} epsilons in the median, "
        f"{changes[int(len(changes) * 0.99)]:.1f} at the 99th percentile, {changes[-1]:.1f} at most"
    )


if __name__ == "__main__":
    main()
