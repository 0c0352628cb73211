"""The second lock: what a query that forgets the scope sees, and what it may write."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, func, insert, inspect, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.accounts.acting import NOBODY, OWN_FIRMS, act_as, whole_district
from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.core.db import Base
from app.core.errors import Conflict
from app.firms.models import Designation, Firm, FirmYear, Residency, Submission
from app.firms.service import register
from app.pipeline.models import Assessment
from app.pipeline.service import assess
from tests.factories import credit_code, make_firm
from tests.people import body, put_in_incubator, put_in_park

ALWAYS = Range(today() - timedelta(days=900), None)


@pytest.fixture
def incubator(db: Session) -> Organisation:
    return body(db, "lock-incubator", "incubator")


@pytest.fixture
def own(db: Session, incubator: Organisation) -> int:
    firm_id = make_firm(db, figures={"revenue_sales": {2025: 500}})
    put_in_incubator(db, firm_id, incubator, ALWAYS)
    return firm_id


@pytest.fixture
def foreign(db: Session) -> int:
    return make_firm(db, figures={"revenue_sales": {2025: 700}})


def manager(incubator: Organisation) -> Actor:
    return Actor(Role.INCUBATOR_MANAGER, incubator.id, "经理")


@contextmanager
def acting(db: Session, actor: Actor) -> Iterator[Session]:
    """The actor's transaction inside the test's, undone and its role left behind."""
    with db.begin_nested() as point:
        act_as(db, actor)
        yield db
        point.rollback()
    db.info.clear()


@contextmanager
def refusing(db: Session) -> Iterator[pytest.ExceptionInfo[ProgrammingError]]:
    """The database refuses what is done inside."""
    with pytest.raises(ProgrammingError) as refused, db.begin_nested():
        yield refused


def every_row(db: Session, table: str) -> set[int]:
    column = "id" if table == "firm" else "firm_id"
    return set(db.scalars(text(f"select {column} from {table}")))  # noqa: S608 - our own names


def tables_of_firms() -> list[str]:
    tables = Base.metadata.tables.values()
    return ["firm", *(t.name for t in tables if "firm_id" in t.c)]


def test_what_is_read_below_the_lock_is_the_acting_organisation_s(
    db: Session, incubator: Organisation, own: int, foreign: int
) -> None:
    other, park = body(db, "lock-other", "incubator"), body(db, "lock-park", "park")
    put_in_incubator(db, foreign, other, ALWAYS)
    put_in_park(db, foreign, park, ALWAYS)
    assert set(inspect(db.connection()).get_view_names()) == {"own_location", "own_residency"}
    with acting(db, manager(incubator)):
        assert (every_row(db, "own_residency"), every_row(db, "own_location")) == ({own}, set())
    with acting(db, Actor(Role.PARK_OPERATOR, park.id, "园区")):
        assert (every_row(db, "own_residency"), every_row(db, "own_location")) == (set(), {foreign})
    assert every_row(db, "own_residency") == set(), "nobody acts"


def test_a_query_that_forgets_the_scope_sees_only_own_firms(
    db: Session, incubator: Organisation, own: int, foreign: int
) -> None:
    assess(db, None, today())
    with acting(db, manager(incubator)):
        assert db.scalars(select(Firm.id)).all() == [own]
        assert every_row(db, "firm_year") == every_row(db, "assessment") == {own}
        assert db.scalar(select(func.count()).select_from(Residency)) == 1


def test_nobody_sees_no_firm(db: Session, own: int, foreign: int) -> None:
    for role in (Role.ADMIN, Role.AUDITOR):
        with acting(db, Actor(role, None, "x")):
            for table in tables_of_firms():
                trail = table == "audit_row" and role is Role.AUDITOR
                assert trail or every_row(db, table) == set(), table


def test_the_district_sees_every_firm(db: Session, own: int, foreign: int) -> None:
    for role in (Role.ANALYST, Role.LEADER, Role.OFFICER):
        with acting(db, Actor(role, None, "x")):
            assert every_row(db, "firm") >= {own, foreign}


def test_every_table_of_firms_is_locked(engine: Engine) -> None:
    with engine.connect() as connection:
        locked = set(connection.scalars(text(
            "select tablename from pg_policies where policyname in ('scope', 'district') "
            "group by tablename having count(*) = 2"
        )))  # fmt: skip
        secured = set(connection.scalars(text(
            "select relname from pg_class where relrowsecurity and relkind in ('r', 'p')"
        )))  # fmt: skip
    assert set(tables_of_firms()) <= locked & secured
    assert "firm_id" in {c["name"] for c in inspect(engine).get_columns("firm_year")}


def test_who_does_not_see_the_district_cannot_bypass(engine: Engine) -> None:
    with engine.connect() as connection:
        rows = connection.execute(
            text("select rolname, rolsuper, rolbypassrls, rolcanlogin from pg_roles "
                 "where rolname = any(:names)"), {"names": [NOBODY, OWN_FIRMS]},
        ).all()  # fmt: skip
    assert len(rows) == 2
    assert not any(flag for row in rows for flag in row[1:])


def test_foreign_firms_cannot_be_written(
    db: Session, incubator: Organisation, own: int, foreign: int
) -> None:
    with acting(db, manager(incubator)):
        changed = db.execute(update(Firm).where(Firm.id == foreign).values(address="x"))
        gone = db.execute(delete(FirmYear).where(FirmYear.firm_id == foreign))
        assert (changed.rowcount, gone.rowcount) == (0, 0)  # type: ignore[attr-defined]
    for statement in (
        insert(Submission).values(
            firm_id=foreign, year=2024, indicator="revenue_sales", value=1, source="incubator"
        ),
        insert(Designation).values(firm_id=foreign, kind="hnte", valid=ALWAYS),
    ):
        with acting(db, manager(incubator)), refusing(db) as refused:
            db.execute(statement)
        assert "row-level security" in str(refused.value.orig)


def test_verdicts_are_written_by_the_evaluation_alone(
    db: Session, incubator: Organisation, own: int
) -> None:
    with acting(db, manager(incubator)), refusing(db) as refused:
        db.execute(delete(Assessment))
    assert "permission denied" in str(refused.value.orig)
    with acting(db, manager(incubator)):
        assert assess(db, [own], today()) > 0
        assert db.scalar(text("select current_user")) == OWN_FIRMS


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_firm_changes_hands_on_the_day_of_its_move(db: Session, days: int) -> None:
    old, new = body(db, "old-park", "park"), body(db, "new-park", "park")
    moved, firm_id = today() + timedelta(days=days), make_firm(db)
    put_in_park(db, firm_id, old, Range(today() - timedelta(days=90), moved))
    put_in_park(db, firm_id, new, Range(moved, None))
    seen = []
    for park in (old, new):
        with acting(db, Actor(Role.PARK_OPERATOR, park.id, "x")):
            seen.append(every_row(db, "firm"))
    assert seen == ([{firm_id}, set()] if days > 0 else [set(), {firm_id}])


def test_the_lock_closes_again(db: Session, incubator: Organisation, foreign: int) -> None:
    code = db.scalar(select(Firm.credit_code).where(Firm.id == foreign))
    with acting(db, manager(incubator)):
        with pytest.raises(Conflict):
            register(db, manager(incubator), "已登记的企业", credit_code=code)
        assert every_row(db, "firm") == set()
        new = register(db, manager(incubator), "新企业", credit_code=credit_code(77_000_001))
        assert every_row(db, "firm") == {new.id}
        with whole_district(db):
            assert foreign in every_row(db, "firm")
        assert every_row(db, "firm") == {new.id}
