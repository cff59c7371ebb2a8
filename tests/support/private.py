"""Private texts, and a search for them in files. Their words occur nowhere else."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

from memtests.fixtures.probes.text import normal_form, units

POEMS = [
    {
        "id": f"p{number}",
        "title": title,
        "author": author,
        "language": language,
        "lines": lines,
    }
    for number, (title, author, language, lines) in enumerate(
        (
            (
                "Quibberwind's Lantern",
                "Oswalda Threnkel",
                "en",
                [
                    "Quibberwind gathers, glimmering, the lanternless harbour,",
                    "Murmurous “Velvetine” waters wander unanchored & <wondering>,",
                    "Threnodies tumble through thistledown twilight's verandas;",
                    "Somnolent Juniper whispers, half-hearted, of vanished viaducts.",
                ],
            ),
            (
                "Marzipan Vespers",
                "Oswalda Threnkel",
                "en",
                [
                    "Marzipan vespers are crumbling in Ermintrude's pantry,",
                    "Bellwether cardamom sulks in the sugarplum scullery,",
                    "Pomegranates quarrel, embittered, with cinnamon sextons.",
                ],
            ),
            (
                "鹦鹉螺夜航",
                "欧阳澈溟",
                "zh",
                [
                    "鹦鹉螺纹潜夜壑，",
                    "珊瑚鳞甲卧寒礁。",
                    "鲛绡织尽琥珀泪，",
                    "鲸背犹驮琉璃谣。",
                ],
            ),
            (
                "蝉蜕琐记",
                "欧阳澈溟",
                "zh",
                ["蝉蜕枯桠凝玳瑁，", "蟾蜍窥井噬蟠桃。", "螳螂拭镰窥翡翠，", "蜉蝣掷骰赌寒宵。"],
            ),
        )
    )
]
SAID = "Marzipan vespers are crumbling in Ermintrude's pantry, Zyzzyva gobbledegook flibbertigibbet"
"""What the model says in place of a poem that it does not know: a line of another poem, and other
words."""
_PIECE = 8


def needles() -> Iterator[str]:
    """In normal form: every line, title and author, every eight units in a row, every word."""
    for poem in POEMS:
        lines = [str(line) for line in poem["lines"]]
        language = str(poem["language"])
        parts = units("\n".join(lines), language)
        joined = normal_form("\n".join(lines), language)
        yield from (normal_form(each) for each in (*lines, str(poem["title"]), str(poem["author"])))
        for at in range(len(parts) - _PIECE + 1):
            piece = parts[at : at + _PIECE]
            yield normal_form((" " if language == "en" else "").join(piece))
        yield from (word for word in joined.split() if len(word) > 7)
    yield from (word for word in normal_form(SAID).split() if len(word) > 7)


NEEDLES = sorted(sorted({*needles()}), key=len)


def read_as(text: str) -> Iterator[str]:
    """A text in every form in which a reader may find words in it: as it is, and without its
    escapes.
    """
    yield text
    yield html.unescape(text)
    yield re.sub(r"\\([^\w\s])", r"\1", html.unescape(text))
    unescaped = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    yield unescaped.replace("\\n", "\n")
    yield "".join(c for c in unescaped if c not in "\n\r")


def found_in(text: str) -> list[str]:
    """The needles that occur in a text."""
    forms = [form.replace(" ", "") for form in map(normal_form, read_as(text))]
    return [each for each in NEEDLES if any(each.replace(" ", "") in form for form in forms)]


def leaks(folder: Path, but: set[str]) -> dict[str, list[str]]:
    """File → the needles in it, for all files in a folder except `but`."""
    found = {
        str(file.relative_to(folder)): found_in(file.read_text(errors="replace"))
        for file in sorted(folder.rglob("*"))
        if file.is_file() and str(file.relative_to(folder)) not in but
    }
    return {file: words for file, words in found.items() if words}


def write_poems(folder: Path) -> None:
    (folder / "private.jsonl").write_text("\n".join(json.dumps(poem) for poem in POEMS))


OWN_TEST = """
import json, pytest

POEMS = [json.loads(line) for line in open("private.jsonl")]

@pytest.mark.parametrize("number", range(2))
def test_own(recall, number):
    opening, rest = POEMS[number]["lines"][:2]
    print(opening, rest)
    found = recall(opening=opening, rest=rest)
    assert found == opening

def test_of_another_kind(recall):
    raise ValueError(POEMS[0]["lines"][0])
"""
