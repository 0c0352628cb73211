"""The trail at a terminal: what verifying it found."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, Engine, text

from app.audit.chain import MOST_FINDINGS, Verified


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """The database as it is at one instant, for as long as reading it takes."""
    repeatable = engine.execution_options(isolation_level="REPEATABLE READ")
    with repeatable.connect() as connection, connection.begin():
        connection.execute(text("set transaction read only"))
        connection.execute(text("set local statement_timeout = 0"))
        yield connection


def print_verified(console: Console, found: Verified) -> None:
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
