"""Queries until a memory is seen."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.files import canon
from memtests.fixtures.probes.probes import DEFAULT_HEADER, parse_prefix_lengths, probes_of
from memtests.plugins.reciter import Completion, Reciter
from memtests.reports.counting.tallies import queries
from tests.support.sampling import sampled


@pytest.mark.parametrize(
    ("p", "seen", "expected"),
    [
        (0.5, 0.5, 1),
        (0.5, 0.99, 6.644),
        (0.01, 0.5, 68.97),
        (0.01, 0.99, 458.2),
        (1e-9, 0.5, 6.93e8),
    ],
)
def test_by_hand(p: float, seen: float, expected: float) -> None:
    assert queries(math.log(p), seen) == pytest.approx(expected, rel=1e-3)


@given(st.floats(-5000, 0), st.floats(0.01, 0.999))
def test_never_infinite_and_never_less_than_once(log_p: float, seen: float) -> None:
    number = queries(log_p, seen)
    assert number is None or (math.isfinite(number) and number >= 1)
    if number is not None and number > 1:
        unseen = number * math.log1p(-math.exp(log_p))
        assert unseen == pytest.approx(math.log1p(-seen), rel=1e-6)


def test_the_ends() -> None:
    assert queries(0.0, 0.99) == 1.0
    assert queries(-1e6, 0.5) is None
    assert queries(-700, 0.5) == pytest.approx(math.log(2) * math.exp(700), rel=1e-6)


@pytest.mark.slow
def test_probabilities_are_those_of_sampling() -> None:
    """Probes that greedy decoding misses or recites are really sampled, and come out as often as
    `log_p` says.
    """
    model = load("embedded", Loading(device="cpu"))
    probes = [
        probe
        for collection in canon()
        for probe in probes_of(collection, "next_line", parse_prefix_lengths("10%"), DEFAULT_HEADER)
    ]
    found = zip(probes, Reciter(model).recite(probes), strict=True)
    between = [
        (probe, math.exp(completion.log_p))
        for probe, completion in found
        if isinstance(completion, Completion)
        and completion.log_p is not None
        and 0.05 < math.exp(completion.log_p) < 0.8
    ][:8]
    torch.manual_seed(0)
    expected = sum(p * 300 for _, p in between)
    variance = sum(p * (1 - p) * 300 for _, p in between)
    hits = sum(sampled(model, probe, 300) for probe, _ in between)
    assert len(between) == 8
    assert abs(hits - expected) < 4 * math.sqrt(variance)
