"""One model of a study: taught, looked at in the course of it, and written down; in one process."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec
import transformers

from memtests.fixtures.models.local.live import live, undisturbed
from memtests.fixtures.models.local.loading import quiet
from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.teach.memorize import taught_texts
from memtests.fixtures.teach.teaching import Hyperparameters, fresh_model, teach, train_tokenizer
from memtests.reports.report import write_whole
from memtests.study.answers.changed_lines import Changed, changed_line
from memtests.study.measured import JOINED, LATER, TAUGHT, Look, Model
from memtests.study.measuring import cells, look
from memtests.study.plan import Lessons, Planned, looked_at, looked_at_soon

RATE, LATER_RATE = 0.25, 0.025
"""Learning rates, for a model one unit wide. One of twice the width needs half of it (Yang et al.
2022, on Adam): at 1/500 for all, models of 3M recite less than those of 1M (docs/study.md)."""
BATCH = 8
LOOKS = 8
"""At a lesson, beside that before it, at most."""


def teach_one(planned: Planned, lessons: Lessons, file: Path, kept: Path | None) -> None:
    """Teach a model and look at it; the file is there once all is done. `kept`: the folder that it
    goes to as it is after the first lesson, if it is kept.

    The same on every run of one machine and the same versions: one thread adds up in one order.
    """
    quiet()
    texts = [text for poem in lessons.poems for text in taught_texts(poem)]
    tokenizer = train_tokenizer(texts, lessons.vocabulary, planned.kind == JOINED)
    transformers.set_seed(planned.seed)
    size = int(float(planned.size.removesuffix("M")) * 1e6)
    model = fresh_model(size, len(tokenizer))
    width = model.config.hidden_size
    found = _changed(lessons.poems)
    looks: list[Look] = []

    def seen(lesson: str, epoch: int, pairs: bool) -> None:
        with undisturbed():
            asked = live(model, tokenizer, planned.name)
            looks.append(look(asked, lessons.poems, found if pairs else {}, lesson, epoch))

    seen(TAUGHT, 0, True)
    _lesson(
        (model, tokenizer),
        lessons.of(TAUGHT),
        Hyperparameters(
            planned.epochs, RATE / width, BATCH, planned.seed, sampling="group_by_length"
        ),
        looked_at(planned.epochs, LOOKS),
        lambda epoch: seen(TAUGHT, epoch, epoch == planned.epochs),
    )
    with undisturbed():
        memory = cells(live(model, tokenizer, planned.name), lessons.poems)
    if kept is not None:
        model.config.use_cache = True  # the Trainer has switched it off
        model.save_pretrained(kept)
        tokenizer.save_pretrained(kept)
    if planned.later:
        looks.append(msgspec.structs.replace(looks[-1], lesson=LATER, epoch=0))
        _lesson(
            (model, tokenizer),
            lessons.of(LATER),
            Hyperparameters(
                planned.later, LATER_RATE / width, BATCH, planned.seed, schedule="constant"
            ),
            looked_at_soon(planned.later, LOOKS),
            lambda epoch: seen(LATER, epoch, True),
        )
    measured = Model(
        planned.name,
        planned.size,
        model.num_parameters(),
        planned.seed,
        planned.kind,
        planned.epochs,
        lessons.known,
        tuple(looks),
        memory,
    )
    write_whole(file, msgspec.json.encode(measured))


def _changed(poems: Sequence[Poem]) -> dict[int, Changed]:
    """Of each poem that has one, the line that is changed."""
    found = {at: changed_line(poem, poems) for at, poem in enumerate(poems)}
    return {at: change for at, change in found.items() if change is not None}


def _lesson(
    taught: tuple[Any, Any],
    poems: Sequence[Poem],
    how: Hyperparameters,
    looks: Collection[int],
    see: Callable[[int], None],
) -> None:
    """Teach poems in both forms that they are asked in, and look after some of the epochs."""
    model, tokenizer = taught
    rows = []
    for text in (text for poem in poems for text in taught_texts(poem)):
        tokens = [*tokenizer(text)["input_ids"], tokenizer.eos_token_id]
        rows.append({"input_ids": tokens, "labels": list(tokens)})

    class Looking(transformers.TrainerCallback):  # type: ignore[misc]
        def on_epoch_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            if round(state.epoch) in looks:
                see(round(state.epoch))

    teach(model, tokenizer, rows, how, Path("unused"), callbacks=[Looking()])
