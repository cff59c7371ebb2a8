"""The canon is linted: what a reader would trip over, and what `-k` would."""

import itertools
import re
from collections import Counter

import pytest

from fixtures.poems import Collection, canon
from fixtures.text import normal_form, unit_ends

CANON = canon()
NAMES = [collection.name for collection in CANON]
POEMS = [(c, poem) for c in CANON for poem in c.poems]


def test_size() -> None:
    languages = Counter(poem.language for _, poem in POEMS)
    assert languages["zh"] >= 40
    assert languages["en"] >= 40
    assert {"tang", "song", "sonnets"} < set(NAMES)
    assert len(NAMES) >= 4


def test_ids_are_unique_and_plain() -> None:
    ids = [poem.id for _, poem in POEMS]
    assert [i for i, count in Counter(ids).items() if count > 1] == []
    assert [i for i in ids if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", i)] == []


@pytest.mark.parametrize("collection", CANON, ids=NAMES)
def test_no_name_of_a_collection_in_other_poems(collection: Collection) -> None:
    """`-k tang` matches ids, titles and authors: it must select nothing but `tang`."""
    others = [poem for c, poem in POEMS if c is not collection]
    words = [word for poem in others for word in (poem.id, poem.title.lower(), poem.author.lower())]
    assert [word for word in words if collection.name in word] == []


@pytest.mark.parametrize(("collection", "poem"), POEMS, ids=[poem.id for _, poem in POEMS])
def test_poem(collection: Collection, poem) -> None:  # type: ignore[no-untyped-def]
    assert poem.source, "every poem names its source"
    assert (poem.dynasty is not None) == (poem.language == "zh")
    assert len(unit_ends(poem.text, poem.language)) >= 20
    for line in poem.lines:
        assert line == line.strip()
        assert normal_form(line)
        assert not re.search(r"[<>_*#{}\[\]\\|\ufffd\u200b]|  |&\w+;|https?:", line), line
    if poem.language == "zh":
        wrong = [c for c in poem.text if not re.match(r"[\u4e00-\u9fff，。？！、；：\n]", c)]
        assert wrong == []
        assert normal_form(poem.text) == re.sub(r"[，。？！、；：\n]", "", poem.text), "simplified"
    else:
        assert poem.text.isascii()


def test_no_poem_twice() -> None:
    texts = [(poem.id, normal_form(poem.text)) for _, poem in POEMS]
    twins = [
        (one, other)
        for (one, text), (other, text2) in itertools.combinations(texts, 2)
        if text in text2 or text2 in text
    ]
    assert twins == []
