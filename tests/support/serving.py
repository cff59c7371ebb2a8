"""A completions server that runs a checkpoint, to be spoilt: it stands in for faults only.

Agreement is tested against a real vLLM (tests/fixtures/models/server/test_vllm.py).
"""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memtests.fixtures.models.local.checkpoint import Checkpoint

# Given the path and the body of a question, what comes in place of the answer, if anything.
Spoil = Callable[[str, dict[str, Any]], Response | None]


class Serving:
    """What is served, and what was asked."""

    def __init__(self, model: Checkpoint, texts_only: bool = False, strict: bool = False) -> None:
        """`texts_only`: a server that knows no tokens; `strict`: one that refuses what it does not
        know.
        """
        self.model = model
        self.texts_only = texts_only
        self.strict = strict
        self.spoil: Spoil = lambda path, body: None
        self.late = 4.0
        """Seconds that an answer takes where TimeoutError comes in its place."""
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
            "/v1/models": lambda: {"data": [{"id": "poet"}]},
            "/version": lambda: {"version": "0"},
            "/tokenize": lambda: {"tokens": self._encode(body), "max_model_len": 1024},
            "/detokenize": lambda: {"prompt": self._decode(body["tokens"], skip=False)},
        }
        if path in answers:
            return JSONResponse(answers[path]())
        return self._completed(body)

    def _completed(self, body: dict[str, Any]) -> Response:
        if self.strict and "repetition_penalty" in body:
            return JSONResponse({"error": {"message": "unknown field"}}, 400)
        if max(body.get("allowed_token_ids", [0])) >= self._vocabulary:
            return JSONResponse({"error": {"message": "out of vocabulary"}}, 400)
        with self._lock:
            return JSONResponse({"choices": [self._choice(body)]})

    def _choice(self, body: dict[str, Any]) -> dict[str, Any]:
        given, most = body["prompt"], body["max_tokens"]
        row = list(self.model.encode(given).tokens) if isinstance(given, str) else given
        if allowed := body.get("allowed_token_ids"):
            token = self._best_of(row, allowed)
            said, ended = ([], [token]) if token in self.model.ends else ([token] * most, [])
        else:
            said = self.model.plain(row, most)
            ended = sorted(self.model.ends)[:1] if len(said) < most else []
        found = {
            "text": self._decode(said, skip=True),
            "finish_reason": "stop" if ended else "length",
        }
        if self.texts_only:
            return found
        logs = self._logs([*row, *said, *ended], body.get("logprobs", 2))
        found["token_ids"] = [*said, *ended]
        if "logprobs" in body:
            tops = [{f"token_id:{t}": log for t, log in top.items()} for top in logs[len(row) :]]
            found["logprobs"] = {"top_logprobs": tops}
        if "prompt_logprobs" in body:
            some = [{t: {"logprob": log} for t, log in top.items()} for top in logs[1 : len(row)]]
            found["prompt_logprobs"] = [None, *some]
        return found

    def _best_of(self, row: list[int], allowed: list[int]) -> int:
        with torch.inference_mode():
            logits = self.model._model(torch.tensor([row])).logits[0, -1]
        return max(sorted(allowed), key=lambda token: float(logits[token]))

    def _logs(self, row: list[int], count: int = 2) -> list[dict[int, float]]:
        """The log-probabilities of each token and of the most probable in its place."""
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
