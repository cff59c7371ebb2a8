"""Recall and each poem's course over the steps of a training."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.probes.probes import Probe, probes_of
from memtests.reports.counting.over_poems import mean_over_poems
from memtests.reports.counting.trends import (
    Course,
    Look,
    Named,
    StepError,
    courses,
    levels,
    looks_of,
    stops,
    trend_of,
)
from memtests.reports.joining import joined
from memtests.reports.report import Report
from memtests.reports.text.trend_rows import said_signs, said_trend, sign_of
from tests.support.reported import forgets, knows, reported, slips
from tests.support.windowed import windowed


def only_chinese(probe: Probe) -> str:
    return probe.suffix if probe.poem.language == "zh" else "la " * 40


def titles(collection: Collection) -> list[Probe]:
    return probes_of(collection, "title", (), "{title}")


MODELS = {
    "base": forgets,
    "a/checkpoint-20": slips,
    "a/checkpoint-100": knows,
    "b/checkpoint-9": only_chinese,
    "b/checkpoint-10": knows,
}


def learned() -> Report:
    return reported(MODELS, asked=titles)


def by_poem(found: Report) -> dict[str, Course]:
    return {course.poem: course for course in trend_of(found).courses}


def test_a_poem_comes_and_goes() -> None:
    found = by_poem(learned())
    assert found["jing-ye-si"][3:] == (100, None, None)
    assert found["twinkle"][3:] == (100, 109, 110)
    cells = found["twinkle"].cells
    assert [cell is not None and cell.recited for cell in cells] == [
        False,
        False,
        True,
        False,
        True,
    ]
    assert [cell is not None and cell.partly for cell in cells] == [False, True, True, False, True]


def test_a_poem_that_is_never_recited() -> None:
    found = by_poem(reported({"a/checkpoint-1": forgets, "a/checkpoint-2": slips}, asked=titles))
    assert found["twinkle"][3:] == (None, None, None)


def test_a_title_decides_where_titles_were_asked() -> None:
    """If no title was asked, every probe decides."""

    def begins(probe: Probe) -> str:
        return "" if probe.case == "title" else probe.suffix

    asked = reported({"a/checkpoint-1": begins})
    assert {course.first for course in trend_of(asked).courses} == {None}
    others = [v for v in asked.verdicts if v.case != "title"]
    without = msgspec.structs.replace(asked, verdicts=tuple(others))
    assert {course.first for course in trend_of(without).courses} == {1}
    one_less = [
        msgspec.structs.replace(v, outcome="forgotten") if v.probe == others[0].probe else v
        for v in others
    ]
    found = by_poem(msgspec.structs.replace(asked, verdicts=tuple(one_less)))
    assert [poem for poem, course in found.items() if course.first is None] == [others[0].poem]


def test_what_was_not_judged_is_no_loss() -> None:
    whole = learned()
    kept = [v for v in whole.verdicts if (v.model, v.poem) != ("b/checkpoint-9", "twinkle")]
    course = by_poem(msgspec.structs.replace(whole, verdicts=tuple(kept)))["twinkle"]
    assert course.cells[3] is None
    assert course[3:] == (100, None, None)


def test_levels_are_those_of_the_report() -> None:
    """The recall of a collection, and its interval, are those in the report of that model."""
    found = trend_of(learned()).levels
    assert [*found] == ["nursery", "tang", "all"]
    assert [level.at for level in found["tang"]] == [0, 20, 100, 109, 110]
    for name in ("nursery", "tang"):
        told = {t.model: t for t in learned().tallies if t.collection == name}
        for model, level in zip(MODELS, found[name], strict=True):
            tally = level.tally
            assert (tally.correct, tally.recall) == (told[model].correct, told[model].recall)
            assert (tally.low, tally.high) == (told[model].low, told[model].high)
    assert [level.tally.correct for level in found["all"]] == [0, 0, 3, 2, 3]


def test_log_probabilities_are_of_probes_that_have_one_at_every_look() -> None:
    """Otherwise a probe that lacks one at some look would move the mean there."""
    whole = learned()
    lacking = [
        msgspec.structs.replace(v, log_p=None)
        if (v.model, v.poem) == ("a/checkpoint-20", "jing-ye-si")
        else v
        for v in whole.verdicts
    ]
    found = levels(looks_of(lacking, trend_of(whole).stops))["tang"]
    assert [level.log_p and level.log_p.value for level in found] == [
        -12.0,
        -12.0,
        -0.5,
        -12.0,
        -0.5,
    ]
    none = [msgspec.structs.replace(v, log_p=None) for v in whole.verdicts]
    assert [each.log_p for each in levels(looks_of(none, trend_of(whole).stops))["all"]] == [
        None
    ] * 5


def test_no_looks() -> None:
    assert levels([]) == {}
    assert courses([Look(0, ())]) == []


def test_lessons_follow_each_other() -> None:
    names = ["b/checkpoint-30", "b/checkpoint-4", "./b/checkpoint-100", "c/step-5"]
    found = stops([Named("base", None), *(Named(n, int(n.split("-")[1])) for n in names)])
    assert [(stop.name, stop.at) for stop in found] == [
        ("base", 0),
        ("b/checkpoint-4", 4),
        ("b/checkpoint-30", 30),
        ("./b/checkpoint-100", 100),
        ("c/step-5", 105),
    ]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([Named("a/checkpoint-1", 1), Named("final", None)], "final: neither its name nor a train"),
        ([Named("a", None), Named("b", None)], "b: neither its name nor"),
        ([Named("a/x-1", 1), Named("a/y-1", 1)], "a/y-1: step 1 is that of a/x-1 too; leave one"),
    ],
)
def test_no_order(names: list[Named], reason: str) -> None:
    with pytest.raises(StepError, match=reason):
        stops(names)


def test_a_step_that_a_folder_told_goes_before_its_name() -> None:
    report = reported({"run-7/last": knows, "run-7/checkpoint-2": knows}, asked=titles)
    models = [msgspec.structs.replace(report.models[0], step=40), report.models[1]]
    found = trend_of(msgspec.structs.replace(report, models=tuple(models)))
    assert [(stop.name, stop.step) for stop in found.stops] == [
        ("run-7/checkpoint-2", 2),
        ("run-7/last", 40),
    ]


@given(st.lists(st.floats(-1e3, 0), min_size=2, max_size=30))
def test_a_mean_of_one_probe_a_poem_is_students(values: list[float]) -> None:
    found = mean_over_poems(enumerate(values))
    mean, error = stats.tmean(values), stats.sem(values)
    half = stats.t.ppf(0.975, len(values) - 1) * error
    assert found == pytest.approx((mean, mean - half, mean + half), abs=1e-6)


def test_probes_of_one_poem_tell_as_much_as_one() -> None:
    poems = {"a": -1.0, "b": -4.0, "c": -2.5}
    once = mean_over_poems(poems.items())
    often = mean_over_poems((poem, value) for poem, value in poems.items() for _ in range(9))
    assert often == pytest.approx(once)
    assert mean_over_poems([("a", -1.0), ("a", -3.0)]) == (-2.0, None, None)


def test_no_interval_goes_beyond_certainty() -> None:
    whole = reported({"a/checkpoint-1": knows}, asked=titles)
    apart = [
        msgspec.structs.replace(v, log_p=-90.0 if v.poem == "jing-ye-si" else -1.0)
        for v in whole.verdicts
    ]
    (level,) = levels(looks_of(apart, trend_of(whole).stops))["tang"]
    assert level.log_p is not None
    assert (level.log_p.value, level.log_p.high) == (-45.5, 0.0)


def test_a_trend_of_windows() -> None:
    """It speaks of windows, since no text is recited whole."""
    reports = {
        name: renamed(windowed(known), name)
        for name, known in (("a/checkpoint-1", {}), ("a/checkpoint-2", {"book": range(10, 60)}))
    }
    found = trend_of(joined(reports))
    assert ["".join(map(sign_of, course.cells)) for course in found.courses] == ["○◐", "○○"]
    assert said_trend(found)[1] == (
        "Of 2 texts, 1 had windows extracted at some of them, 1 at the last."
    )
    assert said_signs(found)["◐"] == "some windows extracted"


def renamed(report: Report, name: str) -> Report:
    models = [msgspec.structs.replace(model, name=name) for model in report.models]
    verdicts = [msgspec.structs.replace(v, model=name) for v in report.verdicts]
    return msgspec.structs.replace(report, models=tuple(models), verdicts=tuple(verdicts))
