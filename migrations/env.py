"""Runs migrations on the connection handed over, or on the database of the settings."""

from alembic import context
from sqlalchemy import Connection, create_engine, text

from app.core.db import Base
from app.core.postgres import running
from app.core.settings import Settings
from app.tables import ALL

assert ALL, "importing the tables fills the metadata"  # noqa: S101
ADVISORY_LOCK = 7_301_114


def migrate(connection: Connection) -> None:
    """All steps in one transaction, one migrator at a time, never waiting long for a lock."""
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        connection.execute(text("set local lock_timeout = '4s'"))
        connection.execute(text(f"select pg_advisory_xact_lock({ADVISORY_LOCK})"))
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with running(Settings()) as url, create_engine(url).connect() as connection:
        migrate(connection)
        connection.commit()
