"""Statements so large that planning them costs more than running them: prepared per connection."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import ClientCursor, Cursor
from psycopg.rows import dict_row
from sqlalchemy import Select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
READY = """
select exists(select from pg_prepared_statements where name = %s) as known,
       set_config('plan_cache_mode', %s, true)
"""
USUAL = "set local plan_cache_mode = auto"
# From so many values on, planning for them costs less than a plan that knows nothing of them.
SEVERAL = 200
PARAMETER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Prepared:
    """A statement under a name, with its parameters in order and their SQL types."""

    name: str
    sql: str
    parameters: tuple[str, ...]
    kinds: tuple[str, ...]


def as_sql(query: Select[Any]) -> str:
    """A query's text; constants are in it, only named parameters remain."""
    compiled = query.compile(dialect=DIALECT)
    return PARAMETER.sub(lambda m: _constant(compiled.params[m[1]], m[0]), str(compiled))


def _constant(value: object, placeholder: str) -> str:
    return placeholder if value is None else str(int(str(value)))


def prepared(sql: str, kinds: Mapping[str, str]) -> Prepared:
    """Number the parameters of a statement."""
    names = tuple(dict.fromkeys(PARAMETER.findall(sql)))
    numbered = PARAMETER.sub(lambda m: f"${names.index(m[1]) + 1}", sql).replace("%%", "%")
    digest = hashlib.blake2s(numbered.encode(), digest_size=8).hexdigest()
    return Prepared(f"p{digest}", numbered, names, tuple(kinds[name] for name in names))


def driver_cursor(session: Session) -> ClientCursor[Any]:
    """The driver's own cursor, which writes values into the statement: plans see constants."""
    driver: Any = session.connection().connection.driver_connection
    return ClientCursor(driver)


def run(
    session: Session, statement: Prepared, values: Mapping[str, Any], *, afresh: bool = False
) -> Cursor[dict[str, Any]]:
    """Execute on the session's connection, prepared there once and planned once.

    `afresh` plans for these very values: the plan for all takes every array for one of ten, and
    would compare each row of a table with each of thousands.
    """
    driver: Any = session.connection().connection.driver_connection
    cursor: Cursor[dict[str, Any]] = driver.cursor(row_factory=dict_row)
    # A plan holds for one role of the database: row security is part of it.
    name = f"{statement.name}_{session.info.get('database_role', '')}"
    # Asked each time: the driver deallocates every statement after a rollback.
    mode = "force_custom_plan" if afresh else "force_generic_plan"
    cursor.execute(READY, [name, mode])
    if not cursor.fetchone()["known"]:  # type: ignore[index]
        kinds = f" ({', '.join(statement.kinds)})" if statement.kinds else ""
        cursor.execute(f"prepare {name}{kinds} as {statement.sql}".encode(), prepare=False)
    given = [values[name] for name in statement.parameters]
    slots = ", ".join(f"%s::{kind}" for kind in statement.kinds)
    call = f"execute {name} ({slots})" if slots else f"execute {name}"
    # EXECUTE takes no protocol parameters: the driver writes the values in, quoted.
    text = ClientCursor(driver).mogrify(call, given)
    # In one message; the cursor stands at the first result.
    cursor.execute(f"{text}; {USUAL}".encode(), prepare=False)
    return cursor
