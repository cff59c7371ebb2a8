"""The tables of a study that are no answers: each cell has a number, or says why there is none.

Pure functions.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy

from memtests.reports.counting.inside_windows import Cell as Shown
from memtests.reports.counting.inside_windows import Inside
from memtests.reports.counting.over_poems import interval
from memtests.reports.text.rows import percent
from memtests.study.answers.by_poem import FEWEST_POEMS
from memtests.study.answers.drawn import share_interval
from memtests.study.measured import APART, LATER, TAUGHT, Course, Look, Model

Rows = list[list[str]]
BANDS = (16, 32, 64, 128, 256, 512)
"""Characters; each is the longest that is in its band, and there is one beyond."""
_NO_POEM, _NO_LESSON = "no poem", "no later lesson"


class Group(NamedTuple):
    """Models that differ in their seed alone."""

    kind: str
    epochs: int
    size: str
    models: tuple[Model, ...]

    @property
    def name(self) -> str:
        """What tells it from the others, in a legend."""
        return f"{self.size}, {self.epochs} epochs" + (
            "" if self.kind == APART else f", {self.kind}"
        )


class Table(NamedTuple):
    """One table, with what it shows."""

    title: str
    caption: str
    rows: Rows
    left: int
    """How many of its columns are names."""


def groups_of(models: Iterable[Model]) -> list[Group]:
    """The models by what they have in common, in the order in which they were planned."""
    found: dict[tuple[str, int, str], list[Model]] = {}
    for model in models:
        found.setdefault((model.kind, model.epochs, model.size), []).append(model)
    groups = [Group(*key, tuple(own)) for key, own in found.items()]
    return sorted(groups, key=lambda each: (each.kind, each.epochs))


def tables_of(models: Sequence[Model]) -> list[Table]:
    """Every table, in the order in which they are shown."""
    return [
        Table(title, " ".join(caption.split()), make(models), left)
        for title, caption, make, left in _TABLES
    ]


def languages_of(models: Sequence[Model]) -> list[str]:
    """Of the poems."""
    return sorted({poem.language for poem in models[0].poems})


def places_of(model: Model, language: str, lesson: str = TAUGHT) -> list[int]:
    """Where the poems of a language are that a lesson teaches."""
    return [
        at
        for at, poem in enumerate(model.poems)
        if poem.language == language and poem.lesson == lesson
    ]


def recited(looks: Sequence[Look], places: Sequence[int]) -> list[list[float]]:
    """A row for each look, one of each model: 1 for each poem that is recited."""
    return [[float(look.poems[at].recited) for at in places] for look in looks]


def probability(looks: Sequence[Look], places: Sequence[int]) -> float:
    """Of a unit: the geometric mean over the units of each poem and over the poems."""
    logs = [math.fsum(p.log_p) / len(p.log_p) for look in looks for p in _courses(look, places)]
    return math.exp(math.fsum(logs) / len(logs))


def recall_rows(models: Sequence[Model]) -> Rows:
    """The paper's Table 1: recall of each language by model, here also before and later."""
    languages = languages_of(models)
    times = [f"{name}, {time}" for name in languages for time in ("before", "taught", "later")]
    rows = [["tokenizer", "epochs", "model", "parameters", "seeds", *times]]
    for group in groups_of(models):
        cells = []
        for language in languages:
            for lesson, at in ((TAUGHT, 0), (TAUGHT, -1), (LATER, -1)):
                looks = [model.at(lesson)[at] for model in group.models if model.at(lesson)]
                cells.append(_cell(looks, places_of(models[0], language)))
        rows.append([*_names(group), *cells])
    return rows


def length_rows(models: Sequence[Model]) -> Rows:
    """The paper's Table 2: recall by length."""
    heads = [f"to {band}" for band in BANDS]
    rows = [["tokenizer", "epochs", "model", "poems", *heads, f"over {BANDS[-1]}"]]
    for group in groups_of(models):
        looks = [model.at(TAUGHT)[-1] for model in group.models]
        for language in languages_of(models):
            bands: list[list[int]] = [[] for _ in (*BANDS, None)]
            for at in places_of(models[0], language):
                length = models[0].poems[at].characters
                bands[sum(length > band for band in BANDS)].append(at)
            shares = [_cell(looks, own, poems=True) for own in bands]
            rows.append([*_names(group)[:3], language, *shares])
    return rows


def course_rows(models: Sequence[Model], lesson: str) -> Rows:
    """Recall of the first lesson's poems and the probability of a unit, in the course of a lesson.

    Only of the longest teaching: shorter lessons have looks at other epochs.
    """
    longest = [model for model in models if model.epochs == max(each.epochs for each in models)]
    longest = [model for model in longest if model.at(lesson)]
    if not longest:
        return [["model"], [_NO_LESSON]]
    epochs = [look.epoch for look in longest[0].at(lesson)]
    rows = [["model", "poems", "of", *(f"after {epoch}" for epoch in epochs)]]
    for group in groups_of(longest):
        looks = list(zip(*(model.at(lesson) for model in group.models), strict=True))
        for language in languages_of(models):
            own = places_of(models[0], language)
            shares = [percent(float(numpy.mean(recited(each, own)))) for each in looks]
            rows.append([group.size, language, "recall", *shares])
            chances = [f"{probability(each, own):.3f}" for each in looks]
            rows.append([group.size, language, "probability of a unit", *chances])
    return rows


def middling(models: Sequence[Model], language: str) -> Group:
    """The models that recite about half of the poems: they show best what is hard. Of both kinds of
    tokenizer there are the more seeds where marks are parted.
    """
    own = places_of(models[0], language)
    return min(
        groups_of([model for model in models if model.kind == APART] or models),
        key=lambda group: abs(
            0.5 - float(numpy.mean(recited([m.at(TAUGHT)[-1] for m in group.models], own)))
        ),
    )


def inside(models: Sequence[Model]) -> list[Inside]:
    """Context in, memory out, of the models that recite about half of a language's poems."""
    found = []
    for language in languages_of(models):
        group, own = middling(models, language), set(places_of(models[0], language))
        counts: dict[tuple[int, int], dict[int, list[bool]]] = {}
        for cell in (cell for model in group.models for cell in model.cells if cell.poem in own):
            poems = counts.setdefault((cell.given, cell.asked), {})
            poems.setdefault(cell.poem, []).append(cell.recited)
        cells = []
        for (given, asked), poems in sorted(counts.items()):
            pairs = [(sum(each), len(each)) for each in poems.values()]
            part, whole = (sum(numbers) for numbers in zip(*pairs, strict=True))
            cells.append(Shown(given, asked, part, whole, *interval(pairs)))
        if cells:
            texts = len({poem for poems in counts.values() for poem in poems})
            longest = max(cell.given + cell.asked for cell in cells)
            unit = "words" if language == "english" else "characters"
            name = f"{group.name}, {language}"
            found.append(Inside(name, unit, longest, texts, texts, tuple(cells)))
    return found


def inside_rows(models: Sequence[Model]) -> Rows:
    """The same as a table."""
    found = inside(models)
    if not found:
        return [["model"], ["no poem is long enough"]]
    asked = sorted({cell.asked for each in found for cell in each.cells})
    rows = [["model", "given", *(f"next {number}" for number in asked)]]
    for each in found:
        shares = {(cell.given, cell.asked): percent(cell.share) for cell in each.cells}
        for given in sorted({cell.given for cell in each.cells}):
            name = f"{given} {each.unit}" if given else "the header"
            rows.append([each.model, name, *(shares.get((given, n), _NO_POEM) for n in asked)])
    return rows


def _courses(look: Look, places: Sequence[int]) -> Iterable[Course]:
    return (look.poems[at] for at in places)


def _names(group: Group) -> list[str]:
    parameters = f"{group.models[0].parameters:,}"
    return [group.kind, str(group.epochs), group.size, parameters, str(len(group.models))]


def _cell(looks: Sequence[Look], places: Sequence[int], poems: bool = False) -> str:
    """A share with its interval over poems and seeds; or with the number of poems."""
    if not looks:
        return _NO_LESSON
    if not places:
        return _NO_POEM
    matrix = numpy.array(recited(looks, places))
    share = percent(float(matrix.mean()))
    if poems:
        return f"{share} of {len(places)}"
    if len(places) < FEWEST_POEMS:
        return share
    low, high = share_interval(matrix)
    return f"{share} ({100 * low:.0f} to {100 * high:.0f})"


_TABLES: Sequence[tuple[str, str, Callable[[Sequence[Model]], Rows], int]] = (
    (
        "Recall by size",
        """Poems that are recited from their header, before teaching, after it, and after then being
        taught other poems (the form of the paper's Table 1); in brackets the 95 % interval, over
        poems and seeds.""",
        recall_rows,
        3,
    ),
    (
        "Recall by length",
        """The same after teaching, by the length of what was taught of a poem, in characters (the
        form of the paper's Table 2); and of how many poems.""",
        length_rows,
        4,
    ),
    (
        "Context in, memory out",
        """After so many words or characters of a poem, with nothing before them, how often so many
        more are recited: all of the same poems, by the models that recite about half of the poems
        of a language.""",
        inside_rows,
        2,
    ),
    (
        "The course of learning",
        """Recall from the header, and how probable a word or character is (the geometric mean), in
        the course of the longest teaching: after so many epochs.""",
        lambda models: course_rows(models, TAUGHT),
        3,
    ),
    (
        "The course of forgetting",
        """The same of the same poems, in the course of then being taught other poems at a tenth of
        the learning rate.""",
        lambda models: course_rows(models, LATER),
        3,
    ),
)
