"""A chat server without a model, for tests of faults, thoughts and prefaces only. It knows the
canon by heart; a test decides what comes around a recitation, and may spoil answers.
"""

import threading
from collections.abc import Callable, Collection
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from memtests.fixtures.models.chat import GO_ON
from memtests.fixtures.poems.files import canon
from memtests.fixtures.probes.probes import header

POEMS = [poem for collection in canon() for poem in collection.poems]
FIELDS = frozenset(("n", "temperature", "top_p", "presence_penalty", "frequency_penalty", "seed"))
# From a recitation and the message, makes the answer: the recitation with something around it.
Dress = Callable[[str, str], str]
Message = dict[str, Any]


def by_heart(message: str) -> str:
    """The poem that a message asks for, or the rest of it after the opening in the message."""
    for words in GO_ON.values():
        _, found, opening = message.rpartition(f"{words}\n\n")
        if found:
            texts = (p.text for p in POEMS if opening in p.text)
            return next((text.split(opening, 1)[1].lstrip() for text in texts), "Who knows?")
    known = (p.text for p in POEMS if message.endswith(f"\n\n{header(p)}"))
    return next(known, "Who knows?")


class Chatting:
    """A server, with a record of the questions."""

    name = "poet"

    def __init__(
        self,
        dress: Dress = lambda text, message: text,
        *,
        knows: Collection[str] = FIELDS,
        refuses: Collection[str] = (),
        limit: str = "max_tokens",
    ) -> None:
        """`knows`: fields that it knows. `refuses`: fields that it answers with an error. `limit`:
        its name for the field with the most tokens.
        """
        self.dress = dress
        self.knows = knows
        self.refuses = refuses
        self.limit = limit
        self.thoughts: Message = {}
        """Fields of a message that come beside its content."""
        self.thinks_for = 0
        """Tokens that it needs before its answer."""
        self.spoil: Callable[[str, dict[str, Any]], Response | None] = lambda message, body: None
        self.asked: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/models", self._models, methods=["GET"]),
                Route("/v1/chat/completions", self._answer, methods=["POST"]),
            ]
        )

    def probes(self) -> list[dict[str, Any]]:
        """The questions about poems."""
        return [body for body in self.asked if "Say A." not in body["messages"][0]["content"]]

    async def _models(self, request: Request) -> Response:
        return JSONResponse({"data": [{"id": self.name}]})

    async def _answer(self, request: Request) -> Response:
        body = await request.json()
        with self._lock:
            self.asked.append(body)
        message = body["messages"][0]["content"]
        if "continue_final_message" in self.knows and body.get("continue_final_message") is True:
            message += f"\n\n{GO_ON['en']}\n\n{body['messages'][-1]['content']}"
        if spoilt := self.spoil(message, body):
            return spoilt
        if wrong := [name for name in body if name in self.refuses]:
            return JSONResponse({"error": {"message": f"unsupported: {wrong[0]}"}}, 400)
        if self.limit not in body:
            return JSONResponse({"error": {"message": f"use {self.limit}"}}, 400)
        if not all(isinstance(body.get(name, 1), int | float) for name in self.knows):
            return JSONResponse({"error": {"message": "a number is wanted"}}, 422)
        return JSONResponse(self.said(self.dress(by_heart(message), message), body))

    def said(self, text: str, body: dict[str, Any]) -> dict[str, Any]:
        """An answer, in which every byte is a token."""
        most = body[self.limit]
        room = max(0, most - self.thinks_for)
        content = text.encode()[:room].decode(errors="ignore")
        ended = len(text.encode()) < room
        count = min(most, self.thinks_for + len(text.encode()) + 1)
        message = {"role": "assistant", "content": content, **self.thoughts}
        reason = "stop" if ended else "length"
        return {
            "model": self.name,
            "choices": [{"message": message, "finish_reason": reason}],
            "usage": {"prompt_tokens": 7, "completion_tokens": count if ended else most},
        }
