"""Querying changes nothing: the answer is the same if a probe is asked twice, in another order, or
after other poems.

Asking a model must only read its memory, never write it. This tests it instead of assuming it.
"""

import functools

from hypothesis import given, settings
from hypothesis import strategies as st

from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.files import canon
from memtests.fixtures.probes.probes import DEFAULT_HEADER, Probe, parse_prefix_lengths, probes_of
from memtests.plugins.recital import recite
from memtests.plugins.reciter import Completion, Reciter

LENGTHS = parse_prefix_lengths("10%,50%")
# Two poems of each collection, among them poems that the model knows and poems that it does not.
PROBES = [
    probe
    for collection in canon()
    for case in ("title", "prefix")
    for probe in probes_of(collection.sample(2), case, LENGTHS, DEFAULT_HEADER)
]


@functools.cache
def reciter() -> Reciter:
    return Reciter(load("embedded", Loading(device="cpu")))


def answers(asked: list[Probe], reciter: Reciter) -> dict[str, str]:
    found = dict(recite(reciter, asked))
    assert all(isinstance(completion, Completion) for completion in found.values())
    return {asked[at].name: said.text for at, said in found.items()}  # type: ignore[union-attr]


@functools.cache
def alone() -> dict[str, str]:
    """The completion of each probe, asked alone of a new reciter."""
    model = load("embedded", Loading(device="cpu"))
    return {k: v for probe in PROBES for k, v in answers([probe], Reciter(model)).items()}


@settings(max_examples=12, deadline=None)
@given(st.permutations(PROBES), st.integers(1, len(PROBES)))
def test_order_and_company_do_not_matter(asked: list[Probe], together: int) -> None:
    """All examples of Hypothesis ask the same reciter, which remembers all earlier ones."""
    for start in range(0, len(asked), together):
        for name, said in answers(asked[start : start + together], reciter()).items():
            assert said == alone()[name]


def test_asked_twice() -> None:
    first, second = answers(PROBES, reciter()), answers(PROBES + PROBES[::-1], reciter())
    assert first == second == alone()
    assert len(set(first.values())) > len(PROBES) // 2, "there is something to tell apart"
