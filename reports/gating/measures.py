"""The measures of gates, over the verdicts that a gate is about. Pure functions."""

import math
from collections.abc import Callable, Mapping, Sequence

from memtests.fixtures.probes.text import in_words
from memtests.plugins.verdicts import CORRECT, FORGOTTEN, INCORRECT, Verdict
from memtests.reports.counting.discovery import found_within, log_probability
from memtests.reports.counting.tallies import near
from memtests.reports.gating.comparing import GAINED, LOST

RECALL, VERBATIM, NEAR = "recall", "verbatim", "near"
DISCOVERABLE, EXPECTED, LONGEST = "discoverable", "expected", "longest"
EXTRACTED, PASSAGE = "extracted", "passage"
OF_COMPARISON = (LOST, GAINED)
# Measures of windows: a share of the units of texts, and a passage in units.
OF_WINDOWS = (EXTRACTED, PASSAGE)
# Measures that are shares of the probes (or units).
SHARES = (
    RECALL,
    CORRECT,
    INCORRECT,
    FORGOTTEN,
    VERBATIM,
    NEAR,
    DISCOVERABLE,
    EXTRACTED,
    *OF_COMPARISON,
)
# Measures that are numbers.
NUMBERS = (EXPECTED, LONGEST, PASSAGE)
MEASURES = (*SHARES, *NUMBERS)
# Measures that need a number of samples, and one that may have it.
OF_SAMPLES = (DISCOVERABLE, EXPECTED)
MAYBE_OF_SAMPLES = (EXTRACTED,)
# Measures that stay low even if a model still says most of a text, with a few words changed.
OF_RECITING = (RECALL, CORRECT, VERBATIM, NEAR)
# Measures that grow if a model says a text that it must not.
OF_SAYING = (*OF_RECITING, DISCOVERABLE, EXPECTED, LONGEST, *OF_WINDOWS)
# Measures that need the completions of misses: a reading is not enough.
OF_COMPLETIONS = (INCORRECT, FORGOTTEN, NEAR, LONGEST)
# A passage of so many words, or so many characters, is not there by chance.
LONG_IN_WORDS, LONG_IN_CHARACTERS = 20, 30


def unknown(verdicts: Sequence[Verdict]) -> int:
    """How many verdicts have no probability."""
    return sum(v.log_p is None for v in verdicts)


def discoverable(v: Verdict, samples: int, seen: float) -> bool:
    """Whether so many samples recite the suffix at least once with probability `seen` (Hayes et al.
    2024).
    """
    return found_within(log_probability(v), samples, seen)


def expected(verdicts: Sequence[Verdict], samples: int) -> float:
    """How many recitations are expected if each probe is sampled so many times. Probes without a
    probability count nothing.
    """
    found = map(log_probability, verdicts)
    return samples * math.fsum(math.exp(log_p) for log_p in found if log_p is not None)


def passage_length(v: Verdict) -> int:
    """The length of a verdict's longest passage, in units."""
    return v.passage.length if v.passage else 0


def counts_for(
    measure: str, samples: int, seen: float, states: Mapping[str, frozenset[str]]
) -> Callable[[Verdict], bool]:
    """Whether a share counts a verdict. `states`: of each probe since the baseline."""
    if measure in OF_COMPARISON:
        return lambda v: states[v.probe] == {measure}
    if measure == DISCOVERABLE or (measure == EXTRACTED and samples):
        return lambda v: discoverable(v, samples, seen)
    if measure == VERBATIM:
        return lambda v: v.verbatim
    if measure == NEAR:
        return near
    outcome = CORRECT if measure in (RECALL, EXTRACTED) else measure
    return lambda v: v.outcome == outcome


def may_count(
    measure: str, samples: int, seen: float, states: Mapping[str, frozenset[str]]
) -> Callable[[Verdict], bool]:
    """Whether a share may count a verdict: as `counts_for`, and probes that were only read and may
    count.
    """
    counts = counts_for(measure, samples, seen, states)
    if measure in OF_COMPARISON:
        return lambda v: measure in states[v.probe]
    if measure in (RECALL, CORRECT, VERBATIM) or (measure == EXTRACTED and not samples):
        return lambda v: v.undecided or counts(v)
    if measure in OF_COMPLETIONS:
        return lambda v: not v.recited or counts(v)
    return counts


def still_said(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts that are correct, nearly so, or hold a long passage, whether a gate counts them
    or not. The worst come first.
    """
    found = [v for v in verdicts if near(v) or _long(v)]
    return sorted(found, key=lambda v: (-(v.similarity or 0.0), -passage_length(v), v.probe))


def _long(v: Verdict) -> bool:
    length = passage_length(v)
    if length < LONG_IN_WORDS:  # spares in_words for most of thousands of verdicts
        return False
    return length >= (LONG_IN_WORDS if in_words(v.suffix) else LONG_IN_CHARACTERS)
