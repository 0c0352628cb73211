"""What must be in place before Tidu serves: tables, plan, criteria, demo, a first evaluation."""

import socket
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.accounts.invitations import link_address, link_for_first_admin, public_address
from app.accounts.queries import has_demo_users
from app.audit.ddl import ensure_months
from app.core.clock import today
from app.core.postgres import DatabaseUnavailable
from app.core.settings import Settings
from app.criteria import store
from app.firms.models import Firm
from app.pipeline.models import Evaluation
from app.pipeline.service import evaluate
from app.plans import service as plans
from app.support import clock, days, playbooks

PROJECT = Path(__file__).resolve().parent.parent
Say = Callable[[str], None]


def migrate(engine: Engine) -> None:
    """Bring the tables up to date."""
    config = Config(str(PROJECT / "alembic.ini"))
    config.set_main_option("script_location", str(PROJECT / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_port(settings: Settings) -> None:
    """Refuse, before anything is made, to serve where another program does."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise DatabaseUnavailable(
                f"port {settings.port} on {settings.host} cannot be used ({error.strerror}): "
                "choose another with --port or TIDU_PORT"
            ) from error


def prepare(engine: Engine, *, demo: bool, say: Say) -> None:
    """Everything that a first start needs; a later one finds it done and says nothing."""
    migrate(engine)
    with engine.begin() as connection:
        ensure_months(connection)
    with Session(engine) as session, session.begin():
        if loaded := plans.load_shipped(session):
            say(f"plan loaded: {', '.join(loaded)}")
        if loaded := store.load_shipped(session):
            say(f"criteria sets loaded: {len(loaded)}")
        days.load_shipped(session)
        playbooks.load_shipped(session)
        clock.load_shipped(session)
        made = demo and session.scalar(select(func.count()).select_from(Firm)) == 0
        if made:
            from app.demo import service

            say("making the demo district (about 1,100 firms)")
            service.load(session, today())
        last = session.scalar(select(func.max(Evaluation.as_of)))
    if made or last != today():
        run = evaluate(engine, today())
        say(f"evaluated {run.firms} firms, {run.changed} verdicts changed")


def greeting(engine: Engine, settings: Settings) -> list[str]:
    """Where Tidu is, and how to get in where nobody has yet."""
    lines = [f"Tidu 梯度: {public_address(settings)}"]
    if settings.environment == "production" and not settings.https:
        lines.append("TIDU_HTTPS is off: passwords and cookies travel in the clear")
    with Session(engine) as session, session.begin():
        if has_demo_users(session):
            from app.demo.people import ACCOUNTS, PASSWORD

            names = ", ".join(account.username for account in ACCOUNTS)
            lines.append(f"sign in as {names}; password {PASSWORD}")
        elif secret := link_for_first_admin(session):
            lines += [
                "nobody can sign in yet; the first administrator opens this within 24 hours, once:",
                link_address(settings, secret),
            ]
    return lines


def check(engine: Engine) -> list[str]:
    """What is there, for `tidu doctor`; raises where something is broken."""
    with Session(engine) as session:
        firms = session.scalar(select(func.count()).select_from(Firm))
        version = session.scalar(select(func.current_setting("server_version")))
        run = session.scalar(select(Evaluation).order_by(Evaluation.id.desc()).limit(1))
        return [
            f"PostgreSQL {version}",
            f"{firms} firms, {len(store.all_sets(session))} criteria sets",
            "never evaluated" if run is None else f"last evaluated as of {run.as_of}",
        ]
