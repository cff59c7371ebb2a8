"""A completions server that runs a checkpoint. It is only for tests of faults: a test can spoil its
answers.

Agreement is tested against a real vLLM (tests/fixtures/models/server/test_vllm.py).
"""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

import torch
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memtests.fixtures.models.local.checkpoint import Checkpoint

NUMBERS = frozenset(
    ("n", "temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty")
)
"""Fields that every server here knows. Only some know PENALTIES."""
PENALTIES = frozenset(("repetition_penalty",))
# From the path and the body of a question, makes a response in place of the honest answer, or None.
Spoil = Callable[[str, dict[str, Any]], Response | None]

_TAKEN = {"model", "prompt", "max_tokens", "cache_salt", "logprobs", "prompt_logprobs"} | {
    *("allowed_token_ids", "return_token_ids", "return_tokens_as_token_ids")
}


class Serving:
    """A server, with a record of the questions."""

    def __init__(
        self,
        model: Checkpoint,
        texts_only: bool = False,
        strict: bool = False,
        penalties: Collection[str] = PENALTIES,
        max_logprobs: int = 20,
        *,
        name: str = "poet",
    ) -> None:
        """`texts_only`: it knows no tokens. `strict`: it refuses a field that it does not know;
        other servers ignore it silently. `penalties`: more fields that it knows. `name`: the
        model's name.
        """
        self.model = model
        self.name = name
        self.texts_only = texts_only
        self.strict = strict
        self.knows = {*NUMBERS, *penalties}
        self.max_logprobs = max_logprobs
        self.spoil: Spoil = lambda path, body: None
        self.late = 4.0
        """Seconds that an answer takes if `spoil` raises TimeoutError."""
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self._lock = threading.Lock()
        self._vocabulary = model._model.config.vocab_size

    def app(self) -> Starlette:
        paths = ["/v1/models", "/v1/completions"]
        paths += [] if self.texts_only else ["/tokenize", "/detokenize", "/version"]
        return Starlette(
            routes=[Route(path, self._answer, methods=["GET", "POST"]) for path in paths]
        )

    async def _answer(self, request: Request) -> Response:
        content = await request.body()
        body = json.loads(content) if content else {}
        path = request.url.path
        self.asked.append((path, body))
        self.headers.append(dict(request.headers))
        try:
            spoilt = self.spoil(path, body)
        except TimeoutError:
            await asyncio.sleep(self.late)
            spoilt = None
        return spoilt or await run_in_threadpool(self._honest, path, body)

    def _honest(self, path: str, body: dict[str, Any]) -> Response:
        answers: dict[str, Callable[[], Any]] = {
            "/v1/models": lambda: {"data": [{"id": self.name}]},
            "/version": lambda: {"version": "0"},
            "/tokenize": lambda: {"tokens": self._encode(body), "max_model_len": 1024},
            "/detokenize": lambda: {"prompt": self._decode(body["tokens"], skip=False)},
        }
        if path in answers:
            return JSONResponse(answers[path]())
        return self._completed(body)

    def _completed(self, body: dict[str, Any]) -> Response:
        unknown = body.keys() - self.knows - _TAKEN
        if self.strict and unknown:
            return JSONResponse({"error": {"message": f"unknown field {min(unknown)}"}}, 400)
        if not all(isinstance(body[name], int | float) for name in body.keys() & self.knows):
            return JSONResponse({"error": {"message": "a number is wanted"}}, 422)
        if max(body.get("allowed_token_ids", [0])) >= self._vocabulary:
            return JSONResponse({"error": {"message": "out of vocabulary"}}, 400)
        if body.get("prompt_logprobs", 0) > self.max_logprobs:
            return JSONResponse({"error": {"message": "too many logprobs"}}, 400)
        with self._lock:
            return JSONResponse(self.completions(body))

    def completions(self, body: dict[str, Any]) -> dict[str, Any]:
        """The honest answer."""
        given = body["prompt"]
        row = list(self.model.encode(given).tokens) if isinstance(given, str) else given
        choice, count = self._choice(row, body)
        usage = {"prompt_tokens": len(row), "completion_tokens": count}
        return {"model": self.name, "choices": [choice], "usage": usage}

    def _choice(self, row: list[int], body: dict[str, Any]) -> tuple[dict[str, Any], int]:
        most = body["max_tokens"]
        if allowed := body.get("allowed_token_ids"):
            token = self._best_of(row, allowed)
            said, ended = ([], [token]) if token in self.model.ends else ([token] * most, [])
        else:
            said = self.model.plain(row, most)
            ended = sorted(self.model.ends)[:1] if len(said) < most else []
        count = len(said) + len(ended)
        found: dict[str, Any] = {
            "text": self._decode(said, skip=True),
            "finish_reason": "stop" if ended else "length",
        }
        if self.texts_only:
            return found, count
        told = max(body.get("logprobs", 2), body.get("prompt_logprobs", 2))
        logs = self._logs([*row, *said, *ended], told)
        if "return_token_ids" in body:
            found |= {"token_ids": [*said, *ended], "prompt_token_ids": row}
        if "logprobs" in body:
            tops = [{f"token_id:{t}": log for t, log in top.items()} for top in logs[len(row) :]]
            found["logprobs"] = {"top_logprobs": tops}
        if "prompt_logprobs" in body:
            some = [{t: {"logprob": log} for t, log in top.items()} for top in logs[1 : len(row)]]
            found["prompt_logprobs"] = [None, *some]
        return found, count

    def _best_of(self, row: list[int], allowed: list[int]) -> int:
        with torch.inference_mode():
            logits = self.model._model(torch.tensor([row])).logits[0, -1]
        return max(sorted(allowed), key=lambda token: float(logits[token]))

    def _logs(self, row: list[int], count: int = 2) -> list[dict[int, float]]:
        """For each token: its log-probability, and those of the best tokens in its place."""
        with torch.inference_mode():
            logs = self.model._model(torch.tensor([row])).logits[0].float().log_softmax(-1)
        top = logs.topk(count)
        return [
            {},
            *(
                {token: float(logs[at, token])} | dict(zip(ids, found, strict=True))
                for at, (token, ids, found) in enumerate(
                    zip(row[1:], top.indices.tolist(), top.values.tolist(), strict=False)
                )
            ),
        ]

    def _encode(self, body: dict[str, Any]) -> list[int]:
        tokens: list[int] = self.model._tokenizer(
            body["prompt"], add_special_tokens=body["add_special_tokens"]
        )["input_ids"]
        return tokens

    def _decode(self, tokens: list[int], skip: bool) -> str:
        text: str = self.model._tokenizer.decode(tokens, skip_special_tokens=skip)
        return text


@contextlib.contextmanager
def serve(app: Starlette) -> Iterator[tuple[str, Callable[[], None]]]:
    """The URL of a server in this process, and a way to kill it."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)

    def kill() -> None:
        server.should_exit = server.force_exit = True

    (port,) = (s.getsockname()[1] for each in server.servers for s in each.sockets)
    yield f"http://127.0.0.1:{port}", kill
    kill()
    thread.join()
