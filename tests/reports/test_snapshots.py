"""The terminal's tables and the Markdown as they were looked at, in both languages.

After a change that is meant: MEMTESTS_SNAPSHOTS=write pytest tests/reports/test_snapshots.py, then
look at what git says has changed.
"""

import os
from pathlib import Path

import msgspec
import pytest

from memtests.reports.gating.baselines import baseline_of
from memtests.reports.gating.comparing import compare
from memtests.reports.gating.conclusion import Conclusion
from memtests.reports.gating.gates import evaluate, parse_gate
from memtests.reports.text.markdown import render_summary
from memtests.reports.text.terminal import sections
from tests.support.reported import forgets, knows, reported, slips

FOLDER = Path(__file__).parent / "snapshots"


def conclusion(*models: str) -> Conclusion:
    """A gate that is met and one that is not; a baseline that knew everything."""
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


@pytest.mark.parametrize("models", [["slips"], ["slips", "forgets", "月 model"]], ids=len)
@pytest.mark.parametrize("kind", ["txt", "md"])
def test_as_it_was(models: list[str], kind: str) -> None:
    found = conclusion(*models)
    if kind == "md":
        text = render_summary(found)
    else:
        page, data = Path("reports/latest/report.html"), Path("reports/latest/recall.json")
        parts = sections(found, True, page, data)
        text = "\n".join(f"== {title} ==\n" + "\n".join(lines) + "\n" for title, lines in parts)
    file = FOLDER / f"{len(models)}.{kind}"
    if os.environ.get("MEMTESTS_SNAPSHOTS") == "write":
        file.write_text(text)
    assert text == file.read_text()
