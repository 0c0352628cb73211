"""A person's own request: what is held about them is found, handed out and deleted, untold."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.accounts.actor import Role
from app.accounts.models import Organisation
from app.firms.models import Contact
from app.firms.person_command import group
from tests import people
from tests.factories import make_firm
from tests.firms.contacts import PERSON, address, readings, silent, the_contact


@pytest.fixture
def park(db: Session) -> Organisation:
    """A park."""
    return people.body(db, "contact-park", "park")


@pytest.fixture
def firm(db: Session, park: Organisation) -> int:
    """A firm in the park, with one contact."""
    number = make_firm(db)
    people.put_in_park(db, number, park, Range(date(2015, 1, 1), None))
    db.add(Contact(firm_id=number, **PERSON))
    db.flush()
    return number


@pytest.fixture
def tidu(db: Session) -> Callable[..., Any]:
    """`tidu person …` in the test's own transaction."""

    @contextmanager
    def transaction() -> Iterator[Session]:
        yield db

    return lambda *arguments, **more: CliRunner().invoke(
        group, list(arguments), obj=SimpleNamespace(begin=transaction), **more
    )


def test_a_person_is_told_all_that_is_held(
    db: Session, firm: int, park: Organisation, tidu: Callable[..., Any]
) -> None:
    people.person(db, Role.PARK_OPERATOR, park).get(address(firm, "?purpose=visit&note=走访"))
    other = make_firm(db)
    db.add(Contact(firm_id=other, name="别人", phone="13711112222"))
    db.flush()
    held = json.loads(tidu("export", "--phone", "+86 139 8765 4321").stdout)
    [contact] = held["contacts"]
    assert {key: contact[key] for key in PERSON} == PERSON
    [reading] = held["readings"]
    assert (reading["role"], reading["organisation"]) == ("park_operator", park.name)
    assert (reading["purpose"], reading["note"]) == ("visit", "走访")
    for option in (("--name", "欧阳修远"), ("--email", "OUYANG@firm.example")):
        assert len(json.loads(tidu("export", *option).stdout)["contacts"]) == 1
    both = tidu("export", "--name", "欧阳修远", "--phone", "13711112222").stdout
    assert json.loads(both)["contacts"] == []
    assert silent(str(readings(db)))


def test_a_person_is_erased_after_a_question(
    db: Session, firm: int, tidu: Callable[..., Any]
) -> None:
    arguments = ("erase", "--phone", PERSON["phone"], "--reason", "本人书面申请")
    kept = tidu(*arguments, input="n\n")
    assert "1 contacts" in kept.stdout and the_contact(db, firm)
    gone = tidu(*arguments, input="y\n")
    assert "1 deleted" in gone.stdout
    assert db.scalars(select(Contact).where(Contact.firm_id == firm)).all() == []
    note = readings(db)[-1]
    assert (note["what"], note["row_count"]) == ("person_erased", 1)
    assert note["filter"]["by"] == ["phone"] and note["filter"]["reason"] == "本人书面申请"
    assert silent(str(readings(db)))


@pytest.mark.parametrize("reason", ["", "  ", "欧阳修远本人申请", "电话 13987654321"])
def test_a_reason_is_given_and_holds_nothing_personal(db: Session, firm: int, reason: str) -> None:
    client = people.person(db, Role.ANALYST)
    form = {"name": PERSON["name"], "phone": PERSON["phone"], "expected": "1", "reason": reason}
    assert client.post("/contacts/requests/erase", data=form).status_code == 422
    assert the_contact(db, firm)


def test_analysts_answer_requests_on_a_page(db: Session, firm: int) -> None:
    client = people.person(db, Role.ANALYST)
    assert client.get("/contacts/requests").status_code == 200
    person = {"name": "", "phone": PERSON["phone"], "email": ""}
    found = client.post("/contacts/requests", data=person)
    assert PERSON["name"] in found.text and "永久删除" in found.text
    file = client.post("/contacts/requests/export", data=person)
    assert file.json()["contacts"][0]["name"] == PERSON["name"]
    assert re.search("attachment", file.headers["content-disposition"])
    wrong = client.post("/contacts/requests/erase", data=person | {"expected": 2, "reason": "申请"})
    assert wrong.status_code == 409 and the_contact(db, firm)
    done = client.post("/contacts/requests/erase", data=person | {"expected": 1, "reason": "申请"})
    assert done.status_code == 200 and silent(done.text)
    assert client.get("/contacts/requests?phone=13987654321").status_code == 200
    acts = [row["what"] for row in readings(db)]
    assert acts == ["person_found", "person_exported", "person_found", "person_erased"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ANALYST])
def test_nobody_else_answers_requests(db: Session, firm: int, role: Role) -> None:
    client = people.person(db, role)
    person = {"phone": PERSON["phone"], "expected": "1", "reason": "x"}
    assert client.get("/contacts/requests").status_code == 403
    for act in ("", "/export", "/erase"):
        refused = client.post(f"/contacts/requests{act}", data=person)
        assert refused.status_code == 403 and silent(refused.text)
    assert the_contact(db, firm)
    assert {one["what"] for one in readings(db)} == {"refused"}
