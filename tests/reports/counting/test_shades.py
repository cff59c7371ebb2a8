"""The units of a memory map: the text that each holds, and what is known of it."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.reports.counting.shades import BLANK, Shade, shades
from tests.support.traced import trace_of

TEXTS = st.text(
    st.sampled_from("床前明月光，。“”—…\n ab'c\u3000\u0301é\U0001f642ไทย\t\x1c-"), max_size=40
)


@st.composite
def cut(draw: st.DrawFn, text: str) -> list[int | None]:
    """Ends of tokens in a text: anywhere, some inside a character, the last at the text's end."""
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    inside: list[int | None] = []
    for place in [*places, len(text)]:
        inside += [None] * draw(st.integers(0, 2))
        inside.append(place)
    return inside


def pieces(text: str, found: list[Shade]) -> list[str]:
    return [text[shade.begin : shade.end] for shade in found]


def whole(text: str, language: str = "en", ends: list[int | None] | None = None) -> list[Shade]:
    ends = ends or list(range(1, len(text) + 1))
    return shades(text, language, [trace_of(text, ends)])


def test_words_and_characters_with_their_marks() -> None:
    assert pieces("Shall I,\n“compare” thee?", whole("Shall I,\n“compare” thee?")) == [
        *("Shall", "I,", "“compare”", "thee?"),
    ]
    text = "「床前明月光，\n疑是」"
    assert pieces(text, whole(text, "zh")) == ["「床", "前", "明", "月", "光，", "疑", "是」"]


def test_a_dash_at_the_end_of_a_line_stays_there() -> None:
    text = "heard a fly —\n\nwhen — I\n* * *\ndied …"
    assert pieces(text, whole(text)) == [
        "heard",
        "a",
        "fly —",
        "when",
        "— I",
        "* * *",
        "died …",
    ]


def test_a_token_is_its_units() -> None:
    """A token of a comma and a line break belongs to the unit before it, a token of a space and a
    line break to the unit after it.
    """
    text = "床前，\n明 月"
    ends, log_p = [1, 2, 4, 5, 6, 7], [-1.0, -2.0, -4.0, -8.0, -16.0, -32.0]
    (found,) = [shades(text, "zh", [trace_of(text, ends, log_p)])]
    assert pieces(text, found) == ["床", "前，", "明", "月"]
    assert [shade.log_p for shade in found] == [(-1.0,), (-6.0,), (-8.0,), (-48.0,)]


def test_units_that_share_a_token_are_shaded_together() -> None:
    text = "床前明月光"
    trace = trace_of(text, [2, 3, None, 5], [-1.0, -2.0, -3.0, -4.0], [0, 0, 0, 7])
    found = shades(text, "zh", [trace])
    assert pieces(text, found) == ["床前", "明", "月光"]
    assert [shade.log_p for shade in found] == [(-1.0,), (-2.0,), (-7.0,)]
    assert [shade.said for shade in found] == [(True,), (True,), (False,)]
    other = trace_of(text, [1, 2, 4, 5], [-8.0] * 4)
    both = shades(text, "zh", [trace, other])
    assert pieces(text, both) == ["床前", "明月光"]
    assert [shade.log_p for shade in both] == [(-1.0, -16.0), (-9.0, -16.0)]


def test_a_header_is_left_out() -> None:
    text = "one two"
    trace = trace_of(text, [4, 8, 14, 18, 22], [-9.0, -9.0, -9.0, -1.0, -2.0], begins=15)
    assert shades(text, "en", [trace]) == [
        Shade(0, 3, (-1.0,), (True,)),
        Shade(4, 7, (-2.0,), (True,)),
    ]


def test_nothing_is_said_of_a_first_token() -> None:
    text = "one two"
    trace = trace_of(text, [3, 7], [None, -2.0], [None, 1])
    assert shades(text, "en", [trace]) == [
        Shade(0, 3, (None,), (None,)),
        Shade(4, 7, (-2.0,), (False,)),
    ]


def test_where_greedy_decoding_leaves_is_known_without_a_rank() -> None:
    text = "one two"
    found = shades(text, "en", [trace_of(text, [3, 7], [-0.1, -0.2], [0, None])])
    assert [shade.said for shade in found] == [(True,), (False,)]


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_nothing_is_in_no_unit(text: str) -> None:
    assert whole(text, ends=[len(text)]) == []


@given(TEXTS, st.data())
def test_every_code_point_is_in_one_unit_or_between_units(text: str, data: st.DataObject) -> None:
    traces = [trace_of(text, data.draw(cut(text))) for _ in range(data.draw(st.integers(1, 2)))]
    found = shades(text, data.draw(st.sampled_from(["en", "zh", "th"])), traces)
    assert all(shade.begin < shade.end for shade in found)
    assert all(one.end <= other.begin for one, other in itertools.pairwise(found))
    inside = {at for shade in found for at in range(shade.begin, shade.end)}
    assert all(c in BLANK for at, c in enumerate(text) if at not in inside)
    for shade in found:
        assert text[shade.begin] not in BLANK
        assert text[shade.end - 1] not in BLANK


@given(TEXTS.filter(lambda text: text.strip(BLANK)), st.integers(0, 9), st.data())
def test_probabilities_multiply_to_the_texts(text: str, header: int, data: st.DataObject) -> None:
    ends = data.draw(cut(text))
    log_p = [-float(data.draw(st.integers(0, 9))) for _ in ends]
    shifted = [end if end is None else end + header for end in ends]
    trace = trace_of(text, [header, *shifted], [-77.0, *log_p], begins=header)
    other = trace_of(text, data.draw(cut(text)))
    first = next(at for at, end in enumerate(ends) if end is not None and end > 0)
    of_header = [at for at, end in enumerate(ends) if end == 0]
    for traces in ([trace], [trace, other]):
        found = [shade.log_p[0] for shade in shades(text, "zh", traces)]
        assert None not in found
        total = sum(log_p[max(of_header, default=-1) + 1 :])
        assert math.isclose(sum(p for p in found if p is not None), total), first
