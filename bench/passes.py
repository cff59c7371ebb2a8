"""How many passes a run takes, and how many tokens are fed in them. Unlike times, these numbers do
not depend on the machine.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))


def main() -> None:
    import torch

    from memtests.fixtures.models.local import verifying
    from memtests.fixtures.models.local.engine import Engine
    from memtests.fixtures.models.local.loading import Loading, load
    from memtests.fixtures.poems.files import canon, read_collections
    from memtests.fixtures.probes.probes import (
        DEFAULT_HEADER,
        DEFAULT_PREFIX_LENGTHS,
        parse_prefix_lengths,
        probes_of,
    )
    from memtests.plugins.recital import batches_of
    from memtests.plugins.reciter import Reciter

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", nargs="*", type=Path, help="poem files (default: the canon)")
    options.add_argument("--model", default="embedded")
    options.add_argument("--threads", type=int, default=1)
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    lengths = parse_prefix_lengths(DEFAULT_PREFIX_LENGTHS)
    probes = [
        probe
        for collection in (read_collections(given.files) if given.files else canon())
        for case in ("title", "prefix", "next_line")
        for probe in probes_of(collection, case, lengths, DEFAULT_HEADER)
    ]
    model = load(given.model, Loading(device="cpu"))
    Reciter(model).recite(probes[:2])  # prove the ways first: that takes passes too
    forward, read = verifying.forward_in_slots, Engine._forward
    rows, fed, read_tokens = [], 0, 0

    def counted(inner: Any, slots: Any, tokens: Any, masking: Any) -> Any:
        nonlocal fed
        rows.append(len(tokens))
        fed += len(tokens) * max(map(len, tokens))
        return forward(inner, slots, tokens, masking)

    def counted_reading(self: Engine, texts: Any, *rest: Any) -> Any:
        nonlocal read_tokens
        read_tokens += len(texts) * max(map(len, texts))
        return read(self, texts, *rest)

    verifying.forward_in_slots = counted  # type: ignore[assignment]
    Engine._forward = counted_reading  # type: ignore[assignment, method-assign]
    start = time.process_time()
    for batch in batches_of(probes):
        Reciter(model).recite(batch)
    print(
        f"{len(probes)} probes: {len(rows)} passes with {sum(rows) / max(1, len(rows)):.1f} rows "
        f"each, {fed} tokens fed in them, {read_tokens} in reading; "
        f"{time.process_time() - start:.1f} s of processor time"
    )


if __name__ == "__main__":
    main()
