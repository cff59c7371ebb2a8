"""Questions that cannot be asked of some poems: the header names them, and pytest skips no case."""

import json
from collections.abc import Mapping

import pytest

from tests.support.running import STAND_IN, few_poems, report, run_suite

pytest_plugins = ["pytester"]


def poem(id: str, *lines: str, **fields: str) -> Mapping[str, object]:
    return {"id": id, "title": "A", "author": "B", "language": "en", "lines": lines, **fields}


def test_one_poem_of_one_line(pytester: pytest.Pytester) -> None:
    (pytester.path / "mine.jsonl").write_text(json.dumps(poem("a", "one two three four")))
    asked = (*STAND_IN, "--poems", "mine.jsonl", "--prefix-lengths", "25%,2,200", "--measure")
    result = run_suite(pytester, *asked)
    result.stdout.fnmatch_lines(
        [
            "prefix lengths: 25% of each poem; 2, 200 words or characters (a percentage is *10%)",
            "left out: next_line of 1 poem (mine/a): it has one line",
            "left out: prefix 200 of 1 poem (mine/a): it is no longer than that",
            "left out: control unseen: it is made of the lines of several poems in one language, *",
            "left out: control wrong_author: it needs poems by two authors in one language",
            "left out: control typo: it needs a title of two characters or more",
        ]
    )
    result.stdout.no_fnmatch_line("*skipped*")
    result.stdout.no_fnmatch_line("*empty parameter*")
    assert {v["case"] for v in report(pytester)["verdicts"]} == {
        *("title", "prefix", "prefix_lengths", "control")
    }


def test_a_test_of_ones_own(pytester: pytest.Pytester) -> None:
    """A user's test without a probe is left out, even if it gets the probe through a fixture."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def asked(next_line_probe): return next_line_probe

        def test_next(next_line_probe, recall): ...
        def test_through(asked): ...
        class TestOwn:
            def test_title(self, title_probe): ...
            def test_next(self, next_line_probe): ...
        @pytest.mark.parametrize("number", [])
        def test_empty(number): ...
        """
    )
    (pytester.path / "mine.jsonl").write_text(json.dumps(poem("a", "one two three four")))
    own = pytester.path / "test_a_test_of_ones_own.py"
    arguments = ("-p", "memtests.plugins", "--poems", "mine.jsonl", "--collect-only", "-q", own)
    result = pytester.runpytest(*arguments, "-c", "/dev/null", "--rootdir", pytester.path)
    found = [line.partition("::")[2] for line in result.outlines if "::" in line]
    assert len(found) == 2
    assert found[0].startswith("TestOwn::test_title[")
    assert found[1] == "test_empty[NOTSET]", "that is not the suite's affair"


def test_nothing_to_say_of_poems_that_can_be_asked_everything(pytester: pytest.Pytester) -> None:
    result = run_suite(pytester, *few_poems(), "--collect-only")
    result.stdout.no_fnmatch_line("left out:*")
    result.stdout.no_fnmatch_line("prefix lengths:*")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "nothing to ask: -k nonsense matches no case"),
        (
            ("--windows", "5/5"),
            "nothing to ask: -k nonsense matches no case; --windows asks window in place of title, "
            "prefix, next_line, prefix_lengths: leave one of them out",
        ),
    ],
)
def test_keywords_that_match_nothing(
    pytester: pytest.Pytester, more: tuple[str, ...], said: str
) -> None:
    result = run_suite(pytester, *STAND_IN, *few_poems(), "-k", "nonsense", *more)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert said in result.outlines


def test_without_controls_there_is_none_of_chance_either(pytester: pytest.Pytester) -> None:
    asked = (*STAND_IN, *few_poems(), "--measure", "-k", "test_title")
    assert run_suite(pytester, *asked, "--controls", "none").ret == 0
    assert report(pytester)["controls"] == []
    assert run_suite(pytester, *asked).ret == 0
    assert [each["kind"] for each in report(pytester)["controls"]] == ["chance"]
