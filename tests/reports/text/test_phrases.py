"""Misses in one line."""

import pytest

from memtests.fixtures.probes.probes import Probe
from memtests.reports.text.phrases import describe
from tests.support.reported import NURSERY, Recites, reported


def late(probe: Probe) -> str:
    """A completion of the poem without its first line, and then a loop."""
    lines = probe.poem.lines
    return "\n".join([*lines[1:], *[lines[-1]] * 20])


def little(probe: Probe) -> str:
    return probe.suffix.replace("little", "tiny")


def wanders(probe: Probe) -> str:
    return f"something else. {probe.poem.lines[-1]} something else. " * 3


@pytest.mark.parametrize(
    ("recites", "kind", "end"),
    [
        (late, "severe", "model “How I wonder what you are!…”, passage of 18 words"),
        (little, "minor", "model “tiny star, / How I wonder what…”"),
        (wanders, "severe", "model “something else. Like a diamond in…”"),
    ],
)
def test_a_passage_is_named_where_the_excerpt_does_not_show_it(
    recites: Recites, kind: str, end: str
) -> None:
    (v,) = (v for v in reported({"m": recites}, [NURSERY]).verdicts if v.case == "title")
    assert v.passage is not None
    assert v.kind == kind
    assert describe(v, "en").endswith(end)
