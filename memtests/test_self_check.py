"""`--self-check N`: ask N of the probes again by plain `generate`, one by one."""


def test_self_check(self_check_probe, recall):
    completion = recall.completion(self_check_probe)
    if not completion.fragile and completion.text != (plain := recall.plainly(self_check_probe)):
        raise AssertionError(f"{completion.text!r}, and by plain `generate` {plain!r}")
