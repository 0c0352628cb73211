"""Contacts are personal data: who reads them, why, what is noted, how a person takes them back."""

from datetime import date

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Organisation
from app.accounts.tokens import SCOPES
from app.core.logs import trace_of
from app.firms.contact_schemas import PURPOSES, ContactIn
from app.firms.models import Contact
from tests import people
from tests.factories import make_firm
from tests.firms.contacts import PERSON, VALUES, address, readings, silent, the_contact

ALWAYS = Range(date(2015, 1, 1), None)
READERS = (Role.ANALYST, Role.LEADER)


@pytest.fixture
def park(db: Session) -> Organisation:
    """A park."""
    return people.body(db, "contact-park", "park")


@pytest.fixture
def firm(db: Session, park: Organisation) -> int:
    """A firm in the park, with one contact."""
    number = make_firm(db)
    people.put_in_park(db, number, park, ALWAYS)
    db.add(Contact(firm_id=number, **PERSON))
    db.flush()
    return number


# --- who may ------------------------------------------------------------------------------------


def test_each_role_reads_what_is_its_to_read(db: Session, firm: int, park: Organisation) -> None:
    elsewhere = make_firm(db)
    path = "?purpose=visit"
    for role in READERS:
        client = people.person(db, role)
        assert client.get(address(firm, path)).json()["items"][0]["name"] == PERSON["name"]
        assert client.get(address(elsewhere, path)).json() == {"items": []}
    operator = people.person(db, Role.PARK_OPERATOR, park)
    assert operator.get(address(firm, path)).status_code == 200
    assert operator.get(address(elsewhere, path)).status_code == 404
    manager = people.person(db, Role.INCUBATOR_MANAGER, people.body(db, "c-nest", "incubator"))
    assert manager.get(address(firm, path)).status_code == 404
    for role in (Role.OFFICER, Role.ADMIN, Role.AUDITOR):
        refused = people.person(db, role).get(address(firm, path))
        assert refused.status_code == 403 and silent(refused.text)


def test_a_machine_needs_a_scope_besides_its_organisation(
    db: Session, firm: int, park: Organisation
) -> None:
    without = tuple(scope for scope in SCOPES if not scope.startswith("contacts:"))
    refused = people.machine(db, park, without).get(address(firm, "?purpose=visit"))
    assert (refused.status_code, refused.json()["scope"]) == (403, "contacts:read")
    reader = people.machine(db, park, ("contacts:read",))
    assert reader.get(address(firm, "?purpose=visit")).status_code == 200
    assert reader.post(address(firm), json=PERSON).json()["scope"] == "contacts:write"
    department = people.machine(db, people.body(db, "c-dep", "department"), SCOPES)
    assert department.get(address(firm, "?purpose=visit")).status_code == 403


def test_who_only_reads_writes_nothing(db: Session, firm: int) -> None:
    leader = people.person(db, Role.LEADER)
    one = address(firm, f"/{the_contact(db, firm).id}")
    assert leader.post(address(firm), json=PERSON).status_code == 403
    assert leader.patch(one, json={"duty": "x"}, headers={"If-Match": "*"}).status_code == 403
    assert leader.delete(one, headers={"If-Match": "*"}).status_code == 403


def test_a_contact_of_another_firm_is_not_there(db: Session, firm: int) -> None:
    other = make_firm(db)
    one = address(other, f"/{the_contact(db, firm).id}")
    client = people.person(db, Role.ANALYST)
    assert client.get(f"{one}?purpose=visit").status_code == 404
    assert client.delete(one, headers={"If-Match": "*"}).status_code == 404


# --- why, and its note --------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?purpose=", "?purpose=curiosity", "?purpose=visit&why=x",
                                   "?purpose=visit&note=" + "x" * 201])  # fmt: skip
def test_without_a_purpose_nothing_is_shown(db: Session, firm: int, query: str) -> None:
    refused = people.person(db, Role.ANALYST).get(address(firm, query))
    assert refused.status_code == 422 and silent(refused.text)
    assert readings(db) == []


def test_every_reading_is_noted_with_its_purpose(
    db: Session, firm: int, park: Organisation
) -> None:
    contact = the_contact(db, firm).id
    operator = people.person(db, Role.PARK_OPERATOR, park)
    operator.get(address(firm), params={"purpose": "visit", "note": "年度走访"})
    people.machine(db, park).get(address(firm, f"/{contact}?purpose=reminder"))
    person, machine = readings(db)
    assert (person["what"], person["purpose"], person["firm_id"]) == ("contacts", "visit", firm)
    assert person["filter"] == {"contacts": [contact], "note": "年度走访"}
    assert (person["row_count"], person["acting"]["role"]) == (1, "park_operator")
    assert machine["purpose"] == "reminder" and machine["acting"]["token_id"] is not None
    assert silent(str(readings(db)))


def test_what_cannot_be_noted_is_not_shown(db: Session, firm: int) -> None:
    client = people.person(db, Role.ANALYST)
    db.execute(text("drop function audit_read(text, jsonb, bigint, int)"))
    for answer in (
        client.get(address(firm, "?purpose=visit")),
        client.post(f"/firms/{firm}/contacts", data={"purpose": "visit"}),
    ):
        assert answer.status_code >= 400 and silent(answer.text)


def test_purposes_are_in_both_languages() -> None:
    assert len(PURPOSES) >= 5
    assert all(label.zh and label.en for label in PURPOSES.values())


# --- changes ------------------------------------------------------------------------------------


def test_a_contact_is_added_changed_and_removed(db: Session, firm: int, park: Organisation) -> None:
    client = people.machine(db, park)
    made = client.post(
        address(firm), json=PERSON | {"name": " 李 四 ", "phone": "+86 139-0000-1111"}
    )
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    one = made.headers["location"]
    read = client.get(one, params={"purpose": "maintenance"})
    assert (read.json()["name"], read.json()["phone"]) == ("李 四", "13900001111")
    assert read.json()["source"] == "park_system"
    assert read.headers["etag"].startswith('"1.')
    changed = client.patch(one, json={"phone": None, "duty": "总经理"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    now = client.get(one, params={"purpose": "maintenance"}).json()
    assert (now["phone"], now["duty"], now["email"]) == (None, "总经理", PERSON["email"])
    assert client.delete(one, headers={"If-Match": '"2"'}).status_code == 204
    assert client.get(one, params={"purpose": "maintenance"}).status_code == 404


def test_a_change_names_the_version_it_was_made_on(db: Session, firm: int) -> None:
    client = people.person(db, Role.ANALYST)
    one = address(firm, f"/{the_contact(db, firm).id}")
    for method, body in (("PATCH", {"duty": "x"}), ("DELETE", None)):
        assert client.request(method, one, json=body).status_code == 428
        lost = client.request(method, one, json=body, headers={"If-Match": '"7"'})
        assert (lost.status_code, lost.json()["current"]["version"]) == (412, 1)
        assert silent(lost.text)


def test_what_is_written_is_not_shown_again(db: Session, firm: int) -> None:
    client = people.person(db, Role.ANALYST)
    one = address(firm, f"/{the_contact(db, firm).id}")
    changed = client.patch(one, json={"duty": "x"}, headers={"If-Match": "*"})
    assert changed.status_code == 200 and silent(changed.text)
    assert set(changed.json()) == {"id", "firm_id", "version"}


def test_contacts_of_a_firm_are_bounded(db: Session, firm: int) -> None:
    db.add_all(Contact(firm_id=firm, name=f"甲{n}") for n in range(99))
    db.flush()
    refused = people.person(db, Role.ANALYST).post(address(firm), json=PERSON)
    assert refused.status_code == 409 and "100" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("13800138000", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("+86-138-0013-8000", "13800138000"),
        ("0086 13800138000", "13800138000"),
        ("023-79123456", "023-79123456"),
        ("02379123456", "023-79123456"),
        ("(0755) 2612345", "0755-2612345"),
        ("023-79123456转12", "023-79123456-12"),
        ("02379123456 ext. 12", "023-79123456-12"),
        ("400-800-1234", "4008001234"),
        ("+44 20 7946 0958", "+442079460958"),
        ("12345678901", None),
        ("1380013800", None),
        ("23-79123456", None),
        ("tel", None),
        ("138001380001", None),
        ("+86", None),
    ],
)
def test_phones_have_one_form(typed: str, stored: str | None) -> None:
    if stored is None:
        with pytest.raises(ValidationError, match="11 位手机号"):
            ContactIn(name="甲", consent="x", phone=typed)
    else:
        assert ContactIn(name="甲", consent="x", phone=typed).phone == stored


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Zhang.San+x@Firm.Example", "zhang.san+x@firm.example"),
        (" ａ@b.cn ", "a@b.cn"),
        ("a@b", None),
        ("a b@c.cn", None),
        ("a@-b.cn", None),
        (".a@b.cn", None),
        ("a@b.cn\r\nBcc: x@y.cn", None),
        ("x" * 65 + "@b.cn", None),
    ],
)
def test_email_addresses_have_one_form(typed: str, stored: str | None) -> None:
    if stored is None:
        with pytest.raises(ValidationError, match=r"name@example\.com"):
            ContactIn(name="甲", consent="x", email=typed)
    else:
        assert ContactIn(name="甲", consent="x", email=typed).email == stored


def test_a_fault_is_told_without_the_value(db: Session, firm: int) -> None:
    refused = people.person(db, Role.ANALYST).post(
        address(firm), json=PERSON | {"phone": "139876543"}
    )
    [fault] = refused.json()["errors"]
    assert fault["pointer"] == "/phone" and fault["detail"].startswith("电话应为")
    assert "139876543" not in refused.text


# --- the portrait -------------------------------------------------------------------------------


def test_the_portrait_opens_for_a_purpose(db: Session, firm: int, park: Organisation) -> None:
    operator = people.person(db, Role.PARK_OPERATOR, park)
    closed = operator.get(f"/firms/{firm}")
    assert closed.status_code == 200 and silent(closed.text) and readings(db) == []
    refused = operator.post(f"/firms/{firm}/contacts", data={"purpose": "", "note": ""})
    assert refused.status_code == 422 and silent(refused.text) and readings(db) == []
    opened = operator.post(f"/firms/{firm}/contacts", data={"purpose": "visit", "note": ""})
    assert all(value in opened.text for value in VALUES)
    assert opened.headers["cache-control"] == "no-store"
    assert [row["purpose"] for row in readings(db)] == ["visit"]
    again = operator.get(f"/firms/{firm}/contacts")
    assert again.status_code == 200 and silent(again.text)


def test_an_officer_sees_why_not(db: Session, firm: int) -> None:
    officer = people.person(db, Role.OFFICER)
    assert "帮扶事项" in officer.get(f"/firms/{firm}").text
    refused = officer.post(f"/firms/{firm}/contacts", data={"purpose": "visit"})
    assert refused.status_code == 403 and silent(refused.text)


def test_keepers_write_on_the_portrait(db: Session, firm: int, park: Organisation) -> None:
    operator = people.person(db, Role.PARK_OPERATOR, park)
    base = f"/firms/{firm}/contacts"
    typed = {"name": "<i>王五</i>", "consent": "名片", "duty": "", "phone": "12", "email": ""}
    faulty = operator.post(f"{base}/new", data=typed)
    assert faulty.status_code == 422 and "电话应为" in faulty.text
    assert "&lt;i&gt;王五" in faulty.text and "<i>王五" not in faulty.text
    assert "王五" in operator.post(f"{base}/new", data=typed | {"phone": "13700001111"}).text
    contact = the_contact_named(db, firm, PERSON["name"])
    form = {"name": "欧阳修远", "consent": "名片", "duty": "总裁", "phone": "", "email": ""}
    saved = operator.post(f"{base}/{contact.id}", data=form | {"version": contact.version})
    assert "总裁" in saved.text and PERSON["phone"] not in saved.text
    lost = operator.post(f"{base}/{contact.id}", data=form | {"version": 1})
    assert lost.status_code == 412
    gone = operator.post(f"{base}/{contact.id}/remove", data={"version": 2})
    assert gone.status_code == 200 and "欧阳修远" not in gone.text
    leader = people.person(db, Role.LEADER)
    assert leader.post(f"{base}/new", data=typed | {"phone": ""}).status_code == 403


def the_contact_named(db: Session, firm: int, name: str) -> Contact:
    """One contact by name."""
    return db.scalars(select(Contact).where(Contact.firm_id == firm, Contact.name == name)).one()


# --- nowhere else -------------------------------------------------------------------------------


def test_personal_columns_say_so() -> None:
    marked = {c.name for c in Contact.__table__.columns if c.info.get("secret")}
    assert marked == {"name", "phone", "email"}


def test_the_log_holds_no_personal_value(
    db: Session, firm: int, capfd: pytest.CaptureFixture[str]
) -> None:
    client = people.person(db, Role.ANALYST)
    client.post(address(firm), json=PERSON)
    client.get(address(firm, "?purpose=visit"))
    client.post("/contacts/requests", data={"phone": PERSON["phone"]})
    db.execute(text("alter table contact rename column duty to duties"))
    broken = client.post(address(firm), json=PERSON)
    assert broken.status_code == 500 and silent(broken.text)
    written = capfd.readouterr()
    assert silent(written.err + written.out)


def test_a_trace_names_places_and_kinds_only(db: Session, firm: int) -> None:
    try:
        with db.begin_nested():
            db.execute(text("insert into contact (name) values (:n)"), {"n": PERSON["name"]})
    except Exception as error:
        told = "\n".join(trace_of(error))
    assert "NotNullViolation" in told and "column_name=firm_id" in told and silent(told)


def test_a_stranger_is_sent_to_sign_in(db: Session, firm: int) -> None:
    visitor = TestClient(people.application(db), follow_redirects=False)
    asked = {"Accept": "text/html", **people.OUR_PAGE}
    opened = visitor.post(f"/firms/{firm}/contacts", data={"purpose": "visit"}, headers=asked)
    assert (opened.status_code, opened.headers["location"]) == (303, "/sign-in")
