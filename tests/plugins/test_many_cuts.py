"""A trace gives the same answer for a cut as asking the model, at many cuts of several models."""

import pytest

from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.files import canon
from memtests.fixtures.poems.poems import Collection
from memtests.plugins.reciter import Completion, Reciter
from memtests.plugins.traces import said
from memtests.plugins.verdicts import IMPOSSIBLE
from tests.support.cutting import random_cuts, says_plainly
from tests.support.smollm2 import gguf
from tests.support.taught_models import nine, taught


@pytest.fixture(scope="module")
def embedded() -> Checkpoint:
    return load("embedded", Loading(device="cpu"))


def little(count: int) -> list[Collection]:
    return [one.sample(count) for one in canon()]


def hold(
    model: Checkpoint,
    collections: list[Collection],
    count: int,
    seed: int = 15,
    together: int = 1,
) -> None:
    """Ask the model at these cuts, so many together, and compare each answer with the trace's."""
    recited = told = 0
    cuts = list(random_cuts(model, collections, count, seed))
    answers = [
        answer
        for at in range(0, count, together)
        for answer in Reciter(model).recite([probe for probe, _ in cuts[at : at + together]])
    ]
    for number, ((probe, trace), asked) in enumerate(zip(cuts, answers, strict=True)):
        assert isinstance(asked, Completion)
        lead = len(probe.text) - len(probe.poem.text)
        found = said(trace, probe.poem.text, probe.start - lead, probe.stop - lead)
        if asked.cut == "alone":
            assert found is None
            continue
        assert found is not None
        if found.recited is not None:
            told += 1
            assert found.recited == asked.followed, probe
        recited += bool(found.recited)
        if asked.cut == "between":
            assert asked.log_p is not None
            assert asked.log_p_40 is not None
            assert found.recited is not None
            assert found.log_p == pytest.approx(max(asked.log_p, IMPOSSIBLE), abs=1e-3)
            expected = max(asked.log_p_40, IMPOSSIBLE)
            assert found.log_p_40 == pytest.approx(expected, abs=1e-3)
            if number % 10 == 1:
                assert says_plainly(model, probe) == found.recited
        else:
            assert found.log_p is None
    assert told > 0.9 * count
    assert 0.02 * count < recited < 0.98 * count


def test_what_asking_says(embedded: Checkpoint) -> None:
    hold(embedded, little(3), 24)


@pytest.mark.slow
def test_what_asking_says_at_500_cuts(embedded: Checkpoint) -> None:
    hold(embedded, little(8), 500)


@pytest.mark.slow
def test_what_a_model_with_a_vocabulary_of_today_says_at_500_cuts() -> None:
    others = [one.sample(1) for one in canon() if one.name in ("song", "sonnets")]
    hold(taught("qwen3"), [*nine(), *others], 500)


@pytest.mark.slow
def test_what_smollm2_says_at_150_cuts() -> None:
    collections = [one.sample(2) for one in canon() if one.name in ("tang", "british")]
    # SmolLM2 recites hardly any text, and generates something after each cut: 500 would take twenty
    # minutes.
    hold(load(str(gguf()), Loading(device="cpu")), collections, 150, together=150)
