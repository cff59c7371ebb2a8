"""memtests asks a causal language model to recite poems and says what it still remembers."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memtests.arguments import AskError
    from memtests.asking import ask
    from memtests.callback import RecallCallback

__all__ = ["AskError", "RecallCallback", "__version__", "ask"]
__version__ = "0.2.0"

# In an installed package the suite's folders lie inside this one. In a clone they lie beside it.
_CLONE = Path(__file__).parent.parent
if (_CLONE / "fixtures" / "canon").is_dir():
    __path__.append(str(_CLONE))

# Imported at first use, so that the suite starts without torch and transformers.
_PUBLIC = {"ask": "asking", "AskError": "arguments", "RecallCallback": "callback"}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)
