"""Where a completion ends: once it is sure to hold as many units as the suffix. Pure functions."""

import functools

from memtests.fixtures.probes.probes import Probe
from memtests.fixtures.probes.text import normal_form, sure_units, units


def is_complete(completion: str, probe: Probe) -> bool:
    """Whether a completion is sure to hold as many units as the suffix, or its line has ended.

    While it still is the suffix word for word it goes on to the suffix's last mark, so that
    `verbatim` can be told. Once true it stays true as the completion grows.
    """
    suffix, language = probe.suffix, probe.poem.language
    completion = completion.rstrip("\ufffd")  # a character whose last bytes are still to come
    if len(completion) < len(suffix) and suffix.startswith(completion):
        return False
    if completion.startswith(suffix):
        return True
    if probe.one_line and _line_ended(completion):
        return True
    return sure_units(completion, language) >= _count(suffix, language)


@functools.lru_cache(maxsize=4096)
def _count(suffix: str, language: str) -> int:
    return len(units(suffix, language))


def _line_ended(completion: str) -> bool:
    """Whether the first line with any unit in it is over."""
    *over, _ = completion.split("\n")
    return any(normal_form(line) for line in over)
