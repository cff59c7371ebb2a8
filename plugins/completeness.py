"""Where a completion ends, once it is sure to hold as many units as the suffix; and where one that
has only begun is sure to leave the suffix. Pure functions.
"""

import functools
import unicodedata
from collections.abc import Iterable

from memtests.fixtures.probes.probes import Probe
from memtests.fixtures.probes.text import normal_form, sure_units, units


def is_complete(completion: str, probe: Probe) -> bool:
    """Whether a completion is sure to hold as many units as the suffix, or its line has ended.

    While it still is the suffix word for word it goes on to the suffix's last mark, so that
    `verbatim` can be told. Once true it stays true as the completion grows.
    """
    return lacking(completion, probe) == 0


def lacking(completion: str, probe: Probe) -> int:
    """How many units a completion lacks until it is complete; 0 where it is. A line that ends, or
    the suffix's last mark, may make it complete before.
    """
    suffix, language = probe.suffix, probe.poem.language
    completion = completion.rstrip("\ufffd")  # a character whose last bytes are still to come
    if completion.startswith(suffix) or (probe.one_line and _line_ended(completion)):
        return 0
    left = _count(suffix, language) - sure_units(completion, language)
    return max(left, 1 if suffix.startswith(completion) else 0)


def leaves_at(begun: str, probe: Probe, over: bool = False) -> int | None:
    """After how many units a completion that begins so leaves the suffix, whatever comes after;
    None where it may yet be the suffix in normal form, or is. `over`: whether nothing comes after.
    """
    language = probe.poem.language
    begun = begun.rstrip("\ufffd")
    true = units(probe.suffix, language)
    said = units(begun, language)[: len(true)]
    over = over or is_complete(begun, probe)
    sure = len(said) if over else min(len(said), sure_units(begun, language))
    at = next((at for at in range(sure) if said[at] != true[at]), sure)
    if at < sure:
        return at
    if over:
        return None if said == true else sure
    # What goes on may become another word, and its last letter may get an accent.
    may_be = _bare(true[sure:]).startswith(_bare(said[sure:]))
    return None if may_be else sure


def _bare(parts: Iterable[str]) -> str:
    """The letters of units without what is put on them."""
    return "".join(c for c in unicodedata.normalize("NFKD", "".join(parts)) if not _combining(c))


def _combining(character: str) -> bool:
    """Whether a character joins the one before it."""
    return unicodedata.category(character).startswith("M")


@functools.lru_cache(maxsize=4096)
def _count(suffix: str, language: str) -> int:
    return len(units(suffix, language))


def _line_ended(completion: str) -> bool:
    """Whether the first line with any unit in it is over."""
    *over, _ = completion.split("\n")
    return any(map(normal_form, set(over)))  # the same few marks, line after line
