"""What is measured on one model of a study: its file, and nothing that is concluded from it."""

from collections.abc import Sequence

import msgspec

KINDS = (APART, JOINED) = ("apart", "joined")
"""Tokenizers that part marks and newlines from words, and those that join them."""
LESSONS = (TAUGHT, LATER) = ("taught", "later")
"""The first lesson, and the second one with other poems."""


class Taught(msgspec.Struct, frozen=True):
    """A poem of the study."""

    id: str
    language: str
    """`chinese`, `english`, or what else poems of a file are in."""
    lesson: str
    """Which of LESSONS teaches it."""
    units: int
    """Its length: words, or characters where there are no spaces between words."""
    characters: int
    """Its length in code points."""


class Course(msgspec.Struct, frozen=True):
    """What one look reads of one poem under its header. All lists have one entry a unit."""

    recited: bool
    """Whether greedy decoding says the whole poem after its header."""
    log_p: tuple[float, ...]
    """Natural logarithm of each unit's probability, after the true ones before it. Their sum is
    that of the poem."""
    said: tuple[bool, ...]
    """Whether greedy decoding says the unit after the true ones before it."""


class Pair(msgspec.Struct, frozen=True):
    """A line of a poem and the same line changed, after the same true beginning and header."""

    poem: int
    """Its place in `Model.poems`."""
    true: float
    """Natural logarithm of the probability of header, beginning and true line."""
    changed: float
    """The same with the changed line. The beginning is in both, so the difference is the lines'."""


class Look(msgspec.Struct, frozen=True):
    """What a model remembers at one time of a lesson."""

    lesson: str
    epoch: int
    """Of this lesson; 0 is before its first step. The later lesson's 0 is the first one's end."""
    poems: tuple[Course, ...]
    """One for each of `Model.poems`, in their order."""
    pairs: tuple[Pair, ...] = ()
    """One for each poem that has a changed line."""


class Cell(msgspec.Struct, frozen=True):
    """Context in, memory out: after so many units of a poem alone, whether so many are recited."""

    poem: int
    given: int
    asked: int
    recited: bool


class Model(msgspec.Struct, frozen=True):
    """One model that was taught, and all the looks at it."""

    name: str
    size: str
    """As it was asked for: `0.2M`."""
    parameters: int
    seed: int
    kind: str
    """One of KINDS: its tokenizer."""
    epochs: int
    """Of the first lesson."""
    poems: tuple[Taught, ...]
    """The same ones in the same order for all models of a study, those of the later lesson last."""
    looks: tuple[Look, ...]
    """In the order of time. A model that was taught the shorter time has no later lesson."""
    cells: tuple[Cell, ...] = ()
    """At the end of the first lesson."""

    def at(self, lesson: str) -> Sequence[Look]:
        """The looks in the course of a lesson, that before its first step first."""
        return [look for look in self.looks if look.lesson == lesson]
