"""Prefix lengths drawn by Hypothesis: one property of all of them, and the shortest cue."""


def test_longer_prefix(poem_cuts, recall):
    """A poem recited from one cut is recited from any longer one that has the same tokens."""
    probe = poem_cuts.contradicting(recall)
    if probe is not None:
        raise AssertionError(f"{probe.name} is not recited, and from a shorter prefix it is")


def test_shortest_cue(poem_cuts, recall):
    """Hypothesis shrinks to the fewest units that trigger the poem; the report names them."""
    shortest = poem_cuts.shortest(recall)
    if shortest is None:
        raise AssertionError("no cue triggers it")
    recall.expect(shortest)
