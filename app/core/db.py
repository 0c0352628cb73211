"""Declarative base, the column types of the house, and the engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Engine, MetaData, create_engine, text
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
        return None if value is None else Decimal(value) / FEN_PER_YUAN


def make_engine(url: str, settings: Settings, role: str | None = None) -> Engine:
    """A pooled engine whose statements are bounded in time and never JIT-compiled.

    Its connections take on `role`, if one is given, before anything else.
    The evaluation has thousands of small expressions: compiling them costs more than it saves.
    """
    taken = "" if role is None else f" -c role={role}"
    limit = f"-c statement_timeout={settings.statement_timeout_ms}"
    options = f"{limit} -c timezone=UTC -c jit=off{taken}"
    return create_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={
            "options": options,
            "application_name": "tidu",
            # The driver's own preparing would deallocate ours after every rollback.
            "prepare_threshold": None,
        },
    )


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Sessions whose objects stay readable after the commit that a response follows."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def without_time_limit(session: Session) -> Iterator[None]:
    """Lift the statement time-out inside one transaction, for work that is known to be long."""
    session.execute(text("set local statement_timeout = 0"))
    yield
