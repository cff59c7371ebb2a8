"""Redacted verdicts give the same counts as those with texts; redacted errors keep their places."""

import traceback

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.fixtures.models.server.wire import ServerError
from memtests.fixtures.probes.text import in_words, masked, normal_form, unit_ends
from memtests.plugins.redacting import (
    kind_of_error,
    redacted,
    without_cells,
    without_messages,
    without_reasons,
)
from memtests.reports.counting.curves import along_the_text, by_poem_length, by_prefix_length
from memtests.reports.counting.lengths import beginnings, correlations
from memtests.reports.counting.memories import NOTHING
from memtests.reports.gating.baselines import encode_small
from memtests.reports.report import Report, languages_of, texts_of
from memtests.reports.text.markdown import escaped
from memtests.reports.text.rows import shortest_rows, table_rows
from memtests.reports.text.statement import statements
from tests.support.audited import audited
from tests.support.private import NEEDLES, SAID, found_in
from tests.support.reciting import CANON
from tests.support.reported import Recites, forgets, knows, reported, slips


@pytest.mark.parametrize("name", CANON)
def test_a_mask_has_its_units_where_the_text_has_them(name: str) -> None:
    for poem in CANON[name].poems:
        mask = masked(poem.text)
        assert len(mask) == len(poem.text)
        assert unit_ends(mask, "") == unit_ends(poem.text, poem.language)
        assert in_words(mask) == in_words(poem.text)
        assert mask.count("\n") == poem.text.count("\n")
        assert {*mask} <= {*"x某·(— \n"}
        for at in range(0, len(mask) - 4, 3):
            piece = slice(at, at + 4)
            assert bool(normal_form(mask[piece])) == bool(normal_form(poem.text[piece]))


@given(
    st.text()
    | st.lists(st.sampled_from([*"aé1 \n-.,'“(《》—…月の가ไทย"]), max_size=30).map("".join)
)
def test_a_mask_of_anything(text: str) -> None:
    mask = masked(text)
    assert len(mask) == len(text)
    assert {*mask} <= {*"x某·(— \n"}
    # A character such as ㍿ is several units in the text, but one in the mask.
    assert unit_ends(mask, "") == [*dict.fromkeys(unit_ends(text, ""))]


def without_texts(report: Report) -> Report:
    languages = languages_of(report)
    verdicts = tuple(
        redacted(v, languages.get((v.collection, v.poem), "")) for v in report.verdicts
    )
    return msgspec.structs.replace(report, verdicts=verdicts)


@pytest.mark.parametrize("recites", [knows, slips, forgets])
def test_what_is_counted_is_the_same(recites: Recites) -> None:
    plain = reported({"m": recites})
    blind = without_texts(plain)
    assert all(v.completion == "" for v in blind.verdicts)
    assert table_rows(blind) == table_rows(plain)
    assert statements(blind) == statements(plain)
    assert encode_small(blind) == encode_small(plain)
    for percent in (True, False):
        assert by_prefix_length(blind, percent) == by_prefix_length(plain, percent)
    assert by_poem_length(blind) == by_poem_length(plain)
    for unbroken in (True, False):
        assert along_the_text(blind, unbroken) == along_the_text(plain, unbroken)
    assert beginnings(blind) == beginnings(plain)
    assert correlations(blind) == correlations(plain)
    assert {k: len(t) for k, t in texts_of(blind.verdicts).items()} == {
        k: len(t) for k, t in texts_of(plain.verdicts).items()
    }


def test_redacted_twice_is_redacted_once() -> None:
    once = without_texts(audited())
    assert without_texts(once) == once


def test_the_statements_of_an_audit_stay_the_same() -> None:
    report = audited()
    assert statements(without_texts(report)) == statements(report)
    assert shortest_rows(without_texts(report), NOTHING) == shortest_rows(report, NOTHING)


def quoting() -> Exception:
    """Errors caused by errors, whose messages hold texts on several lines."""
    try:
        try:
            raise KeyError(SAID)
        except KeyError as error:
            raise ServerError(f"{SAID}\n{SAID}:\n  {SAID}", 503) from error
    except ServerError as error:
        return error


def test_a_traceback_without_messages() -> None:
    told = "".join(traceback.format_exception(quoting()))
    assert found_in(told)
    kept = without_messages(told)
    assert found_in(kept) == []
    lines = kept.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "KeyError",
        "memtests.fixtures.models.server.wire.ServerError",
        "--redact leaves out what it says",
    ]
    assert sum("test_redacting.py" in line for line in lines) == 2


def test_an_error_keeps_only_its_kind() -> None:
    assert kind_of_error(quoting()) == "ServerError 503 (--redact leaves out what it says)"
    assert kind_of_error(ValueError(SAID)) == "ValueError (--redact leaves out what it says)"


def test_a_way_keeps_no_reason() -> None:
    assert without_reasons("slots") == "slots"
    way = f"padded (slots: ValueError: {SAID} (again)); more"
    assert without_reasons(way) == "padded (--redact leaves out what it says)"


@pytest.mark.parametrize(
    ("message", "left"),
    [
        (f"a.csv, row 3, column `text`: {SAID} is none", "a.csv, row 3, column `text`"),
        (f"a.jsonl, line 3: {SAID}", "a.jsonl, line 3"),
        (f"a.csv: no column 'author'; there are {SAID}", "a.csv: no column 'author'"),
    ],
)
def test_a_complaint_about_a_file_keeps_its_place(message: str, left: str) -> None:
    assert without_cells(message) == f"{left}: --redact leaves out what it says"


@pytest.mark.parametrize("needle", NEEDLES[:: len(NEEDLES) // 20])
def test_the_search_finds_what_is_escaped(needle: str) -> None:
    assert needle in found_in(f"<p>{needle.upper()}</p>")
    assert needle in found_in(escaped(f"of *{needle}*, “{needle}”"))
    assert needle in found_in(needle.encode("unicode_escape").decode())
