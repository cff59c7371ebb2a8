"""Forward passes whose arguments are called otherwise."""

import inspect
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.forward import cache_name
from plugins.reciter import Reciter
from tests.models import untaught
from tests.test_reciter import some_probes, texts


@pytest.mark.parametrize("architecture", ["llama", "bloom"])  # in slots, and padded
@pytest.mark.parametrize("name", ["cache", "past_key_values"])
def test_whatever_the_cache_is_called(architecture: str, name: str) -> None:
    """As transformers calls it now, and as code that comes with a checkpoint may."""
    model = untaught(architecture=architecture)
    probes = some_probes(1)[::4]
    expected = texts(Reciter(model).recite(probes))
    true, called = model._model.forward, cache_name(model._model)

    def renamed(**given: Any) -> Any:
        found = true(**{called if key == name else key: value for key, value in given.items()})
        return SimpleNamespace(logits=found.logits, **{name: getattr(found, called)})

    arguments = inspect.signature(true).parameters.values()
    named = [each.replace(name=name) if each.name == called else each for each in arguments]
    renamed.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    again = untaught(architecture=architecture)
    again._model.forward = renamed
    other = type(again)(again.name, again._model, again._tokenizer)
    assert cache_name(other._model) == name
    assert texts(Reciter(other).recite(probes)) == expected
    assert other._engine._slots_are_exact is (architecture == "llama")
