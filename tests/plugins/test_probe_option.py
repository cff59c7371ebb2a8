"""`--probe`: the name of a probe in a miss, a report or a test id asks that probe again."""

from pathlib import Path

import pytest

from tests.support.running import STAND_IN, few_poems, outcomes, report, run_suite
from tests.support.starting import run

pytest_plugins = ["pytester"]


def cues(pytester: pytest.Pytester) -> dict[str, tuple[str, str]]:
    return {v["probe"]: (v["cue"], v["suffix"]) for v in report(pytester)["verdicts"]}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_every_name_in_a_report_asks_that_probe_again(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    """The names of every case, control and drawn length; with the same cue and suffix."""
    run_suite(pytester, *STAND_IN, *few_poems(), "--measure")
    every = cues(pytester)
    kinds = {name.rpartition("/")[2].rpartition("-")[0] for name in every}
    chosen = {
        kind: max(n for n in every if n.rpartition("/")[2].startswith(kind)) for kind in kinds
    }
    named = [part for name in sorted(chosen.values()) for part in ("--probe", name)]
    result = run_suite(pytester, *STAND_IN, *few_poems(), "--measure", *named, *workers)
    assert result.ret == 0
    assert cues(pytester) == {name: every[name] for name in chosen.values()}
    result.stdout.no_fnmatch_line("*empty parameter set*")


def test_the_ids_are_the_names(pytester: pytest.Pytester) -> None:
    listed = run_suite(pytester, *few_poems(), "--collect-only", "-q").outlines
    ids = [line.partition("[")[2].rstrip("]") for line in listed if "::test_" in line]
    assert "tang/jing-ye-si/next_line-2" in ids
    assert "tang/jing-ye-si/prefix_lengths" in ids
    drawn = [name for name in ids if name.endswith("prefix_lengths")]
    others = [name for name in ids if name not in drawn]
    assert len(set(others)) == len(others)


def test_a_miss_line_can_be_pasted(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "jing-ye-si")
    result = run_suite(pytester, *STAND_IN, *few_poems(), "--controls", "none")
    missed = [line.split()[2] for line in result.outlines if line.startswith("FORGOTTEN")]
    assert any("prefix_lengths-" in name for name in missed)
    for name in missed:
        run_suite(pytester, *STAND_IN, *few_poems(), "--controls", "none", "--probe", name)
        assert outcomes(report(pytester)) == {name: "forgotten"}


def test_the_lengths_of_a_poem(pytester: pytest.Pytester) -> None:
    """`--probe` may also name a case that draws its lengths."""
    name = "tang/jing-ye-si/prefix_lengths"
    result = run_suite(pytester, *STAND_IN, *few_poems(), "--controls", "none", "--probe", name)
    assert result.ret == 0
    assert all(probe.startswith(f"{name}-") for probe in cues(pytester))


def test_no_warning_comes_before_the_error(tmp_path: Path) -> None:
    done = run(tmp_path, "python", "-m", "memtests", "--probe", "tang/jing-ye-si/prefix-26%")
    (line,) = filter(None, done.stderr.splitlines())
    assert line.startswith("ERROR: --probe 'tang/jing-ye-si/prefix-26%': no probe has that name;")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "tang/jing-ye-si/prefix-26%",
            "no probe has that name; nearest: tang/jing-ye-si/prefix-25%",
        ),
        ("tang/jing-ye-si/prefix_lengths-9999", "no probe has that name"),
        ("tang/nobody/title", "collection tang has no poem 'nobody' that is asked"),
        ("magpie", "a probe's name begins with its collection"),
    ],
)
def test_no_such_probe(pytester: pytest.Pytester, name: str, said: str) -> None:
    result = run_suite(pytester, *STAND_IN, *few_poems(), "--probe", name)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --probe '{name}': {said}*"])


def test_keywords_that_are_a_name(pytester: pytest.Pytester) -> None:
    result = run_suite(pytester, *STAND_IN, "-k", "tang/jing-ye-si/prefix-25%")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*; for a probe: --probe tang/jing-ye-si/prefix-25%"])
