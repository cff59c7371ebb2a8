"""The longest passage and its place, compared with a plain search."""

import json
import re
from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.fixtures.poems.files import canon
from memtests.plugins.passages import Passage, longest_passage, runs_of
from tests.support.running import STAND_IN, run_suite

pytest_plugins = ["pytester"]

UNITS = st.lists(st.sampled_from("abc"), max_size=12)
LONG = st.lists(st.sampled_from("abcdef"), max_size=120)


def holds(parts: list[str], run: list[str]) -> bool:
    return any(parts[at : at + len(run)] == run for at in range(len(parts) - len(run) + 1))


def plainly(said: list[str], true: list[str], given_: list[str]) -> Passage | None:
    """Try every run of every length at every place. Only runs count that cannot be extended."""
    for length in range(min(len(said), len(true)), 0, -1):
        for one in range(len(true) - length + 1):
            for other in range(len(said) - length + 1):
                run = true[one : one + length]
                if run != said[other : other + length]:
                    continue
                before = one and other and true[one - 1] == said[other - 1]
                after = true[one + length :][:1] == said[other + length :][:1] != []
                if not before and not after and not holds(given_, run):
                    return Passage(length, one, other)
    return None


@given(UNITS, UNITS, st.just([]) | UNITS)
def test_it_is_what_a_plain_search_finds(said: list[str], true: list[str], cue: list[str]) -> None:
    assert longest_passage(said, true, cue) == plainly(said, true, cue)


@given(LONG, LONG)
def test_its_length_is_what_the_standard_library_finds(said: list[str], true: list[str]) -> None:
    found = longest_passage(said, true)
    match = SequenceMatcher(None, true, said, autojunk=False).find_longest_match()
    assert (found.length if found else 0) == match.size


@given(UNITS, UNITS)
def test_at_each_unit_the_longest_run_that_ends_there(said: list[str], true: list[str]) -> None:
    for end, run in enumerate(runs_of(true, said), start=1):
        own = said[end - run.length : end]
        assert own == true[run.begins : run.begins + run.length]
        first = next(at for at in range(len(true) + 1) if true[at : at + run.length] == own)
        assert run.length == 0 or run.begins == first
        assert run.length == end or not holds(true, said[end - run.length - 1 : end])


def test_a_word_that_stands_there_ten_thousand_times() -> None:
    """The number of steps grows with the number of words, not with its square."""
    true = ["many", "words"] * 50_000
    assert longest_passage(["no", *true[1:]], true) == Passage(99_999, 1, 1)
    assert longest_passage(true[:-1], true, true[:10]) == Passage(99_999, 0, 0)


def test_of_equals_the_first() -> None:
    assert longest_passage(list("abxcd"), list("cdyab")) == Passage(2, 0, 3)
    assert longest_passage(list("ab-ab"), list("xab")) == Passage(2, 1, 0)
    assert longest_passage([], list("ab")) is None
    assert longest_passage(list("xy"), list("ab")) is None


def test_in_a_run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model leaves out the first line, says the next three, and then loops: no gate passes it."""
    sonnets = next(collection for collection in canon() if collection.name == "sonnets")
    poem = next(poem for poem in sonnets.poems if poem.id == "ozymandias")
    said = "\n".join([*poem.lines[1:4], *["oh no"] * 60])
    monkeypatch.setenv("MEMTESTS_UNKNOWN", poem.id)
    monkeypatch.setenv("MEMTESTS_HOSTILE", json.dumps(said))
    result = run_suite(
        pytester,
        *STAND_IN,
        *("--poem", f"sonnets/{poem.id}", "-k", "test_title"),
        *("--gate", "incorrect<=0"),
    )
    assert result.ret == 1
    result.stdout.re_match_lines([".*incorrect<=0 .*1 of 1 .*NOT PASSED"])
    report = json.loads((pytester.path / "report" / "recall.json").read_text())
    (found,) = report["verdicts"]
    assert found["similarity"] < 0.45
    assert (found["outcome"], found["kind"]) == ("incorrect", "severe")
    # The stand-in's completion begins with a mark, which is no unit.
    assert found["passage"] == {"length": 26, "suffix": 8, "completion": 0}
    (collection,) = report["collections"]
    assert collection["passages"]["64"] == 3
    page = (pytester.path / "report" / "report.html").read_text()
    assert "longest passage: 26 words, from line 2 on" in page
    assert re.search(rf"<mark>[^<]*{poem.lines[1]}", page), "in the model's words"
