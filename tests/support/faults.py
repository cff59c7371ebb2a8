"""Faulty answers, made from honest ones: what servers and proxies send instead of the model's
answer, and the suite's message for each.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

Answer = dict[str, Any]
Fault = Callable[[Answer], bytes]


def _with(**fields: Any) -> Fault:
    return lambda answer: json.dumps(answer | fields).encode()


def _choice(*without: str, **fields: Any) -> Fault:
    def spoilt(answer: Answer) -> bytes:
        (choice,) = answer["choices"]
        kept = {name: value for name, value in choice.items() if name not in without}
        return json.dumps(answer | {"choices": [kept | fields]}).encode()

    return spoilt


def _usage(**more: int) -> Fault:
    def spoilt(answer: Answer) -> bytes:
        usage = {name: count + more.get(name, 0) for name, count in answer["usage"].items()}
        return json.dumps(answer | {"usage": usage}).encode()

    return spoilt


def _only(content: str) -> Fault:
    return lambda answer: content.encode()


def _stream(answer: Answer) -> bytes:
    return f"data: {json.dumps(answer)}\n\ndata: [DONE]\n\n".encode()


def _twice(answer: Answer) -> bytes:
    return json.dumps(answer | {"choices": answer["choices"] * 2}).encode()


NOT_THE_MODELS = "sent an answer that is not the model's own: "
NO_SENSE = "sent an answer that makes no sense: "
_REASON = f"{NOT_THE_MODELS}it ended for a reason that is not the model's: "

FAULTS: Mapping[str, tuple[Fault, str]] = {
    "filtered": (_choice(finish_reason="content_filter", text=""), f"{_REASON}content_filter"),
    "filtered half way": (_choice(finish_reason="content_filter"), f"{_REASON}content_filter"),
    "aborted": (_choice(finish_reason="abort", text=""), f"{_REASON}abort"),
    "error as a reason": (_choice(finish_reason="error", text=""), f"{_REASON}error"),
    "tools called": (_choice(finish_reason="tool_calls", text=""), f"{_REASON}tool_calls"),
    "null reason": (_choice(finish_reason=None), f"{_REASON}none"),
    "no reason": (_choice("finish_reason"), f"{_REASON}none"),
    "unknown reason": (_choice(finish_reason="eos"), f"{_REASON}eos"),
    "no choices": (_with(choices=[]), f"{NO_SENSE}0 choices where one was asked for"),
    "null choices": (_with(choices=None), f"{NO_SENSE}Expected `array`, got `null`"),
    "two choices": (_twice, f"{NO_SENSE}2 choices where one was asked for"),
    "error in place": (
        _only('{"error": {"message": "too many of you", "code": 429}}'),
        f"{NOT_THE_MODELS}an error: too many of you",
    ),
    "error beside": (
        _with(error={"message": "upstream died"}),
        f"{NOT_THE_MODELS}an error: upstream died",
    ),
    "error as a word": (_only('{"error": "no slot"}'), f"{NOT_THE_MODELS}an error: no slot"),
    "error as a code": (_only('{"error": {"code": 7}}'), f'{NOT_THE_MODELS}an error: {{"code":7}}'),
    "error as an object": (
        _only('{"object": "error", "message": "engine is dead", "code": 500}'),
        f"{NOT_THE_MODELS}an error: engine is dead",
    ),
    "detail": (_only('{"detail": "later"}'), f"{NOT_THE_MODELS}an error: later"),
    "stream": (_stream, f"{NOT_THE_MODELS}a stream, which was not asked for"),
    "stream kept alive": (_only(": ping\n\n"), f"{NOT_THE_MODELS}a stream, which was not asked"),
    "page": (_only("<!DOCTYPE html><title>Log in</title>"), f"{NO_SENSE}a page, and no JSON"),
    "empty": (_only(""), f"{NO_SENSE}nothing at all"),
    "half": (_only('{"choices": [{"text": "'), f"{NO_SENSE}Input data was truncated"),
    "lines": (_only('{"response": "a"}\n{"response": "b"}'), f"{NO_SENSE}"),
    "null": (_only("null"), f"{NO_SENSE}"),
    "null text": (_choice(text=None), f"{NO_SENSE}Expected `str`, got `null`"),
    "chat": (
        _choice("text", message={"role": "assistant", "content": "Sure!"}),
        f"{NO_SENSE}Object missing required field `text`",
    ),
    "thoughts beside": (
        _choice(reasoning="Okay, the user"),
        f"{NOT_THE_MODELS}the model was made to think aloud before it",
    ),
    "another model": (
        _with(model="spare"),
        f"{NOT_THE_MODELS}it is of the model spare, and those before of poet",
    ),
    "stopped at a text": (
        _choice(finish_reason="stop", stop_reason="\n\n"),
        f"{NOT_THE_MODELS}the server stopped it at '\\n\\n', which was not asked for",
    ),
    "stopped at a match": (
        _choice(finish_reason="stop", matched_stop="###"),
        f"{NOT_THE_MODELS}the server stopped it at '###', which was not asked for",
    ),
    "too many": (_usage(completion_tokens=1000), NOT_THE_MODELS),
}
"""Fault → a function that makes the faulty answer from an honest one, and the suite's message."""

FAULTS_OF_TOKENS: Mapping[str, tuple[Fault, str]] = {
    "cue cut short": (_usage(prompt_tokens=-3), f"{NOT_THE_MODELS}the server read * tokens where "),
    "cue in a template": (_usage(prompt_tokens=9), f"{NOT_THE_MODELS}the server read * tokens wh"),
}
"""The same for questions in tokens."""
