"""Windows over a book: the suite's reading against bare forward passes over the same windows,
against `generate` in batches of 8 windows, and against the prompt log-probabilities of a vLLM.

`generate` gets fewer windows, so times are given per window. The last line estimates the time for a
thousand books of 100,000 words on this machine, with a window every 10 words.
"""

import argparse
import json
import os
import statistics
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import torch
import transformers
from common import Side, bare_passes

from memtests.fixtures.models.contract import Encoding
from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.models.whole_texts import tokens_before, whole_tokens
from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.probes.probes import Probe, window_probes
from memtests.fixtures.probes.windows import Tokens, Windows, parse_size
from memtests.plugins.completions import NONE, Misses
from memtests.plugins.reciter import Reciter, row_of

WINDOWS_A_BOOK, BOOKS = 10_000, 1_000


def main() -> None:
    given = options()
    torch.set_num_threads(given.threads)
    model = load(given.model, Loading(device=given.device, dtype=given.dtype))
    probes = windows_of(model, given)
    rows = [tokens_of(model, probe) for probe in probes]
    print(
        f"{len(probes)} windows of {given.windows}, {sum(map(len, rows)) / len(rows):.1f} tokens "
        f"each, {model.about()['parameters']:,} parameters, {given.dtype}, "
        f"{model.about()['device']}, {given.threads} threads"
    )
    few = probes[: given.generated]
    sides: dict[str, tuple[int, Side]] = {
        "suite, without traces": (len(probes), suite(model, probes, whole=False)),
        "suite, with traces": (len(probes), suite(model, probes, whole=True)),
        "bare forward passes": (len(probes), bare_passes(model, rows, model._engine._read_tokens)),
        "generate, batch 8": (len(few), generate(model, few)),
    }
    if given.vllm:
        sides["vLLM, prompt_logprobs"] = (len(probes), vllm(given.vllm, given.served, rows))
    sides["suite, without traces"][1]()  # first use is not timed
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(given.runs):
        for name, (count, run) in sides.items():
            start = time.perf_counter()
            run()
            times[name].append((time.perf_counter() - start) / count)
            print(f"run {number + 1}  {name:<24} {1 / times[name][-1]:9.2f} windows/s", flush=True)
    show(times, sum(map(len, rows)) / len(rows))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--model", required=True, help="as --model of the suite")
    add("--book", required=True, type=Path, help="a text file")
    add("--language", default="en")
    add("--windows", default="50/50", help="as in the suite")
    add("--count", type=int, default=64, help="windows, spread over the book")
    add("--generated", type=int, default=16, help="windows that are generated, too")
    add("--runs", type=int, default=3)
    add("--threads", type=int, default=os.cpu_count())
    add("--device", default="auto")
    add("--dtype", default="float32")
    add(
        "--vllm", help="the URL of a vLLM that serves the same model, like http://localhost:8000/v1"
    )
    add("--served", help="what that calls the model")
    return parser.parse_args()


def windows_of(model: Checkpoint, given: argparse.Namespace) -> list[Probe]:
    text = given.book.read_text(encoding="utf-8")
    lines = tuple(line for line in text.splitlines() if line.strip())
    name = given.book.stem
    book = Poem(id=name, title=name, author="", language=given.language, lines=lines)
    size = parse_size(given.windows)

    def tokenize(text: str) -> Tokens:
        return whole_tokens(given.model, model.encode(text), tokens_before(model.encode))

    tokens = tokenize if size.in_tokens else None
    return list(window_probes("books", book, Windows(size, most=given.count), tokens))


def tokens_of(model: Checkpoint, probe: Probe) -> list[int]:
    return list(probe.slice.tokens if probe.slice else model.encode(probe.text).tokens)


def suite(model: Checkpoint, probes: Sequence[Probe], whole: bool) -> Side:
    """Decide every window as in a run, without pytest around it."""

    def run() -> list[str]:
        reciter = Reciter(model, misses=Misses(NONE), whole=whole)
        return [str(found) for _, found in reciter.reciting(probes)]

    return run


def generate(model: Checkpoint, probes: Sequence[Probe]) -> Side:
    """Like research scripts: 8 prefixes at once, and as many tokens as the longest of their
    suffixes.
    """
    inner = model._model

    def encoding(probe: Probe) -> Encoding:
        if probe.slice:
            return Encoding(probe.slice.tokens, probe.slice.ends)
        return model.encode(probe.text)

    made = [row_of(model, probe, encoding(probe)) for probe in probes]
    made.sort(key=lambda row: row.cue)

    def run() -> list[str]:
        for first in range(0, len(made), 8):
            batch = made[first : first + 8]
            width = max(row.cue for row in batch)
            ids = torch.tensor([[0] * (width - r.cue) + list(r.tokens[: r.cue]) for r in batch])
            mask = torch.tensor([[0] * (width - r.cue) + [1] * r.cue for r in batch])
            inner.generate(
                ids.to(inner.device),
                attention_mask=mask.to(inner.device),
                generation_config=transformers.GenerationConfig(
                    max_new_tokens=max(row.stop - row.cue for row in batch),
                    do_sample=False,
                    use_cache=True,
                    eos_token_id=sorted(model.ends),
                    pad_token_id=sorted(model.ends)[0],
                ),
            )
        return []

    return run


def vllm(url: str, served: str, rows: Sequence[list[int]]) -> Side:
    """All windows in one request; vLLM makes its own batches."""
    body = {"model": served, "prompt": rows, "max_tokens": 1, "temperature": 0}
    asked = json.dumps({**body, "prompt_logprobs": 1}).encode()

    def run() -> list[str]:
        request = urllib.request.Request(
            f"{url.rstrip('/')}/completions", asked, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            answer.read()
        return []

    return run


def show(times: dict[str, list[float]], tokens: float) -> None:
    def middle(name: str) -> float:
        return statistics.median(times[name])

    bare = middle("bare forward passes")
    print(f"\n{'side':<24} {'windows/s':>10} {'tokens/s':>10}  of the bare passes' speed")
    for name in times:
        each = middle(name)
        print(f"{name:<24} {1 / each:10.2f} {tokens / each:10.0f}  {bare / each:.2f}")
    fast = middle("suite, without traces")
    print(f"\nagainst generate, batch 8: {middle('generate, batch 8') / fast:.1f} times as fast")
    hours = fast * WINDOWS_A_BOOK * BOOKS / 3600
    print(
        f"{BOOKS:,} books of {WINDOWS_A_BOOK:,} windows each, on this machine: {hours:,.1f} hours"
    )


if __name__ == "__main__":
    main()
