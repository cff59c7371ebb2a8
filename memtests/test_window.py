"""A short prefix and suffix anywhere in a long text, with nothing before them (`--windows`).

They are measured: nobody expects a book to be recited, and gates say how much of it may be.
"""


def test_window(window_probe, recall):
    recall.measure(window_probe)
