"""Ctrl-C ends a run at once, but no file that is being written is left torn.

The handler raises pytest's `Interrupted`, which pytest reports in one line. For a plain
KeyboardInterrupt it would show where in the code it was raised.
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

# While a run is ending, so many further Ctrl-C are ignored; the next one raises again.
_PATIENCE = 2
# Seconds that the processes of -n have to end when all else is done. xdist would wait ten.
_SECONDS_TO_END = 0.3
_MASKS = hasattr(signal, "pthread_sigmask")  # not on Windows


class Interrupts:
    """Handles Ctrl-C in a process: raises `Interrupted`, unless a file is being written or the run
    is ending already.
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
        """The signal handler for Ctrl-C."""
        if self._held:
            self._waiting = True
        elif self._ending and self._ignored < _PATIENCE:
            self._ignored += 1
        else:
            self.came = True
            raise pytest.Session.Interrupted("by Ctrl-C")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Delay Ctrl-C until the block is over: it writes a file."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self._waiting and not self._held:
            self._waiting = False
            self.handle()

    def check(self) -> None:
        """Raise `Interrupted` if a Ctrl-C came that other code has swallowed."""
        if self.came and not self._ending:
            raise pytest.Session.Interrupted("by Ctrl-C")

    def end(self) -> None:
        """Note that the run is ending, so that further Ctrl-C are ignored at first."""
        self._ending = True

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """Let Ctrl-C raise in this block although the run is ending, so that it can cut a long step
        short.
        """
        self._ending, before = False, self._ending
        try:
            yield
        finally:
            self._ending = before

    def _watch(self, config: pytest.Config) -> None:
        """Raise `Interrupted` again if Python swallowed it, as it does in a destructor."""
        shown: Callable[[Any], object] = sys.unraisablehook

        def again(found: Any) -> None:
            self._held += 1  # a further one would be swallowed here, too
            swallowed = isinstance(found.exc_value, pytest.Session.Interrupted)
            if not swallowed:
                shown(found)
            if swallowed or self._waiting:
                self._waiting = False
                # Not threading.Thread: its start takes locks, which may be held here.
                _thread.start_new_thread(self._press_again, ())
            self._held -= 1

        sys.unraisablehook = again
        config.add_cleanup(lambda: setattr(sys, "unraisablehook", shown))

    def _press_again(self) -> None:
        time.sleep(0.05)
        if not self._ending and _MASKS:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> Generator[None]:
        """Start the processes of -n with Ctrl-C blocked. Until pytest's handler is set up in them,
        each would print a traceback.
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
        """Note that the run was interrupted. Before a session begins, pytest says nothing of it."""
        self.end()
        if type(excinfo.value) is KeyboardInterrupt:  # raised by another program's handler
            self.came = True
        elif isinstance(excinfo.value, pytest.Session.Interrupted):
            _forget_where(excinfo)
        if self.came and not self._began:
            print("interrupted before anything was asked", file=sys.stderr)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Do not wait for processes of -n that go on computing."""
        xdist = session.config.pluginmanager.getplugin("dsession")
        if self.came and hasattr(xdist, "nodemanager"):
            xdist.nodemanager.EXIT_TIMEOUT = _SECONDS_TO_END


def _forget_where(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Keep of a traceback the frame of pytest that caught it. pytest shows none of the others, but
    it looks their lines up and fails where Python has no line for an instruction. A signal can come
    at such an instruction.
    """
    excinfo.traceback = excinfo.traceback[:1]
    excinfo.value.__cause__ = None  # Python then leaves out the context, too


INTERRUPTS = pytest.StashKey[Interrupts]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    found = config.stash[INTERRUPTS] = Interrupts()
    config.pluginmanager.register(found, "recall-interrupts")
    # A program that runs pytest may have set a handler of its own; that one stays. Only the main
    # thread can set a handler.
    alone = threading.current_thread() is threading.main_thread()
    if alone and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, found.handle)
        config.add_cleanup(_as_before)
    if _MASKS and hasattr(config, "workerinput"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _as_before() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
