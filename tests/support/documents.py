"""The workflows that docs/ci.md tells people to use."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


def workflows() -> list[dict[str, Any]]:
    """Of docs/ci.md, GitLab's at the end."""
    text = (ROOT / "docs/ci.md").read_text()
    return [yaml.safe_load(found) for found in re.findall(r"```yaml\n(.*?)```", text, re.S)]
