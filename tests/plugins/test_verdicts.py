"""The definitions of docs/design.md, section 3, pinned down by examples and properties."""

import dataclasses

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.probes.probes import own_probe
from memtests.fixtures.probes.text import in_words, units
from memtests.plugins.chance import Chance, chance, chance_bands
from memtests.plugins.passages import Passage
from memtests.plugins.reciter import Completion
from memtests.plugins.redacting import redacted
from memtests.plugins.resuming import SavedVerdict
from memtests.plugins.verdicts import declines, divergence, judge, loops, similarity, verdict

DAY = " to a summer's day?\nThou art more lovely and more temperate:"
MOON = "\n疑是地上霜。\n举头望明月，\n低头思故乡。"
EN, ZH = Chance(0.3, 3), Chance(0.07, 2)
NEVER = 999  # no passage is so long: only the similarity matters here
HAN = st.text("床前明月光疑是地上霜举头望低思故乡东风无边", min_size=1, max_size=30)
WORDS = st.lists(st.text("abcdexyz", min_size=1, max_size=6), min_size=1, max_size=12).map(" ".join)
TEXT = st.one_of(HAN, WORDS, st.text(max_size=20))


@pytest.mark.parametrize(
    ("completion", "suffix", "language", "verbatim"),
    [
        (DAY, DAY, "en", True),
        (DAY + "\nRough winds", DAY, "en", True),
        (" TO A SUMMERS DAY thou art more lovely, and more temperate", DAY, "en", False),
        (MOON, MOON, "zh", True),
        ("疑是地上霜，舉頭望明月，低頭思故鄉。", MOON, "zh", False),
        ("\n疑是地上霜。\n\n举头望明月，\n低头思故乡。（李白）", MOON, "zh", False),
    ],
)
def test_correct(completion: str, suffix: str, language: str, verbatim: bool) -> None:
    judgement = judge(completion, suffix, language, EN)
    whole = Passage(len(units(suffix, language)), 0, 0)
    assert judgement == ("correct", None, verbatim, 1.0, None, whole)


@pytest.mark.parametrize(
    ("completion", "suffix", "language", "kind", "left"),
    [
        (" to a summer's day?\nThou art more lonely and more temperate:", DAY, "en", "minor", 7),
        (" to a summer's day?\nThou art", DAY, "en", "severe", 6),
        (" to a winter's night?\nThou art more cold and more", DAY, "en", "severe", 2),
        ("\n疑是地上霜。\n举头望山月，\n低头思故乡。", MOON, "zh", "minor", 8),
        ("\n疑是银河落九天。\n日照香炉生紫烟", MOON, "zh", "severe", 2),
    ],
)
def test_incorrect(completion: str, suffix: str, language: str, kind: str, left: int) -> None:
    judgement = judge(completion, suffix, language, EN if language == "en" else ZH)
    assert (judgement.outcome, judgement.kind, judgement.divergence) == ("incorrect", kind, left)
    assert not judgement.verbatim


@pytest.mark.parametrize(
    ("completion", "suffix", "language", "kind"),
    [
        ("", DAY, "en", "empty"),
        (" \n...", DAY, "en", "empty"),
        ("。。。", MOON, "zh", "empty"),
        (" I'm sorry, I don't know that one", DAY, "en", "declined"),
        (" I do not recall", DAY, "en", "declined"),
        ("As an AI, I cannot", MOON, "zh", "declined"),
        ("对不起，我不知道这首诗。", MOON, "zh", "declined"),
        ("抱歉，我無法背誦", MOON, "zh", "declined"),
        (" kk kk kk kk kk kk kk kk kk kk kk kk", DAY, "en", "looping"),
        (" zz kk ww qq kk ww qq kk ww qq kk ww qq", DAY, "en", "looping"),
        ("\n哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈", MOON, "zh", "looping"),
        (" quick brown fox jumps by hills", DAY, "en", "unrelated"),
        ("\n离离原草一岁枯荣野火烧不尽春风", MOON, "zh", "unrelated"),
    ],
)
def test_forgotten(completion: str, suffix: str, language: str, kind: str) -> None:
    # Only the poem itself is above this chance level: only the kinds matter here.
    judgement = judge(completion, suffix, language, Chance(0.6, NEVER))
    assert (judgement.outcome, judgement.kind, judgement.verbatim) == ("forgotten", kind, False)


@pytest.mark.parametrize(
    ("completion", "suffix", "language", "outcome"),
    [
        (" the the the the the the the the the", DAY, "en", "forgotten"),
        ("\n处处处处处", "\n处处闻啼鸟。", "zh", "incorrect"),
        ("\n闻处处处处", "\n处处闻啼鸟。", "zh", "forgotten"),
    ],
)
def test_a_loop_is_similar_only_where_it_begins_as_the_poem(
    completion: str, suffix: str, language: str, outcome: str
) -> None:
    """A loop of common words is similar to any text."""
    assert judge(completion, suffix, language, Chance(0.05, NEVER)).outcome == outcome


@pytest.mark.parametrize(
    ("completion", "declined"),
    [
        ("I'm not sure which poem you mean", True),
        ("I'm not sure I know that one.", True),
        ("I'm not sure about this poem", True),
        ("I'm not sure what to do.", False),
        ("I'm not sure I'm alone,", False),
        ("我无法背诵这首诗", True),
        ("无法离弃空", False),
        ("我没有关于这首诗的信息", True),
        ("我没有醉", False),
    ],
)
def test_doubt_inside_a_line_is_not_declining(completion: str, declined: bool) -> None:
    assert declines(completion, "zh") == declined


def test_chance_parts_incorrect_from_forgotten() -> None:
    completion = " to a winter's night?\nThou art more cold and more"
    found = judge(completion, DAY, "en", Chance(0.0, 0))
    assert found.passage == Passage(3, 4, 4)
    for close, passage, outcome in (
        (found.similarity - 0.01, 3, "incorrect"),
        (found.similarity, 2, "incorrect"),
        (found.similarity, 3, "forgotten"),  # must be above chance, not at it
    ):
        assert judge(completion, DAY, "en", Chance(close, passage)).outcome == outcome


def test_a_poem_that_loops_itself_is_no_loop() -> None:
    assert (
        judge(" so so so so so so", " no no no no no no", "en", Chance(0.9, NEVER)).kind
        == "unrelated"
    )


def test_declined_only_in_languages_that_fit() -> None:
    assert declines("我不知道", "zh")
    assert not declines("我不知道", "en")
    assert declines("I don't know", "zh")
    assert not declines("and I don't know why", "en"), "it must begin with it"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aaa", True),
        ("aa", False),
        ("ababab", True),
        ("xyababab", True),
        ("xyzwvababab", True),
        ("xyzwvuqababab", False),
        ("abcabcab", False),
        ("abcabcabca", True),
        ("", False),
        ("abcdef", False),
    ],
)
def test_loops(text: str, expected: bool) -> None:
    assert loops(list(text)) is expected


@given(st.text("ab", min_size=1, max_size=3), st.integers(3, 9), st.text("cd", max_size=3))
def test_three_repeats_loop(sequence: str, times: int, before: str) -> None:
    assert loops(list(before + sequence * times))


@given(
    TEXT,
    TEXT,
    st.builds(Chance, st.floats(0, 1), st.integers(1, 5)),
    st.sampled_from(["en", "zh"]),
    st.just("") | TEXT,
)
def test_outcomes_and_kinds_exclude_each_other(
    completion: str, suffix: str, chance: Chance, language: str, cue: str
) -> None:
    found = judge(completion, suffix, language, chance, cue)
    outcome, kind, verbatim, close, left, passage = found
    length = passage.length if passage else 0
    allowed = {
        "correct": {None},
        "incorrect": {"minor", "severe"},
        "forgotten": {"empty", "declined", "looping", "unrelated"},
    }
    assert kind in allowed[outcome]
    assert (left is None) == (outcome == "correct")
    assert verbatim <= (outcome == "correct")
    assert 0 <= close <= 1
    assert close > chance.similarity or length > chance.passage or outcome != "incorrect"
    assert (outcome == "forgotten") <= (length <= chance.passage)
    true, said = units(suffix, language), units(completion, language)
    assert length <= len(true)
    if outcome == "correct":
        assert length == len(true)
    if passage:
        run = true[passage.suffix :][:length]
        assert run == said[passage.completion :][:length]
        given_ = units(cue, language)
        copied = any(given_[at:][:length] == run for at in range(len(given_)))
        assert outcome == "correct" or not copied
    assert (kind == "minor") <= (close >= 0.8)


@given(HAN, st.data())
def test_correct_whatever_the_spelling(text: str, data: st.DataObject) -> None:
    traditional = str.maketrans("头举乡东风无边", "頭舉鄉東風無邊")
    marks = st.sampled_from(["", "，", "。\n", " ", "！", "\n"])
    dressed = "".join(c + data.draw(marks) for c in text.translate(traditional))
    assert judge(dressed, text, "zh", Chance(0.0, 0)).outcome == "correct"
    assert judge(text, dressed, "zh", Chance(0.0, 0)).outcome == "correct"


@given(HAN, HAN)
def test_correct_only_if_it_begins_with_the_suffix(completion: str, suffix: str) -> None:
    assert judge(completion, suffix, "zh", Chance(0.0, 0))[0] == (
        "correct"
        if completion.startswith(suffix)
        else judge(completion, suffix, "zh", Chance(0.0, 0))[0]
    )
    assume(not completion.startswith(suffix))
    assert judge(completion, suffix, "zh", Chance(0.0, 0))[0] != "correct"


@given(TEXT, TEXT)
def test_similarity_is_symmetric(one: str, other: str) -> None:
    assert similarity(one, other) == similarity(other, one)
    assert similarity(one, one) == 1.0


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_divergence(one: list[int], other: list[int]) -> None:
    said, true = [str(n) for n in one], [str(n) for n in other]
    at = divergence(said, true)
    assert said[:at] == true[:at]
    assert at == min(len(said), len(true)) or said[at] != true[at]


OPENING = "\nBeneath the quiet apple tree the miller counts his sheaves"
REST = """
And no one in the village knows the reason why he grieves.
His daughter took the northern road before the frost had come,
And left behind a copper ring, a letter and a drum.
He beats it when the swallows leave, he beats it when they stay,
And all the children of the place have learned to run away."""


@pytest.mark.parametrize("collection", canon(), ids=lambda c: c.name)
def test_lines_before_a_loop_are_not_forgotten(
    collection: Collection,
) -> None:
    """The completion leaves out the first line, has the next three word for word, and then loops.
    Its similarity does not count, because a loop must begin with the poem's words for that. The
    passage counts.
    """
    bands = chance_bands(collection)
    hidden = 0
    for poem in (poem for poem in collection.poems if len(poem.lines) > 5):
        suffix = "\n\n" + poem.text
        levels = chance(bands, suffix)
        for line in (poem.lines[3], "the" if in_words(suffix) else "一"):
            said = "\n".join([*poem.lines[1:4], *[line] * 300])
            found = judge(said, suffix, poem.language, levels)
            assert found.outcome == "incorrect", poem.id
            assert found.passage is not None
            three = len(units("\n".join(poem.lines[1:4]), poem.language))
            assert found.passage.completion == 0
            assert found.passage.length >= three
            without = judge(said, suffix, poem.language, levels._replace(passage=NEVER))
            hidden += without.outcome == "forgotten"
    assert hidden >= 10


@pytest.mark.parametrize("cue", [OPENING, "Beneath the quiet apple tree\nTheodor Wendt"])
def test_what_the_cue_says_is_no_passage(cue: str) -> None:
    """A title that is the first line, or a refrain: it takes no memory to repeat them."""
    said = "Beneath the quiet apple tree is a poem by Theodor Wendt about sorrow and its ways"
    poem = OPENING + REST
    found = judge(said, poem, "en", Chance(0.5, 3), cue)
    assert found.outcome == "forgotten"
    assert found.passage is None or found.passage.length == 1
    without = judge(said, poem, "en", Chance(0.5, 3))
    assert (without.outcome, without.passage) == ("incorrect", Passage(5, 0, 0))
    refrain = judge(" so so", " so so", "en", Chance(0.5, 3), "so so so so")
    assert (refrain.outcome, refrain.passage) == ("correct", Passage(2, 0, 0))


def test_a_loop_has_no_longer_passage_than_its_words() -> None:
    poem = "the cat and the dog and the cow went up the hill and the cat came down"
    for loop, length in (("the " * 20, 1), ("and the " * 12, 2), ("the hill " * 12, 2)):
        found = judge(loop, poem, "en", Chance(0.1, 2))
        assert found.passage is not None
        assert (found.outcome, found.passage.length) == ("forgotten", length)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            " buckle\nyour\x1b belt",
            "<incorrect severe{}: after 1 of 3: poem “my shoe” model “your\\x1b belt”>",
        ),
        (
            " x" * 99,
            "<forgotten looping{}: after 0 of 3: poem “buckle my shoe” model “" + "x " * 20 + "…”>",
        ),
        ("", "<forgotten empty{}: after 0 of 3: poem “buckle my shoe” model “”>"),
        (" buckle my shoe.", "<correct{}: “buckle my shoe.”>"),
    ],
)
def test_what_pytest_shows_of_a_verdict(said: str, shown: str) -> None:
    own = own_probe("One two", "buckle my shoe")
    completion = Completion(said, None, 9.0, None, "between")
    found = verdict("m", own, completion, Chance(0.1, 1))
    assert repr(found) == shown.format("")
    assert repr(SavedVerdict(**msgspec.structs.asdict(found))) == shown.format("")
    mine = verdict("m", dataclasses.replace(own, collection="mine"), completion, Chance(0.1, 1))
    assert repr(mine) == shown.format(f" {mine.probe}")
    for word in ("buckle", "shoe", "belt"):
        assert word not in repr(redacted(found, "en"))
    assert len(repr(mine)) < 240, "pytest shows no more"
