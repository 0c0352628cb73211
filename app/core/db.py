"""Declarative base, the column types of the house, and the engine."""

import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, cast

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Engine,
    MetaData,
    create_engine,
    event,
    text,
)
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker
from sqlalchemy.types import TypeDecorator

from app.core.settings import Settings

FEN_PER_YUAN = 100

CONSTRAINT_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of Tidu; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(naming_convention=CONSTRAINT_NAMES)


Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]


class Yuan(TypeDecorator[Decimal]):
    """An exact amount of yuan, kept as whole fen.

    A bigint keeps every fen exactly and is compared four times faster than `numeric`, which is
    what evaluating a country's firms is made of.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Any) -> int | None:
        """Yuan to fen; a fraction of a fen is an error, never rounded away."""
        if value is None:
            return None
        fen = Decimal(value) * FEN_PER_YUAN
        if fen != int(fen):
            raise ValueError(f"{value} yuan is not a whole number of fen")
        return int(fen)

    def process_result_value(self, value: int | None, dialect: Any) -> Decimal | None:
        """Fen to yuan."""
        return in_yuan(value)


def in_yuan(fen: int | None) -> Decimal | None:
    """An amount as it is kept, in yuan."""
    return None if fen is None else Decimal(fen) / FEN_PER_YUAN


def make_engine(url: str, settings: Settings, role: str | None = None) -> Engine:
    """A pooled engine whose statements are bounded in time and never JIT-compiled.

    Its connections take on `role`, if one is given, before anything else.
    The evaluation has thousands of small expressions: compiling them costs more than it saves.
    """
    taken = "" if role is None else f" -c role={role}"
    limit = f"-c statement_timeout={settings.statement_timeout_ms}"
    options = f"{limit} -c timezone=UTC -c jit=off{taken}"
    engine = create_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=0,
        # The one used last knows large statements and the tables; others have yet to learn them.
        pool_use_lifo=True,
        # Errors are logged; the values of a statement are nobody's business there.
        hide_parameters=True,
        connect_args={
            "options": options,
            "application_name": "tidu",
            # The driver's own preparing would deallocate ours after every rollback. And a list is
            # planned for its own values: patterns and bounds decide which index serves.
            "prepare_threshold": None,
        },
    )
    event.listen(engine, "checkout", _refuse_ended)
    # Many rows are one statement, and so one entry of the trail.
    engine.dialect.use_insertmanyvalues_wo_returning = True
    return engine


def _refuse_ended(connection: Any, _record: Any, _proxy: Any) -> None:
    """Have the pool connect anew where the server has ended an idle connection.

    It says so on the socket, where nothing else can wait: asking would cost a round trip each time.
    """
    if not connection.closed:
        said = select.poll()
        said.register(connection.fileno(), select.POLLIN)
        if not said.poll(0):
            return
    raise DisconnectionError


def plainly(database: Connection | Session, sql: str, given: Mapping[str, Any]) -> list[Any]:
    """The rows of a statement as the driver gives them, as named tuples.

    For the few that requests wait for again and again: the mapper would double their work.
    """
    if isinstance(database, Session):
        database.flush()
        database = database.connection()
    driver: Any = database.connection.driver_connection
    try:
        cursor = driver.cursor(row_factory=namedtuple_row).execute(sql, given)
        return cast(list[Any], cursor.fetchall())
    except psycopg.Error as error:
        wrapped = DBAPIError.instance(None, None, error, psycopg.Error, hide_parameters=True)
        raise wrapped from error


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Sessions whose objects stay readable after the commit that a response follows."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def without_time_limit(session: Session) -> Iterator[None]:
    """Lift the statement time-out inside one transaction, for work that is known to be long."""
    session.execute(text("set local statement_timeout = 0"))
    yield
