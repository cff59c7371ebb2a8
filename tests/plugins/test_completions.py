"""Misses that are only read: a reading says of them only what a completion confirms."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.probes.probes import Probe, own_probe
from memtests.plugins.chance import chance, chance_bands
from memtests.plugins.completeness import leaves_at
from memtests.plugins.completions import ALWAYS, FEW_PROBES, NEVER, Misses, few, misses_of
from memtests.plugins.reciter import Completion, Reciter
from memtests.plugins.verdicts import NOT_RECITED, Verdict, verdict
from memtests.reports.counting.tallies import tallies
from memtests.reports.gating.baselines import baseline_of
from memtests.reports.gating.certifying import why_none
from memtests.reports.gating.comparing import compare
from memtests.reports.gating.gates import evaluate, parse_gate
from memtests.reports.report import GateRecord, Report
from tests.support.reciting import CANON, some_probes
from tests.support.reported import report_of, verdict_of
from tests.support.running import STAND_IN, few_poems, outcomes, report, run_suite

pytest_plugins = ["pytester"]


@pytest.fixture(scope="module")
def embedded() -> Checkpoint:
    return load("embedded", Loading(device="cpu"))


def judged(model: Checkpoint, probes: Sequence[Probe], misses: Misses) -> list[Verdict]:
    bands = {name: chance_bands(collection) for name, collection in CANON.items()}
    found = []
    for probe, each in zip(probes, Reciter(model, misses=misses).recite(probes), strict=True):
        assert isinstance(each, Completion)
        found.append(verdict("m", probe, each, chance(bands[probe.collection], probe.suffix)))
    return found


def test_a_reading_says_what_a_completion_does(embedded: Checkpoint) -> None:
    probes = some_probes(3)[::3]
    every = judged(embedded, probes, Misses())
    alone = judged(embedded, probes, Misses("none"))
    some = judged(embedded, probes, misses_of("few", probes))
    assert {v.outcome for v in alone} == {"correct", NOT_RECITED}
    for full, read, part in zip(every, alone, some, strict=True):
        assert read.log_p == pytest.approx(full.log_p, abs=0.02)
        if read.correct:
            assert (full.correct, full.verbatim, read.completion) == (True, True, full.completion)
        elif read.divergence is not None:
            assert (full.correct, full.divergence) == (False, read.divergence)
        assert (part.completion, part.kind) == (full.completion, full.kind) or not part.recited
        assert part.correct == full.correct, "few of them decide every probe"
    assert any(not v.recited for v in some)


@pytest.mark.parametrize(
    ("begun", "rest", "over", "at"),
    [
        ("the sun", "the moon is up", False, 1),
        ("the mo", "the moon is up", False, None),
        ("the mo", "the moon is up", True, 1),
        ("the,", "the moon is up", False, None),
        ("the moon was", "the moon is up", False, 2),
        ("Cafe", "café noir", False, None),
        ("the moon is up!", "the moon is up", True, None),
        ("床前看", "床前明月光", False, 2),
        ("床前，", "床前明月光", False, None),
        ("", "the moon", True, 0),
    ],
)
def test_where_the_beginning_of_a_completion_leaves_the_text(
    begun: str, rest: str, over: bool, at: int | None
) -> None:
    assert leaves_at(begun, own_probe("x", rest, None), over) == at


def test_few_are_the_same_whatever_their_order() -> None:
    probes = some_probes(4)
    chosen = few(probes)
    assert chosen == few(probes[::-1])
    groups = {(p.collection, p.case): 0 for p in probes}
    for probe in probes:
        groups[probe.collection, probe.case] += probe.name in chosen
    every = {key: sum((p.collection, p.case) == key for p in probes) for key in groups}
    assert groups == {key: min(FEW_PROBES, count) for key, count in every.items()}


def test_own_questions_are_recited() -> None:
    poem = Poem(id="p", title="T", author="A", language="en", lines=("x y", "z"))
    assert Misses("none").wanted(own_probe("x", "y", None)) == ALWAYS
    assert Misses("none").wanted(Probe("c", poem, "title", "T\n\nx y\nz", 1, 10)) == NEVER


def read(poem: str, divergence: int | None) -> Verdict:
    found = verdict_of(f"tang/{poem}/title", "forgotten", kind=None, divergence=divergence)
    return msgspec.structs.replace(found, outcome=NOT_RECITED, similarity=None, completion="")


def gated(found: Report, rule: str, then: Report | None = None) -> GateRecord:
    comparisons = []
    if then:
        comparisons = [compare(baseline_of("then", then), "m", found.verdicts)]
    (record,) = evaluate([parse_gate(rule, [])], found, comparisons)
    return record


KNOWN = [verdict_of(f"tang/{poem}/title") for poem in "abcdefgh"]


@pytest.mark.parametrize(
    ("rule", "passed", "reason"),
    [
        ("recall>=0.8", True, None),
        ("recall>=0.85", False, "not decided: 1 probe more may count"),
        ("recall>=0.95", False, "breached"),
        ("recall<=0.9", True, None),
        ("recall<=0.8", False, "not decided: 1 probe more"),
        ("near<=0.85", False, "not decided: 2 probes more"),
        ("longest<=20", False, "what 2 probes say is not known"),
        ("discoverable(10)>=0.5", True, None),
    ],
)
def test_gates_allow_for_undecided_probes(rule: str, passed: bool, reason: str | None) -> None:
    record = gated(report_of([*KNOWN, read("y", 1), read("z", None)]), rule)
    assert record.passed is passed
    assert (record.reason or "").startswith(reason or "")
    assert bool(record.reason) is not passed


def test_reading_alone_is_no_proof_that_nothing_near_is_said() -> None:
    found = report_of([read("y", 1), read("z", 1)])
    record = gated(found, "recall<=0")
    assert record.passed
    assert "2 probes of 2 were read and not recited" in (record.doubt or "")
    record = gated(found, "discoverable(10)<=1%")
    assert (record.passed, record.doubt) == (False, None), "its verdicts say that it is probable"
    undoubted = msgspec.structs.replace(found, gates=(GateRecord("recall<=0", 0.0, True, "m"),))
    assert "2 probes were read and not recited" in (why_none(undoubted) or "")


def test_undecided_probes_are_neither_lost_nor_retained() -> None:
    then = report_of(KNOWN)
    now = report_of([*KNOWN[:6], read("g", 1), read("h", None)])
    found = compare(baseline_of("then", then), "m", now.verdicts).record
    assert (found.retained, found.lost, found.undecided) == (6, ("tang/g/title",), 1)
    assert gated(now, "lost<=0", then).reason == "breached"
    assert (gated(now, "lost<=20%", then).reason or "").startswith("not decided")
    assert gated(now, "lost<=25%", then).passed
    (tally,) = tallies(now.verdicts)
    assert (tally.judged, tally.not_recited, tally.undecided) == (8, 2, 1)


FEW = ("--measure", "--controls", "none", *few_poems(), *STAND_IN, "-k", "prefix or next_line")


def test_resumed_with_more_completions(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "jing-ye-si,deng-guan-que-lou")
    assert run_suite(pytester, *FEW, "--completions", "none").ret == 0
    alone = outcomes(report(pytester))
    assert {*alone.values()} == {"correct", NOT_RECITED}
    assert run_suite(pytester, *FEW, "--resume").ret == 0
    assert {*outcomes(report(pytester)).values()} <= {"correct", "incorrect", "forgotten"}
    page = (pytester.path / "report" / "report.html").read_text()
    assert 'class="not-recited"' not in page


@pytest.mark.slow
def test_the_same_few_in_several_processes(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "*")
    monkeypatch.setenv("MEMTESTS_FIRST", "魑")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    assert run_suite(pytester, *FEW, "--completions", "few").ret == 0
    alone = outcomes(report(pytester))
    assert NOT_RECITED in alone.values()
    assert run_suite(pytester, *FEW, "--completions", "few", "-n", "2").ret == 0
    assert outcomes(report(pytester)) == alone


@pytest.mark.parametrize("measure", ["near", "forgotten", "incorrect", "longest"])
def test_gates_that_need_completions_are_refused(pytester: pytest.Pytester, measure: str) -> None:
    asked = [option for option in FEW if option != "--measure"]
    found = run_suite(pytester, *asked, "--completions", "none", "--gate", f"{measure}<=0.5")
    assert found.ret == 4
    found.stderr.fnmatch_lines([f"*--gate '{measure}<=0.5' needs every completion; leave *"])
