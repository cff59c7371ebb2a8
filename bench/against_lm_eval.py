"""The suite against lm-evaluation-harness: a custom generate_until task with the same cues.

Needs `pip install "lm-eval[hf]"`. Both sides use the same loaded model, one after the other.
"""

import json
import statistics
import tempfile
from pathlib import Path

from common import Side, agreement, compare, parser, prepare, suffix_tokens, suite


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--batch-size", action="append", help="lm-eval's; repeatable (default: 8)")
    options.add_argument(
        "--one-in", type=int, default=1, help="lm-eval is asked one probe in N (default: all)"
    )
    given = options.parse_args()
    model, probes = prepare(given)
    asked = probes[:: given.one_in]

    from lm_eval import simple_evaluate
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.models.huggingface import HFLM

    folder = Path(tempfile.mkdtemp())
    lines = [json.dumps({"cue": p.cue, "suffix": p.suffix}) + "\n" for p in asked]
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

    def lm_eval(batch_size: str) -> Side:
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
    times = compare(sides, given.runs)
    found = ours()[:: given.one_in]
    mine = statistics.median(times["suite"]) / len(probes)
    for size in sizes:
        theirs = statistics.median(times[f"lm-eval, batch {size}"]) / len(asked)
        print(
            f"batch {size}: {1e3 * theirs:.0f} ms a probe, {theirs / mine:.1f} times the suite's "
            f"{1e3 * mine:.1f} ms ({len(asked)} and {len(probes)} probes)"
        )
        print(f"batch {size}: {agreement(asked, found, said[size])}")


if __name__ == "__main__":
    main()
