"""Losses in words: by poem, the worst first, and with loops shown only once."""

import msgspec

from memtests.reports.gating.baselines import baseline_of
from memtests.reports.gating.comparing import Comparison, among_models, compare
from memtests.reports.report import languages_of
from memtests.reports.text.markdown import render_summary
from memtests.reports.text.said_losses import (
    Loop,
    loop_of,
    recitation,
    said_losses,
    said_worst,
    worst_first,
)
from memtests.reports.text.terminal import render_comparisons
from tests.reports.test_snapshots import must_know
from tests.support.reported import forgets, knows, report_of, reported, slips, verdict_of

SEVERAL = reported({"good": knows, "slips": slips, "bad": forgets})


def compared(*now: tuple[str, str]) -> Comparison:
    """A comparison of probes with these outcomes; the baseline knew all but the gained ones."""
    names = [name for name, _ in now]
    known = report_of([verdict_of(name) for name in names if "/gained" not in name])
    gained = [verdict_of(name, "forgotten") for name in names if "/gained" in name]
    baseline = baseline_of("b", report_of([*known.verdicts, *gained]))
    return compare(baseline, "m", [verdict_of(name, outcome) for name, outcome in now])


def test_by_poem_the_worst_first() -> None:
    """Poems that lost most probes come first; among equals, those that lost the greater share."""
    found = compared(
        *((f"six/sea/next_line-{at}", "forgotten") for at in (1, 2)),
        ("six/sea/title", "correct"),
        *((f"six/fog/prefix-{at}%", "incorrect") for at in (25, 50)),
        ("six/owl/title", "forgotten"),
        ("six/kept/title", "correct"),
        ("six/gained/title", "correct"),
    )
    assert found.record.known == {"six/fog": 2, "six/kept": 1, "six/owl": 1, "six/sea": 3}
    said = "3 of 4 poems lost something: six/fog 2 of 2 probes, six/sea 2 of 3, six/owl 1 of 1"
    assert said_losses(found.record) == said
    assert said_losses(found.record, most=1) == (
        "3 of 4 poems lost something: six/fog 2 of 2 probes, and 2 poems more"
    )
    assert [loss.verdict.poem for loss in worst_first(found)] == ["fog", "fog", "sea", "sea", "owl"]
    older = msgspec.structs.replace(found.record, known={})
    assert said_losses(older) == ("3 poems lost something: six/fog 2 probes, six/sea 2, six/owl 1")
    assert said_losses(compared(("six/fog/title", "correct")).record) == ""


def test_of_one_collection() -> None:
    found = compared(("six/fog/title", "forgotten"), ("sixty/sea/title", "forgotten"))
    said = "1 of 1 poem lost something: six/fog 1 of 1 probe"
    assert said_losses(found.record, collection="six") == said


def test_a_loop_is_shown_once_and_counted() -> None:
    assert recitation("Twinkle, twinkle, " + "la " * 37, 1, "en") == ("“twinkle, la…” (“la” ×37)")
    assert recitation("la la la", 0, "en") == "“la…” (×3)"
    assert recitation("la la", 0, "en") == "“la la”"
    assert recitation("Oh no! " * 4 + "Oh", 0, "en") == "“Oh no!…” (×4)", "the fifth is not whole"
    assert recitation("床前明月光，" + "疑是地上霜。\n" * 5, 2, "zh") == (
        "“明月光， 疑是地上霜。…” (“疑是地上霜。” ×5)"
    )
    assert recitation("one two", 5, "en") == "“”", "shorter than the poem up to there"
    assert loop_of("abcbcbc") == Loop(begins=1, period=2, times=3)
    assert loop_of("abc") is None


def test_a_long_recitation_is_clipped() -> None:
    words = " ".join(f"word{at}" for at in range(200))
    said = recitation(words, 0, "en")
    assert said.endswith("word39…”")
    assert len(recitation("x" * 5_000, 0, "en")) < 410


def test_both_recitations_of_the_worst_stand_on_terminal_and_summary() -> None:
    """Also when one model is compared with another."""
    baseline = baseline_of("good.json", reported({"good": knows}))
    found = compare(baseline, "bad", SEVERAL.verdicts)
    probe, then, now = said_worst(found, languages_of(SEVERAL))
    assert probe.startswith("the worst, nursery/twinkle/title, ")
    assert then.startswith("then “Twinkle, twinkle, little star, / How I wonder")
    assert now == "now “I don't know that one.”"
    shown = render_comparisons([found, *among_models(SEVERAL)], languages_of(SEVERAL))
    assert shown.count(now) == 2
    assert shown[1].startswith("3 of 3 poems lost something: nursery/twinkle 6 of 6 probes, ")
    assert "and 6 more, in report.html" in shown
    summary = render_summary(must_know(forgets))
    assert f"- {now}" in summary
    assert "- tang/jing-ye-si/title, after 0" in summary, "all of them"
