"""The search for the shortest cue: what it will ask for is recited with the drawn lengths."""

from collections.abc import Iterable, Iterator, Sequence

import pytest

from memtests.fixtures.models.contract import Generated, Opening
from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.chance import chance_bands
from memtests.plugins.poem_cuts import PoemCuts, cuts_of, foresight
from memtests.plugins.recital import Recital
from memtests.plugins.reciter import Foresee, Reciter, no_foresight
from memtests.plugins.verdicts import Verdict
from tests.support.reciting import CANON

# Of both, the embedded model was taught some poems whole, some in part, and some not.
COLLECTIONS = [CANON[name].sample(12) for name in ("tang", "american")]


def given_to(model: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> list[Opening]:
    """The openings that a model has been given so far; the list grows."""
    found: list[Opening] = []
    inner = model.generate

    def noted(portions: Iterable[Sequence[Opening]]) -> Iterator[dict[int, Generated]]:
        def each() -> Iterator[Sequence[Opening]]:
            for portion in portions:
                found.extend(portion)
                yield portion

        return inner(each())

    monkeypatch.setattr(model, "generate", noted)
    return found


@pytest.fixture(scope="module")
def embedded() -> Checkpoint:
    return load("embedded", Loading(device="cpu"))


def asked_for_shortest(
    model: Checkpoint, collection: Collection, foresee: Foresee | None = None
) -> tuple[list[PoemCuts], Recital]:
    """A recital that has settled the drawn lengths of a collection's poems."""
    cuts = [cuts_of(collection.name, poem) for poem in collection.poems]
    drawn = [probe for each in cuts for probe in each.probes]
    recital = Recital(
        model,
        [drawn],
        lambda _: chance_bands(collection),
        foresee=foresight(cuts) if foresee is None else foresee,
    )
    for probe in drawn:
        recital(probe)
    return cuts, recital


def found_by(cuts: Sequence[PoemCuts], recital: Recital) -> tuple[list[str | None], list[Verdict]]:
    """The names of the shortest cues, and every verdict on the way."""
    recital.asked.clear()
    found = [each.shortest(recital) for each in cuts]
    asked = [each for each in recital.asked if isinstance(each, Verdict)]
    assert len(asked) == len(recital.asked)
    return [probe and probe.name for probe in found], asked


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda collection: collection.name)
def test_what_is_foreseen_needs_no_generation_later(
    embedded: Checkpoint, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = found_by(*asked_for_shortest(embedded, collection, no_foresight))
    openings = given_to(embedded, monkeypatch)
    cuts, recital = asked_for_shortest(embedded, collection)
    before = len(openings)
    assert found_by(cuts, recital) == plain
    assert len(openings) == before
    tried = {verdict.probe for verdict in plain[1]}
    alone = tried - {probe.name for each in cuts for probe in each.probes}
    assert len(alone) > 3
    of_name = {each.cut(n).name: each.cut(n) for each in cuts for n in range(1, each.longest + 1)}
    for name in sorted(alone)[:8]:
        assert recital.completion(of_name[name]).text == recital.plainly(of_name[name])


def _too_much(reciter: Reciter, probes: Sequence[Probe]) -> Iterator[Probe]:
    """Every cut of every poem, and none of them where it is needed."""
    for place in dict.fromkeys(probe.place for probe in probes):
        (poem,) = {probe.poem for probe in probes if probe.place == place}
        cuts = cuts_of(place[0], poem)
        yield from map(cuts.cut, range(1, min(cuts.longest, 12)))


def _failing(reciter: Reciter, probes: Sequence[Probe]) -> Iterator[Probe]:
    yield from _too_much(reciter, probes)
    raise ValueError("a fault in the foresight")


@pytest.mark.parametrize("foresee", [_too_much, _failing])
def test_foresight_changes_nothing(embedded: Checkpoint, foresee: Foresee) -> None:
    """Neither if it is wrong nor if it fails."""
    collection = COLLECTIONS[0].sample(5)
    plain = asked_for_shortest(embedded, collection, no_foresight)
    odd = asked_for_shortest(embedded, collection, foresee)
    assert [v for v in odd[1].asked if isinstance(v, Verdict)] == plain[1].asked
    assert found_by(*odd) == found_by(*plain)
