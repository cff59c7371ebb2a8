"""Prefix lengths drawn by Hypothesis: what holds for all of them, and the shortest cue."""

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

# Every length is a question to a model, so few are drawn, and the same ones in every run.
FEW = settings(
    max_examples=3,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


def lengths(poem_cuts):
    """Several lengths at a time, for they are recited together."""
    return st.sets(st.integers(1, poem_cuts.longest), min_size=1, max_size=6).map(sorted)


@FEW
@given(data=st.data())
def test_longer_prefix(poem_cuts, recall, data):
    """A poem recited from one cut is recited from any longer one that has the same tokens."""
    cuts = [poem_cuts.cut(length) for length in data.draw(lengths(poem_cuts))]
    verdicts = recall.together(cuts)
    followed = [recall.followed(cut) for cut in cuts]
    for at, verdict in enumerate(verdicts):
        assert verdict.verbatim or followed[at] is None or True not in followed[:at]


def test_shortest_cue(poem_cuts, recall):
    """Hypothesis shrinks to the fewest units that trigger the poem; the report names them."""

    def triggered(drawn):
        return any(v.correct for v in recall.together([poem_cuts.cut(length) for length in drawn]))

    try:
        shortest = find(lengths(poem_cuts), triggered, settings=FEW)
    except NoSuchExample:
        shortest = None
    assert shortest is not None, "no cue triggers it"
