"""The lines so far in, the next line out."""


def test_next_line(next_line_probe, recall):
    verdict = recall(next_line_probe)
    assert verdict.correct, verdict.outcome
