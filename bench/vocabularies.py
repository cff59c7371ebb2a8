"""The suite with tokenizers of real models: how cues are cut, and recall of nine poems that each
model was taught.

First: make tokenizers TOKENIZERS="qwen3 llama3 llama2 gemma3 deepseek_v3 gptoss"
"""

import argparse
from collections import Counter
from collections.abc import Sequence

import torch
from common import compare, every_probe, suite

from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.probes.cuts import CUTS, cut_of
from memtests.fixtures.probes.probes import (
    DEFAULT_HEADER,
    DEFAULT_PREFIX_LENGTHS,
    Probe,
    parse_prefix_lengths,
    probes_of,
)
from memtests.plugins.chance import Chance
from memtests.plugins.reciter import Completion, Reciter, recite_plainly
from memtests.plugins.verdicts import judge
from tests.support.real_tokenizers import REAL, load_real_tokenizer
from tests.support.taught_models import little_llama, nine, taught

CASES = ("title", "prefix", "next_line")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--tokenizers", nargs="+", default=[*REAL, "deepseek_v3", "gptoss"], help="for the shares")
    add("--taught", nargs="*", default=REAL, help="for the nine poems")
    add("--runs", type=int, default=3, help="of the suite and of plain `generate`")
    given = parser.parse_args()
    torch.set_num_threads(1)
    whole_canon = every_probe(argparse.Namespace(poems=None))
    try:
        for name in given.tokenizers:
            shares(name, whole_canon)
        for name in given.taught:
            nine_poems(name, given.runs)
    except FileNotFoundError as error:
        raise SystemExit(f"vocabularies: {error}") from None


def shares(name: str, probes: Sequence[Probe]) -> None:
    """How many cues, tokenized alone, get the same tokens as the beginning of their text; and how
    the suite cuts them.
    """
    tokenizer = load_real_tokenizer(name)
    model = Checkpoint(name, little_llama(1, None, spread=0.02), tokenizer)
    whole = {text: model.encode(text) for text in {probe.text for probe in probes}}
    asked, alone, cuts = Counter[str](), Counter[str](), Counter[str]()
    for probe in probes:
        cue, text = model.encode(probe.cue).tokens, whole[probe.text]
        asked[probe.case] += 1
        alone[probe.case] += text.tokens[: len(cue)] == cue
        cuts[cut_of(probe.text, probe.start, *text, model.spell).kind] += 1
    parts = [f"{case} {alone[case] / asked[case]:.1%}" for case in CASES]
    made = [f"{cut} {cuts[cut] / len(probes):.1%}" for cut in CUTS]
    print(
        f"{name}: {len(tokenizer):,} tokens; cues that alone have the text's: "
        f"{alone.total() / len(probes):.1%} ({', '.join(parts)}); cuts: {', '.join(made)}",
        flush=True,
    )


def nine_poems(name: str, runs: int) -> None:
    """Recall of nine poems that a model was taught; the suite compared with plain `generate`."""
    model = taught(name)
    lengths = parse_prefix_lengths(DEFAULT_PREFIX_LENGTHS)
    probes = [
        probe
        for collection in nine()
        for case in CASES
        for probe in probes_of(collection, case, lengths, DEFAULT_HEADER)
    ]
    found = Reciter(model).recite(probes)
    correct, asked = Counter[str](), Counter[str]()
    differ = fragile = 0
    for probe, completion in zip(probes, found, strict=True):
        assert isinstance(completion, Completion), completion
        asked[probe.case] += 1
        suffix = probe.text[probe.start + completion.moved : probe.stop]
        outcome = judge(completion.text, suffix, probe.poem.language, Chance(0.5, 9)).outcome
        correct[probe.case] += outcome == "correct"
        fragile += completion.fragile
        differ += not completion.fragile and completion.text != recite_plainly(model, probe)
    parts = [f"{case} {correct[case]} of {asked[case]}" for case in CASES]
    print(
        f"\n{name}: {correct.total()} of {len(probes)} correct ({', '.join(parts)}); "
        f"completions that differ from plain generate: {differ}, fragile ones: {fragile}"
    )
    compare(
        {
            "suite": suite(model, probes),
            "plain generate, one by one": lambda: [recite_plainly(model, p) for p in probes],
        },
        runs,
    )


if __name__ == "__main__":
    main()
