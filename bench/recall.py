"""Where the seconds of `make recall` go: the whole run, what of it is spent inside the model, a run
that asks one probe, and what transformers takes to load the same checkpoint.

The runs are processes of their own, in turn. As a pytest plugin (`-p recall`) this module adds up
the time of the forward passes.
"""

import argparse
import functools
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from processes import ran

ONE = ("--sample", "1", "--controls", "none", "-k", "test_title and tang")
LOAD = """
import transformers
transformers.AutoTokenizer.from_pretrained("fixtures/embedded")
transformers.AutoModelForCausalLM.from_pretrained("fixtures/embedded")
"""
inside: list[float] = []
"""The seconds of each forward pass, in a run that has this module as a plugin."""


def pytest_runtestloop() -> None:
    """Measure the passes of Llama, the embedded model's architecture."""
    from transformers import LlamaForCausalLM

    forward: Any = LlamaForCausalLM.forward

    @functools.wraps(forward)
    def measured(*given: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return forward(*given, **named)
        finally:
            inside.append(time.perf_counter() - start)

    LlamaForCausalLM.forward = measured


def pytest_unconfigure() -> None:
    print(f"\ninside: {sum(inside)}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--threads", type=int, default=2)
    given = options.parse_args()
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(given.threads),
        "PYTHONPATH": str(Path(__file__).parent),
    }
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        run = (
            *("-m", "pytest", "memtests", "--measure", "-q", "-p", "recall"),
            *("--recall-report", folder),
        )
        for _ in range(given.runs):
            for name, arguments in (
                ("make recall", run),
                ("one probe", (*run, *ONE)),
                ("transformers loads it", ("-c", LOAD)),
            ):
                done = ran(*arguments, environment=environment)
                found.setdefault(name, []).append(done.seconds)
                if name == "make recall":
                    passes = float(done.said.rpartition("inside: ")[2].split()[0])
                    found.setdefault("  of it in the model's passes", []).append(passes)
    for name, times in found.items():
        each = ", ".join(f"{seconds:.2f}" for seconds in times)
        print(f"{name:30} {statistics.median(times):6.2f} s  ({each})")


if __name__ == "__main__":
    main()
