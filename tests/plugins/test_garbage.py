"""What the garbage collector passes over, and that nothing of it stays after the run."""

import gc
import weakref

import pytest

from memtests.plugins.garbage import passed_over
from tests.support.running import ROOT, SUITE, taught

pytest_plugins = ["pytester"]


class Circle:
    def __init__(self) -> None:
        self.myself = self


@pytest.mark.parametrize("enabled", [True, False])
def test_nothing_is_searched_inside_and_what_is_made_there_is_passed_over(enabled: bool) -> None:
    try:
        gc.enable() if enabled else gc.disable()
        with passed_over():
            during = gc.isenabled()
            kept = weakref.ref(Circle())
        assert not during
        assert gc.isenabled() == enabled
        gone = weakref.ref(Circle())
        gc.collect()
        assert kept() is not None
        assert gone() is None
    finally:
        gc.enable()
        gc.unfreeze()


def test_a_run_leaves_the_collector_as_it_was(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(): pass")
    gc.unfreeze()
    before = gc.get_threshold()
    try:
        gc.set_threshold(123, 4, 5)
        pytester.inline_run("-p", "memtests.plugins", "--recall-report", "report").assertoutcome(1)
        assert gc.get_threshold() == (123, 4, 5)
        assert gc.get_freeze_count() == 0
    finally:
        gc.set_threshold(*before)


def test_libraries_are_imported_before_the_first_case_unless_nothing_is_asked(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{pytester.path}")
    pytester.makepyfile(
        noting="""
        import gc, sys

        def note(when):
            print(f"{when}: {'torch' in sys.modules} {gc.get_freeze_count() > 200_000}")

        def pytest_runtest_logstart():
            note("first")

        def pytest_unconfigure():
            note("end")
        """
    )
    probe = f"{taught('whole')[0]}/title"
    given = ("--recall-report", "report", "--probe", probe, "-p", "noting", "-s")
    asked = pytester.runpytest_subprocess(*SUITE, *given)
    asked.stdout.fnmatch_lines(["*first: True True*"])
    only_listed = pytester.runpytest_subprocess(*SUITE, *given, "--collect-only")
    only_listed.stdout.fnmatch_lines(["end: False False"])
