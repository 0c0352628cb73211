"""`tidu connector`: look at the connectors, and have one run."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from app.connectors import queries, service
from app.core.terminal import AsJson, console, show, transaction
from app.firms.schemas import LARGEST_ID

group = typer.Typer(no_args_is_help=True, help="Connectors to outside platforms.")
Number = Annotated[int, typer.Argument(min=1, max=LARGEST_ID, help="The connector's number.")]
Most = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")]
SHOWN = ("id", "name", "organisation_name", "url", "state", "failures", "next_at", "last")


@group.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List connectors: whose, where to, and how the last run ended."""
    with transaction(context) as session:
        rows = [{name: row[name] for name in SHOWN} for row in queries.connectors(session)]
    _tell(SHOWN, rows, as_json=as_json)


@group.command("runs")
def runs(context: typer.Context, number: Number, most: Most = 20, as_json: AsJson = False) -> None:
    """Show the latest runs of one: what they did by stream, or why they broke off."""
    names = ("id", "dry", "state", "counts", "error", "started_at", "finished_at")
    with transaction(context) as session:
        service.find(session, number)
        found = queries.runs(session, number, most)
        rows = [{name: getattr(one, name) for name in names} for one in found]
    _tell(names, rows, as_json=as_json)


@group.command("run")
def run(
    context: typer.Context, number: Number,
    dry: Annotated[bool, typer.Option("--dry-run", help="Keep nothing, send nothing.")] = False,
) -> None:  # fmt: skip
    """Leave a run for the worker; `tidu connector runs` tells how it went."""
    with transaction(context) as session:
        found = service.find(session, number)
        service.start(session, found, dry=dry)
        console.print(f"{found.name}: {'a dry run' if dry else 'a run'} waits for the worker")


def _tell(names: Sequence[str], rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show(rows)
        return
    table = Table(*names)
    for row in rows:
        table.add_row(*("—" if row[name] is None else str(row[name]) for name in names))
    console.print(table)
