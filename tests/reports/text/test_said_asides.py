"""Asides and the cost of answers, in a line each."""

import msgspec
import pytest

from memtests.plugins.asides import Aside
from memtests.reports.report import UsageRecord
from memtests.reports.text.said_asides import said_asides, said_usage
from tests.support.reported import knows, reported


@pytest.mark.parametrize(
    ("aside", "said"),
    [
        ((), ""),
        ((Aside("preface", "Here it is:"),), "set aside: preface “Here it is:”"),
        ((Aside("thoughts", "Hm."), Aside("preface", "")), "set aside: thoughts, preface"),
        ((Aside("title", "A\nB\x1b"),), "set aside: title “A / B\\x1b”"),
        ((Aside("closing remark", "a" * 50),), f"set aside: closing remark “{'a' * 40}…”"),
    ],
)
def test_asides(aside: tuple[Aside, ...], said: str) -> None:
    verdict = reported({"m": knows}).verdicts[0]
    assert said_asides(msgspec.structs.replace(verdict, set_aside=aside)) == said


@pytest.mark.parametrize(
    ("usage", "said"),
    [
        ((1, 0, 0, 0, 0, 0), "1 question sent; no answer was asked for twice"),
        (
            (1200, 34000, 5600, 0, 9, 8),
            "1,200 questions sent, of 34,000 tokens, and 5,600 tokens of answers; of 9 asked for "
            "twice, 8 came the same to the letter",
        ),
        (
            (12, 3, 4, 2, 1, 1),
            "12 questions sent, of 3 tokens, and 4 tokens of answers, 2 answers with thoughts; "
            "of 1 asked for twice, 1 came the same to the letter",
        ),
    ],
)
def test_usage(usage: tuple[int, int, int, int, int, int], said: str) -> None:
    assert said_usage(UsageRecord(*usage)) == said
