"""The beginning of a poem in, the rest out: once for each of `--prefix-lengths`."""


def test_prefix(prefix_probe, recall):
    recall.expect(prefix_probe)
