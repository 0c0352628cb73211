"""`tidu audit`: the trail is verified, and old months are put away."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import Connection, Engine, text

from app.audit.chain import MOST_FINDINGS, Head, Verified, verify
from app.audit.service import archive_month
from app.core.terminal import AsJson, Database, console, show, transaction

UNSOUND = 1

group = typer.Typer(no_args_is_help=True, help="The audit trail.")


@group.command("verify")
def verify_trail(
    context: typer.Context,
    head: Annotated[
        str | None, typer.Option(help="A head filed earlier, SEQ:HASH: nothing before it changed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the chain over the whole trail; say which entry was altered, removed or added."""
    filed = None if head is None else Head.read(head)
    database: Database = context.obj
    bar = Progress(console=Console(stderr=True), transient=True)
    with database.connect(prepared=False) as engine, _snapshot(engine) as connection, bar:
        task = bar.add_task("verifying", total=None)
        found = verify(
            connection,
            filed,
            lambda done: bar.update(task, completed=done, description=f"{done} entries"),
        )
    if as_json:
        show(found.as_dict())
    else:
        _print_verified(found)
    raise typer.Exit(0 if found.sound else UNSOUND)


@group.command("archive")
def archive_trail(
    context: typer.Context, month: Annotated[str, typer.Argument(help="A month such as 2026-03.")]
) -> None:
    """Take an old month out of the trail; its tables are then filed elsewhere and dropped."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise typer.BadParameter(f"{month} is not a month such as 2026-03") from error
    with transaction(context) as session:
        record = archive_month(session, first)
    console.print(
        f"{month}: {record.entries} entries; file and drop audit_entry_{first:%Y_%m} and "
        f"audit_row_{first:%Y_%m}",
        highlight=False,
        soft_wrap=True,
    )


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """The database as it is at one instant, for as long as reading it takes."""
    repeatable = engine.execution_options(isolation_level="REPEATABLE READ")
    with repeatable.connect() as connection, connection.begin():
        connection.execute(text("set transaction read only"))
        connection.execute(text("set local statement_timeout = 0"))
        yield connection


def _print_verified(found: Verified) -> None:
    """Findings, counts, and the head to be filed."""
    if found.findings:
        table = Table("kind", "link", "entry", "at", "what is wrong")
        for one in found.findings:
            at = "" if one.at is None else f"{one.at:%Y-%m-%d %H:%M:%S%z}"
            table.add_row(one.kind, str(one.seq or ""), str(one.entry_id or ""), at, one.detail)
        console.print(table)
        if len(found.findings) == MOST_FINDINGS:
            console.print(f"only the first {MOST_FINDINGS} are shown")
    counted = f"{found.entries} entries, {found.rows} rows, {found.archived} archived entries"
    console.print(counted, highlight=False)
    verdict = "the trail is whole" if found.sound else "THE TRAIL WAS TOUCHED"
    console.print(f"{verdict}; head", highlight=False)
    console.print(str(found.head), highlight=False, soft_wrap=True)
