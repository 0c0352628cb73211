"""Connectors, their runs and results, read for pages."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.connectors.models import Connector, Result, Run

COLUMNS = (
    Connector.id, Connector.name, Connector.url, Connector.mapping, Connector.account,
    Connector.state, Connector.positions, Connector.next_at, Connector.failures,
    Connector.created_by, Organisation.name.label("organisation_name"),
)  # fmt: skip


def connectors(session: Session) -> list[dict[str, Any]]:
    """Every connector with its last real run."""
    last = (
        select(Run.state).where(Run.connector_id == Connector.id, ~Run.dry)
        .order_by(Run.id.desc()).limit(1).scalar_subquery()
    )  # fmt: skip
    query = select(*COLUMNS, last.label("last")).join(Organisation).order_by(Connector.id)
    return [dict(row._mapping) for row in session.execute(query)]


def connector(session: Session, number: int) -> dict[str, Any]:
    """One, which is known to be there."""
    query = select(*COLUMNS).join(Organisation).where(Connector.id == number)
    return dict(session.execute(query).one()._mapping)


def runs(session: Session, number: int, most: int) -> list[Run]:
    """The latest runs, newest first."""
    query = select(Run).where(Run.connector_id == number).order_by(Run.id.desc())
    return list(session.scalars(query.limit(most)))


def results(session: Session, number: int, run: int, after: int, most: int) -> list[Result]:
    """What became of the records of a run, in order."""
    query = (
        select(Result)
        .join(Run)
        .where(Run.connector_id == number, Result.run_id == run, Result.id > after)
    )
    return list(session.scalars(query.order_by(Result.id).limit(most)))
