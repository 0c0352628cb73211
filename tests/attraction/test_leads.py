"""Leads of attraction: who may know of them, the way to a firm on record, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Organisation, OrganisationMember
from app.core.clock import today
from tests import people
from tests.factories import credit_code

DAY = today()
SINCE, DATE = (DAY - timedelta(days=90)).isoformat(), DAY.isoformat()
LEAD = {"name": "远洋玻纤集团", "since": SINCE, "channel": "partner", "partner": "日照",
        "chain": "新材料", "investment": "50000000.00", "owner": "王经办",
        "next_step": "邀请考察", "next_on": DATE}  # fmt: skip


def department(db: Session, code: str) -> Organisation:
    return db.scalars(select(Organisation).where(Organisation.code == code)).one()


def added(client: TestClient, **given: Any) -> dict[str, Any]:
    made = client.post("/api/v1/leads", json=LEAD | given)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def moved(client: TestClient, lead: int, stage: str, **given: Any) -> Any:
    body = {"stage": stage, "day": DATE, "note": "当面商谈"} | given
    return client.post(f"/api/v1/leads/{lead}:move", json=body)


def test_a_lead_goes_its_way_lands_and_keeps_its_history_with_the_firm(db: Session) -> None:
    analyst, park = people.person(db, Role.ANALYST), people.body(db, "lead-park", "park")
    lead = added(analyst, park_id=park.id)["id"]
    for stage in ("visit", "talks", "signed"):
        assert moved(analyst, lead, stage).json()["stage"] == stage
    code = credit_code(66_000_001)
    landed = moved(analyst, lead, "landed", credit_code=code, name="黔江远洋玻纤有限公司",
                   registered_on=DATE)  # fmt: skip
    assert landed.status_code == 200, landed.text
    firm = analyst.get(f"/api/v1/firms/by-credit-code/{code}").json()
    assert landed.json()["firm_id"] == firm["id"] and firm["origin"] == "attracted"
    assert firm["chain"] == "新材料" and firm["park"]["code"] == "lead-park"
    steps = analyst.get(f"/api/v1/leads/{lead}/steps").json()["items"]
    assert [one["stage"] for one in reversed(steps)] == [
        "contact", "visit", "talks", "signed", "landed"]  # fmt: skip
    portrait = analyst.get(f"/firms/{firm['id']}").text
    assert "招商" in portrait and "当面商谈" in portrait
    assert moved(analyst, lead, "talks").status_code == 409
    other = added(analyst, name="另一线索")["id"]
    again = moved(analyst, other, "landed", firm_id=firm["id"])
    assert again.status_code == 409 and "远洋玻纤集团" in again.text


def test_a_lead_s_history_is_told_to_whom_it_concerns(db: Session) -> None:
    analyst, park = people.person(db, Role.ANALYST), people.body(db, "history-park", "park")
    lead = added(analyst, park_id=park.id)["id"]
    etag = analyst.get(f"/api/v1/leads/{lead}").headers["etag"]
    changed = analyst.put(f"/api/v1/leads/{lead}", headers={"If-Match": etag},
                          json=LEAD | {"park_id": park.id, "investment": "70000000"})  # fmt: skip
    assert changed.status_code == 200, changed.text
    operator = people.person(db, Role.PARK_OPERATOR, park)
    for client in (analyst, operator):
        acts = client.get(f"/api/v1/leads/{lead}/history").json()["items"]
        assert [one["action"] for one in acts] == ["update", "insert"]
        [change] = [one for one in acts[0]["rows"][0]["changes"] if one["column"] == "investment"]
        assert (change["before"], change["after"]) == ("50000000", "70000000")
        page = client.get(f"/leads/{lead}/history").text
        assert "计划投资" in page and "70,000,000" in page
    health = people.person(db, Role.OFFICER, department(db, "health"))
    assert health.get(f"/api/v1/leads/{lead}/history").status_code == 404


def test_who_knows_of_leads(db: Session) -> None:
    analyst = people.person(db, Role.ANALYST)
    mine, other = (people.body(db, f"lead-park-{n}", "park") for n in (1, 2))
    lead = added(analyst, park_id=mine.id)["id"]
    group = department(db, "industry_regulators")
    db.add(OrganisationMember(group_id=group.id, member_id=department(db, "commerce").id))
    db.flush()
    knows = {
        "leader": people.person(db, Role.LEADER),
        "investment": people.person(db, Role.OFFICER, department(db, "investment")),
        "commerce": people.person(db, Role.OFFICER, department(db, "commerce")),
        "park": people.person(db, Role.PARK_OPERATOR, mine),
    }
    knows_not = {
        "health": people.person(db, Role.OFFICER, department(db, "health")),
        "other park": people.person(db, Role.PARK_OPERATOR, other),
        "incubator": people.person(
            db, Role.INCUBATOR_MANAGER, people.body(db, "lead-incubator", "incubator")
        ),
    }
    for who, client in (knows | knows_not).items():
        seen = 200 if who in knows else 404
        assert client.get(f"/api/v1/leads/{lead}").status_code == seen, who
        assert client.get(f"/leads/{lead}").status_code == seen, who
        assert len(client.get("/api/v1/leads").json()["items"]) == (who in knows), who
        assert ("远洋玻纤集团" in client.get("/leads").text) == (who in knows), who
        assert client.get(f"/api/v1/leads/{lead}/steps").status_code == seen, who
    assert moved(knows["leader"], lead, "visit").status_code == 403
    assert moved(knows["investment"], lead, "visit").status_code == 200
    made = added(knows["park"], name="园区自己的线索", park_id=other.id)
    assert made["park_id"] == mine.id  # a park's leads are meant for it


@pytest.mark.parametrize(
    ("stage", "given", "says"),
    [
        ("landed", {}, "落地须指明企业"),
        ("landed", {"credit_code": credit_code(66_000_009)}, "成立日期"),
        ("landed", {"credit_code": "91500114MAD", "registered_on": DATE}, "信用代码"),
        ("talks", {"firm_id": 1}, "落地须指明企业"),
        ("lost", {}, "流失须填写原因"),
        ("talks", {"lost_reason": "funds"}, "流失须填写原因"),
        ("talks", {"day": "2999-01-01"}, "尚未到来"),
        ("talks", {"day": "2001-01-01"}, "早于上一步"),
        ("talks", {"next_on": DATE}, "没有下一步"),
        ("thought", {}, "stage"),
    ],
)
def test_a_step_that_cannot_be_is_refused(
    db: Session, stage: str, given: dict[str, Any], says: str
) -> None:
    analyst = people.person(db, Role.ANALYST)
    lead = added(analyst)["id"]
    refused = moved(analyst, lead, stage, **given)
    assert refused.status_code == 422 and says in refused.text, refused.text
    assert analyst.get(f"/api/v1/leads/{lead}").json()["stage"] == "contact"


def test_a_lead_is_refused_that_cannot_be(db: Session) -> None:
    analyst = people.person(db, Role.ANALYST)
    added(analyst)
    for wrong, status, says in (
        ({}, 409, "请在其上继续"),
        ({"since": "2999-01-01"}, 422, "尚未到来"),
        ({"channel": "firm_introduces_firm"}, 422, "引荐企业"),
        ({"park_id": 2_000_000_000}, 422, "没有编号为 2000000000 的单位"),
        ({"investment": -1}, 422, "greater than or equal to 0"),
    ):  # fmt: skip
        refused = analyst.post("/api/v1/leads", json=LEAD | wrong)
        assert refused.status_code == status and says in refused.text, wrong


def test_a_lead_is_changed_as_it_was_read(db: Session) -> None:
    analyst = people.person(db, Role.ANALYST)
    made = analyst.post("/api/v1/leads", json=LEAD)
    one, tag = made.headers["location"], {"If-Match": made.headers["etag"]}
    assert analyst.put(one, json=LEAD).status_code == 428
    changed = analyst.put(one, json=LEAD | {"owner": "李经办"}, headers=tag)
    assert changed.json()["owner"] == "李经办"
    assert analyst.put(one, json=LEAD, headers=tag).status_code == 412
    assert analyst.get("/api/v1/leads?partner=日照&owner=李经办").json()["count"] == 1
    assert analyst.get("/api/v1/leads?patner=日照").status_code == 422


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_board_moves_by_forms_and_keeps_its_query_count(
    db: Session, engine: Engine, lang: str
) -> None:
    analyst = people.person(db, Role.ANALYST)
    analyst.cookies.set("lang", lang)
    form = {**LEAD, "name": "表单线索"}
    made = analyst.post("/leads/new", data=form, follow_redirects=False)
    assert made.status_code == 303, made.text
    one = made.headers["location"]
    wrong = analyst.post(f"{one}/move/lost", data={"day": DATE, "note": "无回应"})
    assert wrong.status_code == 422 and "无回应" in wrong.text
    lost = {"day": DATE, "note": "无回应", "lost_reason": "no_answer"}
    assert analyst.post(f"{one}/move/lost", data=lost, follow_redirects=False).status_code == 303
    assert ("长期无回应" if lang == "zh" else "no answer") in analyst.get(one).text
    assert analyst.post("/leads/new", data=form | {"since": ""}).status_code == 422
    large = form | {"name": "大项目", "investment": "1.2", "unit": "亿元"}
    assert analyst.post("/leads/new", data=large).status_code == 200
    [stored] = analyst.get("/api/v1/leads?name__ic=大项目").json()["items"]
    assert float(stored["investment"]) == 120_000_000
    refused = analyst.post("/leads/new", data=large | {"investment": "约 1.2"})
    assert refused.status_code == 422 and '<option value="亿元" selected>' in refused.text
    with people.statements(engine) as sent:
        assert analyst.get("/leads").status_code == 200
        few = len(sent)
        for n in range(4):
            added(analyst, name=f"线索 {n}")
        before = len(sent)
        assert "线索 3" in analyst.get("/leads").text
    assert len(sent) - before == few
    assert "表单线索" in analyst.get("/leads/stages/lost").text
    # Its files hold what it shows, every value of a filter included.
    both = "channel=partner&amp;channel=other"
    assert f"/leads/export?{both}" in analyst.get("/leads?channel=partner&channel=other").text
    edit = form | {"version": "2", "owner": "赵经办"}
    assert analyst.post(f"{one}/edit", data=edit, follow_redirects=False).status_code == 303


def test_leads_come_in_a_batch_that_can_be_sent_again(db: Session) -> None:
    analyst = people.person(db, Role.ANALYST)
    rows: list[dict[str, Any]] = [
        {**LEAD, "name": f"批量线索 {n}"} for n in range(3)
    ]  # fmt: skip
    rows.append({**LEAD, "name": "坏线索", "channel": "rumour", "next_step": None})
    first = analyst.post("/api/v1/leads:batch", json={"rows": rows}).json()
    assert (first["created"], first["rejected"]) == (3, 1)
    assert first["rows"][3]["errors"][0]["pointer"] == "/channel"
    rows[0]["owner"] = "新经办"
    again = analyst.post("/api/v1/leads:batch", json={"rows": rows}).json()
    assert (again["updated"], again["unchanged"], again["rejected"]) == (1, 2, 1)
    leader = people.person(db, Role.LEADER)
    assert leader.post("/api/v1/leads:batch", json={"rows": rows}).status_code == 403
