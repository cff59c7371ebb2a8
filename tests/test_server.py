"""Servers: the same verdicts over the wire, and faults that cost no more than what they hit."""

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import openai  # so that the runs inside tests do not import it again and again
import pytest
import torch
from starlette.responses import JSONResponse, Response

from fixtures.checkpoint import Checkpoint
from fixtures.completions import TextServer, connect
from fixtures.engine import rounding
from fixtures.language_model import ModelError
from fixtures.loading import Loading, load
from fixtures.poems import canon
from fixtures.server import ROUNDING, Server
from plugins.reciter import Completion, Reciter
from tests.models import untaught
from tests.serving import Serving, serve
from tests.test_plugin import memtests, outcomes, report
from tests.test_reciter import some_probes

pytest_plugins = ["pytester"]

assert openai
TANG = {poem.id: poem for c in canon() if c.name == "tang" for poem in c.poems}
TITLES = ("-k", "test_title and (静夜思 or 春晓 or 江雪 or 登鹳雀楼)")

# One that has to be gone on from.
UNKNOWN = ("-k", "test_title and xiang-si")


class Served(NamedTuple):
    """A server, where it is, and how to kill it."""

    serving: Serving
    url: str
    kill: Any


@pytest.fixture(scope="module")
def embedded() -> Checkpoint:
    return load("embedded", Loading(device="cpu"))


@pytest.fixture
def served(embedded: Checkpoint) -> Iterator[Served]:
    serving = Serving(embedded)
    with serve(serving.app()) as (url, kill):
        yield Served(serving, url, kill)


def ask(pytester: pytest.Pytester, url: str, *arguments: object) -> pytest.RunResult:
    return memtests(
        pytester,
        *("--server", url, "--model", "poet", "--dtype", "float32"),
        *("--measure", "--controls", "none", *arguments),
    )


def said(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {**v, "model": "", "log_p": v["log_p"] and pytest.approx(v["log_p"], abs=0.02)}
        for v in found["verdicts"]
    ]


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_same_as_here(pytester: pytest.Pytester, served: Served, workers: tuple[str, ...]) -> None:
    some = ("--sample", "2", "-k", "(tang or british) and (title or prefix) and not prefix_lengths")
    assert ask(pytester, served.url, *some, *workers).ret == 0
    there = report(pytester)
    assert memtests(pytester, "--measure", "--controls", "none", *some).ret == 0
    here = report(pytester)
    assert {v["outcome"] for v in here["verdicts"]} == {"correct", "incorrect", "forgotten"}
    assert said(there) == said(here)
    (model,) = there["models"]
    assert model["name"] == "poet"
    assert (model["parameters"], model["dtype"], model["device"]) == (0, "float32", "server")
    assert model["weights_sha256"] is None
    assert {"python", "openai", "vllm"} <= set(model["versions"])


@pytest.mark.parametrize("kind", ["bytes", "pieces"])
def test_other_tokenizers(kind: str) -> None:
    """Cues with tokens of their own, characters in several tokens, a beginning-of-text token."""
    model = untaught(kind)
    probes = some_probes(2)[::17]
    with serve(Serving(model).app()) as (url, _):
        found = Reciter(connect("poet", url, "float32")).recite(probes)  # type: ignore[arg-type]
    here = Reciter(model).recite(probes)
    for one, other in zip(found, here, strict=True):
        assert isinstance(one, Completion)
        assert isinstance(other, Completion)
        assert (one.text, one.shared, one.followed) == (other.text, other.shared, other.followed)
        assert one.log_p == pytest.approx(other.log_p, abs=0.02)


@pytest.mark.parametrize("strict", [False, True])
def test_texts_only(pytester: pytest.Pytester, embedded: Checkpoint, strict: bool) -> None:
    some = ("-k", "(静夜思 or 春晓) and not prefix_lengths", "--self-check", "3")
    with serve(Serving(embedded, texts_only=True, strict=strict).app()) as (url, _):
        result = ask(pytester, url, *some)
    assert result.ret == 0
    there = report(pytester)
    assert memtests(pytester, "--measure", "--controls", "none", *some).ret == 0
    assert outcomes(there) == outcomes(report(pytester))
    assert {(v["log_p"], v["fragile"]) for v in there["verdicts"]} == {(None, False)}
    (model,) = there["models"]
    assert "plain completions in its place, without log_p: " in model["set_aside"]["one pass"]
    assert ("penalty" in model["set_aside"]) == strict
    result.stdout.fnmatch_lines(["*plain completions, without log_p: http*404*"])


def test_every_penalty_is_off(pytester: pytest.Pytester, served: Served) -> None:
    assert ask(pytester, served.url, *UNKNOWN).ret == 0
    asked = [body for path, body in served.serving.asked if path == "/v1/completions"]
    assert any("logprobs" in body for body in asked)
    for body in asked:
        assert body["temperature"] == body["presence_penalty"] == body["frequency_penalty"] == 0
        assert body["repetition_penalty"] == body["top_p"] == 1
        assert (body["top_k"], body["min_p"], body["n"]) == (-1, 0, 1)


def test_a_penalty_that_stays_on_is_noticed(
    pytester: pytest.Pytester, served: Served, embedded: Checkpoint
) -> None:
    """What a server says has to be the most probable token."""

    def second_best(path: str, body: dict[str, Any]) -> Response | None:
        if body.get("logprobs") is None:
            return None
        (token, first), (_, second) = [("token_id:5", -3.0), ("token_id:6", -1.0)]
        found = {"text": "", "finish_reason": "length", "token_ids": [5]}
        logs = {"top_logprobs": [{token: first, "token_id:6": second}]}
        return JSONResponse({"choices": [{**found, "logprobs": logs}]})

    served.serving.spoil = second_best
    assert ask(pytester, served.url, *UNKNOWN).ret == 1
    reasons = {each["reason"] for each in report(pytester)["unjudged"]}
    assert len(reasons) == 1
    assert "token 5 where 6 is more probable" in reasons.pop()


def one_poem(served: Served, poem: str, answer: Response) -> None:
    """Every reading of one poem is answered in this way."""
    text = TANG[poem].text

    def spoil(path: str, body: dict[str, Any]) -> Response | None:
        if "prompt_logprobs" in body and served.serving.model.decode(body["prompt"]).endswith(text):
            return answer
        return None

    served.serving.spoil = spoil


def as_json(content: str, status: int = 200) -> Response:
    return Response(content, status, media_type="application/json")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (as_json('{"choices": [{"text": "'), "makes no sense: Input data was truncated"),
        (as_json('{"choices": []}'), "makes no sense: 0 choices where one was asked for"),
        (as_json('{"choices": [{"text": ""}, {"text": ""}]}'), "makes no sense: 2 choices"),
        (as_json('{"choices": [{"text": ""}]}'), "prompt_logprobs of * were asked for, none came"),
        (as_json('{"choices": [{"text": 7}]}'), "makes no sense: Expected `str`, got `int`"),
        (as_json('{"choices": [{"text": "", "prompt_logprobs": [NaN]}]}'), "makes no sense: JSON"),
        (Response("<html>Gateway</html>"), "makes no sense: JSON is malformed"),
        (
            Response('{"choices"', headers={"content-length": "500"}),
            "cannot be reached: peer closed connection",
        ),
        (as_json('{"error": {"message": "Out of range"}}', 500), "answers 500: Out of range"),
        (as_json('{"detail": "no such thing"}', 422), "answers 422: no such thing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_garbage_for_one_probe(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    served: Served,
    answer: Response,
    reason: str,
) -> None:
    monkeypatch.setattr("fixtures.wire.RETRIES", 1)
    one_poem(served, "jing-ye-si", answer)
    result = ask(pytester, served.url, *TITLES)
    assert result.ret == 1
    found = report(pytester)
    assert [each["probe"] for each in found["unjudged"]] == ["tang/jing-ye-si/title"]
    result.stdout.fnmatch_lines([f"1 UNJUDGED  poet  ServerError: {served.url}/v1 *{reason}*"])
    assert len(found["verdicts"]) == 3
    asked = [json.dumps(body) for path, body in served.serving.asked if "prompt_logprobs" in body]
    often = {body: asked.count(body) for body in asked}
    assert sorted(often.values())[-2:] in ([1, 1], [1, 2]), "nothing that was answered, again"


def test_logits_that_are_not_finite(pytester: pytest.Pytester, served: Served) -> None:
    row = served.serving.model.encode(f"静夜思\n唐 李白\n\n{TANG['jing-ye-si'].text}")
    logs = [None, *({str(token): {"logprob": None}, "3": {"logprob": None}} for token in row[1:])]
    content = {"choices": [{"text": "", "prompt_logprobs": logs}]}
    one_poem(served, "jing-ye-si", JSONResponse(content))
    result = ask(pytester, served.url, *TITLES)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["1 UNJUDGED  poet  the model's logits are not finite*"])


def busy_for(seconds: float, served: Served) -> None:
    """429 from the first reading of a whole poem on, for a while."""
    began: list[float] = []

    def spoil(path: str, body: dict[str, Any]) -> Response | None:
        if len(body.get("prompt", "")) > 10 and "prompt_logprobs" in body:
            began.append(time.monotonic())
        if began and time.monotonic() - began[0] < seconds:
            return as_json('{"error": {"message": "busy"}}', 429)
        return None

    served.serving.spoil = spoil


@pytest.mark.parametrize(
    "seconds", [1.0, pytest.param(10.0, marks=pytest.mark.slow)], ids=["one", "ten"]
)
def test_busy_for_some_seconds(pytester: pytest.Pytester, served: Served, seconds: float) -> None:
    busy_for(seconds, served)
    result = ask(pytester, served.url, *TITLES)
    assert result.ret == 0
    assert len(report(pytester)["verdicts"]) == 4
    assert report(pytester)["unjudged"] == []


def test_slow_answers(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, served: Served
) -> None:
    """One that comes too late is asked for again; one that never comes in time is unjudged."""
    monkeypatch.setattr("fixtures.wire.RETRIES", 1)
    monkeypatch.setattr("fixtures.wire.PATIENCE", 2.0)
    slow = itertools.count()

    def spoil(path: str, body: dict[str, Any]) -> Response | None:
        text = served.serving.model.decode(body["prompt"]) if "prompt_logprobs" in body else ""
        if text.endswith(TANG["jing-ye-si"].text):
            raise TimeoutError
        if text.endswith(TANG["chun-xiao"].text) and next(slow) == 0:
            raise TimeoutError
        return None

    served.serving.spoil = spoil
    result = ask(pytester, served.url, *TITLES)
    assert result.ret == 1
    found = report(pytester)
    assert [each["probe"] for each in found["unjudged"]] == ["tang/jing-ye-si/title"]
    result.stdout.fnmatch_lines(["1 UNJUDGED  *has not answered within 2 seconds*"])
    assert len(found["verdicts"]) == 3


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_dies_half_way(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    served: Served,
    workers: tuple[str, ...],
) -> None:
    monkeypatch.setattr("fixtures.wire.RETRIES", 1)
    readings = itertools.count()

    def spoil(path: str, body: dict[str, Any]) -> Response | None:
        if "prompt_logprobs" in body and next(readings) == 40:
            served.kill()
        return None

    served.serving.spoil = spoil
    start = time.monotonic()
    result = ask(pytester, served.url, "-k", "test_title and (tang or song)", *workers)
    seconds = time.monotonic() - start
    assert result.ret == 1
    found = report(pytester)
    assert len(found["verdicts"]) + len(found["unjudged"]) == 67
    assert len(found["verdicts"]) >= (16 if workers else 32)  # whole chunks of poems
    assert len(found["unjudged"]) >= 16
    assert {each["reason"] for each in found["unjudged"]} <= {
        f"ServerError: {served.url}/v1 cannot be reached: {reason}"
        for reason in (
            "[Errno 111] Connection refused",
            "Server disconnected without sending a response.",
        )
    }
    lines = (pytester.path / "report" / "verdicts.jsonl").read_text().splitlines()
    assert len(lines) == len(found["verdicts"])
    assert seconds < 60


def test_nothing_is_taken_from_an_earlier_run(pytester: pytest.Pytester, served: Served) -> None:
    """Under the same name there may be other weights."""
    arguments = ("-k", "静夜思 and test_title", "--resume")
    for _ in range(2):
        served.serving.asked.clear()
        assert ask(pytester, served.url, *arguments).ret == 0
        assert any("prompt_logprobs" in body for _, body in served.serving.asked)


def test_key(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    """From the environment, with every question, and never in what is written."""
    monkeypatch.setenv("OPENAI_API_KEY", "open-sesame")
    result = ask(pytester, served.url, "-k", "静夜思 and test_title")
    assert result.ret == 0
    assert {each["authorization"] for each in served.serving.headers} == {"Bearer open-sesame"}
    for file in (pytester.path / "report").iterdir():
        assert "open-sesame" not in file.read_text()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "--model poet: the server at http://* has scop, bard"),
        (as_json('{"error": {"message": "who are you?"}}', 401), "*OPENAI_API_KEY*"),
        (
            as_json('{"detail": "Not Found"}', 404),
            "--server http://*: http://*/v1 answers 404: Not",
        ),
        (Response("<html></html>"), "--server http://*/v1 answers what makes no sense: *"),
        (as_json("{}", 503), "--server http://*/v1 answers 503: Service Unavailable"),
    ],
    ids=["model", "key", "path", "page", "down"],
)
def test_refused_before_any_probe(
    pytester: pytest.Pytester, served: Served, answer: Response | None, reason: str
) -> None:
    names = JSONResponse({"data": [{"id": "scop"}, {"id": "bard"}]})
    served.serving.spoil = lambda path, body: answer or names
    one_line_and_status_4(ask(pytester, served.url, *TITLES), reason)


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_nobody_there(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    with serve(Serving(untaught()).app()) as (url, _):
        pass
    result = ask(pytester, url, *TITLES, *workers)
    reason = f"--server {url}: {url}/v1 cannot be reached: *refused*"
    if workers:  # each of them says it
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stdout.fnmatch_lines([reason])
        result.stdout.no_fnmatch_line("*Traceback*")
    else:
        one_line_and_status_4(result, reason)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--server", "localhost:8000"], "--server localhost:8000: no URL; give one like http://*"),
        (["--server", "http://x"], "--server http://x: name one of its models with --model"),
        (
            ["--server", "http://x", "--model", "m", "--device", "cuda"],
            "--server http://x: --device is up to the server; leave it out",
        ),
        (
            ["--server", "http://x", "--model", "m", "--trust-remote-code"],
            "--server http://x: --trust-remote-code is up to the server; leave it out",
        ),
        (["--server", "http://x", "--model", "m", "--model", "m"], "--model m: named twice"),
    ],
    ids=" ".join,
)
def test_option(pytester: pytest.Pytester, arguments: list[str], reason: str) -> None:
    one_line_and_status_4(memtests(pytester, *arguments), reason)


def test_without_the_library(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fixtures.completions.find_spec", lambda name: None)
    one_line_and_status_4(
        ask(pytester, "http://x"), "--server http://x: this needs the openai library (pip install*"
    )


def one_line_and_status_4(result: pytest.RunResult, reason: str) -> None:
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    shown = [
        line
        for line in result.outlines + result.errlines
        if "--model" in line or "--server" in line
    ]
    assert len(shown) == 1
    pytest.LineMatcher(shown).fnmatch_lines([f"*{reason}*"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_rounding_is_the_engines() -> None:
    for dtype, share in ROUNDING.items():
        assert share == rounding(getattr(torch, dtype))


def test_ways(embedded: Checkpoint) -> None:
    """The one pass where a server sends what it takes, or else plain completions."""
    for texts_only, way in ((False, Server), (True, TextServer)):
        with serve(Serving(embedded, texts_only=texts_only).app()) as (url, _):
            for given in (url, f"{url}/", f"{url}/v1"):
                assert isinstance(connect("poet", given, "auto"), way)
            with pytest.raises(ModelError, match="has poet"):
                connect("bard", url, "auto")
