"""The suite against plain `generate` in batches of 8, and against the bare forward passes.

The bare forward passes read every poem once and do nothing with the logits: no way can be faster.
"""

import torch
from common import agreement, bare_passes, compare, parser, prepare, suffix_tokens, suite


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--only-forward", action="store_true", help="leave `generate` out")
    given = options.parse_args()
    model, probes = prepare(given)
    inner, tokenizer = model._model, model._tokenizer
    said: list[str] = []

    def generate() -> list[str]:
        import transformers

        longest_first = sorted(range(len(probes)), key=lambda i: -len(probes[i].cue))
        found: dict[int, str] = {}
        for first in range(0, len(probes), 8):
            batch = longest_first[first : first + 8]
            cues = [list(model.encode(probes[i].cue).tokens) for i in batch]
            width = max(map(len, cues))
            ids = torch.tensor([[0] * (width - len(cue)) + cue for cue in cues])
            mask = torch.tensor([[0] * (width - len(cue)) + [1] * len(cue) for cue in cues])
            output = inner.generate(
                ids.to(inner.device),
                attention_mask=mask.to(inner.device),
                generation_config=transformers.GenerationConfig(
                    max_new_tokens=suffix_tokens(model, [probes[i] for i in batch]),
                    do_sample=False,
                    use_cache=True,
                    repetition_penalty=1.0,
                    eos_token_id=sorted(model.ends),
                    pad_token_id=sorted(model.ends)[0],
                ),
            )
            for i, row in zip(batch, output, strict=True):
                found[i] = tokenizer.decode(row[width:], skip_special_tokens=True)
        said[:] = [found[i] for i in range(len(probes))]
        return said

    every = dict.fromkeys(probe.text for probe in probes)
    texts = [model.encode(text).tokens for text in every]
    forward = bare_passes(model, texts, model._engine.batch_tokens)
    ours = suite(model, probes)
    sides = {"suite": ours, "generate, batch 8": generate, "bare forward passes": forward}
    if given.only_forward:
        del sides["generate, batch 8"]
    compare(sides, given.runs)
    if said:
        print(agreement(probes, ours(), said))


if __name__ == "__main__":
    main()
