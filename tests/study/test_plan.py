"""What a study plans: which poems, how much of each, and which models."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.probes import header
from memtests.study.measured import APART, JOINED
from memtests.study.plan import (
    BEGINS,
    Sizes,
    beginning,
    chosen,
    looked_at,
    looked_at_soon,
)
from memtests.study.presets import FULL, PAPER, QUICK, Preset

CANON = canon()


@given(st.integers(1, 80), st.permutations(CANON), st.booleans())
def test_each_poem_is_taught_once(most: int, collections: list[Collection], drawn: bool) -> None:
    """Or not at all: one too many, or begun by a line that is too long."""
    found = chosen(collections, most, 200, drawn)
    headers = [header(poem) for c in found for poem in c.poems]
    assert len({*headers}) == len(headers)
    assert max(len(poem.text) for c in found for poem in c.poems) <= 200
    for language in ("english", "chinese"):
        named = {c.name: len(c.poems) for c in found if c.name.endswith(language)}
        assert sum(named.values()) <= most
        assert named[BEGINS + language] == -(-sum(named.values()) // 5)
    assert [c.name.startswith(BEGINS) for c in found] == sorted(
        c.name.startswith(BEGINS) for c in found
    )


def test_length_is_drawn_and_not_the_poems_own() -> None:
    """Of long poems as much is taught as of short ones, from a line to all that fits."""
    whole = {c.name: c.poems for c in chosen(CANON, 100, 300, False)}
    for collection in chosen(CANON, 100, 300, True)[:2]:
        lengths = sorted(len(poem.text) for poem in collection.poems)
        assert lengths[-1] > 5 * lengths[0]
        assert lengths[-1] > 2 * lengths[len(lengths) // 2]
        for poem, all_of_it in zip(collection.poems, whole[collection.name], strict=True):
            assert all_of_it.text.startswith(poem.text)


def test_a_beginning_has_whole_lines() -> None:
    poem = Poem("a", "A", "?", "en", ("one two", "three", "four"))
    assert beginning(poem, 13).lines == ("one two", "three")
    assert beginning(poem, 12).lines == ("one two",)
    assert beginning(poem, 3).lines == ("one two",), "never less than a line"
    assert beginning(poem, 100) == poem


def test_the_canon_comes_first_and_ids_differ() -> None:
    again = Poem("jing-ye-si", "Another", "?", "zh", ("另一首诗，", "不是那首。"))
    mine = Collection("mine", (again,))
    poems = [p for c in chosen((*CANON, mine), 200, 300, True) for p in c.poems]
    assert {"jing-ye-si", "jing-ye-si-2"} <= {poem.id for poem in poems}
    few = chosen((CANON[-1], mine), 2, 300, True)
    assert "Another" not in {poem.title for c in few for poem in c.poems}


@pytest.mark.parametrize("preset", [QUICK, FULL, PAPER], ids=["quick", "full", "paper"])
def test_models_are_told_apart(preset: Preset) -> None:
    models = list(preset.models.models())
    assert len({model.name for model in models}) == len(models)
    with_later = [model for model in models if model.later]
    assert {model.epochs for model in with_later} == {max(preset.models.epochs)}
    assert {model.kind for model in with_later} == {APART}


def test_the_quick_study_asks_every_question() -> None:
    models = list(QUICK.models.models())
    apart = [model for model in models if model.kind == APART]
    assert len({model.size for model in apart}) >= 8
    assert len({model.size for model in models if model.kind == JOINED}) >= 6
    assert len({model.epochs for model in apart}) == 2
    assert len({model.seed for model in apart}) == 3


def test_few_models_are_planned_of_dear_sizes() -> None:
    found = [
        (model.size, model.epochs, model.seed, model.kind, model.later)
        for model in Sizes(("1M", "2M"), (3, 6), 2, joined=("1M",), once=("2M",)).models()
    ]
    assert found == [
        *(("1M", 3, 0, APART, 0), ("1M", 6, 0, APART, 2)),
        *(("1M", 3, 1, APART, 0), ("1M", 6, 1, APART, 2)),
        *(("2M", 3, 0, APART, 0), ("2M", 6, 0, APART, 2)),
        ("1M", 3, 0, JOINED, 0),
    ]


@given(st.integers(1, 300), st.integers(1, 20))
def test_every_lesson_is_looked_at_to_its_end(epochs: int, most: int) -> None:
    for looks in (looked_at(epochs, most), looked_at_soon(epochs, most)):
        assert looks == sorted({*looks})
        assert looks[-1] == epochs
        assert looks[0] >= 1
        assert len(looks) <= most + 1
