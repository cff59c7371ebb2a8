"""A small model in training: a Trainer that teaches a few poems, with dropout."""

from pathlib import Path
from typing import Any

import transformers

from memtests.fixtures.poems.files import read_collections
from memtests.fixtures.teach.memorize import taught_texts
from memtests.fixtures.teach.teaching import fresh_model, train_tokenizer


def trainer_of(poems: str, out: Path, steps: int, *, seed: int = 0, **given: Any) -> Any:
    """A Trainer for so many steps, always the same one. `given`: more of TrainingArguments."""
    (collection,) = read_collections([poems])
    texts = [text for poem in collection.poems for text in taught_texts(poem)]
    words = train_tokenizer(texts, 600)
    tokens = [[*words(text)["input_ids"], words.eos_token_id] for text in texts]
    rows = [{"input_ids": each, "labels": list(each)} for each in tokens]
    transformers.set_seed(seed)
    model = fresh_model(150_000, len(words))
    model.config.attention_dropout = 0.1
    for layer in model.model.layers:
        layer.self_attn.attention_dropout = 0.1
    how: dict[str, Any] = {
        "max_steps": steps,
        "per_device_train_batch_size": 8,
        "learning_rate": 1e-2,
        "lr_scheduler_type": "constant_with_warmup",
        "warmup_steps": 5,
        "seed": seed,
        "use_cpu": True,
        "dataloader_pin_memory": False,
        "report_to": [],
        "save_strategy": "no",
        "logging_strategy": "no",
        "disable_tqdm": True,
    }
    return transformers.Trainer(
        model=model,
        args=transformers.TrainingArguments(output_dir=str(out), **{**how, **given}),
        train_dataset=rows,
        eval_dataset=rows,
        processing_class=words,
        data_collator=transformers.DataCollatorForSeq2Seq(words, padding=True),
    )


def logged(trainer: Any, name: str) -> dict[int, float]:
    """Step → the value that a Trainer logged under a name."""
    history = trainer.state.log_history
    return {entry["step"]: entry[name] for entry in history if name in entry}
