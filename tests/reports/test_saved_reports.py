"""`memtests`: pages and tables from saved reports, without a model."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.probes.controls import controls_of
from memtests.fixtures.probes.probes import (
    DEFAULT_HEADER,
    Probe,
    parse_prefix_lengths,
    probes_of,
)
from memtests.reports.gating.baselines import baseline_of, encode_small, read_baseline
from memtests.reports.gating.comparing import compare
from memtests.reports.gating.gates import evaluate, parse_gate
from memtests.reports.report import Report, encode
from memtests.reports.report_files import ReportError, read_report
from memtests.reports.saved import main, schema
from memtests.reports.text.rows import control_rows, gate_rows
from tests.support.reported import NURSERY, TANG, forgets, knows, probes_asked, reported, slips

Write = Callable[[str, Report], str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Put a report into a file of the folder that commands are run in."""
    monkeypatch.chdir(tmp_path)

    def write(file: str, report: Report) -> str:
        Path(file).parent.mkdir(exist_ok=True, parents=True)
        Path(file).write_bytes(encode(report))
        return file

    return write


def test_render(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    file = write("old/recall.json", reported({"m": slips}))
    assert main(["render", file]) == 0
    assert {path.name for path in Path("old").iterdir()} == {
        *("recall.json", "report.html", "summary.md")
    }
    assert "nursery     title" in capsys.readouterr().out


def test_compare_tells_models_of_one_name_apart(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write("a.json", reported({"m": knows})), write("b.json", reported({"m": forgets}))]
    assert main(["compare", *files]) == 0
    said = capsys.readouterr().out
    assert "m (b.json) against m (a.json): 0 retained, 18 lost, 0 gained, 0 still missing" in said
    assert "and 6 more, in report.html" in said
    page = Path("reports/compared/report.html").read_text()
    assert page.count("<dt>parameters</dt>") == 2


def test_compare_leaves_a_report_and_minds_no_controls(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """The controls that are made depend on the number of poems, so reports need none in common."""

    def asked(count: int) -> Callable[[Collection], list[Probe]]:
        return lambda c: [*probes_asked(c), *controls_of(c.sample(count), (), DEFAULT_HEADER)]

    files = [
        write("a.json", reported({"a": knows}, [TANG], asked=asked(2))),
        write("b.json", reported({"b": knows}, [SHUFFLED], asked=asked(2))),
    ]
    assert main(["compare", *files]) == 0
    assert "data:   reports/compared/recall.json" in capsys.readouterr().out
    assert [m.name for m in read_report(Path("reports/compared/recall.json")).models] == ["a", "b"]


def test_compare_says_what_it_leaves_out(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        write("a.json", reported({"a": knows})),
        write("b.json", reported({"b": knows}, [TANG])),
    ]
    assert main(["compare", *files, "--recall-report", "out"]) == 0
    said = capsys.readouterr().out
    assert "6 probes were judged of a alone, and are not compared" in said
    assert "b against a: 12 retained, 0 lost" in said
    assert Path("out/report.html").exists()


SHUFFLED = Collection("tang", TANG.poems[::-1])


def other_poems(report: Report) -> Report:
    first, *rest = report.collections
    return msgspec.structs.replace(
        report, collections=(msgspec.structs.replace(first, sha256="0"), *rest)
    )


def other_cues(report: Report) -> Report:
    verdicts = [msgspec.structs.replace(v, cue=f"{v.cue} by") for v in report.verdicts]
    return msgspec.structs.replace(report, verdicts=tuple(verdicts))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (other_poems, "b.json has other poems than a.json: collection tang has changed"),
        (other_cues, "b.json asked with other cues than a.json (nursery/"),
    ],
)
def test_compare_refuses_other_questions(
    write: Write,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Report], Report],
    reason: str,
) -> None:
    report = reported({"m": knows})
    files = [write("a.json", report), write("b.json", change(report))]
    assert main(["compare", *files]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"compare {reason}")
    assert not Path("reports").exists()


def other_collections(report: Report) -> Report:
    return reported({"m": knows}, [Collection("rhymes", NURSERY.poems)])


def other_lengths(report: Report) -> Report:
    verdicts = [
        msgspec.structs.replace(v, prefix_length="9%", probe=v.probe.replace("25%", "9%"))
        for v in report.verdicts
        if v.prefix_length == "25%"
    ]
    return msgspec.structs.replace(report, verdicts=tuple(verdicts))


def titles_alone(report: Report) -> Report:
    return reported({"m": knows}, asked=lambda c: probes_of(c, "title", (), DEFAULT_HEADER))


def nothing_judged(report: Report) -> Report:
    return msgspec.structs.replace(report, verdicts=())


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (
            lambda report: reported({"m": knows}, [TANG]),
            other_collections,
            "b.json and a.json have no probe in common: collection rhymes in b.json, tang in a.json"
            "; compare reports on the same poems and cues",
        ),
        (
            titles_alone,
            other_lengths,
            "b.json and a.json have no probe in common: case prefix in b.json, title in a.json; "
            "compare reports on the same poems and cues",
        ),
        (
            lambda report: report,
            other_lengths,
            "b.json and a.json have no probe in common: prefix length 9% in b.json, 25%, 50% in "
            "a.json; compare reports on the same poems and cues",
        ),
        (
            lambda report: report,
            nothing_judged,
            "b.json: no probe was judged in it; compare reports that have some",
        ),
    ],
    ids=["collections", "cases", "lengths", "nothing"],
)
def test_compare_refuses_what_has_nothing_in_common(
    write: Write,
    capsys: pytest.CaptureFixture[str],
    first: Callable[[Report], Report],
    second: Callable[[Report], Report],
    reason: str,
) -> None:
    report = reported({"m": knows})
    files = [write("a.json", first(report)), write("b.json", second(report))]
    assert main(["compare", *files]) == 2
    assert capsys.readouterr().err == f"compare {reason}\n"
    assert not Path("reports").exists()


def test_each_file_is_compared_with_the_first_and_the_one_before(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [
        write("a.json", reported({"a": knows}, [TANG, NURSERY])),
        write("b.json", reported({"b": knows}, [TANG])),
        write("c.json", reported({"c": knows}, [NURSERY])),
    ]
    assert main(["compare", *files]) == 2
    assert capsys.readouterr().err.startswith(
        "compare c.json and b.json have no probe in common: collection nursery in c.json, tang in "
        "b.json"
    )
    assert main(["compare", files[1], files[0], files[2]]) == 2
    assert main(["compare", files[0], files[0].replace("a", "./a"), files[1]]) == 2


def test_compare_needs_two_files(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    report = reported({"m": knows})
    write("v1/recall.json", report)
    write("v2/recall.json", report)
    before = Path("v1/recall.json").read_bytes()
    for files, reason in {
        ("v1/recall.json",): "v1/recall.json: one file alone; name another one to compare it with, "
        "or look at it with memtests render v1/recall.json",
        ("v1/recall.json", "./v2/../v1/recall.json"): "v1/recall.json: named twice; name another "
        "recall.json",
        ("v1", "v2/recall.json"): "v1: a folder; name the recall.json in it",
        ("v2/recall.json", "v1/recall.json"): "v1/recall.json: the comparison would be written "
        "over it; name another folder with --recall-report DIR",
    }.items():
        assert main(["compare", *files, "--recall-report", "v1"]) == 2
        assert capsys.readouterr().err == f"compare {reason}\n"
    assert Path("v1/recall.json").read_bytes() == before


def test_gates_of_the_runs_are_none_of_the_comparison(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor are their baselines: gates and baselines belong to the single runs."""
    report = reported({"m": slips})
    comparison = compare(baseline_of("good.json", reported({"m": knows})), "m", report.verdicts)
    gates = evaluate([parse_gate("forgotten<=0", [])], report, ())
    whole = msgspec.structs.replace(report, gates=gates, comparisons=(comparison.record,))
    files = [write("a.json", whole), write("b.json", reported({"n": knows}))]
    assert main(["compare", *files]) == 0
    said = capsys.readouterr().out
    assert "forgotten<=0" not in said
    assert "good.json" not in said
    assert said.splitlines()[-1] == (
        "a.json: its gates and baselines were of that run and are left out; memtests render a.json "
        "shows them"
    )
    new = read_report("reports/compared/recall.json")
    assert new.gates == new.comparisons == ()
    for name in ("report.html", "summary.md"):
        assert "forgotten<=0" not in Path("reports/compared", name).read_text()


def test_reports_judged_by_other_versions_are_named(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    report = reported({"m": knows})
    older = msgspec.structs.replace(report, suite="0.1.0")
    assert main(["compare", write("a.json", older), write("b.json", report)]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("judged by other versions of the suite (a.json 0.1.0, b.json 0.")


def torn(found: dict[str, Any]) -> Iterator[str]:
    """Break a report in one way after another, with the reason that must be given each time."""
    whole = json.dumps(found)
    found["collections"] = found["collections"][:1]
    yield "a verdict on nursery, no collection of it"
    found |= json.loads(whole)
    found["collections"][0]["chance"] = {}
    yield "collection tang has no chance levels"
    found |= json.loads(whole)
    found["comparisons"][0]["lost"] = ["tang/x/title"]
    yield "tang/x/title was lost or gained, and has no verdict"
    found["verdicts"].append(found["verdicts"][0])
    yield f"2 verdicts of m on {found['verdicts'][0]['probe']}"
    found |= json.loads(whole)
    found["verdicts"][0]["outcome"] = "Correct"
    yield f"{found['verdicts'][0]['probe']}: 'Correct' is no outcome"
    found |= json.loads(whole)
    of_prefix = next(each for each in found["verdicts"] if each["prefix_length"])
    of_prefix["prefix_length"] = "half"
    yield f"{of_prefix['probe']}: 'half' is no prefix length"
    found |= json.loads(whole)
    found["collections"][0]["chance"] = {"long": 0.5}
    yield "collection tang has no chance levels"
    for by_poem in [[3, 2, 1]], [[-1, 2, 1]], [[0, 0, 1]]:
        found |= json.loads(whole)
        found["controls"][0]["by_poem"] = by_poem
        yield f"control {found['controls'][0]['kind']} counts no probes"
    found |= json.loads(whole)
    found["controls"][0] |= dict.fromkeys(("correct", "incorrect", "forgotten"), 0)
    yield f"control {found['controls'][0]['kind']} counts no probes"


def test_a_report_that_refers_to_nothing_is_none(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    report = reported({"m": slips}, asked=lambda c: [*probes_asked(c), *made(c)])
    comparison = compare(baseline_of("good.json", reported({"m": knows})), "m", report.verdicts)
    found = json.loads(encode(msgspec.structs.replace(report, comparisons=(comparison.record,))))
    good = write("good.json", report)
    for reason in torn(found):
        Path("x.json").write_text(json.dumps(found))
        for command in (["render", "x.json"], ["rescore", "x.json"], ["compare", good, "x.json"]):
            assert main(command) == 2
            said = capsys.readouterr().err
            assert said == f"{command[0]} x.json: not a recall report ({reason})\n"


def as_schema_1(report: Report) -> bytes:
    """A report as the suite wrote it before verdicts had `line` and `control`."""
    found = json.loads(encode(report))
    for each in found["verdicts"]:
        del each["line"], each["control"]
    for each in found["unjudged"]:
        del each["collection"], each["case"], each["control"]
    return json.dumps({**found, "schema": 1}).encode()


def test_schema_1_is_read(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    unjudged = [("m", "tang/a/b/control-unseen-10%", "long"), ("m", "tang/x/next_line-2", "long")]
    report = reported({"m": slips}, unjudged=unjudged, asked=lambda c: [*probes_asked(c), *made(c)])
    assert {v.control for v in report.verdicts} > {None, "unseen", "typo"}
    assert {v.line for v in report.verdicts} == {None, 1, 2, 3}
    Path("old.json").write_bytes(as_schema_1(report))
    assert read_report("old.json") == report
    assert [(u.collection, u.case, u.control) for u in read_report("old.json").unjudged] == [
        ("tang", "control", "unseen"),
        ("tang", "next_line", None),
    ]
    assert main(["compare", "old.json", write("new.json", report)]) == 0
    assert "18 lost" not in capsys.readouterr().out


def test_an_older_report_gets_statistics_over_poems(write: Write) -> None:
    """They are counted from its verdicts. Statistics of schema 2, which were over probes, are never
    shown as statistics over poems.
    """
    report = reported({"m": slips})
    comparison = compare(baseline_of("good.json", reported({"good": knows})), "m", report.verdicts)
    gates = evaluate([parse_gate("recall>=0.1", [])], report, ())
    found = json.loads(
        encode(msgspec.structs.replace(report, gates=gates, comparisons=(comparison.record,)))
    )
    found["comparisons"][0]["p"] = 0.00024
    for each in found["tallies"]:
        each["low"] = each["high"] = each["recall"]
        del each["poems"], each["near"]
    for each in found["controls"]:
        del each["by_poem"]
    Path("old.json").write_text(json.dumps({**found, "schema": 2}))
    old = read_report("old.json")
    assert old.tallies == report.tallies
    assert old.comparisons[0].p == comparison.record.p == 0.25
    assert (old.gates[0].value, old.gates[0].low) == (gates[0].value, None)
    assert [row[3] for row in gate_rows(old)] == ["95 %", "-"]
    assert control_rows(old)[1][-2:] == ["-", "-"]


def test_a_small_baseline_of_schema_1_is_read(write: Write) -> None:
    """The form of small baselines has not changed: committed files stay as they are."""
    small = encode_small(reported({"m": knows}))
    assert json.loads(small)["baseline_schema"] == 1
    Path("small.json").write_bytes(small)
    assert read_baseline("small.json", Path()).models.keys() == {"m"}


def as_schema_2(report: Report) -> bytes:
    """A report as the suite wrote it before there were passages."""
    found = json.loads(encode(report))
    for each in found["verdicts"]:
        del each["passage"], each["log_p_40"]
    for each in found["tallies"]:
        del each["verbatim"], each["near"]
    for each in found["collections"]:
        del each["passages"]
    return json.dumps({**found, "schema": 2}).encode()


def test_passages_of_an_older_report(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """They are counted from its completions. Chance is the canon's, since the poems are missing."""
    report = reported({"good": knows, "slips": slips, "bad": forgets})
    Path("old.json").write_bytes(as_schema_2(report))
    old = read_report("old.json")
    assert old.verdicts == report.verdicts
    assert {v.passage is None for v in old.verdicts} == {True, False}
    assert old.collections == report.collections, "too few poems for levels of their own"
    assert main(["rescore", "old.json"]) == 0
    assert capsys.readouterr().out == f"0 of {len(report.verdicts)} verdicts changed\n"


def test_rescore_finds_passages_that_older_suites_did_not_count(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    def late(probe: Probe) -> str:
        lines = probe.poem.lines
        return "\n".join([*lines[1:], *[lines[-1]] * 20]) if probe.case == "title" else "…"

    report = reported({"m": late}, [NURSERY])
    (title,) = (v for v in report.verdicts if v.case == "title")
    assert title.passage is not None
    assert (title.outcome, title.passage.length) == ("incorrect", 18)
    old = msgspec.structs.replace(title, outcome="forgotten", kind="looping")
    verdicts = tuple(old if v == title else v for v in report.verdicts)
    Path("old.json").write_bytes(as_schema_2(msgspec.structs.replace(report, verdicts=verdicts)))
    assert main(["rescore", "old.json", "--recall-report", "new"]) == 0
    assert "nursery/twinkle/title" in capsys.readouterr().out
    assert read_report("new/recall.json").verdicts == report.verdicts


@pytest.mark.parametrize(
    "spoil", [{"verdicts": [{}]}, {"verdicts": 3}, {"verdicts": [{"probe": "a/b/next_line-x"}]}]
)
def test_files_that_are_no_reports_of_schema_1(write: Write, spoil: dict[str, object]) -> None:
    whole = json.loads(as_schema_1(reported({"m": knows})))
    Path("old.json").write_text(json.dumps({**whole, **spoil}))
    with pytest.raises(ReportError, match=r"^old\.json: not a recall report \("):
        read_report("old.json")


def made(collection: Collection) -> list[Probe]:
    return controls_of(collection, parse_prefix_lengths("10%,50%"), DEFAULT_HEADER)


def test_rescore_changes_nothing_where_the_definitions_are_the_same(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    report = reported({"good": knows, "slips": slips, "bad": forgets})
    assert main(["rescore", write("a.json", report)]) == 0
    assert capsys.readouterr().out == f"0 of {len(report.verdicts)} verdicts changed\n"
    assert [path.name for path in Path().iterdir()] == ["a.json"]


def test_rescore_lists_every_verdict_that_changed(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    report = reported({"m": slips})
    old = {
        v.probe: msgspec.structs.replace(v, outcome="forgotten", kind="unrelated", similarity=0.0)
        for v in report.verdicts
        if v.outcome == "incorrect"
    }
    assert old
    stale = msgspec.structs.replace(
        report, verdicts=tuple(old.get(v.probe, v) for v in report.verdicts)
    )
    assert main(["rescore", write("a.json", stale), "--recall-report", "new"]) == 0
    said = capsys.readouterr().out
    listed = [line for line in said.splitlines() if "→" in line]
    assert {line.split()[0] for line in listed} == set(old)
    assert all("forgotten unrelated 0.000  →  incorrect" in line for line in listed)
    assert read_report(Path("new/recall.json")) == report


def test_rescore_knows_the_language_of_each_poem(write: Write) -> None:
    mixed = Collection("mixed", (*TANG.poems, *NURSERY.poems))
    report = reported({"m": slips}, [mixed])
    assert report.collections[0].language == "mul"
    assert main(["rescore", write("a.json", report), "--recall-report", "new"]) == 0
    assert read_report(Path("new/recall.json")) == report


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "x.json: No such file or directory; name a recall.json"),
        (b"{", "x.json: not a recall report; name a recall.json"),
        (
            b'{"schema": 9}',
            "x.json: schema 9, this suite reads 1, 2, 3; make it again with this suite",
        ),
        (b'{"schema": 1}', "x.json: not a recall report (Object missing required field `created`)"),
        (
            encode_small(reported({"m": knows})),
            "x.json: a small baseline has no recitations; name a recall.json (--baseline takes "
            "this one)",
        ),
    ],
    ids=["missing", "torn", "schema", "fields", "small"],
)
def test_a_file_that_cannot_be_used_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: bytes | None,
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("x.json").write_bytes(content)
    assert main(["render", "x.json"]) == 2
    assert capsys.readouterr().err == f"render {reason}\n"


def test_a_file_named_twice_or_torn_apart(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    report = reported({"m": knows})
    file = write("a.json", report)
    assert main(["compare", file, file]) == 2
    assert capsys.readouterr().err == "compare a.json: named twice; name another recall.json\n"
    write("a.json", msgspec.structs.replace(report, models=()))
    assert main(["render", file]) == 2
    assert capsys.readouterr().err == (
        "render a.json: not a recall report (a verdict of m, no model of it)\n"
    )


def test_a_folder_that_cannot_be_written_to(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write("a.json", reported({"m": knows}))
    assert main(["render", file, "--recall-report", "a.json/here"]) == 2
    assert capsys.readouterr().err.startswith("--recall-report a.json")


def test_the_schema_is_that_of_the_types(write: Write) -> None:
    file = Path(__file__).parents[2] / "reports" / "recall.schema.json"
    assert file.read_text() == schema(), "memtests schema > reports/recall.schema.json"
    validator = Draft202012Validator(json.loads(schema()))
    report = json.loads(encode(reported({"m": slips}, unjudged=[("m", "tang/x/title", "long")])))
    validator.validate(report)
    report["verdicts"][0]["similarity"] = "much"
    assert not validator.is_valid(report)
