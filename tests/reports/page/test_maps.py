"""Memory maps as encoded for the page's script."""

import math
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.plugins.traces import Trace
from memtests.reports.counting.shades import Shade
from memtests.reports.gating.conclusion import Conclusion
from memtests.reports.joining import joined, joined_traces
from memtests.reports.page.html import TEMPLATES, visible
from memtests.reports.page.maps import FACTORS, PROBABLE, UNKNOWN, Kept, encoded, maps_of
from memtests.reports.page.page import render_page
from memtests.reports.report import ComparisonRecord, Report
from memtests.reports.report_files import ReportError
from memtests.reports.report_folder import traces_there, write_report
from memtests.reports.saved import main
from memtests.reports.trace_files import TRACES, encode_traces, read_traces
from tests.support.reported import NURSERY, TANG, forgets, knows, reported, slips
from tests.support.running import STAND_IN, few_poems, run_suite
from tests.support.traced import Knows, sha, traces_of

pytest_plugins = ["pytester"]

POEMS = (TANG, NURSERY)
STAR = ("nursery", "twinkle")


def sure(*_: Any) -> float:
    return -0.01


def less_sure(_: Any, at: int, token: str) -> float:
    """The same log-probability for every word, a lower one."""
    return -0.3


def unsure(_: Any, at: int, token: str) -> float:
    """Low log-probabilities, the lowest for `star`."""
    return -5.0 if "star" in token else -1.0


def kept(forms: tuple[str, ...] = ("header",), **models: Knows) -> Kept:
    return Kept([t for name, knows in models.items() for t in traces_of(name, POEMS, knows, forms)])


def decoded(code: str) -> list[tuple[int, bool, int]]:
    """Length, underline and value of each shade, decoded as the script does it."""
    found, length = [], 0
    for at in range(0, len(code), 3):
        head, high, low = (ord(c) - 63 for c in code[at : at + 3])
        length += head % 32
        if head % 32 != 31:
            found.append((length, head > 31, high * 64 + low))
            length = 0
    return found


@given(st.lists(st.tuples(st.integers(1, 200), st.booleans(), st.integers(0, UNKNOWN)), max_size=9))
def test_what_is_encoded_can_be_read(shown: list[tuple[int, bool, int]]) -> None:
    text, pieces = "", []
    for length, _, _ in shown:
        pieces.append(Shade(len(text), len(text) + length, (), ()))
        text += "x" * length + " "
    code = encoded(text, [(value, left) for _, left, value in shown], pieces)
    assert decoded(code) == shown
    assert re.fullmatch(r"[?-~]*", code), "nothing that HTML takes for something else"


def test_a_shade_is_as_long_as_it_is_on_the_page() -> None:
    text = "a\x1bb"
    ((length, _, _),) = decoded(encoded(text, [(0, False)], [Shade(0, 3, (), ())]))
    assert length == len(visible(text)) == 6


def test_a_map_says_how_probable_each_word_is() -> None:
    found = maps_of(reported({"m": knows}), kept(m=unsure)).poems[STAR]
    assert found.form == "read with its header"
    (row,) = found.models
    assert found.differences == []
    shown = decoded(row.code)
    assert sum(length for length, _, _ in shown) == len("".join(NURSERY.poems[0].text.split()))
    # A comma and a line break are tokens of their own; the line break belongs to the next word.
    assert shown[:5] == [
        *((8, True, 200), (8, True, 200), (6, True, 100), (5, True, 600), (3, True, 200)),
    ]
    assert row.said.startswith("greedy decoding says 0 of 22 words; sampling says all with ")


def test_the_form_with_the_header_is_shown() -> None:
    report = reported({"m": knows})
    both = kept(("plain", "header"), m=sure)
    assert maps_of(report, both).poems[STAR].form == "read with its header"
    plain = maps_of(report, kept(("plain",), m=sure)).poems[STAR]
    assert plain.form == "read without its header"
    assert decoded(plain.models[0].code)[0][2] == UNKNOWN, "nothing is said of the first token"
    assert "greedy decoding says 21 of 21 words" in plain.models[0].said


def test_traces_of_other_texts_or_models_are_left_out() -> None:
    report = reported({"m": knows})
    traces = kept(m=sure).own
    others = [
        [msgspec.structs.replace(trace, text_sha256=sha("another")) for trace in traces],
        [msgspec.structs.replace(trace, model="another") for trace in traces],
        [msgspec.structs.replace(trace, begins=trace.begins - 1) for trace in traces],
        [],
    ]
    for other in others:
        found = maps_of(report, Kept(other))
        assert (found.poems, found.differences) == ({}, [])


def test_in_a_chat_the_text_before_a_poem_is_not_known() -> None:
    report = reported({"m": knows})
    (record,) = report.models
    chat = msgspec.structs.replace(
        report, models=(msgspec.structs.replace(record, template="chat"),)
    )
    traces = [
        msgspec.structs.replace(trace, text_sha256=sha("in a chat")) for trace in kept(m=sure).own
    ]
    assert maps_of(report, Kept(traces)).poems == {}
    assert STAR in maps_of(chat, Kept(traces)).poems


def test_models_are_compared_with_the_first_and_the_one_before() -> None:
    report = reported({"good": knows, "paler": knows, "bad": forgets})
    found = maps_of(report, kept(good=sure, paler=less_sure, bad=unsure))
    assert [each.title for each in found.differences] == [
        "paler against good",
        "bad against good",
        "bad against paler",
    ]
    paler, bad, _ = found.differences
    assert paler.summary == [
        "Of 3 poems, 3 faded and 0 grew more than noise; 0 changed within noise.",
        "Of the 3 that faded, 3 have lost no probe: the memory is weaker, and no verdict shows it "
        "yet.",
    ]
    assert len(bad.summary) == 1, "they have all lost some"
    assert [poem.state for poem in bad.poems] == ["faded"] * 3
    rows = found.poems[STAR].differences
    assert [row.number for row in rows] == [0, 1, 2]
    star = decoded(rows[1].code)[3]
    assert star == (5, True, 2047 - 598), "of the star and the comma behind it"
    assert "faded more than noise" in rows[0].said
    assert "greedy decoding says 22 → 22 of 22 words" in rows[0].said


def against_baseline(report: Report) -> Report:
    record = ComparisonRecord("m", "good.json", "then", 0, 0, (), (), 0, 0, 1.0)
    return msgspec.structs.replace(report, comparisons=(record,))


def test_a_baseline_with_traces() -> None:
    report = against_baseline(reported({"m": knows}))
    own, then = kept(m=sure).own, kept(then=less_sure).own
    found = maps_of(report, Kept(own, then))
    (difference,) = found.differences
    assert difference.title == "m against good.json (then)"
    assert [poem.state for poem in difference.poems] == ["grew"] * 3
    other = [msgspec.structs.replace(trace, text_sha256=sha("of another header")) for trace in then]
    assert maps_of(report, Kept(own, other)).differences == []
    assert maps_of(report, Kept(own)).differences == []


def test_models_of_several_files(tmp_path: Path) -> None:
    """Models of one name have their files' names, too."""
    reports = {"a.json": reported({"m": knows}), "b.json": reported({"m": slips})}
    traces = {"a.json": kept(m=sure).own, "b.json": kept(m=unsure).own}
    found = maps_of(joined(reports), Kept(joined_traces(reports, traces)))
    (difference,) = found.differences
    assert difference.title == "m (b.json) against m (a.json)"
    assert len(found.poems[STAR].models) == 2


def written(folder: Path, report: Report, traces: list[Trace]) -> str:
    folder.mkdir()
    (folder / "recall.json").write_bytes(msgspec.json.encode(report))
    (folder / TRACES).write_bytes(encode_traces(traces))
    return str(folder / "recall.json")


def test_compare_and_render(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = written(tmp_path / "a", reported({"one": knows}), [*kept(one=sure).own])
    two = written(tmp_path / "b", reported({"two": slips}), [*kept(two=unsure).own])
    out = tmp_path / "both"
    assert main(["compare", one, two, "--recall-report", str(out)]) == 0
    compared = (out / "report.html").read_text()
    assert "two against one" in compared
    assert 'data-difference="0" data-code=' in compared
    assert main(["render", str(out / "recall.json")]) == 0
    assert (out / "report.html").read_text() == compared, "its traces lie beside it"
    assert main(["rescore", one, "--recall-report", str(out)]) == 0
    assert [trace.model for trace in read_traces(out)] == ["one"] * 3
    (tmp_path / "b" / TRACES).write_bytes(b'{"model": "two"}\n')
    assert main(["render", two]) == 2
    assert capsys.readouterr().err.startswith(f"render {tmp_path}/b/traces.jsonl: line 1: not a")


def test_what_a_killed_run_leaves_of_a_line_is_left_out(tmp_path: Path) -> None:
    content = encode_traces(kept(m=sure).own)
    (tmp_path / TRACES).write_bytes(content[:-20])
    assert len(read_traces(tmp_path)) == 2
    (tmp_path / TRACES).write_bytes(b"\xff\n" + content)
    with pytest.raises(ReportError, match=r"traces\.jsonl: line 1: not a trace"):
        read_traces(tmp_path)
    assert read_traces(tmp_path / "none") == ()


def test_the_page_without_traces_has_no_map() -> None:
    page = render_page(reported({"m": knows}))
    assert "Memory map" not in page
    assert "data-code=" not in page


def test_script_and_suite_agree() -> None:
    script = (TEMPLATES / "page.js").read_text()
    for name, value in (("FIRST", "63"), ("BASE", "64"), ("LONGEST", "31")):
        assert f"{name} = {value}" in script
    factors = re.search(r"FACTORS = \[([^]]+)\]", script)
    assert factors
    assert [step for _, step in FACTORS] == factors[1].split(", ")
    probable = re.search(r"PROBABLE = \[([^]]+)\]", script)
    assert probable
    assert [float(words.split()[0]) for level, words in PROBABLE if level] == sorted(
        map(float, probable[1].split(", ")), reverse=True
    )
    assert math.isclose(UNKNOWN, 64**2 - 1)


def test_a_run_against_a_baseline_with_traces(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says how each poem changed, because the baseline's traces lie beside its file."""
    asked = (*STAND_IN, *few_poems(), "-k", "title", "--measure", "--controls", "none")
    monkeypatch.setenv("MEMTESTS_CHANCE", "0.9")
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "*")
    assert run_suite(pytester, *asked, "--recall-report", "then").ret == 0
    monkeypatch.setenv("MEMTESTS_CHANCE", "0.1")
    against = ("--baseline", "then/recall.json", "--recall-report", "now")
    assert run_suite(pytester, *asked, *against).ret == 0
    page = (pytester.path / "now/report.html").read_text()
    assert "A against then/recall.json (A)" in page
    # The model is less sure only of each poem's last character.
    assert "Of 8 poems, 0 faded and 0 grew more than noise; 8 changed within noise." in page
    page = (pytester.path / "then/report.html").read_text()
    assert "Memory map" in page
    assert "What grew and what faded" not in page


def test_a_report_is_written_even_if_its_traces_are_broken(tmp_path: Path) -> None:
    """A broken line in traces.jsonl only costs the maps."""
    found = Conclusion(reported({"m": knows}), (), 0, False, None)
    (tmp_path / TRACES).write_bytes(encode_traces(kept(m=sure).own))
    write_report(tmp_path, found, Kept(traces_there(tmp_path)))
    assert "Memory map" in (tmp_path / "report.html").read_text()
    (tmp_path / TRACES).write_bytes(b"{}\n")
    with pytest.warns(UserWarning, match=r"traces\.jsonl: line 1: not a trace"):
        write_report(tmp_path, found, Kept(traces_there(tmp_path)))
    assert "Memory map" not in (tmp_path / "report.html").read_text()
