"""The normal form and its units: what counts as the same text, and where a text is cut."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.text import normal_form, sure_units, unit_ends, units

WORDS = st.lists(st.text("abcdeéñxyz", min_size=1, max_size=6), min_size=1, max_size=12)
HAN = st.text("床前明月光疑是地上霜举头望低思故乡东风无边", min_size=1, max_size=30)
MARKS = st.sampled_from(
    ["", ",", ".", ";", "!", "?", ":", '"', "'", "”", "’", ")", "*", "，", "。"]
)
TRADITIONAL = {"头": "頭", "举": "舉", "乡": "鄉", "东": "東", "风": "風", "无": "無", "边": "邊"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Shall I compare thee", "shall  i\ncompare THEE!"),
        ("untrimm'd", "untrimm’d"),
        ("to-day", "today"),
        ("gone—and", "gone -- and"),
        ("wait…what", "wait... what"),
        ("ﬁne", "fine"),
        ("ＡＢＣ１２３", "abc123"),
        ("caf\u0065\u0301", "caf\u00e9"),
        ("so\u00adft", "soft"),
        ("床前明月光，\n疑是地上霜。", "床前明月光疑是地上霜"),
        ("床 前　明月光", "床前明月光"),
        ("舉頭望明月", "举头望明月"),
        ("牀前", "床前"),
        ("乾坤", "干坤"),
        ("「春眠」", "春眠"),
    ],
)
def test_same(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("thee", "the"),
        ("some thing", "something"),
        ("resume", "resumé"),
        ("望明月", "望山月"),
        ("我 love 你", "我love你"),
    ],
)
def test_different(one: str, other: str) -> None:
    assert normal_form(one) != normal_form(other)


@given(st.text())
def test_normal_form_is_final(text: str) -> None:
    once = normal_form(text)
    assert normal_form(once) == once
    assert once == once.strip()
    assert not any(unicodedata.category(c)[0] in "PC" for c in once)


@given(WORDS, st.data())
def test_marks_at_words_change_nothing(words: list[str], data: st.DataObject) -> None:
    dressed = [data.draw(MARKS) + word.upper() + data.draw(MARKS) for word in words]
    spaces = data.draw(st.sampled_from([" ", "\n", "  ", " \n\t"]))
    assert normal_form(spaces.join(dressed)) == normal_form(" ".join(words))


@given(HAN, st.data())
def test_script_marks_and_breaks_change_nothing(text: str, data: st.DataObject) -> None:
    dressed = "".join(
        TRADITIONAL.get(c, c) + data.draw(st.sampled_from(["", "，", "\n", "　", "。\n"]))
        for c in text
    )
    assert normal_form(dressed) == text


@given(WORDS, st.data())
def test_units_of_words(words: list[str], data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([" ", "\n", "—", "... "])).join(words)
    ends = unit_ends(text, "en")
    assert len(ends) == len(words) == len(units(normal_form(text), "en"))
    for count, end in enumerate(ends, start=1):
        assert units(normal_form(text[:end]), "en") == units(normal_form(text), "en")[:count]
        assert text[:end] == text[:end].rstrip()


@given(HAN, st.data())
def test_units_of_characters(text: str, data: st.DataObject) -> None:
    raw = "".join(c + data.draw(st.sampled_from(["", "，", "。\n", " ", "「"])) for c in text)
    ends = unit_ends(raw, "zh")
    assert len(ends) == len(text)
    for count, end in enumerate(ends, start=1):
        assert normal_form(raw[:end]) == text[:count]
        assert raw[:end] == raw[:end].rstrip()


def test_closing_marks_stay_with_their_unit() -> None:
    text = "床前明月光，\n「疑是」地上霜。"
    assert [text[:end] for end in unit_ends(text, "zh")][4:7] == [
        "床前明月光，",
        "床前明月光，\n「疑",
        "床前明月光，\n「疑是」",
    ]


@given(st.one_of(WORDS.map(" ".join), HAN), st.sampled_from(["en", "zh"]), st.data())
def test_sure_units_stay_as_they_are(text: str, language: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text)))
    sure = sure_units(text[:cut], language)
    assert (
        units(normal_form(text[:cut]), language)[:sure] == units(normal_form(text), language)[:sure]
    )


def test_last_word_is_not_sure_before_it_is_over() -> None:
    assert sure_units("a summer", "en") == 1
    assert sure_units("a summer ", "en") == 2
    assert sure_units("明月", "zh") == 2
