"""The contents of a trace, and its answers for a cut."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from memtests.fixtures.models.contract import MOST_PROBABLE, Encoding, Reading
from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.deciding import largest
from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.poems.files import canon
from memtests.fixtures.probes.controls import controls_of
from memtests.fixtures.probes.probes import (
    DEFAULT_HEADER,
    parse_prefix_lengths,
    probes_of,
    title_probe,
)
from memtests.fixtures.probes.text import unit_ends
from memtests.plugins.reciter import Completion, Reciter
from memtests.plugins.traces import (
    HEADER,
    PLAIN,
    Trace,
    form_of,
    longest_run,
    recited_from,
    said,
    said_of_tokens,
    sha256_of,
    shortest_prefix,
    trace_of,
)
from memtests.plugins.verdicts import IMPOSSIBLE
from tests.support.cutting import part_of, random_cuts, traces_of
from tests.support.models import untaught
from tests.support.sampling import sampled

TEXT = "床前明月光，\n疑是地上霜。"


@pytest.fixture(scope="module")
def embedded() -> Checkpoint:
    return load("embedded", Loading(device="cpu"))


@pytest.mark.parametrize("kind", ["han", "bytes", "pieces"])
def test_a_trace_is_whole(kind: str) -> None:
    model = untaught(kind)
    poem = canon()[0].poems[0]
    for form, trace in traces_of(model, "c", poem).items():
        text = poem.text if form == PLAIN else None
        encoding = model.encode(text) if text else None
        count = len(trace.ends)
        assert {len(trace.log_p), len(trace.rank), len(trace.log_top)} == {count}
        assert (trace.log_p[0], trace.rank[0], trace.log_top[0]) == (None, None, None)
        assert None not in (*trace.log_p[1:], *trace.rank[1:], *trace.log_top[1:])
        assert max(end for end in trace.ends if end is not None) == trace.begins + len(poem.text)
        if encoding and text:
            assert trace.ends == encoding.ends
            assert trace.text_sha256 == sha256_of(text)
            assert trace.begins == 0


def test_ranks_and_the_mass_of_the_most_probable(embedded: Checkpoint) -> None:
    """Compared with a separate pass over the whole vocabulary."""
    poem = canon()[0].poems[0]
    trace = traces_of(embedded, "c", poem)[PLAIN]
    tokens = embedded.encode(poem.text).tokens
    with torch.inference_mode():
        log_p = embedded._model(torch.tensor([tokens])).logits[0].double().log_softmax(-1)
    for at in range(1, len(tokens)):
        own = float(log_p[at - 1, tokens[at]])
        assert trace.log_p[at] == pytest.approx(own, abs=2e-4)
        assert trace.rank[at] == int((log_p[at - 1] > own).sum())
        top = float(log_p[at - 1].topk(MOST_PROBABLE).values.logsumexp(-1))
        assert trace.log_top[at] == pytest.approx(top, abs=2e-4)
        assert str(trace.log_top[at]) != "-0.0"


@pytest.mark.parametrize("width", [3, 40, 319, 320, 327, 5000])
def test_the_largest_as_topk_has_them(width: int) -> None:
    torch.manual_seed(0)
    numbers = torch.randn(50, width)
    values, places = largest(numbers, MOST_PROBABLE)
    expected = numbers.topk(min(MOST_PROBABLE, width))
    assert torch.equal(values, expected.values)
    assert torch.equal(places, expected.indices)


@pytest.mark.slow
def test_probabilities_are_those_of_sampling(embedded: Checkpoint) -> None:
    """For sampling among the 40 most probable tokens: really sampled, within three standard
    deviations. tests/reports/counting/test_observation.py does it for sampling among all tokens.
    """
    torch.manual_seed(0)
    chosen = {}
    for probe, trace in random_cuts(embedded, [one.sample(6) for one in canon()], 750, seed=7):
        lead = len(probe.text) - len(probe.poem.text)
        found = said(trace, probe.poem.text, probe.start - lead, probe.stop - lead)
        if found and found.log_p is not None and found.log_p_40 is not None:
            chosen[probe] = math.exp(found.log_p_40), math.exp(found.log_p)
    # Probes first for which the two ways of sampling differ most.
    between = [one for one in chosen.items() if 0.05 < one[1][0] < 0.95]
    between.sort(key=lambda one: one[1][1] / one[1][0])
    expected = variance = hits = 0.0
    for probe, (p, _) in between[:10]:
        expected += 300 * p
        variance += 300 * p * (1 - p)
        hits += sampled(embedded, probe, 300, top_k=MOST_PROBABLE)
    assert len(between) >= 10
    assert abs(hits - expected) < 3 * math.sqrt(variance)


def hand_made(ends: list[int | None], ranks: list[int | None], begins: int = 0) -> Trace:
    logs = tuple(None if rank is None else -0.1 * (rank + 1) for rank in ranks)
    tops = tuple(None if rank is None else -0.05 for rank in ranks)
    return Trace("m", "c", "p", PLAIN, "", begins, tuple(ends), logs, tuple(ranks), tops)


def test_a_cut_is_moved_over_marks() -> None:
    #                   床 前 明月 光，\n 疑 是 地 上 霜。
    trace = hand_made([1, 2, 4, 7, 8, 9, 10, 11, 13], [None, 0, 0, 50, 0, 0, 0, 0, 0])
    behind = said(trace, TEXT, 5)
    assert behind is not None
    assert behind.recited, "the mark after 光 and the line's end are passed"
    assert behind.log_p == pytest.approx(-0.5)
    assert behind.log_p_40 == pytest.approx(-0.5 + 5 * 0.05)
    missed = said(trace, TEXT, 4)
    assert missed is not None
    assert (missed.recited, missed.log_p_40) == (False, IMPOSSIBLE)


def test_a_cut_inside_a_token() -> None:
    ends: list[int | None] = [1, 2, 4, 7, 8, 9, 10, 11, 13]
    known = said(hand_made(ends, [None, 0, 0, 0, 0, 0, 0, 0, 0]), TEXT, 3)
    assert known is not None
    assert (known.recited, known.log_p, known.log_p_40) == (True, None, None)
    open_ = said(hand_made(ends, [None, 0, 3, 0, 0, 0, 0, 0, 0]), TEXT, 3)
    assert open_ is not None
    assert open_.recited is None, "of those that agree it may be the most probable"
    left = said(hand_made(ends, [None, 0, 3, 0, 2, 0, 0, 0, 0]), TEXT, 3)
    assert left is not None
    assert left.recited is False
    assert said(hand_made([2, 4, 13], [None, 0, 0]), TEXT, 1) is None, "no token before it"


def test_only_so_far() -> None:
    trace = hand_made([1, 2, 4, 7, 8, 9, 10, 11, 13], [None, 0, 0, 0, 0, 4, 0, 0, 0])
    part, whole = said(trace, TEXT, 1, 5), said(trace, TEXT, 1)
    assert part is not None
    assert whole is not None
    assert (part.recited, whole.recited) == (True, False)


def test_what_the_context_has_no_room_for() -> None:
    trace = hand_made([1, 2, 3, 4], [None, 0, 0, None])
    assert said(trace, "床前明月", 1) is None
    found = said(trace, "床前明月", 1, 3)
    assert found is not None
    assert found.recited


RANKS = st.lists(st.sampled_from([0, 0, 0, 1, 60]), min_size=12, max_size=12)


@given(RANKS, st.sets(st.integers(1, 12), max_size=11))
def test_shortest_and_longest_by_trying_all(ranks: list[int], merged: set[int]) -> None:
    """With any tokens of the text; a run is tried unit by unit."""
    ends: list[int | None] = [end for end in range(1, 14) if end not in merged]
    told: list[int | None] = [None, *ranks[: len(ends) - 1]]
    trace, places = hand_made(ends, told), unit_ends(TEXT, "zh")
    recited = [
        count
        for count, end in enumerate(places[:-1], 1)
        if (found := said(trace, TEXT, end)) and found.recited
    ]
    assert shortest_prefix(trace, TEXT, places) == min(recited, default=None)
    one_by_one = [found and found.recited for found in (said(trace, TEXT, end) for end in places)]
    assert [*recited_from(trace, TEXT, places)] == one_by_one
    there = [False] * len(TEXT)
    for at, end in enumerate(ends):
        if end is not None and told[at] == 0:
            begin = ends[at - 1] or 0
            there[begin:end] = [True] * (end - begin)
    units = [there[TEXT.index(c)] for c in TEXT if c not in "，。\n"]
    marks = {place for place, c in enumerate(TEXT) if c in "，。\n"}
    best = now = 0
    for number, place in enumerate(TEXT.index(c) for c in TEXT if c not in "，。\n"):
        unbroken = number == 0 or all(there[m] for m in marks if places_before(place, m))
        now = (now + 1 if unbroken else 1) if units[number] else 0
        best = max(best, now)
    assert longest_run(trace, TEXT, places) == best


def places_before(place: int, mark: int) -> bool:
    """Whether a mark stands between the character at a place and the one before."""
    return mark < place and all(c in "，。\n" for c in TEXT[mark:place])


def test_tokens_that_follow_on_tokens() -> None:
    trace = hand_made([1, 2, 3, 4, 5], [None, 0, 0, 7, 0])
    assert said_of_tokens(trace, 0, 0, 2) is None, "of the first token nothing is said"
    found = said_of_tokens(trace, 1, 1, 3)
    assert found is not None
    assert found.recited
    missed = said_of_tokens(trace, 2, 2, 5)
    assert missed is not None
    assert not missed.recited


def test_a_header_is_a_cut_before_the_poem(embedded: Checkpoint) -> None:
    poem = canon()[0].poems[0]
    trace = traces_of(embedded, "c", poem)[HEADER]
    found = said(trace, poem.text, -2)
    assert found is not None
    assert found.recited is not None
    (asked,) = Reciter(embedded).recite([title_probe("c", poem)])
    assert isinstance(asked, Completion)
    assert asked.followed == found.recited


def test_forms() -> None:
    """Controls are not a poem's own text, and a test's own question is not read for a report."""
    (collection,) = (one.sample(2) for one in canon() if one.name == "tang")
    lengths = parse_prefix_lengths("25%")
    found = {form_of(probe) for probe in controls_of(collection, lengths, DEFAULT_HEADER)}
    assert found == {None}
    for case, form in (("title", HEADER), ("prefix", PLAIN), ("next_line", PLAIN)):
        probes = probes_of(collection, case, lengths, DEFAULT_HEADER)
        assert {form_of(probe) for probe in probes} == {form}


def test_what_is_not_known_is_none() -> None:
    """If a server sends no ranks, it is still known whether greedy decoding says a token."""
    (collection,) = (one.sample(1) for one in canon() if one.name == "tang")
    (poem,) = collection.poems
    probe = part_of("tang", poem, 2, len(poem.text))
    tokens = tuple(map(ord, poem.text))
    best = [*tokens[:3], *[0] * (len(tokens) - 4)]
    logs = [0.0, -0.1, math.nan, -math.inf, *[-1e-9] * (len(best) - 4)]
    reading = Reading(best, logs, [9.0] * len(best))
    encoding = Encoding(tokens, tuple(range(1, len(tokens) + 1)))
    trace = trace_of("m", probe, PLAIN, (encoding, reading), None)
    assert trace.log_p[:5] == (None, -0.1, None, IMPOSSIBLE, 0)
    assert trace.rank[:5] == (None, 0, None, None, None)
    assert set(trace.log_top) == {None}
    assert trace.log_p[-1] is None, "the context has no room for the last one"
    lists = {len(trace.ends), len(trace.log_p), len(trace.rank), len(trace.log_top)}
    assert lists == {len(tokens)}
