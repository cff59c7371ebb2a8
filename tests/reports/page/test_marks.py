"""Differences marked character by character."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memtests.fixtures.probes.text import normal_form, units
from memtests.plugins.chance import Chance
from memtests.plugins.passages import Passage
from memtests.plugins.verdicts import judge
from memtests.reports.page.marks import Mark, marks, recited

TEXTS = st.text(st.sampled_from("床前明月光疑是地上霜，。\n ab "), max_size=30)


def test_chinese_is_marked_character_by_character() -> None:
    assert marks("举头望明月，\n低头思故乡。", "举头看明月，\n低头忆故乡。", "zh") == [
        Mark("both", "举头"),
        Mark("poem", "望"),
        Mark("model", "看"),
        Mark("both", "明月，\n低头"),
        Mark("poem", "思"),
        Mark("model", "忆"),
        Mark("both", "故乡。"),
    ]


def test_words_that_share_a_letter_or_two_are_marked_whole() -> None:
    assert marks(" quick brown fox", " silver grey fox jumps", "en") == [
        Mark("poem", " quick brown"),
        Mark("model", " silver grey"),
        Mark("both", " fox"),
    ]


@pytest.mark.parametrize(
    ("suffix", "completion", "language"),
    [
        ("，明月光。", ", 明月光!", "zh"),
        ("床前\n看萬里", "床前看万里", "zh"),
        ("Shall I compare thee", "shall i COMPARE\nthee!", "en"),
        ("caf\u00e9 au lait", "cafe\u0301 au lait", "en"),
        ("fire\u2014and all--that", "fire and all that", "en"),
    ],
)
def test_what_makes_no_difference_is_not_marked(
    suffix: str, completion: str, language: str
) -> None:
    assert judge(completion, suffix, language, Chance(0.3, 2)).outcome == "correct"
    assert {mark.kind for mark in marks(suffix, completion, language)} == {"both"}


def test_a_passage_out_of_place_is_marked_in_both_texts() -> None:
    suffix, completion = "\n疑是地上霜。\n举头望明月，\n低头思故乡。", "\n低头思故乡。\n春眠不觉晓"
    passage = Passage(5, 10, 0)
    found = marks(suffix, completion, "zh", passage)
    for kinds in (("poem",), ("model", "both")):
        there = "".join(mark.text for mark in found if mark.passage and mark.kind in kinds)
        assert there == "低头思故乡。"
    assert not any(mark.passage for mark in marks(suffix, completion, "zh"))


@given(TEXTS, TEXTS, st.sampled_from(["zh", "en"]))
def test_what_is_marked_of_a_passage_is_the_passage(
    suffix: str, completion: str, language: str
) -> None:
    passage = judge(completion, suffix, language, Chance(0.3, 2)).passage
    found = marks(suffix, completion, language, passage)
    plain = marks(suffix, completion, language)
    for kind in ("model", "poem", "both"):
        texts = ["".join(m.text for m in each if m.kind == kind) for each in (found, plain)]
        assert texts[0] == texts[1]
    if passage:
        said = "".join(m.text for m in found if m.passage and m.kind != "poem")
        true = units(suffix, language)[passage.suffix :][: passage.length]
        assert units(said, language) == true


def test_only_what_is_judged_is_shown() -> None:
    assert recited("one two", "one three four five", "en") == "one three"
    assert recited("明月光", "明月，光。疑是", "zh") == "明月，光。"
    assert recited("one two", "one", "en") == "one"


@example("a", "a .", "zh")
@given(TEXTS, TEXTS, st.sampled_from(["zh", "en"]))
def test_marks_put_together_are_the_texts(suffix: str, completion: str, language: str) -> None:
    found = marks(suffix, completion, language)
    model = "".join(mark.text for mark in found if mark.kind != "poem")
    assert model.strip() == recited(suffix, completion, language).strip()
    if normal_form(suffix) == normal_form(recited(suffix, completion, language)):
        assert {mark.kind for mark in found} <= {"both"}


@given(TEXTS, st.sampled_from(["zh", "en"]))
def test_nothing_said_is_all_missing(suffix: str, language: str) -> None:
    assert {mark.kind for mark in marks(suffix, "", language)} <= {"poem"}
