"""Python's garbage collector passes over what lives to the end of the run: cases, libraries and
verdicts. It would search them again and again, for seconds, and find nothing.
"""

import atexit
import contextlib
import gc
from collections.abc import Generator, Iterator

import pytest

# A search begins when so many objects are new. Python's own number is 700 or 2,000.
_NEW = 50_000


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    gc.freeze()
    before = gc.get_threshold()
    gc.set_threshold(max(_NEW, before[0]), *before[1:])
    # Cleanups run in reverse, so these come after pytest's own, which search for garbage, too.
    config.add_cleanup(lambda: gc.set_threshold(*before))
    config.add_cleanup(gc.unfreeze)
    # Python searches several times more while it ends.
    atexit.register(gc.freeze)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish() -> None:
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish() -> Generator[None]:
    gc.freeze()  # the report is made of what is there now
    return (yield)


@contextlib.contextmanager
def passed_over() -> Iterator[None]:
    """Inside, nothing is searched. What is there afterwards is passed over from then on."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
