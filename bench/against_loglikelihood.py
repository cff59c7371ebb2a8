"""The suite against lm-evaluation-harness' `loglikelihood`, and against one pass over each text.

Both give less than the suite: no completions and no grades. `loglikelihood` gives the probability
of each probe's suffix, and whether greedy decoding says it token for token, but nothing about other
cuts. One pass over a text (as open-unlearning does it, without batches) tells for every cut whether
greedy decoding follows. Needs `pip install lm-eval`. All sides use the same loaded model, one after
the other. Passes and the tokens fed in them are counted too, because they do not depend on the
machine.
"""

import time
from collections.abc import Callable, Sequence

import torch
from common import parser, prepare

from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.completions import COMPLETIONS, misses_of
from memtests.plugins.recital import batches_of
from memtests.plugins.reciter import Completion, Reciter
from memtests.plugins.traces import form_of, trace_of

Run = Callable[[], list[bool]]
"""Whether each probe is recited token for token."""


def suite(model: Checkpoint, probes: Sequence[Probe], option: str) -> Run:
    """Like a run of the suite with `--completions`, with a trace of every text."""

    def run() -> list[bool]:
        followed: dict[str, bool] = {}
        for batch in batches_of(list(probes)):
            reciter = Reciter(model, misses=misses_of(option, probes))
            for probe, found in zip(batch, reciter.recite(batch), strict=True):
                followed[probe.name] = isinstance(found, Completion) and bool(found.followed)
            for probe in {probe.text: probe for probe in batch}.values():
                read, form = reciter.reading(probe), form_of(probe)
                if read and form:
                    trace_of(model.name, probe, form, read, None)
        return [followed[probe.name] for probe in probes]

    return run


def loglikelihood(model: Checkpoint, probes: Sequence[Probe], batch: int) -> Run:
    """The harness, used as its tasks with output_type loglikelihood use it."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    harness = HFLM(
        pretrained=model._model, tokenizer=model._tokenizer, batch_size=batch, max_length=2048
    )
    asked = [Instance("loglikelihood", {}, (p.cue, p.suffix), at) for at, p in enumerate(probes)]

    def run() -> list[bool]:
        return [greedy for _, greedy in harness.loglikelihood(asked, disable_tqdm=True)]

    return run


def one_pass_a_text(model: Checkpoint, probes: Sequence[Probe]) -> Run:
    """One unbatched pass over each text; its argmax answers every cut."""

    def run() -> list[bool]:
        said: dict[str, list[bool]] = {}
        with torch.inference_mode():
            for text in dict.fromkeys(probe.text for probe in probes):
                tokens = torch.tensor([model.encode(text).tokens]).to(model._model.device)
                best = model._model(input_ids=tokens, use_cache=False).logits.argmax(-1)
                said[text] = (best[0, :-1] == tokens[0, 1:]).tolist()
        return [all(said[p.text][len(model.encode(p.cue).tokens) - 1 :]) for p in probes]

    return run


class Fed:
    """Counts passes, and the tokens fed in them, padding included."""

    def __init__(self, model: Checkpoint) -> None:
        self.passes = self.tokens = 0
        model._model.get_input_embeddings().register_forward_pre_hook(self)

    def __call__(self, _: object, given: tuple[torch.Tensor, ...]) -> None:
        self.passes += 1
        self.tokens += given[0].numel()


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--batch-size", type=int, default=8, help="lm-eval's (default: 8)")
    options.add_argument(
        "--completions", action="append", choices=COMPLETIONS, help="the suite's; repeatable"
    )
    given = options.parse_args()
    model, probes = prepare(given)
    fed = Fed(model)
    sides = {
        **{
            f"suite, --completions {option}": suite(model, probes, option)
            for option in given.completions or COMPLETIONS
        },
        f"lm-eval loglikelihood, batch {given.batch_size}": loglikelihood(
            model, probes, given.batch_size
        ),
        "one pass a text": one_pass_a_text(model, probes),
    }
    print(f"{'side':<34} {'wall':>9} {'processor':>10} {'passes':>7} {'tokens fed':>11}  recited")
    for _ in range(given.runs):
        for name, run in sides.items():
            fed.passes = fed.tokens = 0
            wall, processor = time.perf_counter(), time.process_time()
            recited = sum(run())
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            print(
                f"{name:<34} {wall:7.2f} s {processor:8.2f} s {fed.passes:7,} {fed.tokens:11,}  "
                f"{recited} of {len(probes)}",
                flush=True,
            )


if __name__ == "__main__":
    main()
