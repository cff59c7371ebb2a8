"""Losses in words, for whoever must decide. Pure functions."""

from memtests.reports.gating.losses import lost_by_poem, within
from memtests.reports.report import ComparisonRecord
from memtests.reports.text.phrases import number_of


def said_losses(record: ComparisonRecord, most: int | None = None, collection: str = "") -> str:
    """For instance ``2 of 6 poems lost something: six/fog 10 of 10 probes, six/sea 3 of 9``; empty
    where nothing was lost. `most`: how many poems are named, at most; `collection`: whose, where
    not those of all of them.
    """
    found = [each for each in lost_by_poem(record) if within(each.poem, collection)]
    if not found:
        return ""
    known = sum(within(poem, collection) for poem in record.known)
    of = f" of {known:,}" if known else ""
    noun = "poem" if (known or len(found)) == 1 else "poems"
    named = [
        f"{each.poem} {each.lost}" + (f" of {each.known}" if each.known else "")
        for each in found[:most]
    ]
    named[0] += " probe" if (found[0].known or found[0].lost) == 1 else " probes"
    more = len(found) - len(named)
    if more:
        named.append(f"and {number_of(more, 'poem')} more")
    return f"{len(found):,}{of} {noun} lost something: {', '.join(named)}"
