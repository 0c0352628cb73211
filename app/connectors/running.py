"""What a run works with, and how it writes down what became of each record."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from app.accounts.acting import act_as
from app.accounts.actor import Actor
from app.connectors.calling import Platform
from app.connectors.models import Connector, Result, Run

KEPT_DETAIL = 500
# Counted, and not written down record by record.
QUIET = "unchanged"


@dataclass(frozen=True)
class Outcome:
    """What became of one record."""

    key: str
    status: str
    detail: str | None = None


@dataclass
class Running:
    """One run of one connector."""

    engine: Engine
    actor: Actor
    platform: Platform
    connector: int
    number: int
    dry: bool
    counts: dict[str, Counter[str]] = field(default_factory=dict)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction in the name of the connector's organisation."""
        with Session(self.engine) as session, session.begin():
            act_as(session, self.actor, request_id=f"connector run {self.number}")
            yield session

    def position(self, stream: str) -> dict[str, Any]:
        """Where a stream stands."""
        with Session(self.engine) as session:
            found: dict[str, Any] = session.get_one(Connector, self.connector).positions
            return dict(found.get(stream, {}))

    def keep(
        self, session: Session, stream: str, outcomes: list[Outcome], position: dict[str, Any]
    ) -> None:
        """Note outcomes and move on; in a dry run nothing moves."""
        if outcomes:
            counted = self.counts.setdefault(stream, Counter())
            counted.update(one.status for one in outcomes)
        rows = [
            {"run_id": self.number, "stream": stream, "key": one.key[:100], "status": one.status,
             "detail": None if one.detail is None else one.detail[:KEPT_DETAIL]}
            for one in outcomes if one.status != QUIET
        ]  # fmt: skip
        if rows:
            session.execute(insert(Result), rows)
        run = session.get_one(Run, self.number)
        run.counts = {name: dict(each) for name, each in self.counts.items()}
        if not self.dry:
            connector = session.get_one(Connector, self.connector, with_for_update=True)
            connector.positions = connector.positions | {stream: position}
