"""Who calls in tests: clients of the application inside the test's own transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine, event
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.acting import NOBODY, TAKE_ROLE
from app.accounts.actor import SYSTEM, Role
from app.accounts.auth import COOKIE
from app.accounts.models import Grant, Organisation, User, UserSession
from app.accounts.secrets import digest
from app.accounts.tokens import SCOPES, Wanted, issue
from app.core.clock import now
from app.core.settings import Settings
from app.main import create_app

KEY = "a key of the tests, which guards nothing"
FAR_FUTURE = now().replace(year=2200)
# What a browser says of a request that one of our own pages makes.
OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}
_serial = count(1)


def application(db: Session, **settings: Any) -> Any:
    """The application; its transactions are savepoints of the test's, so nothing stays."""
    connection = db.connection()
    given = {"database_url": None, "secret_key": SecretStr(KEY)} | settings
    app = _application(Settings(**given), connection.engine)

    @contextmanager
    def sessions() -> Iterator[Session]:
        connection.execute(TAKE_ROLE, {"role": NOBODY})
        try:
            with Session(
                connection, join_transaction_mode="create_savepoint", expire_on_commit=False
            ) as session:
                yield session
        finally:
            connection.execute(TAKE_ROLE, {"role": "none"})

    app.state.sessions = app.state.singly = sessions
    return app


@lru_cache(maxsize=8)
def _application(settings: Settings, engine: Engine) -> Any:
    """Made once for all tests: its routes take longer to build than a test to run."""
    return create_app(settings, engine)


def body(db: Session, code: str, kind: str) -> Organisation:
    """An organisation."""
    found = Organisation(code=code, name=f"{code} 单位", kind=kind)
    db.add(found)
    db.flush()
    return found


def person(db: Session, role: Role, organisation: Organisation | None = None) -> TestClient:
    """A signed-in person in a role."""
    where = organisation or body(db, f"seat-{role}-{uuid4().hex}", "department")
    user = User(username=f"{role}-{where.code}", name=f"{role}", locale="zh")
    db.add(user)
    db.flush()
    grant = Grant(user_id=user.id, role=role.value, organisation_id=where.id,
                  since=now().date().replace(year=2000))  # fmt: skip
    db.add(grant)
    db.flush()
    secret = f"cookie-{user.id}"
    db.add(UserSession(token_hash=digest(secret), user_id=user.id, grant_id=grant.id,
                       expires_at=FAR_FUTURE))  # fmt: skip
    db.flush()
    return TestClient(application(db), cookies={COOKIE: secret}, headers=OUR_PAGE)


def machine(
    db: Session, organisation: Organisation, scopes: tuple[str, ...] = SCOPES
) -> TestClient:
    """A machine with a token."""
    wanted = Wanted(organisation.code, f"test {next(_serial)}", scopes)
    secret = issue(db, wanted, SYSTEM).secret
    return TestClient(application(db), headers={"Authorization": f"Bearer {secret}"})


def put_in_park(db: Session, firm_id: int, park: Organisation, during: Range[Any]) -> None:
    """Locate a firm in a park."""
    from app.firms.models import Location

    db.add(Location(firm_id=firm_id, park_id=park.id, during=during))
    db.flush()


def put_in_incubator(
    db: Session, firm_id: int, incubator: Organisation, during: Range[Any]
) -> None:
    """House a firm in an incubator."""
    from app.firms.models import Residency

    db.add(Residency(firm_id=firm_id, incubator_id=incubator.id, during=during))
    db.flush()


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements sent inside the block."""
    sent: list[str] = []

    def note(_c: Any, _cu: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
