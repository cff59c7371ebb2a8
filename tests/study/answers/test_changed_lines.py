"""Lines that are not the poem's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.probes.text import normal_form, units
from memtests.study.answers.changed_lines import changed_line

POEMS = [poem for collection in canon() for poem in collection.poems]


@pytest.mark.parametrize("poem", POEMS, ids=lambda poem: poem.id)
def test_every_poem_of_the_canon_has_one(poem: Poem) -> None:
    changed = changed_line(poem, POEMS)
    assert changed
    assert changed.line >= 1
    true = poem.lines[changed.line]
    normal = [normal_form(line, poem.language) for line in poem.lines]
    assert normal_form(changed.text, poem.language) not in normal
    was, now = (units(text, poem.language) for text in (true, changed.text))
    assert len(was) == len(now)
    assert 1 <= sum(a != b for a, b in zip(was, now, strict=True)) <= 2
    assert changed_line(poem, POEMS[::-1]) == changed, "whatever order the others are in"


WORDS = st.lists(
    st.lists(st.sampled_from(["a", "rose", "is", "Sea", "no", "more"]), min_size=1, max_size=4),
    min_size=1,
    max_size=4,
)


@given(WORDS)
def test_it_is_never_a_line_of_the_poem(words: list[list[str]]) -> None:
    poem = Poem("p", "P", "?", "en", tuple(" ".join(line) for line in words))
    changed = changed_line(poem, ())
    if changed:
        true = {normal_form(line, "en") for line in poem.lines}
        assert normal_form(changed.text, "en") not in true
        assert changed.line >= (len(poem.lines) > 1)


def test_words_come_from_elsewhere_where_the_poem_has_none() -> None:
    alone = Poem("p", "P", "?", "en", ("Rose",))
    assert changed_line(alone, ()) is None
    other = Poem("o", "O", "?", "en", ("the blue moon",))
    assert changed_line(alone, [other]) in ((0, "Blue"), (0, "Moon"))
    foreign = Poem("o", "O", "?", "zh", ("床前明月光",))
    assert changed_line(alone, [foreign]) is None


def test_marks_stay() -> None:
    poem = Poem("p", "P", "?", "zh", ("床前明月光，", "疑是地上霜。"))
    changed = changed_line(poem, ())
    assert changed
    assert changed.line == 1
    assert changed.text.endswith("。")
    assert len(changed.text) == 6
