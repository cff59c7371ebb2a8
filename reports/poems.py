"""What a report says of the poems themselves: their texts, put together from cues and suffixes."""

from collections.abc import Iterable

from memtests.plugins.verdicts import Verdict

PoemKey = tuple[str, str]
"""Collection and poem."""


def texts_of(verdicts: Iterable[Verdict]) -> dict[PoemKey, str]:
    """Each poem's text; where only some of it was asked for, that."""
    texts: dict[PoemKey, str] = {}
    for v in verdicts:
        if v.case == "control":
            continue
        text = v.suffix.lstrip("\n") if v.case == "title" else v.cue + v.suffix
        texts[v.collection, v.poem] = max(texts.get((v.collection, v.poem), ""), text, key=len)
    return texts


def headings_of(verdicts: Iterable[Verdict]) -> dict[PoemKey, str]:
    """The header that each poem was asked for with, of those that were."""
    return {(v.collection, v.poem): v.cue for v in verdicts if v.case == "title"}
