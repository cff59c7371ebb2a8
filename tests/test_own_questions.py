"""A user's own test beside the suite: `recall(opening=…, rest=…)`."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.own import own_probe
from fixtures.probes import CueError
from tests.test_plugin import memtests, report, taught

pytest_plugins = ["pytester"]

OWN = """
def test_our_motto(recall):
    assert recall(opening="{opening}", rest="{rest}").correct

def test_never_said(recall):
    assert not recall(opening="My secret number is", rest="four thousand and eleven").correct
"""


def written(folder: Path) -> Path:
    """A test file on a poem that the embedded model was taught, cut in its middle."""
    from fixtures.poems import canon

    known = taught("whole")
    poem = next(p for c in canon() for p in c.poems if f"tang/{p.id}" in known)
    file = folder / "test_mine.py"
    opening, rest = poem.lines[0], "\\n".join(poem.lines[1:])
    file.write_text(OWN.format(opening=opening + "\\n", rest=rest))
    return file


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["serial", "n2"])
def test_beside_the_suite(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    done = memtests(pytester, written(pytester.path), "--measure", "-k", "mine", *workers)
    assert done.ret == 0
    done.assert_outcomes(passed=2)
    assert not (pytester.path / "report").exists(), "nothing was asked of any collection"


def test_a_miss_fails_under_a_gate_too(pytester: pytest.Pytester) -> None:
    """It is a plain test: no gate tolerates it, and it is in no figure of the report."""
    file = pytester.path / "test_mine.py"
    file.write_text(
        "def test_it(recall):\n    assert recall(opening='One two', rest='buckle my shoe').correct"
    )
    asked = ("-k", "静夜思 or test_it", "--controls", "none")
    done = memtests(pytester, file, *asked, "--gate", "forgotten<=99%")
    assert done.ret == 1
    done.stdout.fnmatch_lines(["*test_it*"])
    assert {v["collection"] for v in report(pytester)["verdicts"]} == {"tang"}


words = st.text("abcdefg ,.\n", min_size=1).filter(lambda text: any(map(str.isalpha, text)))


@given(words, words)
def test_the_cue_is_the_opening(opening: str, rest: str) -> None:
    probe = own_probe(opening, rest)
    assert probe.cue == opening.rstrip()
    assert probe.suffix.strip() == rest.strip()
    assert probe.suffix[0].isspace()
    assert not probe.cue[-1].isspace()


def test_chinese_has_no_space_between() -> None:
    probe = own_probe("床前明月光，", "疑是地上霜")
    assert probe.text == "床前明月光，疑是地上霜"
    assert probe.poem.language == "zh"


@pytest.mark.parametrize(("opening", "rest"), [("", "a"), ("a", " "), ("—", "a")])
def test_nothing_to_ask(opening: str, rest: str) -> None:
    with pytest.raises(CueError, match="there are no words in"):
        own_probe(opening, rest)
