"""The trail's side of the database: its functions, the triggers of a table, the months' partitions.

Migrations call `attach` for every table they make; a test proves that none was forgotten.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from app.core.clock import DISTRICT

FUNCTIONS = Path(__file__).with_name("functions.sql")
# Held from an act's commit until that commit is done. Whoever else takes a lock at the commit must
# take this one first, or two commits could wait for each other.
CHAIN_LOCK = 7_301_115
# Tables of the trail itself: the application reads them, and only triggers write them.
TABLES = ("audit_entry", "audit_row", "audit_link", "audit_archive")
PARTITIONED = TABLES[:2]
# A column so named is never recorded, whatever its migration said.
SECRET_NAMES = "(password|secret|_hash$)"  # noqa: S105 - a pattern
MONTHS_AHEAD = 3
MADE_NAMES = (
    "audit_seal(regclass)",
    "audit_make_month(date)",
    "audit_detach(regclass)",
    "audit_attach(regclass, name[], name[], boolean)",
    "audit_reader()",
    "audit_refuse()",
    "audit_chain()",
    "audit_read(text, jsonb, bigint, int)",
    "audit_change()",
    "audit_changes(regclass, text, name, name[], name[], name[], boolean)",
    "audit_enter(bigint, timestamptz, text, text, bigint, jsonb, bytea)",
)


def functions(schema: str) -> str:
    """The statements that make the trail's functions in a schema."""
    return FUNCTIONS.read_text(encoding="utf-8").format(
        schema=schema, chain_lock=CHAIN_LOCK, secret_names=SECRET_NAMES, time_zone=DISTRICT.key
    )


def attach(
    table: str,
    *,
    ignore: Iterable[str] = (),
    secret: Iterable[str] = (),
    derived: bool = False,
) -> str:
    """The statement that has a table's writes recorded from now on; again, to change how.

    A change of `ignore` columns alone is not recorded; of `secret` ones only that they changed. A
    `derived` table follows from others: of new rows it records the keys alone, for what a row was
    made of is told by the next change of it, or by the row itself.
    """
    return (
        f"select audit_attach('{table}', {_names(ignore)}, {_names(secret)}, "
        f"{'true' if derived else 'false'})"
    )


def detach(table: str) -> str:
    """The statement that ends the recording of a table's writes."""
    return f"select audit_detach('{table}')"


def _names(columns: Iterable[str]) -> str:
    return "'{" + ",".join(columns) + "}'"


def ensure_months(connection: Connection, first: date | None = None) -> list[date]:
    """Make the partitions of this month and the next ones, if they are not there; which were made.

    Without its own a month is kept in the partition for all others, so nothing is ever refused;
    nor does a start fail because the trail is busy: the next one will find it idle.
    """
    try:
        with connection.begin_nested():
            connection.execute(text("set local lock_timeout = '4s'"))
            return [month for month in _months(connection, first) if _made(connection, month)]
    except OperationalError:
        return []


def _months(connection: Connection, first: date | None) -> list[date]:
    query = text(
        "select (date_trunc('month', coalesce(:first, (now() at time zone :zone)::date)) "
        "+ n * interval '1 month')::date from generate_series(0, :ahead) as n"
    )
    given = {"first": first, "zone": DISTRICT.key, "ahead": MONTHS_AHEAD}
    return list(connection.scalars(query, given))


def _made(connection: Connection, month: date) -> bool:
    made: bool = connection.scalar(text("select audit_make_month(:month)"), {"month": month})
    return made
