"""Controls: what a recitation is worth. They are measured, under a heading of their own.

None of them counts in recall or in a gate. Only the first can fail: its answer is known.
"""


def test_unseen(unseen_probe, recall):
    """Lines in an order that nobody has read: who recites them has not remembered them."""
    if recall(unseen_probe).correct:
        raise AssertionError("recited a poem that nobody can know")


def test_wrong_author(wrong_author_probe, recall):
    """A true title under another name: is the poem recited all the same?"""
    recall.measure(wrong_author_probe)


def test_copying(copying_probe, recall):
    """The poem stands in the cue: can the model say these words at all?"""
    recall.measure(copying_probe)


def test_changed_cue(changed_cue_probe, recall):
    """A typo, another header, no author, other line breaks, traditional characters."""
    recall.measure(changed_cue_probe)
