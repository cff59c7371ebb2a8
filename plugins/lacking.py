"""Questions that cannot be asked of these poems: the header names them, a line for each reason, and
there is no case for them.
"""

from collections.abc import Generator, Sequence

import pytest
from _pytest.compat import NOTSET

from memtests.fixtures.probes.left_out import controls_left_out, left_out, windows_left_out
from memtests.fixtures.probes.probes import WINDOW, PrefixLength
from memtests.fixtures.probes.windows import Windows
from memtests.plugins.questions import (
    CONTROLS,
    EVERY_CASE,
    QUESTIONS,
    WHOLE,
    Questions,
    all_probes,
    params_of,
)

_ARGUMENTS = (*EVERY_CASE, *CONTROLS, "poem_cuts", "self_check_probe")


def pytest_report_header(config: pytest.Config) -> list[str]:
    questions = config.stash[QUESTIONS]
    if questions.windows:
        return window_lines(questions, questions.windows)
    lengths, template = questions.prefix_lengths, questions.header
    # Under --probe every other probe is missing because nobody asked for it: no line says so.
    missing = [] if questions.named else left_out(questions.asked, lengths, template)
    if questions.controlled and not questions.named:
        missing += controls_left_out(questions.controlled, questions.controls, template)
    counts = any(not length.percent for length in lengths)
    lines = [f"prefix lengths: {said_lengths(lengths)}"] if counts else []
    return lines + [f"left out: {line}" for line in missing]


def window_lines(questions: Questions, windows: Windows) -> list[str]:
    """The header's lines on windows: their size, their number, that no whole poems are asked, and
    which texts are too short for one.
    """
    size, asked = windows.size, len(all_probes(questions, WINDOW))
    unit = "tokens" if size.in_tokens else "words or characters"
    lines = [
        f"windows: {size.given} {unit} given, {size.asked} asked for, one every {windows.every}; "
        f"{asked:,} of them, in place of whole poems"
    ]
    if questions.named:
        return lines
    with_some = {(probe.collection, probe.poem.id) for probe in questions.window_probes}
    without = [
        f"{collection.name}/{poem.id}"
        for collection in questions.asked
        for poem in collection.poems
        if (collection.name, poem.id) not in with_some
    ]
    return lines + [f"left out: {line}" for line in windows_left_out(without, size)]


def said_lengths(lengths: Sequence[PrefixLength]) -> str:
    """The prefix lengths in words, so that a 10 that was meant as 10% is noticed."""
    shares, counts = (
        ", ".join(length.label for length in lengths if length.percent is percent)
        for percent in (True, False)
    )
    parts = [f"{shares} of each poem"] if shares else []
    parts += [f"{counts} words or characters (a percentage is written 10%)"] if counts else []
    return "; ".join(parts)


def pytest_report_collectionfinish(
    config: pytest.Config, items: Sequence[pytest.Item]
) -> list[str]:
    """Where `-k` leaves nothing, that it does: pytest would only count what it deselects."""
    given = config.option.keyword.strip()
    if items or not given:
        return []
    why = ""
    if config.stash[QUESTIONS].windows:
        why = f"; --windows asks {WINDOW} in place of {', '.join(WHOLE)}: leave one of them out"
    return [f"nothing to ask: -k {given} matches no case{why}"]


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem() -> Generator[None, object, object]:
    """Drop cases without a probe. pytest would skip each of them for an "empty parameter set"."""
    found = yield
    if isinstance(found, list):
        return [item for item in found if not (isinstance(item, pytest.Item) and _empty(item))]
    return found


def _empty(item: pytest.Item) -> bool:
    return any(params_of(item).get(argument) is NOTSET for argument in _ARGUMENTS)
