"""Every route, for everybody who sees only a part: nothing of a foreign firm comes out.

A department sees every firm, but changes none and reads nobody's contacts without a case.

A route without a case fails the first test: whoever adds one says in
`tests/every_route` what it is asked for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import today
from app.core.db import Base
from app.firms.models import Contact, Submission
from app.pipeline.service import assess
from tests.every_route import CASES
from tests.every_route.case import ABSENT, NAME, Case
from tests.factories import credit_code, make_firm
from tests.people import application, body, machine, person, put_in_incubator, put_in_park
from tests.routes import every_route

LONG_AGO = date(2015, 1, 1)
ALWAYS = Range(LONG_AGO, None)
FIGURE = 98_765_432
TRAIL = "audit_row"
CONTACT, PHONE = "张绝密", "13987654321"
ABSENT_CODE = credit_code(99_999_999)


@dataclass(frozen=True)
class Foreign:
    """A firm that nobody here may know of, and everything of it that could come out."""

    firm: int
    code: str
    submission: int
    contact: int
    residency: int

    def fill(self, template: str, *, absent: bool = False) -> str:
        """A path, query or body with the foreign firm's numbers, or with ones nobody has."""
        known = {
            "firm_id": self.firm, "firm": self.firm, "code": self.code, "credit_code": self.code,
            "submission_id": self.submission, "contact_id": self.contact,
            "criterion": "hnte.field", "year": 2024, "indicator": "revenue_sales",
            "rung": "certified", "of": "pool", "act": "enter", "kind": "near", "subject": "hnte",
            "path": "loans", "duty": "hnte_annual", "period": "2024", "name": "firms",
            "residency_id": self.residency, "step": "leave", "stage": "landed",
            "column": "accepted", "level": "lead", "days": 9, "day": "2026-10-01",
        }  # fmt: skip
        if absent:
            missing: dict[str, int | str] = {
                "firm_id": ABSENT, "firm": ABSENT, "code": ABSENT_CODE,
                "credit_code": ABSENT_CODE, "submission_id": ABSENT, "contact_id": ABSENT,
            }  # fmt: skip
            known |= missing
        return re.sub(r"{(\w+)}", lambda m: str(known.get(m[1], 1)), template)

    def secrets(self) -> set[str]:
        """What must not be in any answer, unless the caller said it himself."""
        return {NAME, "绝密远山", str(FIGURE), f"{FIGURE:,}", CONTACT, PHONE}


@dataclass(frozen=True)
class Stage:
    """A district that is made once, in a transaction that every test here goes back to."""

    connection: Connection
    foreign: Foreign
    callers: dict[str, TestClient]
    district: dict[Role, TestClient]


@pytest.fixture(scope="module")
def stage(engine: Engine) -> Iterator[Stage]:
    with engine.connect() as connection, connection.begin() as outer:
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as db:
            make_keeper(db)
            found = make_foreign(db)
            callers = make_callers(db)
            district = {role: person(db, role) for role in (Role.OFFICER, Role.ANALYST)}
            db.commit()
        yield Stage(connection, found, callers, district)
        outer.rollback()


@pytest.fixture
def callers(stage: Stage) -> Iterator[dict[str, TestClient]]:
    """Who sees a part; everybody is signed in for each test anew: some routes sign people out."""
    cookies = [(one, dict(one.cookies)) for each in (stage.callers, stage.district)
               for one in each.values()]  # fmt: skip
    yield stage.callers
    for client, given in cookies:
        client.cookies.clear()
        client.cookies.update(given)


@pytest.fixture
def db(stage: Stage) -> Iterator[Session]:
    """A session on the stage, whose work is rolled back, commits included."""
    with stage.connection.begin_nested() as own:
        with Session(
            stage.connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            yield session
        own.rollback()


def make_foreign(db: Session) -> Foreign:
    firm = {"registered_on": LONG_AGO}
    number = make_firm(db, NAME, firm=firm, figures={"revenue_sales": {2024: FIGURE}})
    db.execute(text("update firm set pinyin = 'juemiyuanshan', name_search = :s where id = :n"),
               {"s": f"{NAME} juemiyuanshan jmys", "n": number})  # fmt: skip
    put_in_incubator(db, number, body(db, "foreign-incubator", "incubator"), ALWAYS)
    put_in_park(db, number, body(db, "foreign-park", "park"), ALWAYS)
    contact = Contact(firm_id=number, name=CONTACT, phone=PHONE)
    conflict = Submission(firm_id=number, year=2023, indicator="revenue_sales",
                          value=FIGURE * 100, source="import")  # fmt: skip
    db.add_all([contact, conflict])
    db.flush()
    code = db.scalar(text("select credit_code from firm where id = :n"), {"n": number})
    stay = db.scalar(text("select id from residency where firm_id = :n"), {"n": number})
    return Foreign(number, str(code), conflict.id, contact.id, int(stay))


def make_callers(db: Session) -> dict[str, TestClient]:
    """Two incubator managers, a park and a token, each with a firm of its own."""
    bodies = {kind: body(db, f"own-{kind}", kind.split("-")[0])
              for kind in ("incubator-1", "incubator-2", "park", "incubator-token")}  # fmt: skip
    for kind, where in bodies.items():
        put = put_in_park if kind == "park" else put_in_incubator
        put(db, make_firm(db, firm={"registered_on": LONG_AGO}), where, ALWAYS)
    assess(db, None, today())
    return {
        "incubator-1": person(db, Role.INCUBATOR_MANAGER, bodies["incubator-1"]),
        "incubator-2": person(db, Role.INCUBATOR_MANAGER, bodies["incubator-2"]),
        "park": person(db, Role.PARK_OPERATOR, bodies["park"]),
        "token": machine(db, bodies["incubator-token"]),
        "admin": person(db, Role.ADMIN),
        "auditor": person(db, Role.AUDITOR),
    }


def make_keeper(db: Session) -> None:
    """A function for what is recorded of a firm: it is planned once, which takes the longest."""
    tables = [("firm", "id")]
    tables += [(t.name, "firm_id") for t in Base.metadata.sorted_tables if "firm_id" in t.c]
    rows = " union all ".join(
        f"select '{table}', to_jsonb(t) from {table} as t where {column} = firm"  # noqa: S608
        for table, column in tables
    )
    db.execute(
        text(f"""
        create function pg_temp.kept(firm int) returns table (name text, held jsonb)
        language plpgsql as $$ begin return query {rows} order by 1, 2; end $$""")
    )


def kept(db: Session, firm: int) -> list[tuple[str, Any]]:
    """Everything recorded of a firm, as tables and their rows."""
    found = db.execute(text("select name, held from pg_temp.kept(:n)"), {"n": firm})
    return [(name, held) for name, held in found]


def without_trail(rows: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [row for row in rows if row[0] != TRAIL]


def ask(client: TestClient, route: str, case: Case, foreign: Foreign, *, absent: bool) -> Any:
    method, path = route.split(" ", 1)
    url = foreign.fill(path, absent=absent)
    if case.query:
        url += "?" + foreign.fill(case.query, absent=absent)
    given = _filled(case.json, foreign, absent=absent)
    return client.request(
        method, url, json=given, data=case.form, headers=case.headers, follow_redirects=False
    )


def _filled(value: Any, foreign: Foreign, *, absent: bool) -> Any:
    if isinstance(value, dict):
        return {k: _filled(v, foreign, absent=absent) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(v, foreign, absent=absent) for v in value]
    return foreign.fill(value, absent=absent) if isinstance(value, str) else value


def test_every_route_has_a_case(db: Session) -> None:
    there = {f"{method} {path}" for method, path in every_route(application(db))}
    assert there - set(CASES) == set(), "say in tests/every_route what the route is asked for"
    assert set(CASES) - there == set(), "no such route any more"
    assert len(there) > 25


@pytest.mark.parametrize("route", CASES)
def test_nothing_of_a_foreign_firm_comes_out(
    db: Session, stage: Stage, callers: dict[str, TestClient], route: str
) -> None:
    foreign = stage.foreign
    case, path = CASES[route], route.split(" ", 1)[1]
    of_one_firm = any(f"{{{name}}}" in path for name in ("firm_id", "submission_id")) or (
        "{credit_code}" in path
    )
    expected = case.status or ((404,) if of_one_firm else (200,))
    before = kept(db, foreign.firm)
    for who, client in callers.items():
        if who == case.open_to:
            continue
        found = ask(client, route, case, foreign, absent=False)
        no_firms = who in ("admin", "auditor")
        assert found.status_code in ((*expected, 403) if no_firms else expected), (who, found.text)
        for secret in foreign.secrets():
            assert secret not in found.text, who
        if of_one_firm and case.like_absent:
            missing = ask(client, route, case, foreign, absent=True)
            same = (foreign.fill(path), foreign.fill(path, absent=True))
            assert _anonymous(found.text, foreign) == _anonymous(missing.text, foreign), (who, same)
    assert kept(db, foreign.firm) == before
    # An officer knows of every firm and changes none; what one reads or takes away is noted.
    office = ask(stage.district[Role.OFFICER], route, case, foreign, absent=False)
    assert office.status_code < 500, office.text
    assert CONTACT not in office.text and PHONE not in office.text
    assert without_trail(kept(db, foreign.firm)) == without_trail(before), office.text
    # Who sees and may do everything finds no page that fails.
    if route.startswith("GET "):
        page = ask(stage.district[Role.ANALYST], route, case, foreign, absent=False)
        assert page.status_code < 500, page.text


def _anonymous(answer: str, foreign: Foreign) -> str:
    """The same but for numbers that the caller gave."""
    for own in (foreign.code, ABSENT_CODE, ABSENT, foreign.firm, foreign.submission):
        answer = answer.replace(str(own), "N")
    return re.sub(r"[0-9a-f-]{36}", "", answer)
