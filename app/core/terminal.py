"""What a command of any package needs of the command line: a transaction, and where to print."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Terminal:
    """Handed to commands as typer's context object."""

    transaction: Callable[[], AbstractContextManager[Session]]
    console: Console
    show: Callable[[Any], None]
