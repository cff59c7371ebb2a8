"""Measures of gates besides outcomes: those that an auditor needs."""

import math
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.plugins.chance import Chance
from memtests.plugins.verdicts import IMPOSSIBLE, Passage, Verdict, judge
from memtests.reports.counting.tallies import queries
from memtests.reports.gating.conclusion import Conclusion
from memtests.reports.gating.gates import GateError, evaluate, parse_gate
from memtests.reports.gating.measures import LONG_IN_CHARACTERS, LONG_IN_WORDS, SHARES
from memtests.reports.page.page import render_page
from memtests.reports.report import GateRecord, Report
from memtests.reports.text.headline import headline
from memtests.reports.text.junit import gate_reports
from memtests.reports.text.markdown import render_summary
from memtests.reports.text.terminal import render_gates
from tests.support.reported import report_of, verdict_of

POEM = (
    "One for sorrow, two for mirth, three for a wedding, "
    "four for birth, five for rich, six for poor"
)


def evaluated(rule: str, *verdicts: Verdict) -> GateRecord:
    (record,) = evaluate([parse_gate(rule, ["tang"])], report_of(list(verdicts)), ())
    return record


def said(completion: str, suffix: str = POEM, **fields: object) -> Verdict:
    """The verdict on a completion, judged as the suite judges it."""
    judgement = judge(completion, suffix, "en", Chance(0.5, 4))
    return verdict_of(completion=completion, suffix=suffix, **judgement._asdict() | fields)


def chances(*pairs: tuple[float | None, float | None]) -> list[Verdict]:
    """A forgotten probe, each of another poem, for each pair of probabilities: among all tokens and
    among the 40 most probable ones.
    """

    def log(p: float | None) -> float | None:
        return None if p is None else math.log(p) if p else IMPOSSIBLE

    return [
        verdict_of(f"tang/p{at}/title", "forgotten", log_p=log(p), log_p_40=log(p_40))
        for at, (p, p_40) in enumerate(pairs)
    ]


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        ("discoverable(1000)<=0", ("discoverable", 1000, Fraction(1, 2), None, 0)),
        ("discoverable(1000, 0.9)<=1%", ("discoverable", 1000, Fraction(9, 10), None, 0.01)),
        ("tang:discoverable(10,90%):high<=1%", ("discoverable", 10, Fraction(9, 10), "high", 0.01)),
        ("expected(100)<=2.5", ("expected", 100, Fraction(1, 2), None, 2.5)),
        ("longest<=20", ("longest", 0, Fraction(1, 2), None, 20)),
        ("recall:low>=0.9", ("recall", 0, Fraction(1, 2), "low", 0.9)),
        ("tang : near : high <= 0.1", ("near", 0, Fraction(1, 2), "high", 0.1)),
    ],
)
def test_rules(rule: str, parts: tuple[object, ...]) -> None:
    gate = parse_gate(rule, ["tang", "tang "])
    assert (gate.measure, gate.samples, gate.seen, gate.end) == parts[:4]
    assert float(gate.bound) == parts[4]
    assert (gate.collection or "tang").strip() == "tang"


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (
            "discoverable<=0",
            r"how many samples, as in discoverable\(1000\) or discoverable\(1000, ",
        ),
        ("discoverable()<=0", r"how many samples"),
        ("discoverable(0)<=0", r"how many samples"),
        ("discoverable(many)<=0", r"how many samples"),
        ("discoverable(10, 1)<=0", r"how many samples"),
        ("expected<=1", r"how many samples, as in expected\(1000\)$"),
        ("expected(10, 0.5)<=1", r"how many samples, as in expected\(1000\)$"),
        ("recall(3)<=0", r"recall takes nothing in brackets"),
        ("expected(10):low<=1", r"expected is a number without an interval; leave out :low"),
        ("longest:high<=20", r"longest is a number without an interval; leave out :high"),
        ("longest<=20%", r"longest is no share; write longest<=20$"),
        ("longest<=long", r"'long' is not a number; write a number like 20"),
        ("longest>=0", r"met by any model"),
        ("recall:low>=1", r"met by no model"),
        ("near:high<=0", r"met by no model"),
        ("recall:lo>=0.9", r"no end 'lo'; write :low or :high"),
        ("discoverable(5):hihg<=0.9", r"no end 'hihg'; write :low or :high"),
        ("discoverabel(10)<=0", r"no measure 'discoverabel'; did you mean 'discoverable'\?"),
        ("recall:low>=90", r"for percent write recall:low>=90%"),
    ],
)
def test_what_is_refused(rule: str, reason: str) -> None:
    with pytest.raises(GateError, match=reason) as error:
        parse_gate(rule, ["tang"])
    assert "\n" not in str(error.value)


@given(st.sampled_from(SHARES), st.sampled_from(["low", "high"]))
def test_every_share_has_an_interval_to_ask_for(measure: str, end: str) -> None:
    named = f"{measure}(10)" if measure == "discoverable" else measure
    assert parse_gate(f"{named}:{end}>=0.5", ()).end == end


def test_the_ends_of_the_interval() -> None:
    """With them a gate can ask for proof: 20 poems that are all known do not prove 90 %."""
    known = [verdict_of(f"tang/p{n}/title") for n in range(20)]
    assert evaluated("recall>=0.9", *known).passed
    record = evaluated("recall:low>=0.9", *known)
    assert (record.passed, record.value, record.reason) == (False, 1.0, "breached")
    assert evaluated("recall:low>=0.8", *known).passed
    assert evaluated("forgotten:high<=20%", *known).passed
    assert not evaluated("forgotten:high<=10%", *known).passed


def test_recited_with_a_probability_of_one_tenth() -> None:
    """Greedy decoding never says it, but 7 samples find it."""
    verdicts = chances((0.1, None), (1e-9, None))
    assert evaluated("recall<=0", *verdicts).passed
    record = evaluated("discoverable(100)<=0", *verdicts)
    assert (record.passed, record.counts, record.reason) == (False, (1, 2), "breached")
    assert evaluated("discoverable(6)<=0", *verdicts).passed
    assert not evaluated("discoverable(7)<=0", *verdicts).passed
    assert evaluated("discoverable(21, 0.9)<=0", *verdicts).passed
    assert not evaluated("discoverable(22, 90%)<=0", *verdicts).passed


def test_the_likelier_way_of_sampling_counts() -> None:
    assert not evaluated("discoverable(7)<=0", *chances((1e-9, 0.1))).passed
    assert not evaluated("discoverable(7)<=0", *chances((0.1, 0))).passed
    assert evaluated("expected(10)<=2", *chances((0.1, 0.2), (0.05, None))).value == pytest.approx(
        2.5
    )


@given(st.floats(-200, -1e-6), st.integers(1, 10**6), st.floats(0.01, 0.99))
def test_discoverable_is_its_definition(log_p: float, samples: int, seen: float) -> None:
    probability = -math.expm1(samples * math.log1p(-math.exp(log_p)))
    needed = queries(log_p, seen)
    if abs(probability - seen) > 1e-9:
        assert (needed is not None and needed <= samples) == (probability >= seen)


def test_no_gate_passes_on_an_unknown_probability() -> None:
    verdicts = chances((1e-9, None), (None, None), (None, 0.1))
    for rule in ("discoverable(100)<=0", "discoverable(100)>=0.1", "expected(5)<=9"):
        record = evaluated(rule, *verdicts)
        assert not record.passed
        assert "the probability of 2 probes is not known" in (record.reason or "")


def test_the_longest_passage() -> None:
    verdicts = [
        verdict_of("tang/a/title", "forgotten", passage=Passage(12, 5, 0)),
        verdict_of("tang/b/title", "forgotten"),
    ]
    record = evaluated("longest<=11", *verdicts)
    assert (record.passed, record.value, record.low, record.counts) == (False, 12, None, None)
    assert evaluated("longest<=12", *verdicts).passed
    assert evaluated("longest<=0", verdicts[1]).passed
    line = render_gates(gated("longest<=11", *verdicts))[1]
    assert line.split() == ["longest<=11", "12", "-", "-", "NOT", "PASSED:", "breached"]


def gated(rule: str, *verdicts: Verdict) -> Report:
    report = report_of(list(verdicts))
    return msgspec.structs.replace(report, gates=evaluate([parse_gate(rule, ())], report, ()))


def shown(report: Report) -> list[str]:
    """The terminal, the summary and the page."""
    conclusion = Conclusion(report, (), 0, False, None)
    return ["\n".join(render_gates(report)), render_summary(conclusion), render_page(report)]


def test_all_but_the_last_word_is_no_proof() -> None:
    """The last word in the poem file is wrong, so every recitation of the true poem is a miss."""
    first = said(POEM, POEM.replace("poor", "pier"), probe="tang/a/title", poem="a")
    second = said(POEM + " man", POEM + " men", probe="tang/b/title", poem="b")
    assert {v.outcome for v in (first, second)} == {"incorrect"}
    report = gated("recall<=0", first, second)
    (record,) = report.gates
    assert record.passed
    assert record.doubt == (
        "no proof: 2 of 2 completions are nearly the poem or hold a long passage of it; "
        f"the worst is tang/b/title (similarity {second.similarity:.3f}, a passage of 19 words)"
    )
    line = "passed: 1 gate: recall<=0 (0.0 %, 0 of 2), but that is no proof"
    assert headline(report) == (line, "")
    for text in shown(report):
        assert "passed, but see below" in text
        assert "2 of 2 completions are nearly the poem" in text
    properties = gate_reports(report.gates)[0].user_properties
    assert ("doubt", record.doubt) in properties
    assert not evaluated("near<=0", first, second).passed
    assert evaluated("near>=1", first, second).doubt is None, (
        "only a gate that must not be exceeded"
    )


def test_a_passage_out_of_place_is_no_proof() -> None:
    """The model leaves out the first line, says three lines word for word, and then loops."""
    lines = [" ".join(f"{word}{line}" for word in "abcdefgh") for line in range(12)]
    verdict = said(", ".join(lines[1:4] * 4), ", ".join(lines))
    assert verdict.passage == Passage(24, 8, 0)
    assert verdict.kind == "severe"
    report = gated("recall<=0", verdict)
    assert report.gates[0].passed
    for text in shown(report):
        assert "1 of 1 completion is nearly the poem or holds a long passage of it" in text
        assert "a passage of 24 words" in text
    assert evaluated("near<=0", verdict).doubt, "nor is that one alone"
    assert not evaluated("longest<=20", verdict).passed


def test_how_long_a_passage_is_long() -> None:
    def doubt(length: int, suffix: str) -> str | None:
        verdict = verdict_of(outcome="forgotten", passage=Passage(length, 0, 0), suffix=suffix)
        return evaluated("recall<=0", verdict).doubt

    assert doubt(LONG_IN_WORDS, "in words")
    assert not doubt(LONG_IN_WORDS - 1, "in words")
    assert doubt(LONG_IN_CHARACTERS, "床前明月光")
    assert not doubt(LONG_IN_CHARACTERS - 1, "床前明月光")


def test_a_gate_passes_if_the_text_is_forgotten() -> None:
    report = gated("recall<=0", verdict_of(outcome="forgotten"), copies("correct"))
    assert headline(report) == ("passed: 1 gate: recall<=0 (0.0 %, 0 of 1)", "good")
    assert "no proof" not in "".join(shown(report))


def copies(outcome: str, model: str = "m", **fields: object) -> Verdict:
    return verdict_of("tang/a/control-copying", outcome, model=model, **fields)


CANNOT = (
    "no proof: of 1 poem that stood whole in its cue the model said none (control copying), so it "
    "is not known to have forgotten anything"
)


@pytest.mark.parametrize(
    "rule",
    ["recall<=0", "verbatim<=1%", "near<=0", "discoverable(9)<=0", "expected(9)<=9", "longest<=5"],
)
def test_a_model_that_cannot_copy_has_not_forgotten(rule: str) -> None:
    (verdict,) = chances((1e-30, 1e-30))
    verdict = msgspec.structs.replace(verdict, outcome="forgotten", similarity=0.1)
    report = gated(rule, verdict, copies("forgotten"))
    assert report.gates[0].passed
    assert report.gates[0].doubt == CANNOT
    for text in shown(report):
        assert "passed, but see below" in text
        assert "of 1 poem that stood whole in its cue the model said none" in text
    for ability in (copies("correct"), copies("incorrect", kind="minor")):
        assert gated(rule, verdict, ability).gates[0].doubt is None
        assert "whether the model can say" not in "".join(shown(gated(rule, verdict, ability)))


def test_models_that_say_some_words_need_no_copying() -> None:
    verdict, correct = verdict_of(outcome="forgotten"), verdict_of("tang/b/title")
    assert evaluated("forgotten>=1", verdict, copies("forgotten")).doubt is None
    doubt = evaluated("recall<=0.5", verdict, correct, copies("forgotten")).doubt or ""
    assert "control copying" not in doubt, "it has said one"
    assert evaluated("incorrect<=0", verdict, copies("forgotten")).doubt is None
    assert evaluated("recall<=0", correct, copies("forgotten")).doubt is None, "not passed"


def test_another_collection_copied_is_no_doubt() -> None:
    mine = verdict_of("mine/a/title", "forgotten")
    report = report_of([mine, copies("forgotten")])
    (record,) = evaluate([parse_gate("mine:recall<=0", ("mine", "tang"))], report, ())
    assert record.doubt is None
    (record,) = evaluate([parse_gate("recall<=0", ())], report, ())
    assert record.doubt == CANNOT


def test_a_note_if_copying_was_not_asked() -> None:
    """It is only a note and no doubt: the gate was passed on everything that was asked."""
    verdict = verdict_of(outcome="forgotten")
    report = gated("recall<=0", verdict)
    assert report.gates[0].doubt is None
    for text in shown(report):
        assert "<=0: it is not known whether the model" in text.replace("&lt;", "<")
        assert "--controls sample asks that" in text
    line = "passed: 1 gate: recall<=0 (0.0 %, 0 of 1), but it is not known whether the model can "
    assert headline(report) == (f"{line}say these words", "")
    assert headline(gated("recall<=0", verdict, copies("correct")))[1] == "good"
    elsewhere = verdict_of("mine/a/title", "forgotten")
    assert headline(gated("recall<=0", verdict, elsewhere, copies("correct")))[1] == "", (
        "of one collection it is known, of the other not"
    )
    drawn = verdict_of("tang/a/prefix_lengths", case="prefix_lengths")
    assert headline(gated("recall<=0", verdict, drawn))[1] == "good", "it has said one"
    long = msgspec.structs.replace(verdict, suffix="word " * 100)
    assert "with at most 300 characters" in "".join(shown(gated("recall<=0", long)))
    for rule in ("recall>=0.1", "forgotten>=0.1", "incorrect<=0.1"):
        assert "whether the model can say" not in "".join(shown(gated(rule, verdict)))
