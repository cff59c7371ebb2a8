"""A short prefix and suffix anywhere in a long text, with nothing before them (`--windows`).

They are only measured: nobody expects a model to recite a book. Gates say how much it may recite.
"""


def test_window(window_probe, recall):
    recall.measure(window_probe)
