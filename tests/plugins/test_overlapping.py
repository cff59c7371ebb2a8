"""Texts longer than the context: what their traces say, and what does not follow from them."""

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from memtests.fixtures.models.local.loading import EMBEDDED
from memtests.fixtures.poems.files import canon
from memtests.fixtures.probes.text import masked, unit_ends
from memtests.plugins.overlapping import pieces, read_in_pieces
from memtests.plugins.traces import Trace, recited_from, recited_tokens, said_of_tokens
from memtests.reports.counting.memories import remembered
from memtests.reports.page.maps import Kept, maps_of
from memtests.reports.page.page import render_page
from memtests.reports.report import ComparisonRecord
from memtests.reports.report_files import read_report
from memtests.reports.trace_files import read_traces
from tests.support.models import untaught
from tests.support.running import run_suite

pytest_plugins = ["pytester"]

CONTEXT = 60
"""The context of the small model that runs ask."""
LINES = [line for c in canon() if c.name == "british" for p in c.poems[:3] for line in p.lines]
LAST_WORDS = LINES[-1].rpartition("'")[2]


@given(st.integers(1, 300), st.integers(2, 40), st.integers(0, 5))
def test_every_token_is_told_of_once_with_half_a_context_before_it(
    length: int, context: int, before: int
) -> None:
    length, context = length + before, context + before
    found = list(pieces(length, context, before))
    told = [at for each in found for at in range(each.told, each.stop)]
    assert told == list(range(1, length)) or length == 1
    for piece in found:
        assert before + piece.stop - piece.first <= context
        assert piece.first < piece.stop
        assert piece is found[0] or 2 * (before + piece.told - piece.first) >= context
        for at in range(piece.told, piece.stop):  # no other piece has more before it
            assert piece.first == min(
                p.first for p in found if p.first <= at < p.stop or at < before
            )


@pytest.mark.parametrize("kind", ["bytes", "pieces"])
@pytest.mark.parametrize("tokens", [1, 1000])
def test_a_reading_in_pieces_is_that_of_a_plain_pass_over_each(kind: str, tokens: int) -> None:
    """`pieces` puts a beginning-of-text token before every text, `bytes` none."""
    model = untaught(kind, context=48)
    model._engine.batch_tokens = tokens  # one piece in a pass, or many
    encoding = model.encode("\n".join(LINES))
    before = int(kind == "pieces")
    row, step = encoding.tokens, (48 - before) // 2
    assert len(row) > 5 * 48
    found = read_in_pieces(model, encoding)
    assert found is not None
    assert found.rank is not None
    assert found.log_top is not None
    assert len(found.log_p) == len(found.rank) == len(found.log_top) == len(row)
    last = -1
    for at in range(1, len(row)):
        # The first piece that holds the token has most before it.
        number = next(n for n in range(len(row)) if at < before + n * step + 48 - before)
        if number != last:
            begin = before + number * step
            ids = [*row[:before], *row[begin : begin + 48 - before]]
            with torch.inference_mode():
                logits = model._model(input_ids=torch.tensor([ids])).logits[0].double()
            last = number
        decides = logits[at - begin + before - 1]
        own = decides[row[at]]
        assert found.log_p[at] == pytest.approx(float(decides.log_softmax(-1)[row[at]]), abs=1e-4)
        assert found.best[at] == int(decides.argmax())
        assert found.rank[at] == int((decides > own).sum())
        top = decides.log_softmax(-1).topk(40).values.logsumexp(-1)
        assert found.log_top[at] == pytest.approx(float(top), abs=1e-4)


def test_a_context_without_room_gives_no_reading() -> None:
    model = untaught("pieces", context=2)
    assert read_in_pieces(model, model.encode("One for sorrow")) is None


def small(folder: Path) -> None:
    """The embedded model with a small context, and a text of several contexts."""
    shutil.copytree(EMBEDDED, folder / "small")
    config = json.loads((folder / "small" / "config.json").read_text())
    config["max_position_embeddings"] = CONTEXT
    (folder / "small" / "config.json").write_text(json.dumps(config))
    (folder / "long.txt").write_text("\n".join(LINES))


def ask(pytester: pytest.Pytester, *more: str) -> tuple[Any, tuple[Trace, ...]]:
    asked = ("--poems", "long.txt", "--poem-columns", "language=en", "--controls", "none")
    run_suite(pytester, "--model", "./small", *asked, "--measure", *more)
    folder = pytester.path / "report"
    return read_report(folder / "recall.json"), read_traces(folder)


def test_a_run_has_a_trace_and_a_map_of_a_long_text_and_judges_as_ever(
    pytester: pytest.Pytester,
) -> None:
    small(pytester.path)
    report, traces = ask(pytester)
    whole = [r for r in report.unjudged if r.case in ("title", "prefix")]
    assert len(whole) >= 4
    assert all(f"the model's context is {CONTEXT} (--windows" in r.reason for r in whole)
    text = "\n".join(LINES)
    assert {trace.form for trace in traces} == {"header", "plain"}
    for trace in traces:
        assert (trace.piece, trace.text, trace.ends[-1]) == (
            CONTEXT,
            text,
            trace.begins + len(text),
        )
        assert trace.log_p[0] is None
        assert None not in trace.log_p[1:]
    (view,) = maps_of(report, Kept(traces)).poems.values()
    assert f"was read in pieces of {CONTEXT} tokens" in view.models[0].said
    assert "sampling" not in view.models[0].said
    page = (pytester.path / "report" / "report.html").read_text()
    assert f"was read in pieces of {CONTEXT} tokens" in page
    assert LAST_WORDS in page
    assert remembered(report, traces).memories == ()
    (name,) = [model.name for model in report.models]
    record = ComparisonRecord(name, "then.json", name, 0, 0, (), (), new=0, not_asked=0, p=1.0)
    compared = msgspec.structs.replace(report, comparisons=(record,))
    (alike,) = maps_of(compared, Kept(traces, traces)).differences
    assert [poem.key for poem in alike.poems] == [("long", "long")]
    shorter = [msgspec.structs.replace(trace, piece=CONTEXT // 2) for trace in traces]
    assert maps_of(compared, Kept(traces, shorter)).differences == []

    before = (pytester.path / "report" / "traces.jsonl").read_text()
    again, _ = ask(pytester, "--resume")
    assert (pytester.path / "report" / "traces.jsonl").read_text() == before
    assert again.unjudged == report.unjudged

    plain, none = ask(pytester, "--no-traces")
    assert none == ()
    assert (plain.unjudged, plain.verdicts) == (report.unjudged, report.verdicts)


def test_where_no_probe_of_a_text_is_judged_its_map_is_there(pytester: pytest.Pytester) -> None:
    small(pytester.path)
    report, traces = ask(pytester, "-k", "test_title", "--redact")
    assert report.verdicts == ()
    assert len(report.unjudged) == 1
    (trace,) = traces
    assert trace.text == masked("\n".join(LINES))
    assert "was read in pieces" in render_page(report, kept=Kept(traces), drawn=False)
    assert LAST_WORDS not in (pytester.path / "report" / "report.html").read_text()
    # A text of the same name that somebody else's trace is of is no text of this report.
    other = msgspec.structs.replace(trace, poem="other")
    assert maps_of(report, Kept([other])).poems == {}


def test_nothing_is_said_of_a_cut_whose_rest_leaves_the_first_piece() -> None:
    text = "床前明月光疑是地上霜"
    ends = tuple(range(1, len(text) + 1))
    fields = {"model": "m", "collection": "c", "poem": "p", "form": "plain", "text_sha256": ""}
    numbers = (None, *[0.0] * (len(text) - 1))
    trace = Trace(
        **fields, begins=0, ends=ends, log_p=numbers, rank=(None, *[0] * 9), log_top=numbers
    )
    inside = msgspec.structs.replace(trace, piece=6, text=text)
    cuts = unit_ends(text, "zh")[:-1]
    assert set(recited_from(trace, text, cuts)) == {True}
    assert set(recited_from(inside, text, cuts)) == {None}
    assert list(recited_tokens(inside, 2, 2, [4, 6, 7])) == [True, True, None]
    assert said_of_tokens(inside, 2, 2, 6) == said_of_tokens(trace, 2, 2, 6)
    assert said_of_tokens(inside, 2, 2, 7) is None
