"""The suite on a server, against the same model in this process, and against plain completions.

The server is a vLLM that serves the checkpoint of --model under the name --name. With --unknown,
the suite in this process races plain completions, on poems that the model need not know; outcomes
are not compared first.
"""

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import torch
from common import Side, agreement, compare, every_probe, parser, prepare, suite

from memtests.fixtures.models.contract import LanguageModel
from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.models.server.connecting import connect
from memtests.fixtures.models.server.token_server import TokenServer
from memtests.fixtures.poems.files import canon
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.chance import chance, chance_bands
from memtests.plugins.recital import batches_of
from memtests.plugins.reciter import Completion, Reciter
from memtests.plugins.verdicts import verdict

CLIENTS = 32


def race(given: argparse.Namespace) -> None:
    """Race on prefixes of `--sample` poems of each collection: in this process, and by plain
    completions.
    """
    here, asked = prepare(given)
    sides: dict[str, Side] = {
        "the suite here": suite(here, asked),
        f"plain completions, {CLIENTS} clients": plainly(given, here, asked),
    }
    said: dict[str, list[str]] = {}
    compare({name: keeping(said, name, run) for name, run in sides.items()}, given.runs)
    print(agreement(asked, *said.values()))


def main() -> None:
    """Compare outcomes on every probe; then race on the poems that the model knows."""
    options = parser(__doc__ or "")
    options.add_argument("--server", required=True, help="as --server of the suite")
    options.add_argument("--name", required=True, help="the model's name there")
    options.add_argument("--unknown", action="store_true", help="race on every prefix")
    given = options.parse_args()
    if given.unknown:
        race(given)
        return
    torch.set_num_threads(given.threads)
    here = load(given.model, Loading(device=given.device, dtype=given.dtype))
    there = connect(given.name, given.server, given.dtype)
    assert isinstance(there, TokenServer), "it sends no prompt log-probabilities"
    probes = every_probe(given)
    known = agree(here, there, probes)
    asked = [probe for probe in probes if probe.case == "prefix" and probe.text in known]
    print(f"\n{len(asked)} prefixes of {len(known)} poems that are recited from each of them")
    sides: dict[str, Side] = {
        "one pass over the wire": over_the_wire(given, asked),
        f"plain completions, {CLIENTS} clients": plainly(given, here, asked),
        "transformers, one pass": suite(here, asked),
    }
    said: dict[str, list[str]] = {}
    compare({name: keeping(said, name, run) for name, run in sides.items()}, given.runs)
    first, *others = said
    for name in others:
        print(f"{name}: {agreement(asked, said[first], said[name])}")


def agree(here: Checkpoint, there: TokenServer, probes: list[Probe]) -> set[str]:
    """Compare the outcomes of every probe. Returns the texts that both sides recite from every
    prefix.
    """
    levels = {c.name: chance_bands(c) for c in canon()}
    found: dict[str, dict[str, Completion]] = {}
    for name, model in (("transformers", here), ("server", there)):
        start = time.perf_counter()
        found[name] = recited(model, probes)
        print(f"{name:<14} {len(probes)} probes {time.perf_counter() - start:8.2f} s", flush=True)
    same = fragile = 0
    gaps: list[float] = []
    missed: set[str] = set()
    for probe in probes:
        one, other = (side[probe.name] for side in found.values())
        level = chance(levels[probe.collection], probe.suffix)
        mine, theirs = (verdict("", probe, each, level) for each in (one, other))
        if probe.case == "prefix" and not (mine.correct and theirs.correct):
            missed.add(probe.text)
        if mine.outcome == theirs.outcome:
            same += 1
        else:
            print(f"differs: {probe.name} gaps {one.gap:.3g} and {other.gap:.3g}")
        fragile += mine.fragile or theirs.fragile
        if one.log_p is not None and other.log_p is not None:
            gaps.append(abs(one.log_p - other.log_p))
    print(f"outcomes equal: {same} of {len(probes)}; fragile: {fragile}")
    print(f"difference of log_p: median {statistics.median(gaps):.2g}, largest {max(gaps):.2g}")
    return {probe.text for probe in probes if probe.case == "prefix"} - missed


def recited(model: LanguageModel, probes: list[Probe]) -> dict[str, Completion]:
    """The completions, in batches as in a run of the suite."""
    found: dict[str, Completion] = {}
    for batch in batches_of(probes):
        for probe, completion in zip(batch, Reciter(model).recite(batch), strict=True):
            assert isinstance(completion, Completion), completion
            found[probe.name] = completion
    return found


def keeping(said: dict[str, list[str]], name: str, run: Side) -> Side:
    """A side that also keeps its completions in `said`."""

    def and_keep() -> list[str]:
        said[name] = run()
        return said[name]

    return and_keep


def over_the_wire(given: argparse.Namespace, probes: list[Probe]) -> Side:
    """Like a run of the suite from its start: nothing is known about the model."""

    def run() -> list[str]:
        model = connect(given.name, given.server, given.dtype)
        assert isinstance(model, TokenServer)
        found = recited(model, probes)
        return [found[probe.name].text for probe in probes]

    return run


def plainly(given: argparse.Namespace, here: Checkpoint, probes: list[Probe]) -> Side:
    """One request for each probe, for as many tokens as its suffix has. No harness can ask for
    fewer.
    """
    import openai

    client = openai.OpenAI(
        base_url=f"{given.server.rstrip('/').removesuffix('/v1')}/v1", api_key="none"
    )
    lengths = [len(here.encode(p.text).tokens) - len(here.encode(p.cue).tokens) for p in probes]

    def ask(at: int) -> str:
        found = client.completions.create(
            model=given.name,
            prompt=probes[at].cue,
            max_tokens=lengths[at],
            temperature=0,
            extra_body={"repetition_penalty": 1.0},
        )
        return found.choices[0].text

    def run() -> list[str]:
        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(ask, range(len(probes))))

    return run


if __name__ == "__main__":
    main()
