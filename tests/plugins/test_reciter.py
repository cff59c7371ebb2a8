"""The reciter: every completion is that of plain greedy decoding."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from memtests.fixtures.models.contract import Encoding, Generated, Opening, Portion
from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.models.whole_texts import tokens_before, whole_tokens
from memtests.fixtures.poems.poems import Poem
from memtests.fixtures.probes.probes import (
    Probe,
    next_line_probes,
    parse_prefix_lengths,
    prefix_probes,
    title_probe,
    window_probes,
)
from memtests.fixtures.probes.windows import Tokens, Windows, parse_size
from memtests.plugins.completeness import is_complete
from memtests.plugins.reciter import (
    NOT_FINITE,
    Completion,
    Enough,
    Reciter,
    Unjudged,
    recite_plainly,
    row_of,
)
from memtests.plugins.traces import recited_from, said, trace_of
from memtests.plugins.verdicts import IMPOSSIBLE
from tests.support.models import untaught
from tests.support.reciting import CANON, some_probes, texts
from tests.support.standin import END, StandIn


@pytest.fixture(scope="module")
def embedded() -> Checkpoint:
    return load("embedded", Loading(device="cpu"))


def test_embedded_as_plain_generate(embedded: Checkpoint) -> None:
    probes = some_probes(4)[::7]
    assert texts(Reciter(embedded).recite(probes)) == [recite_plainly(embedded, p) for p in probes]


@pytest.mark.slow
def test_embedded_as_plain_generate_everywhere(embedded: Checkpoint) -> None:
    probes = some_probes(100)[::3]
    assert texts(Reciter(embedded).recite(probes)) == [recite_plainly(embedded, p) for p in probes]


@pytest.mark.parametrize("kind", ["han", "bytes", "pieces"])
@pytest.mark.parametrize("architecture", ["llama", "gpt2", "bloom"])
def test_untaught_as_plain_generate(kind: str, architecture: str) -> None:
    model = untaught(kind, architecture)
    probes = some_probes(2)[::9]
    assert texts(Reciter(model).recite(probes)) == [recite_plainly(model, p) for p in probes]


@pytest.mark.parametrize("first", ["whole", "excerpt"])
def test_texts_that_begin_alike_and_are_finished_together(
    embedded: Checkpoint, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Both leave the poem at the same place, and one of them needs more words after it."""
    (poem,) = (poem for poem in CANON["british"].poems if poem.id == "a-poison-tree")
    words = "\n".join(poem.lines[:9]).split(" ")
    words[14] = "zebra"

    def cut(name: str, count: int) -> Probe:
        lines = tuple(" ".join(words[:count]).split("\n"))
        (found,) = prefix_probes("z", Poem(name, "t", "x", "en", lines), parse_prefix_lengths("10"))
        return found

    probes = [cut("whole", len(words)), cut("excerpt", 40)]
    probes.sort(key=lambda probe: probe.poem.id != first)
    inner, given = embedded.generate, []

    def finished_together(
        portions: Iterable[Sequence[Opening]],
    ) -> Iterator[dict[int, Generated]]:
        def each() -> Iterator[Sequence[Opening]]:
            for portion in portions:
                given.append(len(portion))
                yield portion

        found = {number: said for some in inner(each()) for number, said in some.items()}
        yield {number: found[number] for number in sorted(found)}

    monkeypatch.setattr(embedded, "generate", finished_together)
    monkeypatch.setattr(type(embedded), "portion", Portion(1))
    assert texts(Reciter(embedded).recite(probes)) == [recite_plainly(embedded, p) for p in probes]
    assert given == [1, 1]


def test_an_end_token_in_a_text_ends_its_recitation() -> None:
    """A text may hold the name of a special token. Greedy decoding does not go beyond it, also
    where the model knows the text by heart.
    """
    line = f"the moon is bright, and so{chr(END)} are you my friend"
    poem = Poem("p", "t", "a", "en", (line,))
    model = StandIn("m", {line: "p"})
    before, after = prefix_probes("z", poem, parse_prefix_lengths("2,7"))
    cut_off, whole = Reciter(model).recite([before, after])
    assert isinstance(cut_off, Completion)
    assert isinstance(whole, Completion)
    assert (cut_off.text, cut_off.followed, cut_off.log_p) == (" is bright, and so", False, None)
    assert cut_off.log_p_40 == -math.inf
    assert (whole.text, whole.followed) == (after.suffix, True)
    reciter = Reciter(model)
    reciter.read([before])
    read = reciter.reading(before)
    assert read
    trace = trace_of("m", before, "plain", read, None, ends=model.ends)
    assert list(recited_from(trace, line, [before.start, after.start])) == [False, True]
    found = said(trace, line, before.start)
    assert found
    assert (found.recited, found.log_p) == (False, IMPOSSIBLE)


def test_windows_that_are_cut_inside_a_character() -> None:
    """The character belongs to the suffix, so it is whole in the completion's text."""
    model = untaught("bytes")
    poem = Poem("p", "t", "a", "zh", ("鼋鼍龟鳖，豮豨黼黻", "魑魅魍魉，饕餮狻猊"))

    def tokenize(text: str) -> Tokens:
        return whole_tokens("m", model.encode(text), tokens_before(model.encode))

    probes = list(window_probes("c", poem, Windows(parse_size("10t/8t"), 1), tokenize))
    rows = [row_of(model, p, Encoding(p.slice.tokens, p.slice.ends)) for p in probes if p.slice]
    for row in rows:
        said = (row.lead + model.spell(row.tokens[row.cue :])).decode(errors="replace")
        assert said.startswith(row.asked.suffix)
    assert {len(row.lead) for row in rows} == {0, 1, 2}
    found = Reciter(model).recite(probes)
    assert texts(found) == [recite_plainly(model, probe) for probe in probes]


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=6),
    st.integers(0, 60),
    st.lists(st.integers(1, 9), min_size=60),
)
def test_enough_is_enough_for_every_path(
    needs: list[int], broken_off: int, steps: list[int]
) -> None:
    """Also where a way fails, and another one says all tokens again. The check is never late where
    no token adds more units than one.
    """

    def lacking(need: int, said: Sequence[int]) -> tuple[int, bool]:
        return max(0, need - len(said)), False

    enough = Enough(needs, lacking)
    assert enough([]) == (max(needs) == 0)
    for count in range(1, broken_off + 1):
        if enough([0] * count):
            break
    for count in range(1, max(needs) + 1):
        assert enough([0] * count) == (count == max(needs)), count
    several = Enough(needs, lacking)
    for count in itertools.accumulate(steps):
        if several([0] * count):
            assert count >= max(needs)
            break


def test_every_kind_of_cut_is_met() -> None:
    """Otherwise the test above would prove less than it seems to."""
    for kind in ("bytes", "pieces"):
        model = untaught(kind)
        tang = [probe for probe in some_probes(4) if probe.collection == "tang"]
        for poem in CANON["tang"].poems[:8]:
            tang += prefix_probes("tang", poem, parse_prefix_lengths("1,3"))
        found = [each for each in Reciter(model).recite(tang) if isinstance(each, Completion)]
        assert {each.cut for each in found} >= {"between", "healed"}, kind
        for each in found:
            assert (each.log_p is None) == (each.cut == "alone")
            assert (each.followed is None) == (each.cut == "alone")


def test_alone_in_any_order_and_together(embedded: Checkpoint) -> None:
    probes = some_probes(2)
    together = Reciter(embedded).recite(probes)
    backwards = Reciter(embedded).recite(probes[::-1])[::-1]
    assert texts(together) == texts(backwards)
    assert texts(together)[::11] == [
        text for probe in probes[::11] for text in texts(Reciter(embedded).recite([probe]))
    ]
    reciter = Reciter(embedded)
    one_by_one = [text for probe in probes[:40] for text in texts(reciter.recite([probe]))]
    assert one_by_one == texts(together)[:40]
    assert texts(reciter.recite(probes)) == texts(together), "asked twice"


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_cut(embedded: Checkpoint, data: st.DataObject) -> None:
    poem = data.draw(st.sampled_from(CANON["tang"].poems + CANON["british"].poems))
    length = data.draw(st.integers(1, 19))
    (probe,) = prefix_probes("x", poem, parse_prefix_lengths(str(length)))
    assert texts(Reciter(embedded).recite([probe])) == [recite_plainly(embedded, probe)]


def test_log_p_is_that_of_sampling(embedded: Checkpoint) -> None:
    """The sum of the log-probabilities of the suffix's tokens, computed in a separate pass."""
    for probe in some_probes(2)[::13]:
        (found,) = Reciter(embedded).recite([probe])
        assert isinstance(found, Completion)
        cue = embedded.encode(probe.cue).tokens
        whole = embedded.encode(probe.text[: probe.stop]).tokens
        assert whole[: len(cue)] == cue
        with torch.inference_mode():
            logits = embedded._model(torch.tensor([whole])).logits[0]
        log_p = logits.double().log_softmax(-1)
        expected = sum(float(log_p[i - 1, whole[i]]) for i in range(len(cue), len(whole)))
        assert found.log_p == pytest.approx(expected, abs=1e-3)


def test_followed_means_verbatim(embedded: Checkpoint) -> None:
    probes = some_probes(4)
    for probe, found in zip(probes, Reciter(embedded).recite(probes), strict=True):
        assert isinstance(found, Completion)
        if found.followed:
            assert found.text == probe.suffix
    assert any(isinstance(c, Completion) and c.followed for c in Reciter(embedded).recite(probes))


def test_weights_with_nan() -> None:
    model = untaught()
    with torch.no_grad():
        model._model.model.layers[1].mlp.down_proj.weight[0, 0] = math.nan
    found = Reciter(model).recite(some_probes(1))
    assert {each.reason for each in found if isinstance(each, Unjudged)} == {NOT_FINITE}
    assert not any(isinstance(each, Completion) for each in found)


def test_nan_for_some_probes_only() -> None:
    """One token's embedding is broken: only cues with that token in them are unjudged."""
    model = untaught()
    jing, chun = CANON["tang"].poems[:2]
    probes = [title_probe("tang", jing), title_probe("tang", chun)]
    broken = (
        set(model.encode(probes[0].cue).tokens) - set(model.encode(probes[1].text).tokens)
    ).pop()
    with torch.no_grad():
        model._model.get_input_embeddings().weight[broken] = math.nan
    one, other = Reciter(model).recite(probes)
    assert isinstance(one, Unjudged)
    assert isinstance(other, Completion)


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_too_long_for_the_context(architecture: str) -> None:
    model = untaught(architecture=architecture, context=48)
    poem = CANON["tang"].poems[0]
    long = CANON["sonnets"].poems[0]
    probes = [
        *prefix_probes("x", poem, parse_prefix_lengths("10")),
        *prefix_probes("x", long, parse_prefix_lengths("10")),
        *next_line_probes("x", long),
    ]
    found = Reciter(model).recite(probes)
    assert isinstance(found[0], Completion | Unjudged)
    assert isinstance(found[1], Unjudged)
    assert "tokens; the model's context is 48 (--windows" in found[1].reason
    assert isinstance(found[2], Completion), "the first next line fits"
    assert isinstance(found[-1], Unjudged)


def test_running_past_the_context_is_no_verdict() -> None:
    """The poem would fit, but the model says something longer, without an end."""
    probe = title_probe("x", CANON["tang"].poems[0])
    needed = len(untaught().encode(probe.text).tokens)
    model = untaught(context=needed)
    token = model.encode("，").tokens[0]

    def marks_for_ever(portions: Iterable[Sequence[Opening]]) -> Iterator[dict[int, Generated]]:
        for (opening,) in portions:
            yield {0: Generated([token] * opening.limit, [9.0] * opening.limit, False)}

    model.generate = marks_for_ever  # type: ignore[method-assign]
    (found,) = Reciter(model).recite([probe])
    assert found == Unjudged(f"its completion ran past the model's context, {needed} tokens")


def test_generation_config_is_set_aside() -> None:
    model = untaught()
    probes = some_probes(1)[:6]
    before = texts(Reciter(model).recite(probes))
    model._model.generation_config.repetition_penalty = 1.3
    model._model.generation_config.do_sample = True
    model._model.generation_config.temperature = 0.7
    assert texts(Reciter(model).recite(probes)) == before
    assert model.about()["set_aside"] == {
        "do_sample": True,
        "repetition_penalty": 1.3,
        "temperature": 0.7,
    }


@pytest.mark.parametrize(
    ("completion", "complete"),
    [
        ("", False),
        ("\n疑是地", False),
        ("\n疑是地上霜", False),
        ("\n疑是地上霜。", True),
        ("疑是地上霜", True),
        ("\n疑是银\n", True),
        ("，\n", False),
        ("，\n疑是", False),
        ("\n疑是地上\ufffd", False),
    ],
)
def test_next_line_is_complete_at_its_end(completion: str, complete: bool) -> None:
    probe = next(next_line_probes("tang", CANON["tang"].poems[0]))
    assert is_complete(completion, probe) is complete


@given(st.data())
def test_complete_stays_complete(data: st.DataObject) -> None:
    poem = data.draw(st.sampled_from([CANON["tang"].poems[0], CANON["british"].poems[1]]))
    probe = data.draw(st.sampled_from([*next_line_probes("x", poem), title_probe("x", poem)]))
    follow = data.draw(st.integers(0, len(probe.suffix)))
    text = probe.suffix[:follow] + data.draw(st.text("霜。 a-\n'明", max_size=60))
    done = [is_complete(text[:length], probe) for length in range(len(text) + 1)]
    assert done == sorted(done)
