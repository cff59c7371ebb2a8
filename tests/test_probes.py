"""Cues and probes: what the model is given, and where a poem is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.poems import Poem, canon
from fixtures.probes import (
    CueError,
    check_header,
    header,
    next_line_probes,
    parse_prefix_lengths,
    prefix_probes,
    probes_of,
    title_probe,
)
from fixtures.text import normal_form, units

POEMS = {poem.id: poem for collection in canon() for poem in collection.poems}
JING, EAGLE = POEMS["jing-ye-si"], POEMS["the-eagle"]
ANY_POEM = st.sampled_from(sorted(POEMS.values(), key=lambda poem: poem.id))


def test_title() -> None:
    probe = title_probe("tang", JING)
    assert probe.name == "tang/jing-ye-si/title"
    assert probe.prefix_length is None
    assert probe.cue == "静夜思\n唐 李白"
    assert probe.suffix == "\n\n床前明月光，\n疑是地上霜。\n举头望明月，\n低头思故乡。"
    assert title_probe("x", EAGLE).cue == "The Eagle\nAlfred, Lord Tennyson"
    assert title_probe("x", EAGLE, "{author}: {title}").cue == "Alfred, Lord Tennyson: The Eagle"


def test_prefix() -> None:
    lengths = parse_prefix_lengths("10%,25%,50%,75%,5,20")
    probes = list(prefix_probes("tang", JING, lengths))
    assert [(p.name, p.cue) for p in probes] == [
        ("tang/jing-ye-si/prefix-10%", "床前"),
        ("tang/jing-ye-si/prefix-25%", "床前明月光，"),
        ("tang/jing-ye-si/prefix-50%", "床前明月光，\n疑是地上霜。"),
        ("tang/jing-ye-si/prefix-75%", "床前明月光，\n疑是地上霜。\n举头望明月，"),
        ("tang/jing-ye-si/prefix-5", "床前明月光，"),
    ], "20 units are the whole poem: nothing is left to ask"
    assert probes[1].suffix == "\n疑是地上霜。\n举头望明月，\n低头思故乡。"


def test_next_line() -> None:
    probes = list(next_line_probes("tang", JING))
    assert [(p.name, p.cue, p.suffix) for p in probes][:2] == [
        ("tang/jing-ye-si/next_line-1", "床前明月光，", "\n疑是地上霜。"),
        ("tang/jing-ye-si/next_line-2", "床前明月光，\n疑是地上霜。", "\n举头望明月，"),
    ]
    assert len(probes) == 3
    assert {p.prefix_length for p in probes} == {None}


def test_next_line_across_white_space_and_bare_marks() -> None:
    poem = Poem("p", "T", "A", "en", ("one ", "  two", "...", "three"))
    probes = list(next_line_probes("x", poem))
    assert [(p.cue, p.suffix) for p in probes] == [
        ("one", " \n  two"),
        ("one \n  two\n...", "\nthree"),
    ]


@given(ANY_POEM, st.integers(1, 99))
def test_prefix_and_suffix_make_the_poem(poem: Poem, percent: int) -> None:
    for probe in prefix_probes("x", poem, parse_prefix_lengths(f"{percent}%")):
        assert probe.cue + probe.suffix == poem.text
        assert probe.cue == probe.cue.rstrip()
        total = len(units(normal_form(poem.text), poem.language))
        given_units = len(units(normal_form(probe.cue), poem.language))
        assert given_units == max(1, -(-percent * total // 100))
        assert given_units + len(units(normal_form(probe.suffix), poem.language)) == total


@given(ANY_POEM)
def test_next_lines_are_the_lines(poem: Poem) -> None:
    probes = list(next_line_probes("x", poem))
    assert [probe.suffix.strip() for probe in probes] == [line.strip() for line in poem.lines[1:]]
    assert all(poem.text.startswith(probe.cue + probe.suffix) for probe in probes)


def test_names_are_unique() -> None:
    lengths = parse_prefix_lengths("10%,25%,50%,75%,5,10")
    names = [
        probe.name
        for collection in canon()
        for case in ("title", "prefix", "next_line")
        for probe in probes_of(collection, case, lengths, "{title}")
    ]
    assert len(names) == len(set(names))


def test_header_leaves_no_gap() -> None:
    poem = Poem("p", "T", "A", "en", ("one two",))
    assert header(poem) == "T\nA"
    assert header(poem, "{dynasty}\n{title}, {dynasty} {author}") == "T, A"
    assert header(poem, check_header(r"{title}\n{author}")) == "T\nA"


@pytest.mark.parametrize("template", ["{titel}", "{title", "{}", "{0}", "{title.x}", "poem", ""])
def test_bad_header(template: str) -> None:
    with pytest.raises(CueError, match=r"use \{title\}, \{author\} and \{dynasty\}"):
        check_header(template)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ten", "'ten' is neither a percentage like 25% nor a count of units like 5"),
        ("", "'' is neither"),
        ("10%,,5", "'' is neither"),
        ("-5", "'-5' is neither"),
        ("2.5", "'2.5' is neither"),
        ("٣", "'٣' is neither"),
        ("0", "'0' leaves nothing to ask"),
        ("100%", "'100%' leaves nothing to ask"),
        ("5,5", "'5' is named twice"),
    ],
)
def test_bad_prefix_lengths(text: str, reason: str) -> None:
    with pytest.raises(CueError, match=reason):
        parse_prefix_lengths(text)
