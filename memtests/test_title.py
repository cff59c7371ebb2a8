"""Dynasty, author and title in, the whole poem out: the paper's probe (section 3.1)."""


def test_title(title_probe, recall):
    verdict = recall(title_probe)
    assert verdict.correct, verdict.outcome
