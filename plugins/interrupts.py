"""Ctrl-C: it ends a run at once, and tears nothing that is being written.

What is raised is pytest's `Interrupted`. pytest says so in one line; of a plain KeyboardInterrupt
it shows where in the code it came.
"""

import _thread
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

# So many more are ignored while a run is ending.
_PATIENCE = 2
# Seconds that the processes of -n have to end once all else is done, instead of xdist's ten.
_SECONDS_TO_END = 0.3
_MASKS = hasattr(signal, "pthread_sigmask")  # not on Windows


class Interrupts:
    """What Ctrl-C does in a process: it raises, unless something holds it up or the run is ending
    already.
    """

    def __init__(self) -> None:
        self.came = False
        """Whether the run was interrupted."""
        self._began = False
        self._ending = False
        self._ignored = 0
        self._held = 0
        self._waiting = False

    def handle(self, number: int = signal.SIGINT, frame: FrameType | None = None) -> None:
        """What the system calls at Ctrl-C."""
        if self._held:
            self._waiting = True
        elif self._ending and self._ignored < _PATIENCE:
            self._ignored += 1
        else:
            self.came = True
            raise pytest.Session.Interrupted("by Ctrl-C")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold Ctrl-C up until something is written."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self._waiting and not self._held:
            self._waiting = False
            self.handle()

    def end(self) -> None:
        """Take down that the run is ending."""
        self._ending = True

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """Let Ctrl-C raise once more though the run is ending: it cuts short what takes long."""
        self._ending, before = False, self._ending
        try:
            yield
        finally:
            self._ending = before

    def _watch(self, config: pytest.Config) -> None:
        """Raise again where Python swallowed it, as it does in what the garbage collector calls."""
        shown: Callable[[Any], object] = sys.unraisablehook

        def again(found: Any) -> None:
            if isinstance(found.exc_value, pytest.Session.Interrupted):
                # A thread of the plainest kind: locks of the library may be held here.
                _thread.start_new_thread(self._press_again, ())
            else:
                shown(found)

        sys.unraisablehook = again
        config.add_cleanup(lambda: setattr(sys, "unraisablehook", shown))

    def _press_again(self) -> None:
        time.sleep(0.05)
        if not self._ending and _MASKS:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> Generator[None]:
        """Start the processes of -n deaf to Ctrl-C until they are pytest's: before that, each would
        show where in its code it came.
        """
        self._began = True
        self._watch(session.config)
        if not _MASKS or session.config.getoption("dist", "no") == "no":
            return (yield)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return (yield)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Take down that it came. pytest is silent where there is no session yet."""
        self.end()
        if type(excinfo.value) is KeyboardInterrupt:  # where the handler is another's
            self.came = True
        if self.came and not self._began:
            print("interrupted before anything was asked", file=sys.stderr)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Wait for no process of -n that goes on computing."""
        xdist = session.config.pluginmanager.getplugin("dsession")
        if self.came and hasattr(xdist, "nodemanager"):
            xdist.nodemanager.EXIT_TIMEOUT = _SECONDS_TO_END


INTERRUPTS = pytest.StashKey[Interrupts]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    found = config.stash[INTERRUPTS] = Interrupts()
    config.pluginmanager.register(found, "recall-interrupts")
    # A program that runs pytest may have a handler of its own, and only the main thread can have
    # one.
    alone = threading.current_thread() is threading.main_thread()
    if alone and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, found.handle)
        config.add_cleanup(_as_before)
    if _MASKS and hasattr(config, "workerinput"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _as_before() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
