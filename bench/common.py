"""Shared by the benchmarks: probes, sides to compare, alternating runs, tables."""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.devices import batches
from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.files import canon, read_collections
from memtests.fixtures.probes.probes import (
    DEFAULT_HEADER,
    DEFAULT_PREFIX_LENGTHS,
    Probe,
    parse_prefix_lengths,
    poem_unit_ends,
    prefix_probes,
    probes_of,
)
from memtests.fixtures.probes.text import normal_form
from memtests.plugins.completeness import is_complete
from memtests.plugins.reciter import Completion, Reciter

Side = Callable[[], list[str]]


def every_probe(given: argparse.Namespace) -> list[Probe]:
    """Titles, prefixes and next lines of the poems, with the suite's defaults."""
    lengths = parse_prefix_lengths(DEFAULT_PREFIX_LENGTHS)
    return [
        probe
        for collection in (read_collections(map(Path, given.poems)) if given.poems else canon())
        for case in ("title", "prefix", "next_line")
        for probe in probes_of(collection, case, lengths, DEFAULT_HEADER)
    ]


def parser(description: str) -> argparse.ArgumentParser:
    """The options that all comparisons have."""
    found = argparse.ArgumentParser(description=description)
    add = found.add_argument
    add("--model", required=True, help="as --model of the suite")
    add("--poems", action="append", help="poem file (default: the canon)")
    add("--sample", type=int, default=6, help="poems of each collection")
    add("--prefix-lengths", default="10%,25%,50%,75%", help="as in the suite, or `every`")
    add("--runs", type=int, default=3)
    add("--threads", type=int, default=os.cpu_count())
    add("--device", default="auto")
    add("--dtype", default="float32")
    return found


def prepare(given: argparse.Namespace) -> tuple[Checkpoint, list[Probe]]:
    """The model, and the `prefix` probes of the poems."""
    import torch

    torch.set_num_threads(given.threads)
    collections = read_collections(map(Path, given.poems)) if given.poems else canon()
    probes: list[Probe] = []
    for collection in collections:
        for poem in collection.sample(given.sample).poems:
            every = ",".join(map(str, range(1, len(poem_unit_ends(poem)))))
            lengths = every if given.prefix_lengths == "every" else given.prefix_lengths
            probes += prefix_probes(collection.name, poem, parse_prefix_lengths(lengths))
    model = load(given.model, Loading(device=given.device, dtype=given.dtype))
    Reciter(model).recite(probes[:2])  # first use is not timed
    poems = len({probe.text for probe in probes})
    print(
        f"{len(probes)} probes of {poems} poems, {model.about()['parameters']:,} parameters, "
        f"{given.dtype}, {model.about()['device']}, {given.threads} threads"
    )
    return model, probes


def bare_passes(model: Checkpoint, rows: Sequence[Sequence[int]], most: int) -> Side:
    """The model alone over rows of tokens, in batches of at most `most` tokens. Nothing is done
    with the logits.
    """
    import torch

    inner = model._model

    def run() -> list[str]:
        with torch.inference_mode():
            for batch in batches(list(map(len, rows)), most):
                width = max(len(rows[at]) for at in batch)
                ids = torch.tensor([[*rows[at]] + [0] * (width - len(rows[at])) for at in batch])
                inner(input_ids=ids.to(inner.device), use_cache=False)
        if inner.device.type == "cuda":
            torch.cuda.synchronize()
        return []

    return run


def suite(model: Checkpoint, probes: Sequence[Probe]) -> Side:
    """The reciter of the suite, in batches as in a run of the suite."""
    from memtests.plugins.recital import batches_of

    def run() -> list[str]:
        found: dict[str, str] = {}
        for batch in batches_of(list(probes)):
            for probe, completion in zip(batch, Reciter(model).recite(batch), strict=True):
                found[probe.name] = completion.text if isinstance(completion, Completion) else "?"
        return [found[probe.name] for probe in probes]

    return run


def compare(sides: dict[str, Side], runs: int) -> dict[str, list[float]]:
    """Run the sides alternately, `runs` times. Print each side's median time, and its ratio to the
    first side's.
    """
    times: dict[str, list[float]] = {name: [] for name in sides}
    said: dict[str, list[str]] = {}
    for number in range(runs):
        for name, run in sides.items():
            start = time.perf_counter()
            said[name] = run()
            times[name].append(time.perf_counter() - start)
            print(f"run {number + 1}  {name:<28} {times[name][-1]:9.2f} s", flush=True)
    first = next(iter(sides))
    print(f"\n{'side':<28} {'median':>10} {'min':>9} {'max':>9}  ratio of medians")
    for name, seconds in times.items():
        ratio = statistics.median(seconds) / statistics.median(times[first])
        print(
            f"{name:<28} {statistics.median(seconds):8.2f} s {min(seconds):7.2f} s "
            f"{max(seconds):7.2f} s  {ratio:.2f}"
        )
    return times


def agreement(probes: Sequence[Probe], one: Sequence[str], other: Sequence[str]) -> str:
    """How many completions are the same, compared up to the end of the shorter one."""
    same = 0
    for probe, mine, theirs in zip(probes, one, other, strict=True):
        # A side may stop inside a character; its last bytes are then a replacement character.
        a, b = mine.rstrip("\ufffd"), theirs.rstrip("\ufffd")
        if a.startswith(b) or b.startswith(a):
            same += 1
        else:
            print(f"differs: {probe.name}: {a[-60:]!r} and {b[: len(a)][-60:]!r}")
    complete = sum(is_complete(text, probe) for probe, text in zip(probes, one, strict=True))
    recited = sum(
        normal_form(text).startswith(normal_form(probe.suffix))
        for probe, text in zip(probes, one, strict=True)
    )
    return (
        f"completions that agree: {same} of {len(probes)}; complete: {complete}; recited: {recited}"
    )


def suffix_tokens(model: Any, probes: Sequence[Probe]) -> int:
    """The most tokens that any suffix needs."""
    return max(len(model.encode(p.text).tokens) - len(model.encode(p.cue).tokens) for p in probes)
