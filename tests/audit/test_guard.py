"""The trail only grows, whoever asks; and no table escapes it."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.accounts.acting import act_as
from app.accounts.actor import Actor, Role
from app.audit import ddl
from app.audit.service import note_read
from app.core.db import Base
from tests.accounts.test_row_security import ALWAYS, acting
from tests.audit.trail import entries, last
from tests.factories import make_firm
from tests.people import body, put_in_park

CHANGES = [
    f"{change} {table}" for table in ddl.TABLES for change in ("delete from", "truncate")
] + [
    "update audit_entry set name = 'x'",
    "update audit_row set after = null",
    "update audit_link set hash = ''",
    "update audit_archive set entries = 0",
]
TRIGGERS = text("""
select tgname, pg_get_triggerdef(oid) from pg_trigger
where tgrelid = cast(:name as regclass) and tgname like 'audit%'
""")


@pytest.fixture
def filled(db: Session) -> Session:
    """At least one row in each of the trail's tables."""
    make_firm(db)
    db.execute(
        text("insert into audit_archive (month, entries, digest) values ('2000-01-01', 0, '')")
    )
    db.execute(text("set constraints all immediate"))
    return db


def refusal(db: Session, statement: str) -> str:
    with pytest.raises(ProgrammingError) as refused, db.begin_nested():
        db.execute(text(statement))
    return str(refused.value.orig)


@pytest.mark.parametrize("statement", CHANGES)
def test_the_owner_himself_cannot_change_it(filled: Session, statement: str) -> None:
    assert "only grows" in refusal(filled, statement)


def test_nor_through_a_month(filled: Session) -> None:
    parts = filled.scalars(text(
        "select tableoid::regclass::text from audit_entry union "
        "select tableoid::regclass::text from audit_row")).all()  # fmt: skip
    for part in parts:
        for change in ("delete from {}", "truncate {}", "update {} set at = now()"):
            assert "only grows" in refusal(filled, change.format(part)), part
    assert len(parts) >= 2


@pytest.mark.parametrize("role", list(Role))
def test_the_application_reads_it_by_role_and_writes_it_never(filled: Session, role: Role) -> None:
    park = body(filled, "guard-park", "park")
    firm = make_firm(filled)
    put_in_park(filled, firm, park, ALWAYS)
    rows = {}
    with acting(filled, Actor(role, park.id, "x")):
        for table in ddl.TABLES:
            for change in ("insert into {} default values", "delete from {}", "truncate {}"):
                assert "permission denied" in refusal(filled, change.format(table)), change
        assert "permission denied" in refusal(filled, "select * from audit_entry_default")
        assert "permission denied" in refusal(filled, "select audit_detach('firm')")
        for table in ("audit_entry", "audit_row"):
            query = text(f"select count(*) from {table}")  # noqa: S608 - our own names
            rows[table] = filled.scalar(query) or 0
        own = text("select count(*) from audit_row where firm_id = :f")
        of_own = filled.scalar(own, {"f": firm}) or 0
    match role:
        case Role.ADMIN:
            assert rows == {"audit_entry": 0, "audit_row": 0}
        case Role.INCUBATOR_MANAGER | Role.PARK_OPERATOR:
            assert rows["audit_row"] == of_own > 0 and rows["audit_entry"] > 0
        case _:
            assert rows["audit_row"] > of_own > 0 and rows["audit_entry"] > 0


def test_what_the_application_does_is_recorded_though_it_cannot_write_the_trail(
    db: Session,
) -> None:
    firm = make_firm(db)
    with db.begin_nested() as point:
        act_as(db, Actor(Role.ANALYST, None, "分析员", user_id=5), request_id="r-9")
        since = last(db)
        db.execute(text("update firm set chain = 'x' where id = :f"), {"f": firm})
        note_read(db, "pool", filter={"q": "x"})
        db.execute(text("set constraints all immediate"))
        found = entries(db, since)
        point.rollback()
    assert {e.table_name for e in found} >= {"firm", "pool"}
    assert {(e.name, e.user_id, e.role, e.request_id) for e in found} == {
        ("分析员", 5, "analyst", "r-9")
    }


@pytest.mark.parametrize("table", sorted(set(Base.metadata.tables) - set(ddl.TABLES)))
def test_every_table_is_recorded(engine: Engine, table: str) -> None:
    """Whoever adds a table calls `attach` in its migration (app/audit/ddl.py)."""
    with engine.connect() as connection:
        found = {name: made for name, made in connection.execute(TRIGGERS, {"name": table})}
    assert set(found) == {"audit_insert", "audit_update", "audit_delete", "audit_truncate"}
    for column in Base.metadata.tables[table].columns:
        if column.info.get("secret"):
            assert all(_names(made, column.name) for made in found.values()), column.name


def _names(definition: str, column: str) -> bool:
    secret = definition.split("audit_change(")[1].split("', '")[3]
    return column in secret.strip("{}").split(",")


def test_months_are_made_ahead_once(engine: Engine) -> None:
    with engine.begin() as connection:
        assert ddl.ensure_months(connection) == []
        names = connection.scalars(text(
            "select relname from pg_class where relname ~ '^audit_(entry|row)_\\d{4}_\\d\\d$'"
        )).all()  # fmt: skip
        month = connection.scalar(text(
            "select to_char(now() at time zone 'Asia/Shanghai', 'YYYY_MM')"))  # fmt: skip
    assert {f"audit_entry_{month}", f"audit_row_{month}"} <= set(names)
    assert len(names) == 2 * (ddl.MONTHS_AHEAD + 1)


def test_what_belongs_to_no_month_is_kept_all_the_same(db: Session) -> None:
    db.execute(text(
        "insert into audit_entry (at, name, table_name, action, row_count, digest) "
        "values ('2001-02-03', 'x', 'pool', 'read', 0, sha256(''))"))  # fmt: skip
    where = "select tableoid::regclass::text from audit_entry where at < '2002-01-01'"
    assert db.scalar(text(where)) == "audit_entry_default"
    assert db.scalar(text("select audit_make_month('2001-02-01')")) is False
    assert db.scalar(text("select audit_make_month('2001-03-01')")) is True
