"""Recall by length given and length asked: every cut inside a window, from its reading."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memtests.plugins.traces import recited_to, said
from memtests.reports.counting.inside_windows import ASKED, GIVEN, inside_windows
from memtests.reports.counting.memories import remembered
from memtests.reports.gating.conclusion import Conclusion
from memtests.reports.text.length_rows import length_rows
from memtests.reports.text.markdown import render_summary
from memtests.reports.text.terminal import render_lengths
from tests.support.read_windows import traces_of_windows
from tests.support.traced import trace_of
from tests.support.windowed import WORDS, windowed, word_by_word


@pytest.mark.parametrize(("size", "unit"), [("25/25", "words"), ("25t/25t", "tokens")])
def test_cells_are_counted_as_by_hand(size: str, unit: str) -> None:
    known = range(30, 120)
    tokenize = word_by_word if unit == "tokens" else None
    report = windowed({"book": known, "other": known}, size, 5, tokenize)
    (found,) = inside_windows(report, traces_of_windows(report, lambda at: at in known))
    assert (found.model, found.unit, found.longest, found.texts) == ("model", unit, 50, 2)
    windows = range(0, WORDS - 50 + 1, 5)
    expected = {
        (given_, asked): 2
        * sum({*range(at + given_, at + given_ + asked)} <= {*known} for at in windows)
        for given_ in GIVEN
        for asked in ASKED
        if given_ + asked <= 50
    }
    assert {(cell.given, cell.asked): cell.recited for cell in found.cells} == expected
    assert {cell.cuts for cell in found.cells} == {2 * len(windows)}
    # One of the cells is that of whole windows, of which the verdicts tell, too.
    assert expected[25, 25] == sum(v.correct for v in report.verdicts)
    assert all(cell.low <= cell.share <= cell.high for cell in found.cells)


def test_more_context_than_there_is_room_for_is_left_out() -> None:
    report = windowed({}, "5/5")
    assert inside_windows(report, traces_of_windows(report, lambda at: True)) == ()
    report = windowed({}, "10/10")
    (found,) = inside_windows(report, traces_of_windows(report, lambda at: True))
    assert [(cell.given, cell.asked, cell.share) for cell in found.cells] == [(10, 10, 1.0)]


def test_few_texts_are_drawn_in_blocks() -> None:
    """Overlapping windows tell little more than a single one, so the interval is wide."""
    report = windowed({}, "10/10", 1)
    (found,) = inside_windows(report, traces_of_windows(report, lambda at: at < 100))
    # Two texts of 200 units, in blocks of two windows and more.
    assert (found.texts, found.drawn) == (2, 2 * 5)
    (cell,) = found.cells
    assert cell.cuts == 2 * (WORDS - 20 + 1)
    assert cell.high - cell.low > 0.4


def test_traces_of_other_models_and_texts_are_passed_over() -> None:
    report = windowed({}, "10/10")
    traces = list(traces_of_windows(report, lambda at: True))
    others = [
        *(msgspec.structs.replace(trace, model="other") for trace in traces),
        *(msgspec.structs.replace(trace, text_sha256="0") for trace in traces),
        *(msgspec.structs.replace(trace, window=None) for trace in traces),
    ]
    assert inside_windows(report, others) == ()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_recited_to_agrees_with_said(data: st.DataObject) -> None:
    """At every cut and stop. Tokens may end inside words, and a trace may not tell of some."""
    text = "one two three, four five"
    places = data.draw(st.lists(st.integers(1, len(text) - 1), unique=True).map(sorted))
    ends = [*places, len(text)]
    rank = data.draw(st.lists(st.sampled_from([0, 0, 1]), min_size=len(ends), max_size=len(ends)))
    told = data.draw(st.integers(1, len(ends)))
    log_p = [None, *[-0.5] * (told - 1), *[None] * (len(ends) - told)]
    trace = trace_of(text, ends, log_p, rank)
    start = data.draw(st.integers(0, len(text) - 1))
    stops = range(start + 1, len(text) + 1)
    for stop, recited in zip(stops, recited_to(trace, text, start, stops), strict=True):
        found = said(trace, text, start, stop)
        if recited is not None:
            assert found is not None
            assert found.recited == recited


def test_terminal_and_summary_say_it() -> None:
    report = windowed({}, "25/25", 5)
    found = remembered(report, traces_of_windows(report, lambda at: at < 100))
    rows = length_rows(report, found.inside)
    assert rows[0] == ["context in", "next 10", "next 25", "cuts", "counted in"]
    assert [row[0] for row in rows[1:]] == ["after 10", "after 25"]
    assert all("%" in cell for row in rows[1:] for cell in row[1:3])
    said_lines = render_lengths(report, found)
    assert "no room for are left out" in said_lines[-1]
    assert "over 4 blocks of 2 texts" in said_lines[-1]
    summary = render_summary(Conclusion(report, (), 0, False, None, (), remembered=found))
    assert "| context in |" in summary
    assert said_lines[-1] in summary
