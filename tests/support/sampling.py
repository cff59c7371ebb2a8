"""Real sampling: how often a checkpoint recites a suffix, token for token, at temperature 1."""

import torch

from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.reciter import row_of


def sampled(
    model: Checkpoint, probe: Probe, count: int, together: int = 250, top_k: int = 0
) -> int:
    """How many of `count` samples are the suffix's own tokens. `top_k`: sample among this many most
    probable tokens; 0 for all.
    """
    row = row_of(model, probe, model.encode(probe.text))
    cue, suffix = row.tokens[: row.cue], list(row.tokens[row.cue : row.stop])
    hits = 0
    for start in range(0, count, together):
        with torch.inference_mode():
            said = model._model.generate(
                torch.tensor([cue], device=model._model.device),
                attention_mask=torch.ones(1, len(cue), device=model._model.device),
                do_sample=True,
                temperature=1.0,
                top_k=top_k,
                top_p=1.0,
                repetition_penalty=1.0,
                min_new_tokens=len(suffix),
                max_new_tokens=len(suffix),
                num_return_sequences=min(together, count - start),
            )
        hits += sum(each == suffix for each in said[:, len(cue) :].tolist())
    return hits
