"""The workflows that docs/ci.md tells people to use."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


def workflows() -> list[dict[str, Any]]:
    """The workflows in docs/ci.md; GitLab's is the last."""
    text = (ROOT / "docs/ci.md").read_text()
    return [yaml.safe_load(found) for found in re.findall(r"```yaml\n(.*?)```", text, re.S)]
