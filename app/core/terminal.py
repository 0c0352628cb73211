"""What every command shares: where it prints, JSON for programs, a transaction."""

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Annotated, Any

import typer
from rich.console import Console
from sqlalchemy.orm import Session

console = Console()
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
# The command line hands it to its groups as the context's object: they lie below it.
Transaction = Callable[[], AbstractContextManager[Session]]


def transaction(context: typer.Context) -> AbstractContextManager[Session]:
    """One transaction of one command."""
    begin: Transaction = context.obj
    return begin()


def show(data: Any) -> None:
    """JSON on standard output, readable by people too."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1, default=_plain) + "\n")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
