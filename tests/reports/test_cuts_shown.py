"""Reports show how cues were cut, and how far a cut was moved."""

from pathlib import Path

from memtests.fixtures.probes.cuts import ALONE, BETWEEN, HEALED
from memtests.plugins.verdicts import Verdict
from memtests.reports.counting.tallies import cuts_made
from memtests.reports.gating.conclusion import Conclusion
from memtests.reports.page.page import render_page
from memtests.reports.page.recitations import poems_of
from memtests.reports.report import Report
from memtests.reports.text.markdown import render_summary
from memtests.reports.text.phrases import describe
from memtests.reports.text.terminal import sections
from tests.support.reported import report_of, verdict_of


def reports(*kinds: str) -> Report:
    return report_of([verdict_of(f"tang/p{at}/title", cut=kind) for at, kind in enumerate(kinds)])


def terminal(report: Report) -> list[str]:
    found = dict(sections(Conclusion(report, (), 0, False, None), False, Path("p"), Path("d")))
    return [line for line in found["recall"] if line.startswith("cuts")]


def test_counts_of_each_model() -> None:
    others = [
        verdict_of("tang/a/prefix_lengths-3", cut=ALONE),
        verdict_of("tang/a/control-typo", cut=ALONE),
    ]
    verdicts = [
        verdict_of("tang/a/title", cut=BETWEEN),
        verdict_of("tang/a/prefix-25%", cut=HEALED),
        verdict_of("tang/b/title", cut=HEALED),
        verdict_of("tang/b/title", model="another", cut=ALONE),
    ]
    assert cuts_made([*verdicts, *others]) == {
        "another": {BETWEEN: 0, HEALED: 0, ALONE: 1},
        "m": {BETWEEN: 1, HEALED: 2, ALONE: 0},
    }


def test_a_line_where_any_is_not_between_tokens() -> None:
    assert terminal(reports(BETWEEN, BETWEEN)) == []
    line = "cuts: 2 between tokens, 1 inside a token (healed): m"
    assert terminal(reports(BETWEEN, HEALED, BETWEEN)) == [line]
    assert "cuts: 1 tokenized alone, where recall may come out too low: m" in terminal(
        reports(ALONE)
    )
    summary = render_summary(Conclusion(reports(BETWEEN, HEALED), (), 0, False, None))
    assert "\n- cuts: 1 between tokens, 1 inside a token (healed): m\n" in summary
    assert "cuts" not in render_summary(Conclusion(reports(BETWEEN), (), 0, False, None))


def test_on_the_page() -> None:
    page = render_page(reports(BETWEEN, HEALED, ALONE))
    assert (
        "<dt>cues cut</dt><dd>1 between tokens, 1 inside a token (healed), 1 tokenized alone, where"
        in page
    )
    assert page.count(", cut inside a token</small>") == 1
    assert page.count(", cue tokenized alone</small>") == 1


def moved(completion: str) -> Verdict:
    return verdict_of(
        "tang/p/prefix-25%",
        "incorrect",
        cue="床前明月光",
        suffix="，\n疑是地上霜。",
        completion=completion,
        divergence=0,
        cut=BETWEEN,
        moved=2,
    )


def test_marks_that_the_cut_passed_are_no_part_of_a_miss() -> None:
    """The cue ends after the comma and the line break, so the model was not asked for them."""
    v = moved("似是地上霜。")
    assert v.asked == "疑是地上霜。"
    assert describe(v, "zh") == "after 0 of 5: poem “疑是地上霜。” model “似是地上霜。”"
    (view,) = poems_of(report_of([v]))
    (recitation,) = view.recitations
    assert [(mark.kind, mark.text) for mark in recitation.marks] == [
        ("poem", "疑"),
        ("model", "似"),
        ("both", "是地上霜。"),
    ]
