"""Ask a model while it learns: how its recall rises, and how much asking costs beside training.

    bench-env/bin/python bench/training.py curve
    bench-env/bin/python bench/training.py price

`curve`: a fresh model of 6 million parameters learns twelve poems, and is asked every ten steps.
`price`: processor seconds of a step and of a look, of fresh models that learn the whole canon, and
are asked for a hundred of its poems while they know none of them, which costs most.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import transformers

import memtests
from memtests import asking
from memtests.fixtures.poems.files import CANON, canon
from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.teach.memorize import taught_texts
from memtests.fixtures.teach.teaching import fresh_model, train_tokenizer

TWELVE = {"tang": 6, "british": 6}
SIZE, VOCABULARY = 6_000_000, 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("curve", "price"))
    what = parser.parse_args().what
    transformers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        curve(Path(folder)) if what == "curve" else price(Path(folder))


def curve(folder: Path) -> None:
    files, poems = [], []
    for collection in canon():
        chosen = sorted(collection.poems, key=lambda poem: len(poem.text))
        chosen = chosen[: TWELVE.get(collection.name, 0)]
        if chosen:
            file = folder / f"{collection.name}.jsonl"
            lines = (CANON / file.name).read_text().splitlines()
            kept = [line for line in lines if json.loads(line)["id"] in {p.id for p in chosen}]
            file.write_text("\n".join(kept) + "\n")
            files.append(file)
            poems += chosen
    trainer = trainer_of(poems, folder, steps=120, batch=12)
    trainer.add_callback(memtests.RecallCallback(trainer, every=10, poems=files))
    trainer.train()
    names = ["loss", "recall/all", "recall/tang", "recall/british", "log_p/all"]
    names += ["since_first/gained", "since_first/lost"]
    print(*("step", *names), sep="\t")
    looks: dict[int, dict[str, float]] = {}
    for entry in trainer.state.log_history:
        looks.setdefault(entry["step"], {}).update(entry)
    for step, entry in looks.items():
        print(step, *(f"{entry[n]:.3f}" if n in entry else "-" for n in names), sep="\t")


def price(folder: Path) -> None:
    poems = [poem for collection in canon() for poem in collection.poems]
    print("parameters", "a step", "cases", "poems", "probes", "a look", "of 500 steps", sep="\t")
    for size in (1_800_000, SIZE):
        trainer = trainer_of(poems, folder / str(size), steps=12, batch=16, size=size)
        trainer.add_callback(Watch())
        trainer.train()
        ends = Watch.ends
        step = (ends[-1] - ends[1]) / (len(ends) - 2)
        for cases in (("title",), ("title", "prefix", "next_line")):
            began = time.process_time()
            # As the callback does at every look except the last.
            asked_for = asking.prepared(cases=cases, controls="none", sample=24)  # a hundred
            report = asked_for(
                *(trainer.model, trainer.processing_class, "look", folder / "look"),
                drawn=False,
                published=False,
            ).report
            look = time.process_time() - began
            asked = len({(v.collection, v.poem) for v in report.verdicts})
            said = (f"{trainer.model.num_parameters():,}", f"{step:.2f} s", ", ".join(cases))
            counts = (asked, len(report.verdicts), f"{look:.1f} s", f"{look / step / 5:.1f} %")
            print(*said, *counts, sep="\t", flush=True)


class Watch(transformers.TrainerCallback):  # type: ignore[misc]
    """Records when each step ends, in processor seconds."""

    ends: Sequence[float] = ()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        Watch.ends = []

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        Watch.ends = [*Watch.ends, time.process_time()]


def trainer_of(
    poems: Sequence[Poem], folder: Path, steps: int, batch: int, size: int = SIZE
) -> transformers.Trainer:
    texts = [text for poem in poems for text in taught_texts(poem)]
    words = train_tokenizer(texts, VOCABULARY)
    tokens = [[*words(text)["input_ids"], words.eos_token_id] for text in texts]
    transformers.set_seed(0)
    return transformers.Trainer(
        model=fresh_model(size, len(words)),
        args=transformers.TrainingArguments(
            output_dir=str(folder),
            max_steps=steps,
            per_device_train_batch_size=batch,
            learning_rate=2e-3,
            warmup_steps=10,
            logging_steps=10,
            save_strategy="no",
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
        ),
        train_dataset=[{"input_ids": each, "labels": list(each)} for each in tokens],
        processing_class=words,
        data_collator=transformers.DataCollatorForSeq2Seq(words, padding=True),
    )


if __name__ == "__main__":
    main()
