"""Prefix lengths drawn by Hypothesis: what holds for all of them, and the shortest cue."""

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

# Every draw is a question to a model, so there are few, and the same ones in every run.
FEW = settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


@FEW
@given(data=st.data())
def test_longer_prefix(poem_cuts, recall, data):
    """A poem recited from one cut is recited from any longer one that has the same tokens."""
    shorter = data.draw(st.integers(1, poem_cuts.longest))
    longer = data.draw(st.integers(shorter, poem_cuts.longest))
    if (
        recall.followed(poem_cuts.cut(shorter))
        and recall.followed(poem_cuts.cut(longer)) is not None
    ):
        assert recall(poem_cuts.cut(longer)).verbatim


def test_shortest_cue(poem_cuts, recall):
    """Hypothesis shrinks to the fewest units that trigger the poem; the report names them."""
    lengths = st.integers(1, poem_cuts.longest)
    try:
        shortest = find(lengths, lambda units: recall(poem_cuts.cut(units)).correct, settings=FEW)
    except NoSuchExample:
        shortest = None
    assert shortest is not None, "no cue triggers it"
