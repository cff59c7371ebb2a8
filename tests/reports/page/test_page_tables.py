"""The tables below the curves, and the names of their columns."""

from memtests.reports.counting.memories import remembered
from memtests.reports.page.page_tables import heads, tables_of
from memtests.reports.text.rows import shortest_rows
from tests.support.reported import NURSERY, TANG, knows, reported, slips
from tests.support.traced import traces_of


def test_a_name_that_comes_twice_has_its_group_before_it() -> None:
    rows = [["of", "poems", "drawn: found", "median", "exact: found", "median", "run"], ["a"] * 7]
    names = [head.name for head in heads(rows, 1)]
    assert names == [
        "of",
        "poems",
        "drawn: found",
        "drawn: median",
        "exact: found",
        "exact: median",
        "run",
    ]
    assert [head.left for head in heads(rows, 2)] == [True] * 2 + [False] * 5


def test_what_is_long_has_more_room() -> None:
    rows = [["control", "poems", "95 %", "with the true cue"], ["c", "1", "1.0 % to 2.0 %", "-"]]
    assert [head.broad for head in heads(rows, 1)] == [False, False, True, True]
    assert [head.broad for head in heads(rows[:1], 1)] == [False, False, False, True], "no rows"


def test_titles_stand_above_and_no_more_in_the_head() -> None:
    models = {"good": knows, "slips": slips}
    report = reported(models)
    found = remembered(
        report, [t for name in models for t in traces_of(name, (TANG, NURSERY), lambda *_: -0.01)]
    )
    tables = {table.title: table for table in tables_of(report, found)}
    assert list(tables) == [
        "Shortest cue",
        "(n, p)-discoverable",
        "First 50, next 50 tokens",
    ]
    cues = tables["Shortest cue"]
    assert cues.rows[0][:3] == ["model", "collection", "poems"]
    assert cues.rows[1:] == shortest_rows(report, found)[1:], "as on a terminal"
    assert cues.left == 2
    for table in tables.values():
        assert table.caption.endswith((".", "?"))
        assert set(table.words) <= set(table.rows[0]), "nothing is explained that is not there"


def test_without_traces_nothing_is_said_of_them() -> None:
    report = reported({"good": knows})
    cues = next(t for t in tables_of(report, remembered(report, ())) if t.title == "Shortest cue")
    assert set(cues.words) == {"drawn: found", "counted in"}
