"""Which poems grew or faded between two readings, and which of them changed more than noise."""

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
    MOST,
    NOISE,
    PART,
    RATE,
    TOO_SHORT,
    Change,
    adjusted,
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
    """The changes of poems with so many words."""
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
    # Sums that are nearly equal may become equal by rounding.
    slack = len(parts) * sum(map(abs, parts)) / 20_000
    p = sign_flip(list(map(float, parts)))
    low, high = (sum(s >= abs(sum(parts)) + far for s in sums) for far in (slack, -slack))
    assert low / len(sums) - 1e-9 <= p <= high / len(sums) + 1e-9


@pytest.mark.parametrize(("parts", "p"), [([], 1.0), ([0.0, 0.0], 1.0), ([-1.0] * 40, 2 / 2**40)])
def test_ends(parts: list[float], p: float) -> None:
    assert sign_flip(parts) == pytest.approx(p)


@given(st.lists(st.integers(-9, 9).map(float), max_size=99))
def test_parts_hold_every_change(differences: list[float]) -> None:
    parts = parts_of(differences)
    assert len(parts) == min(len(differences) // PART, MOST)
    if parts:
        assert sum(parts) == sum(differences)


def test_grew_and_faded() -> None:
    shift = {"p0": -0.7, "p1": 0.0, "p2": 0.4, "p3": -0.7}
    noise = random.Random(1)

    def after(poem: Poem, at: int, token: str) -> float:
        return -1 + shift[poem.id] + noise.gauss(0, 0.2)

    found = held([60, 60, 60, 3 * FEWEST - 1], lambda *_: -1.0, after)
    assert [*found][2:] == ["p1", "p2"], "those first that faded most"
    states = {poem: change.state for poem, change in found.items()}
    assert states == {"p0": FADED, "p1": NOISE, "p2": GREW, "p3": TOO_SHORT}
    assert found["p0"].before == pytest.approx(-1, abs=0.02)
    assert found["p0"].after == pytest.approx(-1.7, abs=0.1)
    assert found["p3"].p is None
    assert found["p0"].said == (0, 0)


def test_greedy_decoding_need_not_show_it() -> None:
    found = held([60], lambda *_: -0.01, lambda _, at, __: -0.4 if at % 7 else -0.9)
    assert found["p0"].state == FADED
    assert found["p0"].said == (60, 51)


def test_one_wild_word_is_no_change() -> None:
    """Only a change of the whole poem counts."""
    noise = random.Random(1)
    found = held([90], lambda *_: -1.0, lambda _, at, __: -30 if at == 9 else noise.gauss(-1, 0.2))
    assert found["p0"].state == NOISE


@pytest.mark.parametrize("alike", [0.0, 0.2])
def test_noise_is_rarely_more_than_noise(alike: float) -> None:
    """2,000 poems with random changes around zero; neighbours are alike (autoregressive)."""
    noise = random.Random(1)
    below = reports = 0
    for _ in range(50):
        tested = []
        for _ in range(40):
            level, differences = 0.0, []
            for _ in range(48):
                level = alike * level + math.sqrt(1 - alike**2) * noise.gauss(0, 1)
                differences.append(level)
            tested.append(sign_flip(parts_of(differences)))
        below += sum(p < RATE for p in tested)
        reports += min(adjusted(tested)) <= RATE
    # Within three standard deviations; if neighbours are a little alike, a little more than 5 %.
    assert below / 2000 < RATE + 0.015 + alike / 10
    assert reports <= 50 * RATE + 3 * math.sqrt(50 * RATE) + 10 * alike


def test_a_change_of_all_words_is_found() -> None:
    """A change of 0.7 standard deviations of a word is found in nine of ten poems of 48 words."""
    noise = random.Random(1)
    found = held(
        [48] * 40, lambda *_: -9.0, lambda poem, *_: noise.gauss(-9.7 if poem.id < "p3" else -9, 1)
    )
    states = Counter((change.poem < "p3", change.state) for change in found.values())
    faded = states[True, FADED]
    assert faded >= 0.9 * (faded + states[True, NOISE])
    assert states[True, GREW] == 0
    assert states[False, NOISE] >= states[False, FADED] + states[False, GREW]
