"""`--poem`: poems that are asked for by name, alone and together with the other options."""

import json
import shlex

import pytest

from memtests.fixtures.poems.files import canon
from memtests.plugins.questions import check_keywords
from tests.support.running import STAND_IN, outcomes, report, run_suite
from tests.support.starting import run

pytest_plugins = ["pytester"]


def asked(pytester: pytest.Pytester, *, controls: bool = False) -> set[str]:
    found = report(pytester)["verdicts"]
    return {f"{v['collection']}/{v['poem']}" for v in found if (v["case"] == "control") == controls}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_only_the_named_poems_are_asked(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    """With all their controls, even the poem that nobody can know, which has other poems' lines."""
    named = ("--poem", "Sonnet 18", "--poem", "靜夜思", "--poem", "tang/deng-guan-que-lou")
    gates = ("--gate", "recall>=1", "--gate", "tang:forgotten<=0")
    result = run_suite(pytester, *STAND_IN, *named, *gates, *workers)
    assert result.ret == 0, result.stdout.str()
    wanted = {"sonnets/sonnet-18", "tang/jing-ye-si", "tang/deng-guan-que-lou"}
    assert asked(pytester) == wanted
    controls = {place.replace("unseen/", "") for place in asked(pytester, controls=True)}
    assert controls == wanted
    kinds = {v["control"] for v in report(pytester)["verdicts"]} - {None}
    assert {"unseen", "wrong_author", "copying", "typo"} <= kinds


def test_a_sample_is_drawn_from_the_named_ones(pytester: pytest.Pytester) -> None:
    named = ("--poem", "静夜思", "--poem", "登鹳雀楼", "--poem", "ozymandias")
    result = run_suite(pytester, *STAND_IN, *named, "--sample", "1", "--controls", "none")
    assert result.ret == 0
    places = asked(pytester)
    assert len(places) == 2
    assert "sonnets/ozymandias" in places


def test_copies_are_named(pytester: pytest.Pytester) -> None:
    """One poem under several ids is one memory, and intervals take it for several."""
    lines = [f"line {number} of a poem that is in the file more than once" for number in range(4)]
    poem = {"title": "T", "author": "A", "language": "en", "lines": lines}
    other = poem | {"id": "other", "lines": lines[::-1]}
    poems = [*(poem | {"id": f"p{number}"} for number in range(3)), other]
    pytester.path.joinpath("mine.jsonl").write_text("\n".join(map(json.dumps, poems)))
    given = ("--poems", "mine.jsonl", "--collect-only")
    said = "copies: 2 of them have the text of another one; intervals*"
    run_suite(pytester, *STAND_IN, *given).stdout.fnmatch_lines([said])
    alone = run_suite(pytester, *STAND_IN, *given, "--poem", "other")
    assert "copies:" not in alone.stdout.str()


def test_probes_that_only_the_baseline_has_are_counted(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with -k. And a new baseline is refused if the old file has more probes."""
    titles, none = ("-k", "test_title and tang"), ("--controls", "none")
    assert run_suite(pytester, *STAND_IN, *none, *titles, "--update-baseline", "a.json").ret == 0
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "jing-ye-si")
    against = ("--baseline", "a.json", "--gate", "lost<=0", "--poem", "静夜思")
    result = run_suite(pytester, *STAND_IN, *none, *against)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*0 retained, 1 lost*", "37 probes of the baseline were not judged now"]
    )
    again = ("--measure", "--poem", "静夜思", "--update-baseline", "a.json")
    result = run_suite(pytester, *STAND_IN, *none, *again)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*the file has 37 probes that this run did not judge*"])


def test_other_options_still_say_what_is_asked_of_it(pytester: pytest.Pytester) -> None:
    some = ("--poem", "静夜思", "-k", "test_title or self_check", "--self-check", "2")
    result = run_suite(pytester, *some)
    assert outcomes(report(pytester)) == {"tang/jing-ye-si/title": "correct"}
    result.stdout.fnmatch_lines(["*= 1 of 1 correct*; other tests: *2 self-checks passed;*"])


def test_poems_of_ones_own(pytester: pytest.Pytester) -> None:
    (pytester.path / "mine.csv").write_text(
        "title,author,language,text\nIt's (not) over,A,en,One two\nOr,A,en,Three four\n"
    )
    some = ("--poems", "mine.csv", "--poem", "or", "--controls", "none")
    assert run_suite(pytester, *STAND_IN, *some).ret == 0
    assert asked(pytester) == {"mine/2"}


def test_a_name_that_no_poem_has(pytester: pytest.Pytester) -> None:
    result = run_suite(pytester, *STAND_IN, "--poem", "Sonnet 180")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    reason = "--poem 'Sonnet 180': no poem has that title or id; nearest: 'Sonnet 18' (sonnets/"
    assert reason in result.stderr.str()


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_keywords_that_pytest_cannot_take(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    result = run_suite(pytester, *STAND_IN, "-k", "Sonnet 18", *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    reason = "passed to '-k': Sonnet 18: *; for a title or an id: --poem 'Sonnet 18'"
    result.stderr.fnmatch_lines([f"*{reason}"])
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


def test_keywords_that_the_command_cannot_take(pytester: pytest.Pytester) -> None:
    said = run(pytester.path, "python", "-m", "memtests", "--collect-only", "-k", "Gray's elegy")
    assert said.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = filter(None, said.stderr.splitlines())
    assert line.endswith("""for a title or an id: --poem "Gray's elegy\"""")


def test_every_title_goes_to_one_of_them() -> None:
    """-k cannot take 53 of the canon's 119 titles; then the error names --poem."""
    said: list[str] = []
    for title in (poem.title for collection in canon() for poem in collection.poems):
        try:
            check_keywords(title)
        except pytest.UsageError as error:
            said.append(str(error))
            assert shlex.split(said[-1].rpartition("--poem ")[2]) == [title]
    assert len(said) == 53
