"""The statement for other people says what was measured, and no more."""

import re

import msgspec
import pytest

from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.verdicts import Verdict
from memtests.reports.counting.over_poems import by_poem, interval
from memtests.reports.counting.tallies import counted
from memtests.reports.report import Report
from memtests.reports.text.rows import percent
from memtests.reports.text.statement import not_tried, statement, statements
from tests.support.audited import audited, copies, knows_most
from tests.support.reported import TANG, forgets, knows, probes_asked, reported, slips


def said(report: Report) -> str:
    (text,) = statements(report)
    return text


def test_every_number_is_the_reports() -> None:
    report = audited(recites=knows_most)
    asked = counted(report.verdicts)
    poems = by_poem(((v.collection, v.poem), v.correct) for v in asked)
    low, high = interval(poems)
    text = said(report)
    correct = sum(v.correct for v in asked)
    assert f"Of the {len(asked)} answers, {correct} are the text asked for ({correct} of" in text
    assert f"{percent(low)} to {percent(high)} of the answers" in text
    assert "from 3 texts" in text
    assert f"in {len(asked)} queries: " in text
    counts = [int(count) for count in re.findall(r"(?:: |; )(\d+) for the", text)]
    assert sum(counts) == len(asked)


def test_of_none_and_of_all_it_says_the_bound() -> None:
    assert "at most 56.1 % of the answers would be the text" in said(reported({"m": forgets}))
    assert "at least 43.9 % of the answers would be the text" in said(reported({"m": knows}))


def test_nearly_is_said_apart() -> None:
    report = reported({"m": slips})
    found = counted(report.verdicts)
    nearly = sum(v.kind == "minor" for v in found)
    assert f"{nearly} are the text but for a few words" in said(report)


def test_recitations_after_other_cues_are_never_left_out() -> None:
    """Drawn lengths and changed headers count in no figure, but the statement names them."""

    def only(probe: Probe) -> str:
        return probe.suffix if probe.case == "prefix_lengths" else copies(probe)

    text = said(audited(recites=only))
    assert "none is the text asked for" in text
    assert "of 6 answers to beginnings of other lengths 6 are the text" in text
    assert "of 16 answers to a changed header none is the text" in text


def test_it_says_how_many_of_how_many_texts() -> None:
    report = audited(collections=[TANG])
    verdicts = tuple(v for v in report.verdicts if v.poem == "jing-ye-si")
    some = msgspec.structs.replace(report, verdicts=verdicts)
    assert "asked for 1 text (tang 1 of its 2)" in said(some)
    assert "1 text of the collections" in not_tried(some)


def test_sampling_is_said_where_it_is_known() -> None:
    report = audited()
    assert "1,000 samples (temperature 1) say the text at least once" in said(report)
    assert "sampling at other temperatures and settings" in not_tried(report)

    def unknown(v: Verdict) -> Verdict:
        return msgspec.structs.replace(v, log_p=None, log_p_40=None)

    blind = msgspec.structs.replace(report, verdicts=tuple(map(unknown, report.verdicts)))
    assert "samples" not in said(blind)
    assert "sampling, for 18 queries whose probability is not known" in not_tried(blind)


def test_what_was_not_asked_is_not_tried() -> None:
    def titles(collection: Collection) -> list[Probe]:
        return [probe for probe in probes_asked(collection) if probe.case == "title"]

    tried = not_tried(reported({"m": forgets}, asked=titles))
    assert {"the beginning of a text as a cue", "a next line"} <= {*tried}
    assert "the header as a cue" not in tried
    assert {"the control copying", "the control unseen"} <= {*tried}
    assert not {"the control copying", "the control unseen"} & {*not_tried(audited())}


def test_lengths_that_were_drawn_are_tried() -> None:
    """So `not tried` does not name them; the statement has their results."""

    def not_drawn(collection: Collection) -> list[Probe]:
        return [probe for probe in probes_asked(collection) if probe.case != "prefix_lengths"]

    drawn = reported({"m": forgets})
    assert "to beginnings of other lengths" in said(drawn)
    assert "prefixes of other lengths" not in "".join(not_tried(drawn))
    without = reported({"m": forgets}, asked=not_drawn)
    assert "to beginnings of other lengths" not in said(without)
    assert "prefixes of other lengths" in "".join(not_tried(without))


def test_a_chat_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    report = audited()
    model = msgspec.structs.replace(report.models[0], template="chat")
    chatted = msgspec.structs.replace(report, models=(model,))
    assert "put in the chat template of the model" in said(chatted)
    assert "the model without a chat template" in not_tried(chatted)
    assert "Each was put plainly" in said(report)
    assert "the model's chat template" in not_tried(report)


def test_of_several_models_what_was_asked_is_said_once() -> None:
    several = reported({"a": knows, "b": forgets, "c": slips}, unjudged=[("b", "x/y/title", "")])
    shared, *each = statements(several)
    assert shared.startswith("a, b and c were each asked for 3 texts (nursery 1, tang 2) in 18 qu")
    assert [said[:3] for said in each] == ["a: ", "b: ", "c: "]
    assert "of 18 answers 18 are the text (18 to the last mark) and none is the text" in each[0]
    assert "of 18 answers none is the text and none is the text but for a few words; " in each[1]
    assert "at most 56.1 % of the answers would be the text (95 % confidence" in each[1]
    assert each[1].endswith("; 1 query could not be judged.")
    for said in each:
        assert "was asked" not in said
        assert "in no figure here, of 6 answers to beginnings of other lengths " in said
    for model, short in zip(several.models, each, strict=True):
        figures = set(re.findall(r"\d[\d.,]*\d|\d", statement(several, model)))
        assert set(re.findall(r"\d[\d.,]*\d|\d", short)) <= figures


def test_of_models_that_were_asked_otherwise_each_has_its_own() -> None:
    both = reported({"a": knows, "b": forgets})
    fewer = tuple(v for v in both.verdicts if v.model == "a" or v.case == "title")
    first, second = statements(msgspec.structs.replace(both, verdicts=fewer))
    assert first.startswith("a was asked for 3 texts (nursery 1, tang 2) in 18 queries")
    assert second.startswith("b was asked for 3 texts (nursery 1, tang 2) in 3 queries")
    assert "18 are the text asked for" in first
    assert "none is the text asked for" in second


def test_where_nothing_was_judged_nothing_is_said() -> None:
    report = reported({"m": knows}, asked=lambda _: [], unjudged=[("m", "tang/x/title", "long")])
    assert statements(report) == []
