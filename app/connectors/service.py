"""Add connectors, set them going, and run them."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from app.accounts.actor import ROLE_OF_ORGANISATION, Actor
from app.accounts.keys import seal, unseal
from app.accounts.models import Organisation
from app.connectors import mapping as mappings
from app.connectors.calling import Platform
from app.connectors.mapping import Pull
from app.connectors.models import Connector, Run
from app.connectors.pulling import pull
from app.connectors.pushing import push
from app.connectors.running import Running
from app.core.clock import now
from app.core.errors import AppError, Invalid, NotFound
from app.core.outgoing import check_url
from app.core.settings import Settings
from app.jobs.service import enqueue

PURPOSE = "connector secret"
SCOPES = frozenset({"firms:read", "firms:write", "figures:write"})
# After a run that failed the next comes soon, then ever later, but never later than planned.
SOON = timedelta(minutes=5)


@dataclass(frozen=True)
class Wanted:
    """What a connector is to be."""

    name: str
    url: str
    mapping: str
    account: str = ""
    secret: str = ""


def add(
    session: Session, settings: Settings, actor: Actor, body: Organisation, wanted: Wanted
) -> Connector:
    """A new connector of an organisation; it first runs when it is told to, or when due."""
    if body.kind not in ROLE_OF_ORGANISATION:
        raise Invalid("请选部门、园区或孵化载体 (a department, park or incubator)")
    if not wanted.name.strip():
        raise Invalid(
            "请填写名称 (give it a name)", errors=[{"pointer": "/name", "detail": "empty"}]
        )
    url = check_url(settings, wanted.url)
    if url.query:
        raise Invalid("网址不能含参数：请写在映射中 (no query: put it into the mapping)")
    every = mappings.read(wanted.mapping).every_minutes
    found = Connector(
        organisation_id=body.id, name=wanted.name.strip(), url=wanted.url,
        mapping=wanted.mapping, account=wanted.account,
        sealed=seal(settings, PURPOSE, wanted.secret), created_by=actor.name,
        next_at=now() + timedelta(minutes=every),
    )  # fmt: skip
    session.add(found)
    session.flush()
    return found


def find(session: Session, number: int) -> Connector:
    """One connector."""
    found = session.get(Connector, number)
    if found is None:
        raise NotFound(f"没有编号为 {number} 的外部连接 (no such connector)")
    return found


def switch(session: Session, connector: Connector, *, on: bool) -> None:
    """Let it run by its schedule, or not."""
    connector.state = "active" if on else "disabled"
    connector.failures = 0
    session.flush()


def start(session: Session, connector: Connector, *, dry: bool) -> None:
    """Leave a run for the worker; of one connector never two run at once."""
    enqueue(session, "run_connector", {"connector": connector.id, "dry": dry},
            only_one=f"connector {connector.id} {dry}",
            one_by_one=f"connector {connector.id}")  # fmt: skip


def start_due(engine: Engine) -> int:
    """Leave the runs whose time has come; how many."""
    with Session(engine) as session, session.begin():
        query = select(Connector).where(Connector.state == "active", Connector.next_at <= now())
        due = session.scalars(query.with_for_update(skip_locked=True)).all()
        for connector in due:
            every = mappings.read(connector.mapping).every_minutes
            connector.next_at = now() + timedelta(minutes=every)
            start(session, connector, dry=False)
        return len(due)


def run(engine: Engine, settings: Settings, number: int, *, dry: bool) -> None:
    """Exchange every stream, from where each stands; a dry run keeps nothing but what it found."""
    begun = _begin(engine, settings, number, dry=dry)
    if begun is None:
        return
    told: str | None = None
    try:
        for stream in begun.platform.mapping.streams():
            if isinstance(stream, Pull):
                pull(begun, stream)
            else:
                push(begun, stream)
    except AppError as error:
        told = error.detail
    except Exception as error:
        _end(engine, begun, f"程序出错 {type(error).__name__} (an error of ours)")
        raise
    _end(engine, begun, told)


def _begin(engine: Engine, settings: Settings, number: int, *, dry: bool) -> Running | None:
    with Session(engine) as session, session.begin():
        connector = session.get(Connector, number, with_for_update=True)
        if connector is None or (connector.state != "active" and not dry):
            return None
        broken = (Run.connector_id == number, Run.state == "running")
        session.execute(update(Run).where(*broken).values(
            state="failed", finished_at=now(),
            error="运行中断，本次接着进行 (was broken off)"))  # fmt: skip
        row = Run(connector_id=number, dry=dry)
        session.add(row)
        session.flush()
        secret = unseal(settings, PURPOSE, connector.sealed)
        platform = Platform(settings, connector.url, mappings.read(connector.mapping),
                            connector.account, secret or "")  # fmt: skip
        return Running(engine, acting_for(session, connector), platform, number, row.id, dry)


def acting_for(session: Session, connector: Connector) -> Actor:
    """Who reads and writes: the organisation, under the connector's name."""
    body = session.get_one(Organisation, connector.organisation_id)
    return Actor(ROLE_OF_ORGANISATION[body.kind], body.id, connector.name, scopes=SCOPES)


def _end(engine: Engine, begun: Running, error: str | None) -> None:
    with Session(engine) as session, session.begin():
        row = session.get_one(Run, begun.number)
        row.state, row.error, row.finished_at = "done" if error is None else "failed", error, now()
        connector = session.get_one(Connector, begun.connector, with_for_update=True)
        if begun.dry:
            return
        connector.failures = 0 if error is None else connector.failures + 1
        if error is not None:
            later = now() + SOON * 2 ** min(connector.failures - 1, 8)
            connector.next_at = min(connector.next_at, later)
