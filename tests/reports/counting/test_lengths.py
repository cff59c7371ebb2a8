"""Length on the same poems."""

import pytest

from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.probes import Probe
from memtests.reports.counting.lengths import beginnings, correlations
from tests.support.reported import forgets, knows, reported


def poems(*lengths: int) -> Collection:
    return Collection(
        "c",
        tuple(
            Poem(id=f"p{at}", title=f"T{at}", author="A", language="zh", lines=("山水" * length,))
            for at, length in enumerate(lengths)
        ),
    )


def stops(after: int) -> object:
    """Answers with so many characters of the poem, and then other words."""

    def recites(probe: Probe) -> str:
        return probe.suffix[: after + 2] + "火" * 99

    return recites


def test_the_same_poems_at_each_length() -> None:
    report = reported({"m": stops(40)}, [poems(10, 20, 40, 40, 40, 40)])  # type: ignore[dict-item]
    found = {row.at_least: row for row in beginnings(report)}
    assert set(found) == {16, 32, 64}, "four poems at least"
    assert found[16].poems == 6
    assert found[16].recited == (6,)
    assert found[32].recited == (5, 5)
    assert found[64].recited == (4, 4, 0), "the same four poems"


def test_correlation() -> None:
    collection = poems(5, 8, 10, 12, 15, 18, 25, 30, 35, 40)
    (found,) = correlations(reported({"m": stops(30)}, [collection]))  # type: ignore[dict-item]
    assert found.poems == 10
    assert found.rho == pytest.approx(-0.8704, abs=0.001)
    assert found.low < found.rho < found.high < 0


@pytest.mark.parametrize("recites", [knows, forgets])
def test_nothing_to_correlate(recites: object) -> None:
    assert correlations(reported({"m": recites}, [poems(5, 8, 10, 12)])) == []  # type: ignore[dict-item]
