"""(n, p)-discoverable, compared with numbers worked out by hand; and its curves."""

import math

import pytest

from memtests.reports.counting.curves import by_percentage, by_samples
from memtests.reports.counting.discovery import discoverable_by_collection
from memtests.reports.counting.memories import Memory, Remembered
from tests.support.reported import report_of, verdict_of

HALF, HUNDREDTH = math.log(0.5), math.log(0.01)


def test_by_hand() -> None:
    """To be seen with 50 %, a probability of 1/2 needs 1 sample, one of 1/100 needs 69. Of the two
    ways of sampling, the likelier one counts.
    """
    verdicts = [
        verdict_of("tang/a/title", log_p=HALF),
        verdict_of("tang/b/title", "forgotten", log_p=HUNDREDTH),
        verdict_of("song/c/title", "forgotten", log_p=HUNDREDTH, log_p_40=HALF),
        verdict_of("song/d/title", "forgotten", log_p=None),
        verdict_of("song/e/control-unseen", log_p=HALF),
    ]
    rows = discoverable_by_collection(verdicts)
    assert [(row.collection, row.probes, len(row.needed), row.p) for row in rows] == [
        ("song", 2, 1, 0.5),
        ("tang", 2, 2, 0.5),
        ("", 4, 3, 0.1),
        ("", 4, 3, 0.5),
        ("", 4, 3, 0.9),
    ]
    song, tang, _, half, most = rows
    assert song.share(1) == 1
    assert [tang.share(n) for n in (1, 68, 69)] == [0.5, 0.5, 1]
    assert half.share(1) == pytest.approx(2 / 3)
    assert [most.share(n) for n in (1, 3, 4, 229, 230)] == pytest.approx([0, 0, 2 / 3, 2 / 3, 1])
    unknown = discoverable_by_collection([verdict_of(log_p=None)])
    assert unknown[0].share(1_000_000) is None


def test_curves_rise_with_samples_and_fall_with_p() -> None:
    verdicts = [verdict_of(f"tang/{n}/title", log_p=-float(n)) for n in range(1, 30)]
    curves = by_samples(report_of(verdicts))
    assert [name for _, name in curves] == ["p = 0.1", "p = 0.5", "p = 0.9"]
    for line in curves.values():
        assert (line.x[0], line.x[-1]) == (1, 1_000_000)
        assert list(line.share) == sorted(line.share)
    shares = [line.share for line in curves.values()]
    for little, half, much in zip(*shares, strict=True):
        assert little >= half >= much


def test_only_what_is_known_counts_at_a_percentage() -> None:
    def memory(poem: str, *shares: bool | None) -> Memory:
        return Memory("m", "tang", poem, False, 20, None, 0, shares + (None,) * (100 - len(shares)))

    found = Remembered((memory("a", False, True), memory("b", None, True), memory("c", True, None)))
    (line,) = by_percentage(found).values()
    assert (list(line.x), list(line.share)) == ([0, 1], [0.5, 1])
