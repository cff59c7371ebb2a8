"""Gates and baselines as pure functions; whole runs are in test_situations.py."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.probes import title_probe
from memtests.plugins.verdicts import NOT_RECITED, OUTCOMES, Verdict, question_of
from memtests.reports.gating.baselines import (
    MismatchError,
    check,
    encode_small,
    read_baseline,
)
from memtests.reports.gating.comparing import compare
from memtests.reports.gating.conclusion import Rules, conclude
from memtests.reports.gating.faults import Faults
from memtests.reports.gating.gates import GateError, evaluate, parse_gate
from memtests.reports.gating.measures import DISCOVERABLE, RECALL, SHARES
from memtests.reports.report import CollectionRecord, Report, encode
from memtests.reports.report_files import ReportError
from tests.support.reported import knows, report_of, reported, verdict_of

NAMES = ("tang", "my:poems", "two words")


@given(
    st.sampled_from([None, *NAMES]),
    st.sampled_from(sorted({*SHARES} - {DISCOVERABLE})),
    st.booleans(),
    st.integers(1, 99),
    st.booleans(),
)
def test_rules_say_what_they_mean(
    collection: str | None, measure: str, at_least: bool, hundredths: int, percent: bool
) -> None:
    number = f"{hundredths}%" if percent else f"0.{hundredths:02}"
    rule = f"{collection + ':' if collection else ''}{measure}{'>=' if at_least else '<='}{number}"
    gate = parse_gate(rule, NAMES)
    assert (gate.rule, gate.collection, gate.measure) == (rule, collection, measure)
    assert (gate.at_least, gate.bound) == (at_least, Fraction(hundredths, 100))


@pytest.mark.parametrize("names", [("american", "british"), ("tang", "song")])
def test_a_name_that_is_near_none_gets_the_list(names: tuple[str, ...]) -> None:
    with pytest.raises(GateError) as refused:
        parse_gate("mine:recall>=0.9", names)
    assert str(refused.value) == (
        f"'mine:recall>=0.9': no collection 'mine'; there are {', '.join(names)}"
    )


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda found: found.append({**found[0], "outcome": "forgotten"}), "2 verdicts"),
        (lambda found: found[0].update(outcome="Correct"), "'Correct' is no outcome"),
    ],
    ids=["twice", "outcome"],
)
@pytest.mark.parametrize("encoded", [encode_small, encode], ids=["small", "report"])
def test_a_damaged_baseline_is_refused(
    tmp_path: Path,
    spoil: Callable[[list[dict[str, str]]], None],
    reason: str,
    encoded: Callable[[Report], bytes],
) -> None:
    """Otherwise a probe that was recited then could count as one that was not, and not be lost."""
    found = json.loads(encoded(reported({"m": knows})))
    spoil(found["verdicts"])
    (tmp_path / "then.json").write_text(json.dumps(found))
    with pytest.raises(ReportError, match=f"then.json: not a recall report .*{reason}"):
        read_baseline("then.json", tmp_path)


@pytest.mark.parametrize("small", [True, False])
def test_a_chat_is_not_compared_with_plain_completions(tmp_path: Path, small: bool) -> None:
    plain = reported({"m": knows})
    chat = tuple(
        msgspec.structs.replace(model, template="chat, answers begun") for model in plain.models
    )
    reports = {"plainly": plain, "in a chat": msgspec.structs.replace(plain, models=chat)}
    gates = (parse_gate("lost<=0", ["tang", "nursery"]),)
    for then in reports.values():
        written = encode_small(then) if small else encode(then)
        (tmp_path / "then.json").write_bytes(written)
        baseline = read_baseline("then.json", tmp_path)
        for report in reports.values():
            found = conclude(report, Rules(gates, baseline), [], 0)
            assert found.status == (0 if report is then else 1)
            ways = [way for each in (then, report) for way, one in reports.items() if one is each]
            said = [f"then.json was asked {ways[0]}, and m {ways[1]}"]
            assert list(found.problems) == ([] if report is then else said)


def test_a_skipped_case_with_probes_is_a_fault() -> None:
    """A user's own test without probes may be skipped."""

    def skipped(name: str, when: Literal["setup", "call"], **more: str) -> pytest.TestReport:
        found = pytest.TestReport(name, ("a.py", 1, name), {}, "skipped", None, when)
        vars(found).update(more)
        return found

    faults = Faults({"a": (("m <a>", 1),), "b": (("m <b>", 1),), "own": ()})
    faults.take(skipped("own", "setup"))
    faults.take(skipped("a", "call", wasxfail="a miss"))
    faults.take(pytest.TestReport("b", ("a.py", 1, "b"), {}, "passed", None, "call"))
    assert faults.problems() == []
    faults.take(skipped("b", "setup"))
    assert faults.problems() == ["1 case skipped"]


@given(st.text())
def test_any_text_is_a_rule_or_an_error_in_one_line(text: str) -> None:
    try:
        said = parse_gate(text, NAMES).measure
    except GateError as error:
        said = str(error)
    assert "\n" not in said


@given(st.integers(1, 10**6), st.data())
def test_exact_on_the_boundary(whole: int, data: st.DataObject) -> None:
    """Also where floating point would be wrong: 0.1 + 0.2 and the like."""
    part = data.draw(st.integers(0, whole))
    thousandths = data.draw(st.integers(1, 999))
    gate = parse_gate(f"recall>=0.{thousandths:03}", ())
    assert gate.holds(Fraction(part, whole)) == (part * 1000 >= thousandths * whole)
    gate = parse_gate(f"recall<={thousandths / 10}%", ())
    assert gate.holds(Fraction(part, whole)) == (part * 1000 <= thousandths * whole)


def outcomes(**found: str) -> Report:
    return report_of([verdict_of(f"tang/{poem}/title", outcome) for poem, outcome in found.items()])


def test_values_are_shares() -> None:
    found = outcomes(a="correct", b="incorrect", c="forgotten", d="correct")
    outcomes_gated = [outcome for outcome in OUTCOMES if outcome != NOT_RECITED]
    gates = [parse_gate(f"{measure}<=0.9", ()) for measure in (RECALL, *outcomes_gated)]
    records = evaluate(gates, found, ())
    assert [record.value for record in records] == [0.5, 0.5, 0.25, 0.25]
    assert [record.counts for record in records] == [(2, 4), (2, 4), (1, 4), (1, 4)]
    assert all(record.passed and record.reason is None for record in records)
    assert all((r.low or 0) <= (r.value or 0) <= (r.high or 0) for r in records)


def test_drawn_lengths_do_not_count() -> None:
    drawn = [
        verdict_of("tang/a/prefix_lengths-3", "forgotten", case="prefix_lengths", prefix_length="3")
    ]
    (record,) = evaluate(
        [parse_gate("recall>=1", ())], report_of([verdict_of("tang/a/title"), *drawn]), ()
    )
    assert (record.passed, record.counts) == (True, (1, 1))


def test_problems_fail_every_gate() -> None:
    gates = [parse_gate(rule, ()) for rule in ("recall>=0.1", "forgotten<=0.9")]
    records = evaluate(gates, outcomes(a="correct"), (), ["worker gw0 died"])
    assert [(record.passed, record.reason) for record in records] == [
        (False, "worker gw0 died")
    ] * 2


def written(tmp_path: Path, found: Report, small: bool) -> str:
    (tmp_path / "base.json").write_bytes(encode_small(found) if small else encode(found))
    return "base.json"


@pytest.mark.parametrize("small", [True, False])
def test_comparison(tmp_path: Path, small: bool) -> None:
    then = outcomes(a="correct", b="correct", c="forgotten", d="incorrect", old="correct")
    baseline = read_baseline(written(tmp_path, then, small), tmp_path)
    now = outcomes(a="correct", b="incorrect", c="correct", d="forgotten", new="correct")
    found = compare(baseline, now.models[0].name, now.verdicts)
    assert {probe: [*may] for probe, may in found.states.items()} == {
        "tang/a/title": ["retained"],
        "tang/b/title": ["lost"],
        "tang/c/title": ["gained"],
        "tang/d/title": ["still missing"],
    }
    assert (found.record.new, found.record.not_asked) == (1, 1)
    (loss,) = found.losses
    assert loss.verdict.probe == "tang/b/title"
    assert loss.then == (loss.verdict.suffix if small else then.verdicts[1].completion)
    record = found.record
    assert (record.lost, record.gained) == (("tang/b/title",), ("tang/c/title",))
    assert (record.retained, record.still_missing, record.p) == (1, 1, 1.0)


def test_a_small_baseline_is_fit_for_committing(tmp_path: Path) -> None:
    found = outcomes(b="correct", a="forgotten")
    lines = encode_small(found).decode().splitlines()
    assert (
        lines == encode_small(msgspec.structs.replace(found, created="later")).decode().splitlines()
    )
    assert sum('"probe"' in line for line in lines) == 2
    assert [line for line in lines if "tang/a" in line] < [
        line for line in lines if "tang/b" in line
    ]
    assert found.verdicts[0].completion not in "\n".join(lines)
    assert json.loads("\n".join(lines))["verdicts"][0].keys() == {"probe", "outcome", "question"}


def poem(*lines: str) -> Poem:
    return Poem(id="a", title="T", author="A", language="en", lines=lines)


def of(poem: Poem) -> tuple[Collection, Verdict]:
    probe = title_probe("tang", poem)
    return Collection("tang", (poem,)), verdict_of(probe.name, cue=probe.cue, suffix=probe.suffix)


@pytest.mark.parametrize(
    ("then", "now", "reason"),
    [
        (poem("x y"), poem("x z"), "other poems: collection tang has changed"),
        (poem("x y"), poem("x y"), None),
    ],
)
def test_what_is_refused(tmp_path: Path, then: Poem, now: Poem, reason: str | None) -> None:
    before, asked = of(then)
    hashed = (CollectionRecord("tang", "en", 1, before.sha256, {}),)
    found = msgspec.structs.replace(report_of([asked]), collections=hashed)
    file = written(tmp_path, found, small=True)
    baseline, (collection, _) = read_baseline(file, tmp_path), of(now)
    probes = [title_probe("tang", now)]
    if reason is None:
        check(baseline, ["embedded"], [collection], probes)
        with pytest.raises(MismatchError, match="other cues"):
            check(baseline, ["embedded"], [collection], [title_probe("tang", now, "{author}")])
        with pytest.raises(MismatchError, match="other poems: tang, where this run asks for other"):
            check(baseline, ["embedded"], [Collection("other", collection.poems)], [])
    else:
        with pytest.raises(MismatchError, match=reason):
            check(baseline, ["embedded"], [collection], probes)


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 10_000,
        b"",
        b"[]",
        b"{}",
        b"null",
        b'"x"',
        b"\xff",
        b'{"schema": 1}',
        b'{"schema": 2}',
    ],
)
def test_files_that_are_no_baselines(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "base.json").write_bytes(content)
    with pytest.raises(ReportError, match=r"base\.json") as error:
        read_baseline("base.json", tmp_path)
    assert "\n" not in str(error.value)


def test_questions_differ_by_cue_and_suffix() -> None:
    assert len({question_of("a", "bc"), question_of("ab", "c"), question_of("abc", "")}) == 3


def test_cases_that_were_not_run_are_a_problem() -> None:
    """The message counts their probes; a probe that several cases ask counts once."""
    drawn = ("A tang/x/prefix_lengths", 4)
    one = ("A tang/x/title", 1)
    cases = {"longer": (drawn,), "shortest": (drawn,), "title": (one,), "own": ()}
    faults = Faults(cases)
    assert list(faults.problems()) == [
        "interrupted: 5 of 5 probes missing; go on with --resume",
    ]
    faults.take(case_report("shortest"))
    faults.died("gw1")
    assert list(faults.problems()) == [
        "interrupted: 1 of 5 probes missing; go on with --resume",
        "worker gw1 died",
    ]
    faults.take(case_report("title"))
    left = "interrupted: 2 cases not run; go on with --resume"
    assert list(Faults(cases, _run={"shortest", "title"}).problems()) == [left]
    for case in ("longer", "own"):
        faults.take(case_report(case))
    assert list(faults.problems()) == ["worker gw1 died"]


def test_what_broke_a_run_off() -> None:
    assert list(Faults().problems()) == []
    assert list(Faults().problems(interrupted=True)) == ["interrupted before anything was asked"]
    cases = {name: ((f"A tang/{name}/title", 1),) for name in "abc"}
    faults = Faults(cases, most_failures=1)
    assert list(faults.problems(interrupted=True)) == [
        "interrupted: 3 of 3 probes missing; go on with --resume"
    ]
    faults.take(case_report("a", failed=True))
    assert list(faults.problems()) == [
        "interrupted after 1 failed case (-x): 2 of 3 probes missing; go on with --resume, "
        "without -x"
    ]
    faults.most_failures = 2
    faults.take(case_report("b", failed=True))
    (said,) = faults.problems()
    assert said.startswith("interrupted after 2 failed cases (--maxfail=2): 1 of 3 probes missing;")
    faults.take(case_report("c"))
    assert list(faults.problems()) == []
    assert list(faults.problems(interrupted=True)) == ["interrupted, with no probe missing"]
    faults.unusable = "--model A: its weights are torn"
    assert list(faults.problems(interrupted=True)) == ["--model A: its weights are torn"]


def case_report(nodeid: str, failed: bool = False) -> pytest.TestReport:
    """The test report of a case that was run, and judged."""
    return pytest.TestReport(
        nodeid=nodeid,
        location=("", None, nodeid),
        keywords={},
        outcome="failed" if failed else "passed",
        longrepr=None,
        when="call",
        user_properties=[("status", "forgotten" if failed else "correct")],
    )
