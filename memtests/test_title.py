"""Dynasty, author and title in, the whole poem out: the paper's probe (section 3.1)."""


def test_title(title_probe, recall):
    recall.expect(title_probe)
