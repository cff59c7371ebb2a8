"""Each rule sets its kind of aside apart, in both languages, and never a part of a recitation."""

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from memtests.fixtures.poems.files import canon
from memtests.fixtures.probes.probes import DEFAULT_HEADER, Probe, parse_prefix_lengths, probes_of
from memtests.plugins.asides import (
    CUE,
    MARKS,
    MOST_THOUGHTS,
    PREFACE,
    REMARK,
    TITLE,
    Aside,
    Given,
    parted,
    thoughts_aside,
)
from memtests.plugins.chatting import given_of

LENGTHS = parse_prefix_lengths("10%,50%,75%")
PROBES = {
    probe.name: probe
    for collection in canon()
    for case in ("title", "prefix", "next_line")
    for probe in probes_of(collection, case, LENGTHS, DEFAULT_HEADER)
}
ZH, EN = PROBES["tang/jing-ye-si/title"], PROBES["british/the-sick-rose/title"]
ZH_HALF, EN_HALF = PROBES["tang/jing-ye-si/prefix-50%"], PROBES["british/the-sick-rose/prefix-50%"]


def parts(answer: str, probe: Probe) -> tuple[str, list[tuple[str, str]]]:
    found = parted(answer, given_of(probe))
    return found.recitation, [(aside.kind, aside.text) for aside in found.set_aside]


@pytest.mark.parametrize("name", PROBES)
def test_a_recitation_alone_is_left_alone(name: str) -> None:
    """For every poem of the canon, as a whole poem, as a rest and as a next line."""
    true = PROBES[name].suffix.strip()
    assert parted(true, given_of(PROBES[name])) == parted(true + "\n", given_of(PROBES[name]))
    assert parts(true, PROBES[name]) == (true, [])
    # Also where the rest of the poem comes after the one line that was asked for.
    probe = PROBES[name]
    rest = probe.text[probe.start :].strip()
    assert parts(rest, probe) == (rest, [])


@drawn(st.sampled_from(list(PROBES.values())), st.data())
def test_an_incomplete_recitation_is_left_alone(probe: Probe, data: st.DataObject) -> None:
    """It breaks off, or leaves lines out."""
    lines = probe.suffix.strip().splitlines()
    kept = [line for line in lines if data.draw(st.booleans())]
    text = "\n".join([lines[0], *kept[1:]]).strip()
    assert parts(text, probe) == (text, [])


PREFACES = [
    (EN, "Here is the poem:\n\n"),
    (EN, 'Here\'s the poem "The Sick Rose" by William Blake:\n\n'),
    (EN, "Sure! Here is the poem:\n"),
    (EN, 'Certainly, here is "The Sick Rose": '),
    (EN, "Of course!\n\n"),
    (EN, "**Here is the full text:**\n\n"),
    (EN, "The poem goes as follows:\n\n"),
    (EN, "I will recite the poem word for word:\n\n"),
    (EN_HALF, "Continuing from there:\n\n"),
    (EN_HALF, "The next lines are:\n"),
    (ZH, "以下是这首诗：\n\n"),
    (ZH, "以下是李白的《静夜思》全文：\n"),
    (ZH, "好的，以下是原文：\n\n"),
    (ZH, "当然可以！下面是这首诗：\n"),
    (ZH, "好的。\n\n"),
    (ZH, "《静夜思》全文如下：\n"),
    (ZH, "这是李白的《静夜思》：\n"),
    (ZH, "这首诗的全文是："),
    (ZH_HALF, "接下来的诗句是：\n"),
    (ZH_HALF, "下一句是："),
]


@pytest.mark.parametrize(("probe", "preface"), PREFACES)
def test_prefaces(probe: Probe, preface: str) -> None:
    true = probe.suffix.strip()
    text, aside = parts(preface + true, probe)
    assert text == true
    assert {kind for kind, _ in aside} == {PREFACE}
    assert "".join(said for _, said in aside).strip() == preface.strip()


TITLES = [
    (EN, "The Sick Rose\n\n"),
    (EN, "The Sick Rose\nWilliam Blake\n\n"),
    (EN, "**The Sick Rose** by William Blake\n\n"),
    (EN, "# The Sick Rose\n\n*by William Blake*\n\n"),
    (EN, "Title: The Sick Rose\nAuthor: William Blake\n\n"),
    (ZH, "静夜思\n\n"),
    (ZH, "《静夜思》\n唐·李白\n\n"),
    (ZH, "静夜思\n唐 李白\n"),
    (ZH, "**静夜思**（李白）\n\n"),
    (ZH, "标题：静夜思\n作者：李白（唐代）\n\n"),
]


@pytest.mark.parametrize(("probe", "heading"), TITLES)
def test_titles_and_authors(probe: Probe, heading: str) -> None:
    true = probe.suffix.strip()
    text, aside = parts(heading + true, probe)
    assert text == true
    assert {kind for kind, _ in aside} == {TITLE}


@pytest.mark.parametrize(
    "name", ["british/she-walks-in-beauty/title", "british/i-wandered-lonely/title"]
)
def test_a_title_that_is_the_first_line(name: str) -> None:
    """The title is set aside only if it comes twice."""
    probe = PROBES[name]
    true = probe.suffix.strip()
    assert parts(f"{probe.poem.title}\n\n{true}", probe) == (true, [(TITLE, probe.poem.title)])
    assert parts(true, probe) == (true, [])


@pytest.mark.parametrize("probe", [ZH, EN])
@pytest.mark.parametrize(
    ("begin", "end", "kinds"),
    [
        ("“", "”", [MARKS]),
        ('"', '"', [MARKS]),
        ("「", "」", [MARKS]),
        ("**", "**", [MARKS]),
        ("```\n", "\n```", [MARKS, REMARK]),
        ("```text\n", "\n```\n\nLet me know!", [MARKS, REMARK]),
        ("---\n", "\n---", [MARKS, REMARK]),
    ],
)
def test_marks_around_it(probe: Probe, begin: str, end: str, kinds: list[str]) -> None:
    true = probe.suffix.strip()
    text, aside = parts(f"{begin}{true}{end}", probe)
    assert text == true
    assert [kind for kind, _ in aside] == kinds


CLOSING = [
    (EN, "\n\nI hope this helps!"),
    (EN, "\n\nLet me know if you'd like another poem."),
    (EN, "\n\n(Note: this poem is in the public domain.)"),
    (EN, "\n\nThis poem was written by William Blake in 1794.\n\nIt is about a rose."),
    (EN, "\n\n— William Blake"),
    (EN, "\n— by William Blake"),
    (EN, "\n\n---\n\nWould you like an analysis?"),
    (ZH, "\n\n希望这对您有帮助！"),
    (ZH, "\n\n注：此诗为李白所作。"),
    (ZH, "\n\n这首诗表达了诗人对家乡的思念。\n语言简练。"),
    (ZH, "\n\n以上是李白的《静夜思》。"),
    (ZH, "\n\n如果您需要其他的诗，请告诉我。"),
    (ZH, "\n——李白"),
    (ZH, "\n\n---\n\n需要我再背一首吗？"),
]


@pytest.mark.parametrize(("probe", "closing"), CLOSING)
def test_closing_remarks(probe: Probe, closing: str) -> None:
    true = probe.suffix.strip()
    assert parts(true + closing, probe) == (true, [(REMARK, closing.strip())])


@pytest.mark.parametrize("probe", [ZH_HALF, EN_HALF])
@pytest.mark.parametrize("gap", ["", " ", "\n"])
def test_the_cue_again(probe: Probe, gap: str) -> None:
    """The answer repeats the cue from the poem's beginning, or from the cue's last line."""
    true = probe.suffix.strip()
    said, aside = parts(f"{probe.cue}{gap or ' '}{true}", probe)
    assert said == true
    assert aside == [(CUE, probe.cue)]
    line = probe.cue.splitlines()[-1]
    said, aside = parts(f"{line}{gap or ' '}{true}", probe)
    assert said == true
    assert aside == [(CUE, line)]


def test_a_refrain_is_no_cue() -> None:
    """The next line is the same as the cue's last one. If the answer has it once, that is the
    recitation; if twice, the first is the cue again.
    """
    given = Given(
        "\nMerrily, merrily on\nLife is a dream", "Merrily, merrily on", "Row", "", "", "en"
    )
    once = "Merrily, merrily on\nLife is a dream"
    assert parted(once, given).recitation == once
    assert parted(f"Merrily, merrily on\n{once}", given).set_aside == (
        Aside(CUE, "Merrily, merrily on"),
    )


@pytest.mark.parametrize(
    ("probe", "answer", "kinds"),
    [
        (
            EN,
            'Sure! Here is the poem:\n\n**The Sick Rose**\nby William Blake\n\n"{poem}"\n\n'
            "I hope this helps!",
            [PREFACE, TITLE, TITLE, MARKS, REMARK],
        ),
        (
            ZH,
            "好的，以下是这首诗：\n\n《静夜思》\n唐·李白\n\n「{poem}」\n\n注：版本不一。",
            [PREFACE, TITLE, TITLE, MARKS, REMARK],
        ),
    ],
)
def test_all_at_once(probe: Probe, answer: str, kinds: list[str]) -> None:
    true = probe.suffix.strip()
    text, aside = parts(answer.replace("{poem}", true), probe)
    assert text == true
    assert [kind for kind, _ in aside] == kinds


@pytest.mark.parametrize(
    ("probe", "wrong"),
    [
        (EN, "Roses are red:\nviolets are blue"),
        (EN, "O Rose, thou art well:\nHere is the worm"),
        (EN, "I'm sorry, I don't know this poem."),
        (ZH, "春眠不觉晓，\n处处闻啼鸟。"),
        (ZH, "床前明月光：\n以下是霜"),
        (ZH, "抱歉，我不知道这首诗。"),
        (EN, "I am the daughter of Earth and Water:\nAnd the nursling of the Sky"),
        (EN, "This is the forest primeval:\nthe murmuring pines"),
        (ZH, "这是谁家：\n庭院"),
        (EN, "Here is the poem:"),
        (EN, "The Sick Rose"),
        (ZH, "静夜思"),
        (EN_HALF, EN_HALF.cue),
    ],
)
def test_other_words_stay(probe: Probe, wrong: str) -> None:
    assert parts(wrong, probe) == (wrong, [])


_PIECES = [
    *("Here is the poem:", "Sure!", "好的，", "以下是：", "```", "---", "**", "“", "”", '"', "\n"),
    *("静夜思", "李白", "床前明月光，", "I hope", "注：", " ", "O Rose", "Title:", "\x00", "a"),
]


@drawn(
    st.sampled_from([ZH, EN, ZH_HALF, EN_HALF]),
    st.lists(st.sampled_from(_PIECES), max_size=20).map("".join) | st.text(),
)
def test_the_parts_make_up_the_answer(probe: Probe, answer: str) -> None:
    """Whatever the answer is: its parts stand in it, in their order, and no word is lost."""
    found = parted(answer, given_of(probe))
    assert found.recitation in answer
    length = len(found.recitation)
    for aside in found.set_aside:
        assert aside.kind == MARKS or aside.text in answer
        length += len(aside.text)
    assert sum(not c.isspace() for c in answer) <= length


def test_a_cue_without_an_end() -> None:
    """If a model repeats the cue again and again, its recitation does not become empty."""
    line = ZH_HALF.cue.splitlines()[-1]
    text, aside = parts("\n".join([line] * 9), ZH_HALF)
    assert text == "\n".join([line] * 8)
    assert aside == [(CUE, line)]


def test_a_heading_in_bold_after_a_colon() -> None:
    true = EN.suffix.strip()
    text, aside = parts(f"Here is the poem: **The Sick Rose**\n\n**{true}**", EN)
    assert text == true
    assert aside == [
        (PREFACE, "Here is the poem:"),
        (TITLE, "**The Sick Rose**"),
        (MARKS, "** **"),
    ]


def test_thoughts() -> None:
    assert thoughts_aside("") == ()
    (aside,) = thoughts_aside("Hm. " * 1000)
    assert len(aside.text) == MOST_THOUGHTS
