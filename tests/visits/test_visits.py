"""Visits by phone: a form with a photo, for whoever keeps the firm or works on a case of it."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.core.clock import today
from app.firms.document_models import Document
from app.firms.models import Contact
from app.incubation.models import ServiceRecord
from app.support import service as cases
from app.support.models import SupportCase
from tests import people
from tests.factories import make_firm
from tests.firms.test_documents import png
from tests.support.opened import body

PHOTO = ("现场.png", png(), "image/png")


@pytest.fixture
def firm(db: Session) -> int:
    return make_firm(db, "走访企业")


def make_case(db: Session, firm: int, code: str = "tax") -> int:
    found = SupportCase(firm_id=firm, measure="tax.hnte15", criteria=[], reason="x",
                        organisation_id=body(db, code).id, opened_on=today(), opened_by="x",
                        due_on=today() + timedelta(days=9))  # fmt: skip
    db.add(found)
    db.flush()
    return found.id


def send(client: TestClient, firm: int, files: Any = None, **form: Any) -> Any:
    return client.post(f"/visits/new?firm_id={firm}", data=form, files=files,
                       follow_redirects=False)  # fmt: skip


def test_a_visit_is_found_entered_and_seen_everywhere(db: Session, firm: int) -> None:
    client = people.person(db, Role.ANALYST)
    assert f"/visits/new?firm_id={firm}" in client.get("/visits", params={"q": "走访企"}).text
    assert "走访企业" in client.get("/visits/firms", params={"q": "走访企"}).text
    page = client.get(f"/visits/new?firm_id={firm}").text
    assert 'capture="environment"' in page and f'value="{today()}"' in page
    assert send(client, firm, [("photos", PHOTO), ("photos", PHOTO)], effect="看了产线",
                next_step="补材料", next_on=str(today() + timedelta(days=7))
                ).headers["location"] == "/visits"  # fmt: skip
    [found] = db.scalars(select(ServiceRecord))
    assert (found.kind, found.served_on, found.person) == ("visit", today(), "analyst")
    photos = set(db.scalars(select(Document.id).where(Document.firm_id == firm)))
    assert set(found.attachments) == photos and len(photos) == 2
    assert "看了产线" in client.get("/visits").text
    assert "看了产线" in client.get(f"/firms/{firm}").text
    soon = f'text-danger">{today() + timedelta(days=7)}<'
    assert soon in client.get("/records/service-records").text
    listed = client.get(f"/api/v1/service-records?firm_id={firm}").json()["items"]
    assert listed[0]["next_step"] == "补材料"


def test_what_is_wrong_is_named_and_nothing_is_kept(db: Session, firm: int) -> None:
    client = people.person(db, Role.ANALYST)
    tomorrow = str(today() + timedelta(days=1))
    for form, files, says in (
        ({"served_on": tomorrow}, None, "尚未到来"),
        ({"served_on": "昨天"}, None, "请填写日期"),
        ({"next_on": tomorrow}, None, "没有下一步"),
        ({"kind": "party"}, None, "alert"),
        ({"case_id": "99"}, None, "没有这件帮扶事项"),
        ({"met": "99"}, None, "联系人 99"),
        ({"effect": "留着"}, [("photos", ("x.exe", b"MZ", "image/png"))], "留着"),
        ({}, [("photos", PHOTO)] * 7, "一次最多 6 张"),
    ):
        answer = send(client, firm, files, **form)
        assert answer.status_code == 422 and says in answer.text, form
    assert db.scalars(select(ServiceRecord)).all() == []
    assert db.scalars(select(Document)).all() == []
    assert send(client, firm, effect="一次").status_code == 303
    twice = send(client, firm, effect="一次")
    assert twice.status_code == 409 and "已有同样的" in twice.text


def test_an_officer_records_for_a_case_of_the_department_only(db: Session, firm: int) -> None:
    officer = people.person(db, Role.OFFICER, body(db, "tax"))
    assert send(officer, firm, effect="没有事项").status_code == 403
    foreign = make_case(db, make_firm(db))
    assert send(officer, firm, case_id=str(foreign)).status_code == 403
    number = make_case(db, firm)
    assert "本部门没有" not in officer.get(f"/visits/new?firm_id={firm}&case_id={number}").text
    kept = send(officer, firm, [("photos", PHOTO)], case_id=str(number), effect="上门辅导")
    assert kept.headers["location"] == f"/cases/{number}"
    page = officer.get(f"/cases/{number}").text
    assert "上门辅导" in page and "照片 1" in page
    other = people.person(db, Role.OFFICER, body(db, "finance"))
    assert send(other, firm, case_id=str(number)).status_code == 403


def test_a_closed_case_takes_no_later_visit(db: Session, firm: int) -> None:
    number = make_case(db, firm)
    case = db.get_one(SupportCase, number)
    cases.act(db, SYSTEM, case, 1, cases.Act("accept"))
    cases.act(db, SYSTEM, case, 2, cases.Act("close", "好", "done"))
    client = people.person(db, Role.ANALYST)
    given = {"firm_id": firm, "kind": "visit", "served_on": str(today()), "case_id": number}
    assert client.post("/api/v1/service-records", json=given).status_code == 201, "the same day"
    case.closed_on = today() - timedelta(days=3)
    db.flush()
    late = client.post("/api/v1/service-records", json=given | {"kind": "training"})
    assert late.status_code == 422 and "已于" in late.json()["detail"]


def test_who_was_met_is_a_contact_and_looking_is_noted(db: Session, firm: int) -> None:
    db.add(Contact(firm_id=firm, name="张三", duty="技术负责人"))
    db.flush()
    number = db.scalars(select(Contact.id)).one()
    officer = people.person(db, Role.OFFICER, body(db, "tax"))
    asked = f"/visits/contacts?firm_id={firm}"
    assert officer.get(asked).status_code == 403
    case = make_case(db, firm)
    assert "张三" not in officer.get(f"/visits/new?firm_id={firm}").text
    assert "张三" in officer.get(asked).text
    noted = db.scalars(text("select detail ->> 'purpose' from audit_entry "
                            "where table_name = 'contacts'"))  # fmt: skip
    assert noted.all() == ["visit"]
    assert send(officer, firm, case_id=str(case), met=[str(number)]).status_code == 303
    assert db.scalars(select(ServiceRecord.met)).one() == [number]
    assert "张三" not in officer.get(f"/cases/{case}").text
    record = db.scalars(select(ServiceRecord.id)).one()
    page = officer.get(f"/records/service-records/{record}").text
    assert f"联系人 {number}" in page and "张三" not in page
