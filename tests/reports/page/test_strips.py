"""The strips of long texts on the page."""

import re

import msgspec
import pytest

from memtests.reports.counting.memories import remembered
from memtests.reports.joining import joined
from memtests.reports.page.page import render_page
from memtests.reports.page.strips import COLUMNS, HEIGHT, strips_of
from memtests.reports.report import Report
from memtests.reports.text.last_line import last_line
from memtests.reports.text.rows import table_rows
from tests.support.read_windows import traces_of_windows
from tests.support.reported import reported, slips
from tests.support.windowed import BOOK, WORDS, windowed


def steps(path: str) -> list[tuple[int, int]]:
    """Where the outline of probabilities changes, and how high it is from there on."""
    return [(int(at), HEIGHT - int(top)) for at, top in re.findall(r"H(\d+)V(\d+)", path)]


def with_log_p(report: Report, log_p: float) -> Report:
    """The same, each window as probable as that, but for those that are extracted: certain."""
    verdicts = (
        msgspec.structs.replace(v, log_p=0.0 if v.correct else log_p) for v in report.verdicts
    )
    return msgspec.structs.replace(report, verdicts=tuple(verdicts))


def test_places_stand_where_they_are_in_the_text() -> None:
    book, other = strips_of(with_log_p(windowed({"book": range(50, 70)}), -13.8155))
    assert (book.title, other.title) == ("A Book of Numbers", "Another")
    # A column a word; 10 ** -6 is half the height.
    assert book.columns == WORDS
    assert steps(book.probability) == [(5, 60), (50, 120), (70, 60), (200, 0)]
    assert book.extracted == "M50 0H70V1H50Z"
    assert (other.extracted, other.passages) == ("", [])
    (passage,) = book.passages
    assert passage.place == "words 51 to 70: 20 words, extracted by 4 windows"
    assert passage.text in BOOK.text


@pytest.mark.parametrize("unknown", [None, -500.0])
def test_a_probability_that_is_not_known_or_next_to_nothing(unknown: float | None) -> None:
    report = windowed({"book": range(50, 70)})
    verdicts = tuple(msgspec.structs.replace(v, log_p=unknown) for v in report.verdicts)
    book, _ = strips_of(msgspec.structs.replace(report, verdicts=verdicts))
    assert book.probability == ""
    assert book.extracted


def test_a_column_is_the_best_of_its_places() -> None:
    report = with_log_p(windowed({"book": range(50, 70)}), -1000.0)
    texts = tuple(msgspec.structs.replace(t, units=100 * COLUMNS) for t in report.texts)
    book, _ = strips_of(msgspec.structs.replace(report, texts=texts))
    assert book.columns == COLUMNS
    # The passage is in the first column, and all others of the text's 60,000 words are unlikely.
    assert steps(book.probability) == [(0, HEIGHT), (1, 0)]
    assert book.extracted == "M0 0H1V1H0Z"


def test_the_page_has_strips_and_the_heat_map_and_no_window_as_a_poem() -> None:
    report = windowed({"book": range(50, 100)}, "25/25", 5)
    found = remembered(report, traces_of_windows(report, lambda at: 50 <= at < 100))
    page = render_page(report, remembered=found, drawn=False)
    assert page.count('<details class="strip">') == 2
    assert page.count('<table class="heat">') == 1
    assert 'class="poem"' not in page
    assert "w75 w76" in page
    assert "window-25-25:" not in page


def test_no_strips_without_windows() -> None:
    report = windowed({})
    page = render_page(msgspec.structs.replace(report, verdicts=(), texts=()), drawn=False)
    assert 'id="texts"' not in page


def test_what_windows_lost_and_gained_leads_to_their_text() -> None:
    """On a page of two models: their texts are not among its poems."""
    report = joined({"a": windowed({"book": range(50, 70)}), "b": windowed({"book": range(100)})})
    page = render_page(report)
    assert '<a href="#texts">shelf/book/window-5-5:0</a>' in page
    page = render_page(joined({"b": windowed({"book": range(100)}), "a": windowed({})}))
    assert '<a href="#texts"><bdi>A Book of Numbers</bdi></a> 19 of 19 probes' in page
    assert '<section id="texts">' in page


def test_a_page_of_windows_has_no_poems_and_says_which_table_is_missing() -> None:
    page = render_page(windowed({"book": range(50, 70)}), drawn=False)
    assert '<section id="texts">' in page
    assert "#poems" not in page
    assert "<h2>Poems</h2>" not in page
    assert "<script>" not in page
    assert "No table of context in and memory out: there is no trace" in page
    whole = render_page(reported({"m": slips}), drawn=False)
    assert "<h2>Poems</h2>" in whole
    assert "<script>" in whole
    assert "memory out" not in whole


def test_what_is_only_read_is_neither_incorrect_nor_forgotten_that_anyone_knows() -> None:
    report = windowed({})
    verdicts = tuple(
        msgspec.structs.replace(v, outcome="not recited", kind=None) for v in report.verdicts
    )
    found = msgspec.structs.replace(report, verdicts=verdicts)
    (head, row, *_) = table_rows(found)
    cells = dict(zip(head, row, strict=True))
    assert (cells["incorrect"], cells["forgotten"], cells["not recited"]) == ("-", "-", "78")
    assert last_line(found, ("", ""), {}) == "0 of 78 correct, 78 not recited; no gates"
