"""The plugin as users meet it: real runs of `pytest memtests`, in one process and with workers."""

import errno
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from filelock import FileLock

from memtests.fixtures.models.local.loading import EMBEDDED
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.gathering import Gathered
from memtests.plugins.recital import Recital
from memtests.plugins.verdicts import Verdict
from memtests.reports.gating.faults import Faults
from memtests.reports.report import write_whole
from tests.support.running import (
    STAND_IN,
    judged_dicts,
    outcomes,
    report,
    run_once,
    run_suite,
    taught,
    without_rounding,
    without_way,
)

pytest_plugins = ["pytester"]

# One run for all tests of a process that look at it.
TITLES = ("-v", "-k", "test_title and tang")
MEASURED = ("--sample", "1", "--measure", "-k", "not test_prefix_lengths")


def test_all_three_outcomes_in_both_languages(pytester: pytest.Pytester) -> None:
    result = run_suite(pytester, "--measure", "--controls", "none", "-k", "test_title")
    assert result.ret == 0
    found = report(pytester)
    languages = {c["name"]: c["language"] for c in found["collections"]}
    seen = {(languages[v["collection"]], v["outcome"]) for v in found["verdicts"]}
    assert seen == {
        (language, outcome)
        for language in ("en", "zh")
        for outcome in ("correct", "incorrect", "forgotten")
    }
    # For the right reasons: the model knows the poems it was taught, and no others.
    titles = {v["probe"]: v for v in found["verdicts"]}
    known = [titles[f"{poem}/title"]["outcome"] for poem in taught("whole")]
    unknown = [titles[f"{poem}/title"]["outcome"] for poem in taught("held_out")]
    assert known.count("correct") / len(known) > 0.9
    assert "correct" not in unknown
    assert found["unjudged"] == []


def test_report(pytester: pytest.Pytester) -> None:
    asked = ("--sample", "6", "-k", "tang and (test_title or test_prefix)")
    run_suite(pytester, *asked, "--measure")
    found = report(pytester)
    assert found["schema"] == 3
    (model,) = found["models"]
    assert model["name"] == "embedded"
    assert model["parameters"] > 1e6
    assert (model["dtype"], model["device"]) == ("float32", "cpu")
    assert len(model["weights_sha256"]) == 64
    assert {"python", "torch", "transformers"} <= set(model["versions"])
    assert model["set_aside"] == {}
    (collection,) = found["collections"]
    assert (collection["name"], collection["language"], collection["poems"]) == ("tang", "zh", 38)
    assert list(collection["chance"]) == ["4", "8", "16", "32"]
    verdicts = found["verdicts"]
    assert [v["probe"] for v in verdicts] == sorted(v["probe"] for v in verdicts)
    assert {v["case"] for v in verdicts} == {"title", "prefix", "prefix_lengths"}
    for verdict in verdicts:
        assert verdict["probe"].startswith(f"tang/{verdict['poem']}/{verdict['case']}")
        assert (verdict["outcome"] == "correct") == (verdict["similarity"] == 1)
        assert (verdict["divergence"] is None) == (verdict["outcome"] == "correct")
    for tally in found["tallies"]:
        counts = Counter(
            v["outcome"]
            for v in verdicts
            if v["case"] == tally["case"] and tally["prefix_length"] in (v["prefix_length"], None)
        )
        assert counts == Counter({o: tally[o] for o in ("correct", "incorrect", "forgotten")})
        assert tally["low"] <= tally["recall"] <= tally["high"]
    lengths = [t["prefix_length"] for t in found["tallies"] if t["case"] == "prefix"]
    assert lengths == ["10%", "25%", "50%", "75%"]
    lines = (pytester.path / "report" / "verdicts.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["probe"] for line in lines) == [v["probe"] for v in verdicts]
    assert json.loads(lines[0]).keys() == {*verdicts[0].keys(), "key", "followed"}


def test_twice_the_same(pytester: pytest.Pytester) -> None:
    run_suite(pytester, *MEASURED)
    assert {**report(pytester), "created": None, "command": None} == {
        **run_once(pytester, *MEASURED).report,
        "created": None,
        "command": None,
    }


@pytest.mark.slow
def test_workers_find_the_same(pytester: pytest.Pytester) -> None:
    ran = run_once(pytester, *MEASURED)
    assert ran.result.ret == 0
    alone = ran.report
    result = run_suite(pytester, *MEASURED, "-n", "2")
    assert result.ret == 0
    together = report(pytester)
    assert without_rounding(alone) == {**without_way(together), "created": None}
    result.stdout.fnmatch_lines(["collection  case *probes*correct*", "all *"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_miss_is_a_failed_test_in_one_line(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    known, unknown = taught("whole")[0], taught("held_out")[0]
    poems = [poem.partition("/")[2] for poem in (known, unknown)]
    monkeypatch.setenv("MEMTESTS_UNKNOWN", poems[1])
    selected = ("-k", f"test_title and ({' or '.join(poems)})")
    result = run_suite(pytester, *STAND_IN, *selected, *workers)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*= misses =*", f"*{unknown}/title *after * of *: poem “*” model “*”", "*= recall =*"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*= FAILURES =*")
    result.stdout.no_fnmatch_line("*AssertionError*")
    assert len(outcomes(report(pytester))) == 2
    assert sum(unknown in line for line in result.outlines) == 1
    assert sum(known in line for line in result.outlines) == 0
    result.stdout.re_match_lines(
        [r"=+ 1 of 2 correct, [01] incorrect, [01] forgotten; .* in [\d.]+s.*"]
    )


def test_status_words(pytester: pytest.Pytester) -> None:
    ran = run_once(pytester, *TITLES)
    words = Counter(line.split()[1] for line in ran.result.outlines if "::test_title[tang/" in line)
    assert words == Counter(outcome.upper() for outcome in outcomes(ran.report).values())
    assert words["CORRECT"]


def test_measure_fails_nothing(pytester: pytest.Pytester) -> None:
    unknown = taught("held_out")[0].partition("/")[2]
    result = run_suite(pytester, "--measure", "-k", f"test_title and {unknown}")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*= misses =*")
    assert set(outcomes(report(pytester)).values()) <= {"incorrect", "forgotten"}


@pytest.mark.parametrize(
    ("selection", "collections", "poems"),
    [
        ("tang", {"tang"}, None),
        ("sonnets", {"sonnets"}, None),
        ("静夜思", {"tang"}, {"jing-ye-si"}),
        ("jing-ye-si", {"tang"}, {"jing-ye-si"}),
        ("李清照", {"song"}, {"ru-meng-ling", "xia-ri-jue-ju", "zuo-ye-yu-shu-feng-zhou"}),
        ("Ozymandias", {"sonnets"}, {"ozymandias"}),
    ],
)
def test_selection(
    pytester: pytest.Pytester, selection: str, collections: set[str], poems: set[str] | None
) -> None:
    selected = ("-k", f"test_title and {selection}")
    assert run_suite(pytester, *STAND_IN, "--measure", *selected).ret == 0
    verdicts = report(pytester)["verdicts"]
    assert {v["collection"] for v in verdicts} == collections
    assert poems is None or {v["poem"] for v in verdicts} == poems


def test_ids(pytester: pytest.Pytester) -> None:
    result = run_suite(pytester, "--collect-only", "-q", "-k", "静夜思")
    ids = [line.partition("::")[2] for line in result.outlines if "::" in line]
    assert "test_title[tang/jing-ye-si/title]" in ids
    assert "test_prefix[tang/jing-ye-si/prefix-25%]" in ids
    assert "test_next_line[tang/jing-ye-si/next_line-2]" in ids
    assert not (pytester.path / "report").exists()


def test_nothing_selected(pytester: pytest.Pytester) -> None:
    assert run_suite(pytester, "-k", "no-such-poem").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert not (pytester.path / "report" / "recall.json").exists()


def test_stop_at_the_first_miss_and_last_failed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "jing-ye-si,xiang-si,chun-xiao")
    cache = ("-p", "cacheprovider", "-o", f"cache_dir={pytester.path / 'cache'}")
    arguments = (*STAND_IN, *cache)
    whole = (*arguments, "-k", "test_title and tang")
    stopped = run_suite(pytester, *whole, "-x")
    assert stopped.ret == 1
    assert sum(value != "correct" for value in outcomes(report(pytester)).values()) == 1
    run_suite(pytester, *whole)
    misses = {p for p, value in outcomes(report(pytester)).items() if value != "correct"}
    assert len(misses) == 3
    run_suite(pytester, *arguments, "-k", "test_title", "--lf")
    assert set(outcomes(report(pytester))) == misses


def test_poems_of_ones_own(pytester: pytest.Pytester) -> None:
    lines = ["one for sorrow", "two for joy", "three for a girl", "four for a boy"]
    poem = {"id": "magpie", "title": "Magpie", "author": "?", "language": "en", "lines": lines}
    (pytester.path / "mine.jsonl").write_text(json.dumps(poem))
    arguments = ("--poems", "mine.jsonl", "--prefix-lengths", "3,50%", "--measure")
    assert run_suite(pytester, *arguments, "--header", r"{title} by\n{author}").ret == 0
    found = report(pytester)
    (collection,) = found["collections"]
    assert (collection["name"], collection["poems"]) == ("mine", 1)
    cues = {v["probe"]: v["cue"] for v in judged_dicts(found)}
    assert cues == {
        "mine/magpie/title": "Magpie by\n?",
        "mine/magpie/prefix-3": "one for sorrow",
        "mine/magpie/prefix-50%": "one for sorrow\ntwo for joy\nthree",
        "mine/magpie/next_line-1": "\n".join(lines[:1]),
        "mine/magpie/next_line-2": "\n".join(lines[:2]),
        "mine/magpie/next_line-3": "\n".join(lines[:3]),
    }


def test_several_models(pytester: pytest.Pytester) -> None:
    other = pytester.path / "other"
    shutil.copytree(EMBEDDED, other)
    result = run_suite(
        *(pytester, "--model", "embedded", "--model", other, "--measure"),
        *("--sample", "6", "-k", "test_title and tang"),
    )
    assert result.ret == 0
    found = report(pytester)
    assert [model["name"] for model in found["models"]] == ["embedded", str(other)]
    assert found["models"][0]["weights_sha256"] == found["models"][1]["weights_sha256"]
    assert Counter(v["model"] for v in found["verdicts"]) == {"embedded": 6, str(other): 6}
    one, two = (t for t in found["tallies"])
    assert {**one, "model": ""} == {**two, "model": ""}
    result.stdout.fnmatch_lines(["model *collection*case*"])


def test_shortest_cue(pytester: pytest.Pytester) -> None:
    """The cue that the report names triggers the poem, and no shorter one that was asked does."""
    known = next(poem for poem in taught("whole") if poem.startswith("tang/"))
    result = run_suite(pytester, "-k", f"test_shortest_cue and {known.partition('/')[2]}")
    assert result.ret == 0
    lengths = {
        int(v["prefix_length"]): v["outcome"] == "correct" for v in report(pytester)["verdicts"]
    }
    shortest = min(length for length, correct in lengths.items() if correct)
    assert shortest == 1 or not lengths[shortest - 1]
    line = next(
        line for line in result.outlines if line.startswith("tang ") and "characters" in line
    )
    assert line.split()[:5] == ["tang", "1", "1", str(shortest), str(shortest)]
    # A trace knows every length, so its shortest cue is no longer than this one.
    assert line.split()[5:8] == ["1", "of", "1"]
    assert int(line.split()[8]) <= shortest


def test_interrupted_keeps_what_was_judged(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, asked = Recital.__call__, []

    def three_then_ctrl_c(self: Recital, probe: Probe) -> Verdict:
        if len(asked) == 3:
            raise KeyboardInterrupt
        asked.append(probe.name)
        return ask(self, probe)

    monkeypatch.setattr(Recital, "__call__", three_then_ctrl_c)
    result = run_suite(pytester, *STAND_IN, "-k", "test_title and tang", "--measure")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert sorted(outcomes(report(pytester))) == sorted(asked)
    lines = (pytester.path / "report" / "verdicts.jsonl").read_text().splitlines()
    assert len(lines) == 3


def test_self_check(pytester: pytest.Pytester) -> None:
    result = run_suite(pytester, "--self-check", "6", "--measure", "-k", "test_self_check")
    assert result.ret == 0
    result.assert_outcomes(passed=6)
    ids = run_suite(pytester, "--self-check", "6", "--collect-only", "-q", "-k", "self_check")
    assert sum("test_self_check[" in line for line in ids.outlines) == 6
    ids = run_suite(pytester, "--collect-only", "-q")
    assert not any("self_check" in line for line in ids.outlines)


def test_self_check_finds_a_wrong_recitation(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails even under --measure, because the suite itself is at fault."""
    monkeypatch.setattr("memtests.plugins.recital.recite_plainly", lambda *_: "something else")
    result = run_suite(pytester, "--self-check", "3", "--measure", "-k", "test_self_check")
    assert result.ret == 1
    result.assert_outcomes(failed=3)


def test_a_failure_that_is_no_miss_keeps_its_traceback(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_mine="""
        def test_order(title_probe, recall):
            assert recall(title_probe).correct
            assert title_probe.case == "another"

        def test_broken(title_probe, recall):
            recall(title_probe)
            raise RuntimeError("a fault of the test")
        """
    )
    known = taught("whole")[0].partition("/")[2]
    result = pytester.runpytest("-p", "memtests.plugins", "-k", known, "--measure")
    assert result.ret == 1
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*RuntimeError: a fault of the test*"])


def test_two_runs_do_not_share_a_folder(pytester: pytest.Pytester) -> None:
    (pytester.path / "report").mkdir()
    with FileLock(pytester.path / "report" / ".lock"):
        result = run_suite(pytester, "-k", "静夜思")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*another run writes there; name another folder"])


@pytest.mark.parametrize("at", ["verdicts.jsonl", "recall.json"])
def test_a_full_disk(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    def full(path: Path, content: bytes) -> None:
        if path.name == at:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write_whole(path, content)

    monkeypatch.setattr("memtests.reports.report_folder.write_whole", full)
    monkeypatch.setattr("memtests.reports.writing.write_whole", full)
    result = run_suite(pytester, "-k", "静夜思 and test_title", "--measure")
    assert result.ret == 1
    shown = [*result.outlines, *result.errlines]
    assert any("No space left on device" in line for line in shown)
    assert not any("Traceback" in line or "INTERNALERROR" in line for line in shown)


def test_workers_that_loaded_different_states() -> None:
    gathered, faults = Gathered(), Faults()
    gathered.take([("model", {"name": "A", "fingerprint": "one"})])
    gathered.take([("model", {"name": "A", "fingerprint": "one"})])
    assert gathered.mixed == set()
    gathered.take([("model", {"name": "A", "fingerprint": "another"})])
    assert list(faults.problems(gathered.mixed)) == ["workers loaded different states of A"]
