"""What a study does: which poems are taught when, and every command in turn.

Models of several sizes are taught the same poems from scratch, and then other poems. They are asked
before, in the course of both lessons, and at length after the first.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.languages import family
from memtests.fixtures.probes.text import normal_form

# The longest poem that is taught, in code points: a sonnet is.
MOST_CHARACTERS = 700
# Of the poems of a language, one of so many is taught later.
ONE_LATER = 4
LATER = "later_"
"""Begins the name of a collection that is taught after the others."""
# How often a model is asked in the course of a lesson.
_LOOKS = 10
_NAMES = {"en": "english", "zh": "chinese"}
_HOW = ("--batch-size", "8", "--group-by-length")
# Of the later lesson, as of fine-tuning: a tenth of the first one's.
_GENTLY = ("--learning-rate", "2e-4")


@dataclass(frozen=True)
class Plan:
    """Everything that a study's outcome depends on, but for the versions of its libraries."""

    sizes: tuple[str, ...]
    """As `--size` of `memtests teach` takes them: 1.8M."""
    epochs: int
    """Of the first lesson."""
    collections: Mapping[str, str]
    """Name → hash, those that are taught later at the end."""

    def epochs_of(self, lesson: str) -> int:
        """What is lost by other poems is lost soon: the later lesson is a third as long."""
        return max(1, self.epochs // 3) if lesson == "later" else self.epochs

    def every(self, lesson: str) -> int:
        """Epochs between two looks at a lesson."""
        return max(1, self.epochs_of(lesson) // _LOOKS)

    @property
    def taught(self) -> list[str]:
        """The collections of the first lesson."""
        return [name for name in self.collections if not name.startswith(LATER)]


@dataclass(frozen=True)
class Step:
    """One command of a study."""

    title: str
    command: tuple[str, ...]
    """What follows `python -m`."""
    folder: Path
    """Where its results go."""
    result: str
    """The file in it that is there once it is done."""


def lessons(collections: Sequence[Collection], most: int) -> tuple[Collection, ...]:
    """At most so many poems of each language, earlier collections first; a quarter of them is to be
    taught later.

    Long ones are left out, and one that is in two collections is taken once.
    """
    found: dict[str, dict[str, Poem]] = {}
    for collection in collections:
        for poem in sorted(collection.poems, key=_drawn):
            language = family(poem.language)
            poems = found.setdefault(_NAMES.get(language, language), {})
            if len(poem.text) <= MOST_CHARACTERS and len(poems) < most:
                poems.setdefault(normal_form(poem.text, poem.language), poem)
    divided: dict[str, Sequence[Poem]] = {}
    for name, taken in sorted(found.items()):
        poems_of_one = _told_apart(sorted(taken.values(), key=_drawn))
        divided[name] = [poem for at, poem in enumerate(poems_of_one) if at % ONE_LATER]
        divided[LATER + name] = poems_of_one[::ONE_LATER]
    names = sorted(divided, key=lambda name: name.startswith(LATER))
    return tuple(Collection(name, tuple(divided[name])) for name in names if divided[name])


def _drawn(poem: Poem) -> str:
    # Not the order of --sample, nor that of a lesson's groups.
    return hashlib.sha256(f"study {poem.text}".encode()).hexdigest()


def _told_apart(poems: Sequence[Poem]) -> list[Poem]:
    """The poems, with another id where two from different files have the same."""
    ids: dict[str, int] = {}
    found = []
    for poem in poems:
        ids[poem.id] = ids.get(poem.id, 0) + 1
        again = f"{poem.id}-{ids[poem.id]}" if ids[poem.id] > 1 else poem.id
        found.append(msgspec.structs.replace(poem, id=again))
    return found


def step_count(plan: Plan) -> int:
    """How many steps there are."""
    return 4 * len(plan.sizes) + 1


def steps(plan: Plan, folder: Path) -> Iterator[Step]:
    """Every step in turn. One is made when those before it are done: it asks what they left."""
    every_file = _files(plan.collections, folder)
    taught = _files(plan.taught, folder)
    later = _files([name for name in plan.collections if name not in plan.taught], folder)
    for size in plan.sizes:
        base, first, second = (folder / size / name for name in ("base", "taught", "later"))
        fresh = ("--size", size, "--epochs", "0", *every_file)
        yield _taught(f"{size} base", base, fresh)
        yield _taught(f"{size} taught", first, (*_lesson(plan, base, "taught"), *taught))
        yield _taught(f"{size} later", second, (*_lesson(plan, first, "later"), *later))
        models = (base, *checkpoints(first), *checkpoints(second))
        titles = ("-k", "test_title", "--controls", "none")
        yield _asked(f"{size} asked", folder / size / "asked", models, (*titles, *every_file))
    finals = [folder / size / "taught" for size in plan.sizes]
    yield _asked("all asked", folder / "asked", finals, ("--controls", "full", *every_file))


def checkpoints(lesson: Path) -> list[Path]:
    """What was saved in the course of a lesson, in order; the last one is its end."""
    return sorted(lesson.glob("checkpoint-*"), key=lambda place: int(place.name.split("-")[1]))


def poem_file(folder: Path, collection: str) -> Path:
    """Where the poems of a collection of the study are."""
    return folder / "poems" / f"{collection}.jsonl"


def _files(names: Sequence[str] | Mapping[str, str], folder: Path) -> list[str]:
    return [word for name in names for word in ("--poems", str(poem_file(folder, name)))]


def _lesson(plan: Plan, base: Path, lesson: str) -> list[str]:
    often = ["--epochs", str(plan.epochs_of(lesson)), "--save-every", str(plan.every(lesson))]
    gently = _GENTLY if lesson == "later" else ()
    return ["--base", str(base), *_HOW, *gently, *often]


def _taught(title: str, out: Path, arguments: Sequence[str]) -> Step:
    command = ("memtests", "teach", "--out", str(out), *arguments)
    return Step(title, command, out, "memorize.json")


def _asked(title: str, out: Path, models: Sequence[Path], arguments: Sequence[str]) -> Step:
    named = [word for model in models for word in ("--model", str(model))]
    command = ("memtests", "--measure", *named, *arguments, "--recall-report", str(out))
    return Step(title, (*command, "--resume"), out, "recall.json")
