"""YAML files, read by the parser in C: the one in Python takes ten times as long at every start."""

from pathlib import Path
from typing import Any

import yaml


def read(path: Path) -> Any:
    """What a file says; yaml.YAMLError where it is not YAML."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
