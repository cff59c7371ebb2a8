"""The last line of a run: its numbers are the table's."""

import re

import msgspec
import pytest

from memtests.plugins.scheduling import Asked
from memtests.reports.gating.gates import evaluate, parse_gate
from memtests.reports.report import Report
from memtests.reports.text.last_line import last_line, others_of
from tests.support.reported import forgets, knows, reported, slips
from tests.support.running import few_poems, report, run_suite

pytest_plugins = ["pytester"]


class Said(msgspec.Struct):
    nodeid: str


def of(word: str, *nodeids: str) -> dict[str, list[Said]]:
    return {word: [Said(nodeid) for nodeid in nodeids]}


def test_controls_and_drawn_lengths_are_told_apart() -> None:
    one = reported({"m": slips})
    counts = one.verdicts
    drawn = msgspec.structs.replace(counts[0], case="prefix_lengths", probe="drawn")
    control = msgspec.structs.replace(counts[1], case="control", probe="control")
    more: Report = msgspec.structs.replace(one, verdicts=(*counts, drawn, control))
    assert last_line(one, ("", ""), {}) == (
        "5 of 18 correct, 13 incorrect, 0 forgotten; besides 6 drawn lengths; no gates"
    )
    assert last_line(more, ("", ""), {"passed": 3}) == (
        "5 of 18 correct, 13 incorrect, 0 forgotten; besides 1 control, 7 drawn lengths; "
        "other tests: 3 passed; no gates"
    )


def test_several_models_in_their_order() -> None:
    several = reported({"z": knows, "a": forgets}, unjudged=[("z", "tang/x/title", "too long")])
    assert last_line(several, ("", "good"), {}) == (
        "z: 18 of 18 correct, a: 0 of 18 correct, 1 unjudged; besides 12 drawn lengths; passed"
    )


@pytest.mark.parametrize(
    ("gates", "first", "mark", "said"),
    [
        ([], "", "", "no gates"),
        ([], "", "good", "passed"),
        ([], "", "bad", "NOT PASSED"),
        ([], "worker gw0 died", "bad", "NOT PASSED"),
        ([], "interrupted: 3 of 21 probes missing", "bad", "interrupted"),
        (["recall>=0.1"], "interrupted: 3 of 21", "bad", "interrupted, NOT PASSED"),
        (["recall>=0.9"], "", "bad", "NOT PASSED"),
        (["recall>=0.1", "near>=0.1"], "", "good", "2 gates passed"),
        (["recall<=0.9"], "", "", "1 gate passed, but no proof"),
        (
            ["verbatim>=0.1", "tang:incorrect<=0.9", "longest<=99", "tang:longest<=99"],
            "",
            "good",
            "4 gates passed",
        ),
    ],
)
def test_the_decision_comes_last(gates: list[str], first: str, mark: str, said: str) -> None:
    report = reported({"m": slips})
    rules = [parse_gate(rule, ["tang", "nursery"]) for rule in gates]
    whole = msgspec.structs.replace(report, gates=evaluate(rules, report, ()))
    assert last_line(whole, (first, mark), {}).rpartition("; ")[2] == said


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        (True, "interrupted, all that was judged is counted"),
        (False, "interrupted, more is on disk, for --resume"),
    ],
)
def test_whether_ctrl_c_left_anything_out(whole: bool, said: str) -> None:
    line = last_line(reported({"m": slips}), ("interrupted: 3 of 21", "bad"), {}, whole=whole)
    assert line.endswith(f"; {said}")


def test_others() -> None:
    cases = {"title": Asked("m", ("tang", "x")), "test_self_check[x]": Asked("m", ("tang", "x"))}
    stats = {
        **of("passed", "title", "mine", "test_self_check[x]"),
        **of("failed", "title"),
        **of("", "title"),
        **of("forgotten", "title"),
        **of("warnings", "mine"),
    }
    assert others_of(stats, cases) == {"passed": 1, "self-checks passed": 1, "failed": 1}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_the_last_line_has_the_numbers_of_the_table(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    result = run_suite(pytester, *few_poems(), "--measure", *workers)
    row = next(line.split() for line in result.outlines if line.startswith("all   "))
    counts = dict(zip(("probes", "correct", "incorrect", "forgotten"), row[2:6], strict=True))
    cases = [v["case"] for v in report(pytester)["verdicts"]]
    line = next(line for line in reversed(result.outlines) if line.strip())
    assert re.match(
        f"=* {counts['correct']} of {counts['probes']} correct, {counts['incorrect']} incorrect, "
        rf"{counts['forgotten']} forgotten; besides {cases.count('control')} controls, "
        rf"{cases.count('prefix_lengths')} drawn lengths; .* in [\d.]+s =*$",
        line,
    ), line
