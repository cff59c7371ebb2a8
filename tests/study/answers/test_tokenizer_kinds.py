"""Answers for kinds of tokenizers, side by side."""

import pytest

from memtests.study.answers.answer import NO, NOT_SHOWN, YES, Answer, Interval
from memtests.study.answers.tokenizer_kinds import in_common, side_by_side
from tests.support.studied import bare


def said(*verdicts: str) -> list[Answer]:
    return [
        Answer(f"q{at}", f"Claim {at}", verdict, "", 1.0, "points", Interval(0.5, 1.5))
        for at, verdict in enumerate(verdicts)
    ]


@pytest.mark.parametrize(
    ("apart", "joined", "verdict"),
    [
        ((YES, NO), (YES, NO), YES),
        ((YES, NOT_SHOWN), (YES, NOT_SHOWN), YES),
        ((YES, YES), (YES, NO), NO),
        ((YES, YES), (YES, NOT_SHOWN), NOT_SHOWN),
        ((YES, NO), (NO, NOT_SHOWN), NO),
        ((NOT_SHOWN,), (NOT_SHOWN,), NOT_SHOWN),
    ],
)
def test_the_verdict(apart: tuple[str, ...], joined: tuple[str, ...], verdict: str) -> None:
    answer = side_by_side({"apart": said(*apart), "joined": said(*joined)})
    assert answer.verdict == verdict
    assert answer.rows[1] == (
        "Claim 0",
        apart[0],
        "+1.00 (+0.50 to +1.50)",
        joined[0],
        "+1.00 (+0.50 to +1.50)",
    )


def test_one_kind_is_held_against_nothing() -> None:
    assert side_by_side({"apart": said(YES)}).verdict == NOT_SHOWN
    assert side_by_side({}).verdict == NOT_SHOWN


def test_only_what_both_have_is_compared() -> None:
    models = [
        *bare((0.1, 0.2, 0.4), 2, epochs=(30, 60)),
        *bare((0.2, 0.4, 0.7), 1, ("joined",), (60,)),
    ]
    found = in_common(models)
    assert {(m.size, m.epochs) for m in found["apart"]} == {("0.2M", 60), ("0.4M", 60)}
    assert len(found["apart"]) == 4
    assert len(found["joined"]) == 2
    assert in_common([]) == {}
