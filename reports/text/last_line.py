"""The last line of a run: the numbers of the table, and the decision. Pure functions.

pytest's own last line would add up probes, controls and drawn lengths, and call them all tests.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from memtests.fixtures.probes.probes import CONTROL, PREFIX_LENGTHS
from memtests.plugins.gathering import UNJUDGED
from memtests.plugins.scheduling import Asked
from memtests.plugins.verdicts import FORGOTTEN, INCORRECT, NOT_RECITED
from memtests.reports.counting.tallies import counted, totals
from memtests.reports.report import Report, in_model_order
from memtests.reports.text.headline import INTERRUPTED
from memtests.reports.text.phrases import number_of

# Statuses of cases that ask a probe: the table counts these already.
_SAID = ("passed", INCORRECT, FORGOTTEN, NOT_RECITED, UNJUDGED)
# Under the empty word pytest keeps setups and teardowns; warnings are shown above.
_NO_TESTS = ("", "warnings")
_SELF_CHECK = "test_self_check["


def last_line(
    report: Report,
    first: tuple[str, str],
    others: Mapping[str, int],
    *,
    whole: bool | None = None,
) -> str:
    """For instance ``870 of 1,620 correct, 168 incorrect, 582 forgotten; besides 255 controls, 714
    drawn lengths; 2 gates passed``.

    `first`: the headline and its mark; `others`: as of `others_of`. `whole`: whether the
    report of a run that Ctrl-C ended has all that was judged; None for other runs.
    """
    unjudged = [f"{len(report.unjudged):,} unjudged"] if report.unjudged else []
    cases = Counter(v.case for v in report.verdicts)
    named = ((CONTROL, "control"), (PREFIX_LENGTHS, "drawn length"))
    besides = ", ".join(number_of(cases[case], name) for case, name in named if cases[case])
    tests = ", ".join(f"{count:,} {word}" for word, count in others.items())
    parts = [
        ", ".join([*_counts(report), *unjudged]),
        f"besides {besides}" if besides else "",
        f"other tests: {tests}" if tests else "",
        _decided(report, *first, whole),
    ]
    return "; ".join(part for part in parts if part)


def _decided(report: Report, said: str, mark: str, whole: bool | None) -> str:
    """Whether the run passed, in as few words as possible; the headline says why not."""
    if mark == "bad" and said.startswith(INTERRUPTED):
        counts = "all that was judged is counted" if whole else "more is on disk, for --resume"
        parts = [INTERRUPTED, *["NOT PASSED"] * bool(report.gates), *[counts] * (whole is not None)]
        return ", ".join(parts)
    if mark == "bad":
        return "NOT PASSED"
    if not report.gates:
        return "passed" if mark else "no gates"
    doubted = any(gate.doubt for gate in report.gates)
    but = "no proof" if doubted else "not known whether the model can say these words"
    return f"{number_of(len(report.gates), 'gate')} passed{'' if mark else f', but {but}'}"


def others_of(
    stats: Mapping[str, Sequence[Any]], cases: Mapping[str, Asked | None]
) -> dict[str, int]:
    """Counts of pytest's other tests: its word, `failed` say → how many.

    `stats`: pytest's words → test reports; `cases`: node id → what the case asks, if anything.
    """
    found = Counter(
        f"{'self-checks ' if _SELF_CHECK in nodeid else ''}{word}"
        for word, reports in stats.items()
        for nodeid in (getattr(report, "nodeid", "") for report in reports)
        if word not in _NO_TESTS
        and (word not in _SAID or cases.get(nodeid) is None or _SELF_CHECK in nodeid)
    )
    return dict(found)


def _counts(report: Report) -> list[str]:
    found = in_model_order(report, totals(counted(report.verdicts), "model"))
    if len(report.models) > 1:
        return [f"{each.model}: {each.correct:,} of {each.judged:,} correct" for each in found]
    return [
        text
        for each in found
        for text in (
            f"{each.correct:,} of {each.judged:,} correct",
            # Of what was only read nobody knows which of these it is.
            *(
                f"{count:,} {outcome}"
                for outcome, count in ((INCORRECT, each.incorrect), (FORGOTTEN, each.forgotten))
                if count or not each.not_recited
            ),
            *([f"{each.not_recited:,} {NOT_RECITED}"] if each.not_recited else []),
        )
    ]
