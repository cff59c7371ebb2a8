"""Prefix lengths drawn by Hypothesis: what holds for all of them, and the shortest cue."""

from hypothesis import find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample


def test_longer_prefix(poem_cuts, recall):
    """A poem recited from one cut is recited from any longer one that has the same tokens."""
    verdicts = [recall(probe) for probe in poem_cuts.probes]
    followed = [recall.followed(probe) for probe in poem_cuts.probes]
    for at, verdict in enumerate(verdicts):
        if not verdict.verbatim and followed[at] is not None and True in followed[:at]:
            raise AssertionError(f"{verdict.probe} is not recited, and from a shorter prefix it is")


def test_shortest_cue(poem_cuts, recall):
    """Hypothesis shrinks to the fewest units that trigger the poem; the report names them."""
    triggering = [n for n in poem_cuts.drawn if recall(poem_cuts.cut(n)).correct]
    if not triggering:
        raise AssertionError("no cue triggers it")
    shorter, few = st.integers(1, min(triggering)), settings.get_profile("memtests")
    try:
        shortest = find(shorter, lambda n: recall(poem_cuts.cut(n)).correct, settings=few)
    except NoSuchExample:
        shortest = min(triggering)
    recall.expect(poem_cuts.cut(shortest))
