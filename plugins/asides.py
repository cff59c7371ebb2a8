"""Asides: the words around a recitation in a chat's answer ("Sure! Here is the poem:"). Pure
functions.

Each rule looks for one kind of aside, at the beginning or at the end of an answer. Two guards keep
the rules from cutting into the recitation:

- If the answer begins with OPENING units of the suffix, a rule may cut its beginning only if the
  rest then begins with more of the suffix's units.
- At the end, a line that stands in the poem is never cut.

So an answer that holds only the poem stays whole, whatever the poem is.
"""

import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from memtests.fixtures.probes.text import unit_ends, units

KINDS = (
    THOUGHTS := "thoughts",
    PREFACE := "preface",
    TITLE := "title",
    CUE := "cue again",
    MARKS := "marks",
    REMARK := "closing remark",
)
# An answer that begins with this many of the suffix's units does not do so by chance.
OPENING = 3
# The most code points of thoughts that are kept: a model may think for pages.
MOST_THOUGHTS = 1000


class Aside(msgspec.Struct, frozen=True):
    """Words of an answer that are no part of the recitation."""

    kind: str
    """One of KINDS."""
    text: str
    """As the model wrote it; of thoughts only the first MOST_THOUGHTS code points. Empty under
    `--redact`."""


class Given(msgspec.Struct, frozen=True):
    """The texts that an answer is compared with, to tell the recitation from the asides."""

    suffix: str
    opening: str
    """The part of the poem that the cue gives."""
    title: str
    author: str
    dynasty: str
    language: str


class Parted(msgspec.Struct, frozen=True):
    """An answer in parts."""

    recitation: str
    set_aside: tuple[Aside, ...]


def parted(answer: str, given: Given) -> Parted:
    """Split an answer into the recitation and its asides, in the order in which they came."""
    before: list[Aside] = []
    text, after = _without_end(answer.strip(), given)
    found = True
    while found:
        found = False
        for kind, rule in _FRONT:
            often = sum(aside.kind == kind for aside in before) >= _MOST[kind]
            ends = [] if often else list(rule(text, given))
            for end in ends:
                if end and _may_go(text, text[end:], given):
                    before.append(Aside(kind, text[:end].strip()))
                    text, found = text[end:].lstrip(), True
                    break
        if inner := _within_marks(text, given):
            marks, text = inner
            before.append(Aside(MARKS, marks))
            text, more = _without_end(text.strip(), given)
            after, found = more + after, True
    return Parted(text, (*before, *after))


def thoughts_aside(thoughts: str) -> tuple[Aside, ...]:
    """A model's thoughts before its answer, as an aside; none if it did not think."""
    return (Aside(THOUGHTS, thoughts[:MOST_THOUGHTS]),) if thoughts else ()


def _may_go(whole: str, rest: str, given: Given) -> bool:
    """Whether the beginning of a text may be set aside, and only `rest` kept."""
    gone = whole[: len(whole) - len(rest)]
    if not units(gone, given.language):  # only marks would go
        return True
    if not units(rest, given.language):  # no words would be left, so `gone` is the answer itself
        return False
    begun, enough = _lead(whole, given), min(OPENING, len(units(given.suffix, given.language)))
    return begun < enough or _lead(rest, given) > begun


def _lead(text: str, given: Given) -> int:
    """How many of the suffix's units a text begins with."""
    true = units(given.suffix, given.language)
    said = units(text, given.language)
    count = 0
    for one, other in zip(said, true, strict=False):
        if one != other:
            break
        count += 1
    return count


# A preface announces the poem. It is a line of its own, or everything up to a colon.
_SURE = (
    r"(?:(?:sure|certainly|of course|absolutely|okay|ok|yes|no problem|gladly|with pleasure)\b"
    r"(?: thing)?[,.!:—–-]*\s*)"
)
_SURE_ZH = r"(?:(?:好的|好|当然可以|当然|没问题|可以|是的|遵命)(?:的)?[，,。.！!：:～~]+\s*)"
# A line with a colon counts as a preface only if it holds one of these words. Otherwise it may as
# well be a line of the poem.
_OF_A_POEM = r"(?=[^\n:：]{0,150}(?:poem|text|verse|line|sonnet|recit|continu|follow|below|[\"“*]))"
_OF_A_POEM_ZH = r"(?=[^\n:：]{0,60}(?:[诗词文句续背《]|如下|内容))"
_HERE = (
    r"(?:here(?:'s|’s| is| are| goes| you go| it is)|this is|below is|the following is|"
    r"the (?:full |complete |requested |entire )?"
    r"(?:poem|text|verse|verses|lines?|sonnet|continuation)|"
    r"(?:the )?next lines?|continuing|i(?:'ll|’ll| will|'d be| would be| am))\b"
)
_HERE_ZH = (
    r"(?:以下|下面|这是|这首|此诗|该诗|全诗|全文|原文|诗文|诗句|正文|接下来|接着|后面|下一句|下句|续写|继续|"
    r"《[^》\n]{1,40}》(?:全文|原文|全诗|如下|的)|[^\n：:，。]{1,12}的《)"
)
_COLON = re.compile(
    rf"(?P<bold>\*\*|__|\*)?(?:{_SURE}+|{_SURE_ZH}+)?"
    rf"(?:{_OF_A_POEM}{_HERE}[^\n:：]{{0,150}}?|{_OF_A_POEM_ZH}{_HERE_ZH}[^\n:：]{{0,60}}?)"
    r"[*_ ]{0,3}[:：](?(bold)(?P=bold)?)\s*",
    re.IGNORECASE,
)
_ALONE = re.compile(rf"(?:{_SURE}+|{_SURE_ZH}+)(?=\n)", re.IGNORECASE)
_LINE = re.compile(
    rf"(?:{_SURE}+|{_SURE_ZH}+)?(?:here(?:'s|’s| is)\b[^\n]{{0,150}}\bpoem\b[^\n]{{0,80}}[.!]"
    r"|(?:以下|下面|这)(?:是|就是)[^\n]{0,60}(?:诗|词|全文|原文)[^\n]{0,20}[。！])[*_ \t]*(?=\n)",
    re.IGNORECASE,
)
_FENCED = re.compile(r"```\w*[ \t]*\n")
_RULED = re.compile(r"(?:-{3,}|\*{3,}|_{3,}|={3,}|—{2,})[ \t]*(?:\n|$)")


def _preface(text: str, given: Given) -> Iterator[int]:
    for pattern in (_COLON, _LINE, _ALONE):
        if found := pattern.match(text):
            yield found.end()


def _fence(text: str, given: Given) -> Iterator[int]:
    for pattern in (_FENCED, _RULED):
        if found := pattern.match(text):
            yield found.end()


# Words that a heading may hold besides title, author and dynasty.
_BESIDE = {
    *("by", "a", "poem", "the", "from", "title", "author", "poet", "dynasty", "sonnet", "written"),
    *(
        "诗",
        "词",
        "作",
        "者",
        "题",
        "目",
        "标",
        "朝",
        "代",
        "年",
        "诗",
        "人",
        "文",
        "原",
        "全",
        "曲",
    ),
}
_LABEL = re.compile(
    r"\W*(?:title|author|poet|dynasty|标题|题目|作者|诗人|朝代|诗名)\s*\W*[:：]", re.I
)


def _title(text: str, given: Given) -> Iterator[int]:
    """The end of the first line, if it holds title, author or dynasty and nothing else."""
    line = text.partition("\n")[0]
    if "\n" in text and _is_heading(line, given):
        yield len(line)


def _is_heading(line: str, given: Given) -> bool:
    said = units(line, given.language)
    if not said:
        return False
    if (label := _LABEL.match(line)) and len(line) - label.end() < 60:
        return True
    names = [units(name, given.language) for name in (given.title, given.author, given.dynasty)]
    named = {unit for name in names for unit in name}
    whole = any(name and _occurs(name, said) for name in names)
    return whole and all(unit in named or unit in _BESIDE for unit in said)


def _cue_again(text: str, given: Given) -> Iterator[int]:
    """Where the answer stops repeating the poem's words in the cue. The repetition may begin at any
    line of these.
    """
    lines = given.opening.splitlines(keepends=True)
    said = units(text, given.language)
    for first in range(len(lines)):
        again = units("".join(lines[first:]), given.language)
        if again and said[: len(again)] == again:
            end = unit_ends(text, given.language)[len(again) - 1]
            yield end


_Rule = Callable[[str, Given], Iterator[int]]
_FRONT: Sequence[tuple[str, _Rule]] = (
    (PREFACE, _preface),
    (MARKS, _fence),
    (TITLE, _title),
    (CUE, _cue_again),
)

# How often each kind is set aside at most. A model that repeats the title ten times gains nothing:
# the other seven count as its recitation.
_MOST = {PREFACE: 2, MARKS: 2, TITLE: 3, CUE: 1}

_PAIRS = {"“": "”", '"': '"', "「": "」", "『": "』", "‘": "’", "«": "»", "*": "*", "_": "_"}


def _within_marks(text: str, given: Given) -> tuple[str, str] | None:
    """The marks that enclose a whole text, and the text inside them; None if there are none, or if
    the poem itself has them.
    """
    pair = re.match(r"\*\*|__|.", text, re.DOTALL)
    if pair is None or len(text) < 2 * len(pair[0]) + 1:
        return None
    mark = pair[0]
    close = mark if mark in ("**", "__") else _PAIRS.get(mark)
    poem = given.suffix.strip()
    if not close or not text.endswith(close) or poem.startswith(mark) or poem.endswith(close):
        return None
    inner = text[len(mark) : -len(close)]
    return None if mark in inner else (f"{mark} {close}", inner)


# How a closing remark begins; it goes on to the end of the answer.
_CLOSING = re.compile(
    r"\W{0,4}(?:"
    r"note\b[^\n]{0,20}?[:：]|note that|please note|"
    r"i hope (?:this|that|you)|hope (?:this|that|you)|let me know|feel free|would you like|"
    r"do you want|if you(?:'d|’d| would) like|if you (?:have|need|want)|is there anything|"
    r"(?:this|the above) (?:poem|text|verse|version|sonnet|is the (?:full|complete|entire))|"
    r"that(?:'s|’s| is) the (?:full|complete|entire|whole|end of)|end of (?:the )?poem|the end$|"
    r"the poem (?:is|was|speaks|describes|explores|captures|continues)|"
    r"注[：:]|注释|注解|译文|赏析|【注|【译|【赏|希望(?:这|对|您|你|以上)|这首(?:诗|词)|此诗|该诗|本诗|"
    r"以上(?:是|就是|为|即)|如(?:果|需|有)(?:您|你|需|其他|任何|还)|需要(?:我|注意)|请注意|请问(?:您|你|还)|"
    r"(?:您|你)(?:还)?(?:需要|想)|全诗(?:完|表达|描)|（完）|（全文完）"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_FENCE_END = re.compile(r"\n?```[ \t]*(?:\n|$)")
_RULE_END = re.compile(r"\n(?:-{3,}|\*{3,}|_{3,}|={3,}|—{2,})[ \t]*(?:\n|$)")


def _without_end(text: str, given: Given) -> tuple[str, list[Aside]]:
    """A text without its closing remark, and the remark."""
    end = min((at for at in _ends(text, given) if at), default=len(text))
    if end == len(text):
        return text, []
    return text[:end].rstrip(), [Aside(REMARK, text[end:].strip())]


def _ends(text: str, given: Given) -> Iterator[int]:
    """Where closing remarks may begin. That is a line that begins like one ("Note:"), a heading on
    the last line, the end of a fence, or a rule (`---`) with no line of the poem after it. A line
    that stands in the poem is no remark.
    """
    poem = units(given.opening + " " + given.suffix, given.language)
    at = 0
    for number, line in enumerate(text.splitlines(keepends=True)):
        said = units(line, given.language)
        theirs = bool(said) and _occurs(said, poem)
        rest = text[at:]
        if number and not theirs and _CLOSING.match(line):
            yield at
        if (
            number
            and not theirs
            and _is_heading(line, given)
            and not rest.partition("\n")[2].strip()
        ):
            yield at
        if number and line.startswith("```") and "```" in text[:at]:
            yield at
        if number and _RULED.match(line) and not _goes_on(rest, poem, given):
            yield at
        at += len(line)


def _goes_on(rest: str, poem: Sequence[str], given: Given) -> bool:
    """Whether the rest of an answer still has a line of the poem."""
    lines = (units(line, given.language) for line in rest.splitlines())
    return any(said and _occurs(said, poem) for said in lines)


def _occurs(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether `part` stands in `whole` without gaps."""
    count = len(part)
    return any(list(whole[at : at + count]) == list(part) for at in range(len(whole) - count + 1))
