"""Every migration goes up on a populated database and down again, and nothing is lost between."""

from datetime import date
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.secrets import PASSWORDS
from app.accounts.service import Period, add_grant, add_person, organisation
from app.demo.people import PASSWORD
from app.pipeline.service import evaluate
from tests.criteria.random_firms import Dice
from tests.factories import insert_firms

ROOT = Path(__file__).resolve().parent.parent
DAY = date(2026, 6, 1)


def configured(connection: Connection) -> Config:
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    return config


def fingerprints(connection: Connection) -> dict[str, str]:
    """Every table's rows, whatever the order of its columns; a trail grows and goes as a whole."""
    found = {}
    # The pool's spread and flags follow from figures: the next evaluation finds them anew.
    # Holidays and measures are shipped: the next start loads them anew.
    derived = {"alembic_version", "pool_norm", "flag", "holiday", "measure"}
    tables = set(inspect(connection).get_table_names()) - derived
    for table in sorted(name for name in tables if not name.startswith("audit_")):
        rows = f"select to_jsonb(t)::text as row from {table} as t"  # noqa: S608 - our own names
        sum_up = f"select count(*) || md5(coalesce(string_agg(row, '' order by row), '')) from ({rows}) as r"  # noqa: S608, E501
        found[table] = str(connection.scalar(text(sum_up)))
    return found


def populate(engine: Engine) -> None:
    dice = Dice(5, DAY)
    with Session(engine) as session, session.begin():
        insert_firms(session, [dice.firm() for _ in range(60)])
        user = add_person(session, "someone", "某人")
        user.password_hash = PASSWORDS.hash(PASSWORD)
        add_grant(session, user, Role.ANALYST, organisation(session, "science"), Period())
    evaluate(engine, DAY)


def test_each_step_down_and_up_again_keeps_every_row(clone: Engine) -> None:
    populate(clone)
    with clone.begin() as connection:
        before = fingerprints(connection)
        assert before["assessment"][:1] != "0"
        first = ScriptDirectory.from_config(configured(connection)).get_base()
        assert first is not None
        command.downgrade(configured(connection), first)
        command.upgrade(configured(connection), "head")
        assert fingerprints(connection) == before
