"""What every command shares: where it prints, JSON for programs, a transaction."""

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console
from sqlalchemy import Engine
from sqlalchemy.orm import Session

console = Console()
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Database(NamedTuple):
    """How commands reach the database; handed to the groups as the context's object."""

    connect: Callable[..., AbstractContextManager[Engine]]
    begin: Callable[[], AbstractContextManager[Session]]


def transaction(context: typer.Context) -> AbstractContextManager[Session]:
    """One transaction of one command."""
    database: Database = context.obj
    return database.begin()


def show(data: Any) -> None:
    """JSON on standard output, readable by people too."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1, default=_plain) + "\n")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
