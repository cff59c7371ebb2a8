"""Snapshots: the terminal's tables and the Markdown must be those that somebody has looked at, in
both languages.

After an intended change run MEMTESTS_SNAPSHOTS=write pytest tests/reports/test_snapshots.py, and
then look at `git diff`.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from memtests.reports.gating.baselines import baseline_of
from memtests.reports.gating.comparing import compare
from memtests.reports.gating.conclusion import Conclusion, Rules, conclude
from memtests.reports.gating.gates import evaluate, parse_gate
from memtests.reports.text.headline import Resumed
from memtests.reports.text.markdown import render_summary
from memtests.reports.text.terminal import sections
from tests.support.reported import NURSERY, Recites, forgets, knows, reported, slips

FOLDER = Path(__file__).parent / "snapshots"


def conclusion(*models: str) -> Conclusion:
    """A report with a gate that is met, one that is not, and a baseline that knew everything."""
    recites = {"slips": slips, "forgets": forgets, "月 model": knows}
    report = reported(
        {model: recites[model] for model in models},
        unjudged=[(models[0], "tang/deng-gao/title", "longer than the model's context")],
    )
    baseline = baseline_of("good.json", reported({"good": knows}))
    comparisons = tuple(compare(baseline, model, report.verdicts) for model in models)
    rules = [parse_gate(rule, ["tang"]) for rule in ("recall>=10%", "tang:forgotten<=0.5")]
    whole = msgspec.structs.replace(report, gates=evaluate(rules, report, comparisons))
    return Conclusion(whole, comparisons, 1, False, "small.json: gate recall>=10% was not passed")


def must_know(recites: Recites, problems: Sequence[str] = ()) -> Conclusion:
    """A report with two gates on known poems, and a baseline that knew everything."""
    rules = (parse_gate("recall>=0.9", []), parse_gate("lost<=0", []))
    baseline = baseline_of("good.json", reported({"good": knows}))
    return conclude(reported({"m": recites}), Rules(rules, baseline), problems, 0)


def interrupted() -> Conclusion:
    """A report without gates, and with two poems."""
    found = reported({"m": slips}, (NURSERY,))
    said = "interrupted: 1,050 of 2,674 probes missing; go on with --resume"
    return conclude(found, Rules(measured=True), [said], 2)


def resumed() -> Conclusion:
    """A report without gates and without --measure: every miss fails a case."""
    found = conclude(reported({"m": slips}, (NURSERY,)), Rules(), [], 1)
    return replace(found, resumed=Resumed(1_700, 1_624, 1_050))


CONCLUSIONS: Mapping[str, Callable[[], Conclusion]] = {
    "1": lambda: conclusion("slips"),
    "3": lambda: conclusion("slips", "forgets", "月 model"),
    "must-know-passed": lambda: must_know(knows),
    "must-know-not-passed": lambda: must_know(forgets),
    "interrupted": interrupted,
    "resumed": resumed,
}


@pytest.mark.parametrize("name", CONCLUSIONS)
@pytest.mark.parametrize("kind", ["txt", "md"])
def test_reports_are_as_the_snapshots(name: str, kind: str) -> None:
    found = CONCLUSIONS[name]()
    if kind == "md":
        text = render_summary(found)
    else:
        page, data = Path("reports/latest/report.html"), Path("reports/latest/recall.json")
        parts = sections(found, not found.report.gates or name in "13", page, data)
        text = "\n".join(f"== {title} ==\n" + "\n".join(lines) + "\n" for title, lines in parts)
    file = FOLDER / f"{name}.{kind}"
    if os.environ.get("MEMTESTS_SNAPSHOTS") == "write":
        file.write_text(text)
    assert text == file.read_text()
