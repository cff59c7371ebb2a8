"""Controls: probes that say what a recitation is worth. They are measured under a heading of their
own.

They count neither in recall nor in a gate. Only `test_unseen` can fail: nobody can know its poem.
"""


def test_unseen(unseen_probe, recall):
    """Lines in an order that nobody has read: a model that recites them does not recite from
    memory.
    """
    if recall(unseen_probe).correct:
        raise AssertionError("recited a poem that nobody can know")


def test_wrong_author(wrong_author_probe, recall):
    """A true title with another poet's name: is the poem recited all the same?"""
    recall.measure(wrong_author_probe)


def test_copying(copying_probe, recall):
    """The cue contains the poem: can the model say these words at all?"""
    recall.measure(copying_probe)


def test_changed_cue(changed_cue_probe, recall):
    """A typo, another header, no author, other line breaks, traditional characters."""
    recall.measure(changed_cue_probe)
