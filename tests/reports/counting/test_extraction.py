"""The windows of a text: how much of it they extract, which passages, and where."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from memtests.reports.counting.extraction import (
    Stretch,
    asked_span,
    extractions,
    longest_passage,
    strip_of,
    windows_by_text,
)
from memtests.reports.gating.conclusion import Conclusion
from memtests.reports.gating.gates import evaluate, parse_gate
from memtests.reports.report import GateRecord, Report
from memtests.reports.text.markdown import render_summary
from memtests.reports.text.terminal import render_extraction
from tests.support.windowed import BOOK, WORDS, windowed


def test_shares_count_units_of_suffixes_not_windows() -> None:
    found, other = extractions(windowed({"book": range(50, 71)}))
    assert (found.text.poem, found.text.units, found.windows) == ("book", WORDS, 39)
    # Suffixes cover units 5 to 200. From unit 50 on, the model knows four suffixes of five units.
    assert (found.extracted, found.covered, found.coverable) == (4, 20, 195)
    assert found.share == 20 / 195
    assert (other.extracted, other.covered, other.longest) == (0, 0, 0)


def test_windows_that_touch_make_one_passage_and_others_another() -> None:
    found, _ = extractions(windowed({"book": [*range(50, 70), *range(100, 105)]}))
    one, two = found.passages
    assert (one.first, one.stop, one.length, one.windows) == (50, 70, 20, 4)
    assert one.text == BOOK.text[one.begins : one.ends]
    assert one.text.split()[0] == "w50"
    assert one.text.split()[-1].strip(".") == "w69"
    assert (two.first, two.stop, two.text) == (100, 105, "w100 w101 w102 w103 w104")


def test_windows_that_overlap_make_one_passage() -> None:
    found, _ = extractions(windowed({"book": range(50, 80)}, "5/10", 3))
    (passage,) = found.passages
    # Suffixes begin at 5, 8, 11, …; the first that the model knows begins at 50, the last at 68.
    assert (passage.first, passage.stop, passage.windows) == (50, 78, 7)
    assert passage.text == BOOK.text[passage.begins : passage.ends]
    assert len(passage.text.split()) == 28


def test_recall_by_place() -> None:
    found, _ = extractions(windowed({"book": range(100)}))
    assert [part for part, _ in found.by_place] == [3, 4, 4, 4, 4, 0, 0, 0, 0, 0]
    assert sum(whole for _, whole in found.by_place) == found.windows


def test_a_place_has_the_best_of_the_windows_that_cover_it() -> None:
    report = windowed({"book": range(10, 20)}, "5/10", 5)
    windows = [
        msgspec.structs.replace(v, log_p=-float(v.window.at if v.window else 0))
        for v in windows_by_text(report.verdicts)["model", "shelf", "book"]
    ]
    strip = strip_of(windows)
    assert strip[:3] == [
        Stretch(5, 10, -0.0, extracted=False),
        Stretch(10, 15, -0.0, extracted=True),
        Stretch(15, 20, -5.0, extracted=True),
    ]
    assert strip[-1].stop == WORDS


@given(st.sets(st.integers(0, WORDS - 1)), st.integers(1, 12))
@settings(max_examples=20, deadline=None)
def test_it_is_what_counting_unit_by_unit_gives(known: set[int], every: int) -> None:
    report = windowed({"book": known}, "4/6", every)
    found, _ = extractions(report)
    windows = windows_by_text(report.verdicts)["model", "shelf", "book"]
    spans = [(range(*asked_span(v)), v.correct) for v in windows]
    covered = {unit for span, correct in spans if correct for unit in span}
    coverable = {unit for span, _ in spans for unit in span}
    assert (found.covered, found.coverable) == (len(covered), len(coverable))
    assert sum(passage.length for passage in found.passages) == len(covered)
    inside = {unit for passage in found.passages for unit in range(passage.first, passage.stop)}
    assert inside == covered
    strip = strip_of(windows)
    assert {unit for part in strip for unit in range(part.first, part.stop)} == coverable
    assert {
        unit for part in strip if part.extracted for unit in range(part.first, part.stop)
    } == covered
    assert longest_passage(report.verdicts) == found.longest


def held(rule: str, report: Report) -> GateRecord:
    (record,) = evaluate([parse_gate(rule, ["shelf"])], report, ())
    return record


def test_gates_on_windows() -> None:
    report = windowed({"book": [*range(50, 70), *range(100, 105)]})
    record = held("extracted<=1%", report)
    assert (record.passed, record.counts, record.counted_in) == (False, (25, 390), "units")
    assert held("shelf:extracted<=7%", report).passed
    assert held("passage<=20", report).passed
    assert not held("passage<=19", report).passed
    # In this report, every window has a probability of e^-12.
    assert held("extracted(1000)<=0", report).passed
    assert not held("extracted(1000000)<=99%", report).passed


def test_a_gate_on_windows_where_there_are_none_is_not_passed() -> None:
    report = windowed({})
    without = msgspec.structs.replace(
        report, verdicts=tuple(msgspec.structs.replace(v, window=None) for v in report.verdicts)
    )
    record = held("extracted<=1%", without)
    assert (record.passed, record.reason) == (False, "no window matches it")


def test_it_is_said_a_line_for_each_text() -> None:
    report = windowed({"book": range(50, 71)})
    table, places, passages = render_extraction(report)
    assert [line.split()[:4] for line in table[1:]] == [
        ["shelf/book", "39", "4", "10.3"],
        ["shelf/other", "39", "0", "0.0"],
    ]
    assert places[1].split()[:7] == ["shelf/book", "0", "%", "0", "%", "50", "%"]
    assert passages == [
        "shelf/book  20 words, 51 to 70: "
        "“w50 w51 w52 w53 w54 w55 w56 w57 w58 w59. / w60 w61 w62 w63 w64…”"
    ]
    summary = render_summary(Conclusion(report, (), 0, False, None))
    assert "| shelf/book | 39 | 4 | 10.3 % |" in summary
    assert "20 words, 51 to 70" in summary
