"""Tallies, intervals and the report on disk."""

import json
from pathlib import Path

import msgspec
import pytest

from memtests.plugins.gathering import Gathered
from memtests.plugins.verdicts import Verdict
from memtests.reports.counting.over_poems import interval
from memtests.reports.counting.tallies import build, shortest_cues, tallies, totals
from memtests.reports.report import CollectionRecord, encode, write_whole
from memtests.reports.report_files import read_report
from memtests.reports.text.terminal import (
    columns,
    render_discoverable,
    render_misses,
    render_table,
    render_unjudged,
)
from tests.support.reported import report_of, unjudged_of, verdict_of

VERDICTS = [
    verdict_of("tang/p/title"),
    verdict_of("tang/q/title", "forgotten"),
    verdict_of("tang/p/prefix-10%", "incorrect"),
    verdict_of("tang/p/prefix-5"),
    verdict_of("tang/p/prefix-25%"),
    verdict_of("song/r/prefix-10%", "forgotten"),
    verdict_of("tang/p/prefix_lengths-3", "incorrect"),
    verdict_of("tang/p/prefix_lengths-7"),
    verdict_of("tang/p/prefix_lengths-12"),
    verdict_of("tang/q/prefix_lengths-4", "forgotten"),
]


def saved(each: Verdict) -> dict[str, object]:
    """A verdict as a property of a test report."""
    return {**msgspec.structs.asdict(each), "key": None, "followed": True}


def test_tallies() -> None:
    found = tallies(VERDICTS)
    assert [(t.collection, t.case, t.prefix_length) for t in found] == [
        ("song", "prefix", "10%"),
        ("tang", "prefix", "5"),
        ("tang", "prefix", "10%"),
        ("tang", "prefix", "25%"),
        ("tang", "prefix_lengths", None),
        ("tang", "title", None),
    ]
    title = found[-1]
    assert (title.correct, title.incorrect, title.forgotten, title.recall) == (1, 0, 1, 0.5)
    assert (title.low, title.high) == interval([(1, 1), (0, 1)])
    (everything,) = totals(VERDICTS, "model")
    assert everything.correct + everything.incorrect + everything.forgotten == len(VERDICTS)
    assert everything.poems == 3, "p, q and r, however often they were asked for"


def test_totals_are_over_the_rest() -> None:
    found = [(t.model, t.collection, t.case, t.judged) for t in totals(VERDICTS, "collection")]
    assert found == [("", "song", "", 1), ("", "tang", "", 9)]


def test_near_and_verbatim() -> None:
    verdicts = [
        verdict_of("tang/a/title"),
        verdict_of("tang/b/title", completion="明月光。", verbatim=False),
        verdict_of("tang/c/title", "incorrect", kind="minor"),
        verdict_of("tang/d/title", "incorrect"),
    ]
    (found,) = tallies(verdicts)
    assert (found.correct, found.verbatim, found.near) == (2, 1, 3)


def test_shortest_cues() -> None:
    assert shortest_cues(VERDICTS) == [("m", "tang", 2, 1, 7, 7)]


def test_report_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "recall.json"
    records = tuple(
        CollectionRecord(name, "zh", 1, "ab", {"4": 0.3}, {"4": 1})
        for name in sorted({v.collection for v in VERDICTS})
    )
    written = msgspec.structs.replace(report_of(VERDICTS), collections=records)
    write_whole(path, encode(written))
    assert read_report(path) == written
    assert [file.name for file in path.parent.iterdir()] == ["recall.json"]
    found = json.loads(path.read_text())
    assert list(found) == [
        *("schema", "suite", "created", "models", "collections"),
        *("verdicts", "tallies", "unjudged", "gates", "comparisons", "controls", "command"),
        *("problems", "texts"),
    ]
    assert list(found["verdicts"][0]) == [
        *("model", "collection", "poem", "case", "prefix_length", "line", "control", "probe"),
        *("cue", "suffix"),
        *("completion", "outcome", "kind", "verbatim", "similarity", "divergence", "log_p"),
        *("fragile", "cut", "moved", "passage", "log_p_40", "redacted", "window", "set_aside"),
    ]
    assert list(found["tallies"][0]) == [
        *("model", "collection", "case", "prefix_length", "correct", "incorrect", "forgotten"),
        *("recall", "low", "high", "verbatim", "near", "poems", "not_recited", "undecided"),
    ]
    assert "明月光" in path.read_text(), "readable as it is"


def test_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "recall.json"
    write_whole(path, b"old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["recall.json"]


def test_a_verdict_that_comes_twice_counts_once() -> None:
    gathered = Gathered()
    properties = [("verdict", saved(verdict_of()))]
    assert len(gathered.take(properties).new) == 1
    assert gathered.take(properties).new == []
    assert len(gathered.take(properties).verdicts) == 1
    assert len(gathered.verdicts) == 1


TABLE = """\
collection  case    poems  probes  correct  incorrect  forgotten  verbatim  near  recall                    95 %
song        prefix      1       1        0          0          1         0     0   0.0 %  0 of 1 poem, to 79.3 %
tang        prefix      1       3        2          1          0         2     2  66.7 %         9.4 % to 97.5 %
tang        title       2       2        1          0          1         1     1  50.0 %         9.5 % to 90.5 %
all                     3       6        3          1          2         3     3  50.0 %         9.5 % to 90.5 %
""".splitlines()  # noqa: E501


def test_table() -> None:
    assert render_table(report_of(VERDICTS)) == TABLE


def test_unknown_values_are_not_printed_as_none() -> None:
    """A server that sends only texts gives no probabilities. Elsewhere a few may be missing."""
    unknown = [verdict_of(f"tang/{n}/title", "forgotten", log_p=None) for n in range(3)]
    known = verdict_of("tang/k/title", "forgotten", log_p=-1.5)
    _, *rows = (line.split() for line in render_discoverable(report_of(unknown)))
    assert rows[0] == ["tang", "3", "0.5", *"-----"]
    _, row, *_ = (line.split() for line in render_discoverable(report_of([*unknown, known])))
    assert row[:8] == ["tang", "4", "(1", "known)", "0.5", "0.0", "%", "100.0"]


def test_misses() -> None:
    lines = render_misses(VERDICTS[:3], {("tang", "p"): "zh", ("tang", "q"): "zh"})
    assert lines == [
        "INCORRECT  severe     tang/p/prefix-10%  after 0 of 3: poem “明月光” model “看明月”",
        "FORGOTTEN  unrelated  tang/q/title       after 0 of 3: poem “明月光” model “看明月”",
    ]


def test_of_the_lengths_drawn_for_a_poem_one_miss_is_shown() -> None:
    lines = render_misses(VERDICTS[-4:], {("tang", "p"): "zh", ("tang", "q"): "zh"})
    assert [line.split()[2] for line in lines] == ["tang/q/prefix_lengths-4"]


def test_a_miss_is_one_harmless_line() -> None:
    hostile = verdict_of(
        outcome="forgotten", completion="红\x1b[31m灯\x07\n\r绿\u202e酒\x00", suffix="明月光"
    )
    (line,) = render_misses([hostile], {("tang", "p"): "zh"})
    assert line.isprintable()
    assert "\\x1b" in line


def test_unjudged_are_grouped_by_reason() -> None:
    gathered = Gathered()
    for number in range(3):
        record = unjudged_of("m", f"tang/{number}/title", "too long")
        gathered.take([("unjudged", msgspec.to_builtins(record))])
    found = build(gathered, [], "")
    assert render_unjudged(found.unjudged) == ["3 UNJUDGED  m  too long  (tang/0/title, …)"]
    assert found.tallies == ()


def test_wide_characters_take_two_places() -> None:
    assert columns([["明月", "1"], ["moon", "12"]], left=1) == ["明月   1", "moon  12"]
