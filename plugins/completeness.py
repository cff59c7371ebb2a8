"""When a completion is long enough to be judged, and when one that has only begun is sure to leave
the suffix. Pure functions.

The last unit so far is not sure while the model goes on: "moon" may become "moonlight".
"""

import functools
import unicodedata
from collections.abc import Iterable

from memtests.fixtures.probes.probes import Probe
from memtests.fixtures.probes.text import normal_form, sure_units, units


def is_complete(completion: str, probe: Probe) -> bool:
    """Whether a completion is sure to hold as many units as the suffix, or (where one line is asked
    for) its line has ended.

    A completion that is the suffix so far must reach the suffix's last mark, or `verbatim` could
    not be told. Once complete, a completion stays so as it grows.
    """
    return lacking(completion, probe) == 0


def lacking(completion: str, probe: Probe) -> int:
    """How many units a completion lacks until it is complete; 0 if it is. The end of its line, or
    the suffix's last mark, may complete it sooner.
    """
    suffix, language = probe.suffix, probe.poem.language
    completion = completion.rstrip("\ufffd")  # a character whose last bytes are still to come
    if completion.startswith(suffix) or (probe.one_line and _line_ended(completion)):
        return 0
    left = _count(suffix, language) - sure_units(completion, language)
    return max(left, 1 if suffix.startswith(completion) else 0)


def leaves_at(begun: str, probe: Probe, over: bool = False) -> int | None:
    """After how many units a completion that begins with `begun` leaves the suffix, however it goes
    on; None if it is the suffix in normal form, or may yet become it. `over`: whether it has ended.
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
    # The last word may still grow, and its last letter may still get an accent.
    may_be = _bare(true[sure:]).startswith(_bare(said[sure:]))
    return None if may_be else sure


def _bare(parts: Iterable[str]) -> str:
    """The letters of units, without accents."""
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
