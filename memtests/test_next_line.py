"""The lines so far in, the next line out."""


def test_next_line(next_line_probe, recall):
    recall.expect(next_line_probe)
