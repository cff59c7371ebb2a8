"""The suite against lm-evaluation-harness: a custom generate_until task with the same cues.

Needs `pip install "lm-eval[hf]"`. Both sides use the same loaded model, in turn.
"""

import json
import tempfile
from pathlib import Path

from common import agreement, compare, parser, prepare, suffix_tokens, suite


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--batch-size", action="append", help="lm-eval's; repeatable (default: 8)")
    given = options.parse_args()
    model, probes = prepare(given)

    from lm_eval import simple_evaluate
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.models.huggingface import HFLM

    folder = Path(tempfile.mkdtemp())
    lines = [json.dumps({"cue": p.cue, "suffix": p.suffix}) + "\n" for p in probes]
    (folder / "probes.jsonl").write_text("".join(lines))
    config = {
        "task": "recite",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(folder / "probes.jsonl")}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": lambda doc: doc["cue"],
        "doc_to_target": lambda doc: doc["suffix"],
        "generation_kwargs": {
            "until": [],
            "do_sample": False,
            "max_gen_toks": suffix_tokens(model, probes),
        },
        "metric_list": [{"metric": "exact_match"}],
        "target_delimiter": "",
    }
    task = ConfigurableTask(config=config)

    def lm_eval(batch_size: str):
        def run() -> list[str]:
            size = int(batch_size) if batch_size.isdigit() else batch_size
            harness = HFLM(
                pretrained=model._model,
                tokenizer=model._tokenizer,
                batch_size=size,
                max_length=2048,
            )
            found = simple_evaluate(
                harness, tasks=[task], bootstrap_iters=0, log_samples=True, verbosity="ERROR"
            )
            samples = sorted(found["samples"]["recite"], key=lambda sample: sample["doc_id"])
            said[batch_size] = [sample["resps"][0][0] for sample in samples]
            return said[batch_size]

        return run

    said: dict[str, list[str]] = {}
    ours = suite(model, probes)
    sizes = given.batch_size or ["8"]
    sides = {"suite": ours, **{f"lm-eval, batch {size}": lm_eval(size) for size in sizes}}
    compare(sides, given.runs)
    for size in sizes:
        print(f"batch {size}: {agreement(probes, ours(), said[size])}")


if __name__ == "__main__":
    main()
