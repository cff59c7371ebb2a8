"""The way a model was computed goes into the report, even if it changes during the run."""

from pathlib import Path

import msgspec

from memtests.plugins.gathering import Gathered, properties_of
from memtests.plugins.recital import Recital
from memtests.reports.counting.tallies import build
from memtests.reports.gating.conclusion import Conclusion
from memtests.reports.page.page import render_page
from memtests.reports.report import ModelRecord
from memtests.reports.text.terminal import sections
from tests.support.reported import knows, reported
from tests.support.standin import StandIn


def test_a_changed_way_is_told_once_with_its_errors() -> None:
    model = StandIn("stand-in", {})
    recital = Recital(model, [], lambda _: {})
    gathered = Gathered()

    def told() -> list[str]:
        properties = properties_of(recital)
        errors = gathered.take(properties).errors
        return [name for name, _ in properties] + [each.traceback for each in errors]

    assert told() == ["model"]
    assert gathered.way("stand-in") == {}
    model.way = "slots"
    assert told() == ["way"]
    assert told() == []
    model.way, model.errors = "padded (slots: KeyError: 'cache')", ["Traceback …"]
    assert told() == ["way", "error", "Traceback …"]
    assert gathered.way("stand-in") == {"way": "padded (slots: KeyError: 'cache')"}
    model.way = "alone (slots: KeyError: 'cache'; padded: other logits)"
    assert told() == ["way"], "an error is told once"
    assert gathered.mixed == set()


def test_the_ways_of_all_processes_are_in_the_report() -> None:
    gathered = Gathered()
    record = ModelRecord("m", 5, "float32", "cpu", None, {}, {})
    gathered.take([("model", msgspec.to_builtins(record))])
    for process, way in ((1, "reading"), (2, "slots"), (3, "slots"), (1, "padded (slots: x)")):
        gathered.take([("way", {"model": "m", "process": process, "way": way})])
    (model,) = build(gathered, [], "").models
    assert model.way == "padded (slots: x) | slots"


def test_a_slow_way_is_told_on_the_terminal_and_the_page() -> None:
    report = reported({"quick": knows, "slow": knows})
    quick, slow = report.models
    models = (
        msgspec.structs.replace(quick, way="slots"),
        msgspec.structs.replace(slow, way="alone (slots: x\nless)"),
    )
    told = msgspec.structs.replace(report, models=models)
    found = sections(Conclusion(told, (), 0, False, None), False, Path("a"), Path("b"))
    lines = [line for _, lines in found for line in lines]
    assert [line for line in lines if line.startswith("way ")] == [
        "way alone (slots: x / less): slow"
    ]
    assert "<dt>way of computing</dt><dd>slots</dd>" in render_page(told, [])


def test_a_version_that_one_worker_does_not_know_makes_no_other_state() -> None:
    """A server may not tell every worker its version. The model is the same for all of them."""
    known = ModelRecord("m", 0, "float32", "server", None, {"openai": "1", "vllm": "2"}, {})
    untold = msgspec.structs.replace(known, versions={"openai": "1"})
    for records in ([known, untold], [untold, known]):
        gathered = Gathered()
        for record in records:
            gathered.take([("model", msgspec.to_builtins(record))])
        assert gathered.mixed == set()
        (model,) = build(gathered, [], "").models
        assert model.versions == {"openai": "1", "vllm": "2"}


def test_other_states() -> None:
    known = ModelRecord("m", 0, "float32", "server", None, {"openai": "1", "vllm": "2"}, {})
    for other in (
        msgspec.structs.replace(known, versions={"openai": "1", "vllm": "3"}),
        msgspec.structs.replace(known, set_aside={"penalty": "unknown"}),
        msgspec.structs.replace(known, weights_sha256="a"),
    ):
        gathered = Gathered()
        gathered.take([("model", msgspec.to_builtins(known))])
        gathered.take([("model", msgspec.to_builtins(other))])
        assert gathered.mixed == {"m"}
