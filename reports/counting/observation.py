"""The memory before it is observed: how many queries would see it (Hayes et al. 2024, section 3).

Greedy decoding observes one outcome. Sampling at temperature 1 recites the suffix with probability
p; asked n times, it comes at least once with probability 1 - (1 - p)^n.
"""

import math


def queries(log_p: float, seen: float) -> float | None:
    """The number of queries after which a memory is seen with probability `seen`, at least 1.

    `log_p` is the natural logarithm of p, `seen` between 0 and 1. None where the number is beyond
    floating point (p so small that it is zero).
    """
    if log_p >= 0:
        return 1.0
    # log(1 - p), exact for p near 0 and near 1 alike.
    log_not_p = math.log1p(-math.exp(log_p)) if log_p < -0.69 else math.log(-math.expm1(log_p))
    if log_not_p == 0:
        return None
    number = math.log1p(-seen) / log_not_p
    return max(1.0, number) if math.isfinite(number) else None
