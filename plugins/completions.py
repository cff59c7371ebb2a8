"""`--completions`: which misses are recited, and which are only read. Pure functions.

A reading tells of every probe whether the model recites it token for token. The words that the
model says instead must be generated. With a pretrained model, that takes most of the time.
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
"""If the reading shows a miss, the completion is generated."""
UNDECIDED = "undecided"
"""The completion is generated only if the reading leaves open whether it is a miss: the model
leaves the text at a mark, or inside a word, and may yet say the suffix in normal form."""
NEVER = "never"
FEW_PROBES = 10
"""Under FEW: the probes of each collection, case and kind of control whose misses are recited."""


@dataclass(frozen=True)
class Misses:
    """Which misses are recited, probe by probe."""

    option: str = ALL
    """One of COMPLETIONS."""
    chosen: frozenset[str] = frozenset()
    """Of FEW: the names of the probes that are always recited."""

    def wanted(self, probe: Probe) -> str:
        """ALWAYS, UNDECIDED or NEVER.

        A test's own question is always recited, and so is the control that asks to copy: a copy
        with a few wrong words still shows that the model can say the poem's words.
        """
        always = probe.collection == OWN or probe.control == COPYING or probe.name in self.chosen
        if self.option == ALL or always:
            return ALWAYS
        return UNDECIDED if self.option == FEW else NEVER


EVERY_MISS = Misses()


def completions_of(option: argparse.Namespace) -> str:
    """Which misses are recited. By default all, but of windows none: there may be thousands."""
    default = NONE if option.windows else ALL
    return option.completions or default


def misses_of(option: str, probes: Iterable[Probe]) -> Misses:
    """Which misses are recited, of all the probes that are asked."""
    return Misses(option, few(probes) if option == FEW else frozenset())


def few(probes: Iterable[Probe]) -> frozenset[str]:
    """The names of FEW_PROBES probes of each collection, case and kind of control. Those with the
    lowest hashes are taken, so that the choice depends on the names alone, not on their order.
    """
    groups: dict[tuple[str, str, str | None], set[str]] = defaultdict(set)
    for probe in probes:
        groups[probe.collection, probe.case, probe.control].add(probe.name)
    return frozenset(
        name for names in groups.values() for name in sorted(names, key=_hash)[:FEW_PROBES]
    )


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode(errors="replace")).hexdigest()
