"""What grew and what faded between two readings, and which poems changed more than noise."""

import itertools
import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtests.fixtures.poems.poems import Collection, Poem
from memtests.plugins.traces import Trace
from memtests.reports.counting.changes import (
    FADED,
    FEWEST,
    GREW,
    NOISE,
    PART,
    TOO_SHORT,
    Change,
    changes,
    parts_of,
    sign_flip,
)
from tests.support.traced import Knows, traces_of


def of_poems(lengths: list[int]) -> Collection:
    return Collection(
        "c",
        tuple(
            Poem(id=f"p{at}", title="T", author="A", language="en", lines=("word " * length,))
            for at, length in enumerate(lengths)
        ),
    )


def held(lengths: list[int], before: Knows, after: Knows) -> dict[str, Change]:
    """What became of poems of so many words."""
    collection = of_poems(lengths)
    texts = {("c", poem.id): poem.text for poem in collection.poems}

    def read(knows: Knows) -> dict[tuple[str, str], Trace]:
        return {("c", trace.poem): trace for trace in traces_of("m", [collection], knows)}

    found = changes(read(before), read(after), texts, dict.fromkeys(texts, "en"))
    return {change.poem: change for change in found}


@given(st.lists(st.integers(-99, 99), min_size=1, max_size=9))
def test_every_way_to_flip_the_signs(parts: list[int]) -> None:
    sums = [
        abs(sum(sign * part for sign, part in zip(signs, parts, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(parts))
    ]
    # Rounding may make a tie of what is nearly one.
    slack = len(parts) * sum(map(abs, parts)) / 20_000
    p = sign_flip(list(map(float, parts)))
    low, high = (sum(s >= abs(sum(parts)) + far for s in sums) for far in (slack, -slack))
    assert low / len(sums) - 1e-9 <= p <= high / len(sums) + 1e-9


@pytest.mark.parametrize(("parts", "p"), [([], 1.0), ([0.0, 0.0], 1.0), ([-1.0] * 40, 2 / 2**40)])
def test_ends(parts: list[float], p: float) -> None:
    assert sign_flip(parts) == pytest.approx(p)


@given(st.lists(st.integers(-9, 9).map(float), max_size=50))
def test_parts_hold_every_change(differences: list[float]) -> None:
    parts = parts_of(differences)
    assert len(parts) == len(differences) // PART
    if parts:
        assert sum(parts) == sum(differences)


def test_grew_and_faded() -> None:
    shift = {"p0": -0.7, "p1": 0.0, "p2": 0.4, "p3": -0.7}
    noise = random.Random(1)

    def after(poem: Poem, at: int, token: str) -> float:
        return -1 + shift[poem.id] + noise.gauss(0, 0.2)

    found = held([60, 60, 60, 3 * FEWEST - 1], lambda *_: -1.0, after)
    assert [*found] == ["p0", "p3", "p1", "p2"], "those first that faded most"
    states = {poem: change.state for poem, change in found.items()}
    assert states == {"p0": FADED, "p1": NOISE, "p2": GREW, "p3": TOO_SHORT}
    assert found["p0"].before == pytest.approx(-1)
    assert found["p0"].after == pytest.approx(-1.7, abs=0.1)
    assert found["p3"].p is None
    assert found["p0"].said == (0, 0)


def test_greedy_decoding_need_not_show_it() -> None:
    found = held([60], lambda *_: -0.01, lambda _, at, __: -0.4 if at % 7 else -0.9)
    assert found["p0"].state == FADED
    assert found["p0"].said == (60, 51)


def test_one_wild_word_is_no_change() -> None:
    """It takes the whole poem."""
    noise = random.Random(1)
    found = held([90], lambda *_: -1.0, lambda _, at, __: -30 if at == 9 else noise.gauss(-1, 0.2))
    assert found["p0"].state == NOISE
    assert found["p0"].p == pytest.approx(1, abs=0.6)


@pytest.mark.parametrize("alike", [0.0, 0.3, 0.6])
def test_noise_is_rarely_more_than_noise(alike: float) -> None:
    """Changes around nothing, neighbours alike (an autoregressive process), 40 poems, 60 times."""
    noise = random.Random(round(10 * alike))
    named: Counter[str] = Counter()
    for _ in range(60):
        level = 0.0

        def after(poem: Poem, at: int, token: str) -> float:
            nonlocal level
            level = alike * level + math.sqrt(1 - alike**2) * noise.gauss(0, 1)
            return -9 + level

        found = held([48] * 40, lambda *_: -9.0, after)
        named["any"] += any(change.state != NOISE for change in found.values())
        named["below"] += sum((change.p or 1) < 0.05 for change in found.values())
    rate = named["below"] / (60 * 40)
    print(alike, rate, named["any"])
    assert rate < 0.05 + 0.02
    assert named["any"] <= 0.05 * 60 + 4
