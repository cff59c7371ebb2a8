"""`--self-check N`: N of the probes again by plain `generate`, one by one, at batch size 1."""


def test_self_check(self_check_probe, recall):
    completion = recall.completion(self_check_probe)
    assert completion.fragile or completion.text == recall.plainly(self_check_probe)
