"""`--completions`: which misses are recited, and which are only read. Pure functions.

A reading says of every probe whether it is recited token for token. What a miss says instead has to
be generated, and that is most of the time that a pretrained model takes.
"""

import argparse
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from memtests.fixtures.probes.controls import COPYING
from memtests.fixtures.probes.probes import OWN, Probe

COMPLETIONS = (ALL := "all", FEW := "few", NONE := "none")
"""The values of the option."""
ALWAYS = "always"
"""A miss of this probe is recited."""
UNDECIDED = "undecided"
"""Only where its reading does not decide that it is one: where it leaves the text at a mark, or
inside a word, and may yet be the suffix in normal form."""
NEVER = "never"
FEW_PROBES = 10
"""Of each collection, case and kind of control."""


@dataclass(frozen=True)
class Misses:
    """Which misses are recited, probe by probe."""

    option: str = ALL
    """One of COMPLETIONS."""
    chosen: frozenset[str] = frozenset()
    """The names of those that are recited whatever the reading says; of FEW."""

    def wanted(self, probe: Probe) -> str:
        """ALWAYS, UNDECIDED or NEVER.

        A test's own question is always recited, and so is the control that asks to copy: one that
        fails in a few words shows as well that the model can say them.
        """
        always = probe.collection == OWN or probe.control == COPYING or probe.name in self.chosen
        if self.option == ALL or always:
            return ALWAYS
        return UNDECIDED if self.option == FEW else NEVER


EVERY_MISS = Misses()


def completions_of(option: argparse.Namespace) -> str:
    """Which misses are recited: where nothing is said all are, but no windows, of which there may
    be thousands.
    """
    default = NONE if option.windows else ALL
    return option.completions or default


def misses_of(option: str, probes: Iterable[Probe]) -> Misses:
    """Which misses of these probes, all that are asked for, are recited."""
    return Misses(option, few(probes) if option == FEW else frozenset())


def few(probes: Iterable[Probe]) -> frozenset[str]:
    """The names of FEW_PROBES of each collection, case and kind of control: those whose names have
    the least hashes, so that nothing but the names decides.
    """
    groups: dict[tuple[str, str, str | None], set[str]] = defaultdict(set)
    for probe in probes:
        groups[probe.collection, probe.case, probe.control].add(probe.name)
    return frozenset(
        name for names in groups.values() for name in sorted(names, key=_hash)[:FEW_PROBES]
    )


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode(errors="replace")).hexdigest()
