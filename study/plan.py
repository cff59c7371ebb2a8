"""What a study does: which poems are taught when, and which models are taught them.

A poem here is the beginning of a poem, in whole lines. How much of it is taught is drawn, so that
a long one differs from a short one in its length alone.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.languages import family
from memtests.fixtures.probes.probes import header
from memtests.fixtures.probes.text import in_words, normal_form
from memtests.study.measured import APART, JOINED, LATER, Taught

LEAST_CHARACTERS = 24
"""The least that is drawn of a poem: its first line alone, mostly."""
_LEAST_WITHOUT_SPACES = 8
BEGINS = f"{LATER}_"
"""The name of a collection that is taught in the later lesson."""
# Of the poems of a language, one of so many is for the later lesson.
_ONE_LATER = 5
_NAMES = {"en": "english", "zh": "chinese"}
# Numbers whose multiples' fractions fill the interval from 0 to 1 evenly.
_GOLDEN = 0.6180339887498949


class Planned(msgspec.Struct, frozen=True):
    """One model that is taught."""

    size: str
    """In millions of parameters: `0.2M`."""
    epochs: int
    """Of the first lesson."""
    later: int
    """Epochs of the later lesson; 0 for none."""
    seed: int
    kind: str = APART
    """One of KINDS: its tokenizer."""

    @property
    def name(self) -> str:
        """Of its file, too."""
        return f"{self.size}-{self.epochs}-epochs-seed-{self.seed}-{self.kind}"

    @property
    def cost(self) -> float:
        """About how long it takes, against others."""
        return (float(self.size.removesuffix("M")) + 0.7) * (self.epochs + self.later)


class Plan(msgspec.Struct, frozen=True):
    """Everything that a study's outcome depends on, but for the versions of its libraries."""

    models: tuple[Planned, ...]
    characters: int
    """The most of a poem that is taught, in code points."""
    drawn: bool
    """Whether less than that is taught of most poems, as it is drawn for each."""
    vocabulary: int
    """The most tokens of a tokenizer. It learns them from the poems: with too many, a line would be
    one token."""
    at_length: bool
    """Whether one model of each size is kept, and asked every case and control."""
    collections: Mapping[str, str]
    """Name → hash, those of the later lesson at the end."""

    def keeps(self, planned: Planned) -> bool:
        """Whether a model is kept as it is after the first lesson."""
        first = planned.seed == 0 and planned.kind == APART
        return self.at_length and first and planned.later > 0


class Lessons(msgspec.Struct, frozen=True):
    """The poems of a study, as each of its models is taught them."""

    poems: tuple[Poem, ...]
    known: tuple[Taught, ...]
    """What is said of each of them, in their order."""
    vocabulary: int
    """As in Plan."""

    def of(self, lesson: str) -> list[Poem]:
        """The poems that a lesson teaches."""
        pairs = zip(self.poems, self.known, strict=True)
        return [poem for poem, known in pairs if known.lesson == lesson]


class Sizes(msgspec.Struct, frozen=True):
    """Which models a study has, before any poem is known."""

    sizes: tuple[str, ...]
    epochs: tuple[int, ...]
    """The lengths of teaching, the shortest first. After the longest comes the later lesson."""
    seeds: int
    joined: tuple[str, ...] = ()
    """The sizes that are also taught with a tokenizer that joins: one seed, the shortest time."""
    once: tuple[str, ...] = ()
    """The sizes of which there is one seed."""

    def models(self) -> Iterator[Planned]:
        """Every model."""
        for size in self.sizes:
            for seed in range(1 if size in self.once else self.seeds):
                for epochs in self.epochs:
                    later = later_epochs(epochs) if epochs == max(self.epochs) else 0
                    yield Planned(size, epochs, later, seed)
        for size in self.joined:
            yield Planned(size, min(self.epochs), 0, 0, JOINED)


def later_epochs(epochs: int) -> int:
    """Of the later lesson: poems that others drive out are lost soon."""
    return max(1, epochs // 3)


def looked_at(epochs: int, most: int) -> list[int]:
    """The epochs of a lesson after which a model is looked at, at most so many, evenly."""
    return sorted({max(1, round(epochs * number / most)) for number in range(1, most + 1)})


def looked_at_soon(epochs: int, most: int) -> list[int]:
    """The same, most of them in the beginning: where poems are lost, that is when."""
    found = {max(1, round(epochs ** (number / most))) for number in range(most + 1)}
    return sorted(found)


def chosen(
    collections: Sequence[Collection], poems: int, characters: int, drawn: bool
) -> tuple[Collection, ...]:
    """At most so many poems of each language, earlier collections first, each of them once; a part
    of them for the later lesson. `characters`, `drawn`: as in Plan.
    """
    found: dict[str, dict[str, Poem]] = {}
    for collection in collections:
        for poem in sorted(collection.poems, key=_hash):
            language = family(poem.language)
            known = found.setdefault(_NAMES.get(language, language), {})
            fits = poem.lines and len(poem.lines[0]) <= characters
            if fits and len(known) < poems:
                known.setdefault(normal_form(header(poem), poem.language), poem)
    divided: dict[str, Sequence[Poem]] = {}
    for name, taken in sorted(found.items()):
        own = _told_apart(sorted(taken.values(), key=_hash))
        first = [poem for at, poem in enumerate(own) if at % _ONE_LATER]
        for lesson, part in ((name, first), (BEGINS + name, own[::_ONE_LATER])):
            divided[lesson] = [
                beginning(poem, _length(at, poem, characters) if drawn else characters)
                for at, poem in enumerate(part)
            ]
    names = sorted(divided, key=lambda name: name.startswith(BEGINS))
    return tuple(Collection(name, tuple(divided[name])) for name in names if divided[name])


def beginning(poem: Poem, characters: int) -> Poem:
    """A poem's first lines, as many as so many characters hold; at least one."""
    lines = 1
    while lines < len(poem.lines) and len("\n".join(poem.lines[: lines + 1])) <= characters:
        lines += 1
    return msgspec.structs.replace(poem, lines=poem.lines[:lines])


def _length(number: int, poem: Poem, characters: int) -> int:
    """The most characters of one of many poems: as often up to some length as from there to twice
    as much.
    """
    least = LEAST_CHARACTERS if in_words(poem.text) else _LEAST_WITHOUT_SPACES
    return round(least * math.pow(characters / least, number * _GOLDEN % 1))


def _hash(poem: Poem) -> str:
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
