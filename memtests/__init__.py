"""memtests asks a causal language model to recite poems and says what it still remembers."""

from pathlib import Path

__version__ = "0.2.0"

# Installed, the folders of the suite lie in this one. In a clone they lie beside it.
_CLONE = Path(__file__).parent.parent
if (_CLONE / "fixtures" / "canon").is_dir():
    __path__.append(str(_CLONE))
