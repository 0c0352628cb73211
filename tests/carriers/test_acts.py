"""A firm in a carrier: who may let it in, up and out, by which rules, and what is refused."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.firms.models import Designation
from tests import people
from tests.factories import credit_code, make_firm

DAY = today()
LONG_AGO = DAY - timedelta(days=700)


@pytest.fixture
def chain(db: Session) -> dict[str, Organisation]:
    """A makerspace, an incubator and an accelerator, each described."""
    analyst = people.person(db, Role.ANALYST)
    found = {}
    for kind in ("makerspace", "incubator", "accelerator"):
        found[kind] = people.body(db, f"chain-{kind}", "incubator")
        said = {"kind": kind, "level": "district", "platform": "N", "area_m2": 1200, "seats": 60}
        put = analyst.put(f"/api/v1/carriers/{found[kind].id}", json=said,
                          headers={"If-Match": '"0"'})  # fmt: skip
        assert put.status_code == 200, put.text
    return found


def manager(db: Session, carrier: Organisation) -> TestClient:
    return people.person(db, Role.INCUBATOR_MANAGER, carrier)


def entered(client: TestClient, carrier: Organisation, **given: Any) -> dict[str, Any]:
    usual = {"name": "无名团队", "since": LONG_AGO.isoformat(), "despite_namesake": True}
    body = usual | given
    made = client.post(f"/api/v1/carriers/{carrier.id}/residents", json=body)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def test_a_team_enters_is_registered_moves_up_and_graduates_with_its_history(
    db: Session, chain: dict[str, Organisation]
) -> None:
    own, analyst = manager(db, chain["makerspace"]), people.person(db, Role.ANALYST)
    stay = entered(own, chain["makerspace"], name="光伏团队")
    firm = stay["firm_id"]
    assert own.get(f"/api/v1/firms/{firm}").json()["credit_code"] is None
    form = {"name": "黔江光伏科技有限公司", "credit_code": credit_code(77_000_001),
            "registered_on": (DAY - timedelta(days=500)).isoformat(), "version": "1"}  # fmt: skip
    done = own.post(f"/residencies/{stay['id']}/register", data=form, follow_redirects=False)
    assert done.status_code == 303, done.text
    proposed = own.post(f"/api/v1/residencies/{stay['id']}:promote", json={
        "to": chain["incubator"].id, "day": DAY.isoformat(), "reason": "已有产品"})  # fmt: skip
    assert proposed.status_code == 201, proposed.text
    assert proposed.json()["accepted"] is None
    waiting = analyst.get("/api/v1/promotions").json()["items"]
    assert [one["id"] for one in waiting] == [proposed.json()["id"]]
    decide = f"/api/v1/promotions/{proposed.json()['id']}:decide"
    assert own.post(decide, json={"accepted": True, "reason": "同意"}).status_code == 403
    assert analyst.post(decide, json={"accepted": True, "reason": "同意"}).status_code == 200
    assert own.get(f"/api/v1/firms/{firm}").status_code == 404  # it has moved on
    assert own.get("/api/v1/promotions").json()["items"] == []
    [there] = analyst.get(f"/api/v1/carriers/{chain['incubator'].id}/residents").json()["items"]
    assert there["since"] == DAY.isoformat()
    db.add(Designation(firm_id=firm, kind="hnte", valid=Range(LONG_AGO, None)))
    db.flush()
    graduated = analyst.post(f"/api/v1/residencies/{there['id']}:graduate",
                             json={"day": DAY.isoformat(), "reason": "已认定高企"})  # fmt: skip
    assert graduated.status_code == 200, graduated.text
    assert graduated.json()["graduated_on"] == graduated.json()["until"] == DAY.isoformat()
    basis = db.scalar(text("select basis from residency where id = :n"), {"n": there["id"] + 1})
    assert basis["set"] == "graduation_2018" and basis["outcome"] == "met"
    stays = analyst.get(f"/api/v1/residencies?firm_id={firm}").json()["items"]
    assert [one["left_reason"] for one in stays] == ["promoted", None]
    page = analyst.get(f"/firms/{firm}").text
    assert "光伏团队" in page and "孵化毕业" in page


def test_a_graduation_against_the_rules_is_an_analysts(
    db: Session, chain: dict[str, Organisation]
) -> None:
    own, analyst = manager(db, chain["incubator"]), people.person(db, Role.ANALYST)
    stay = entered(own, chain["incubator"])
    graduate, body = f"/api/v1/residencies/{stay['id']}:graduate", {"day": DAY.isoformat()}
    assert own.post(graduate, json=body | {"reason": "x"}).status_code == 403
    refused = analyst.post(graduate, json=body | {"reason": "x"})
    assert refused.status_code == 422 and "请勾选确认" in refused.text
    kept = analyst.post(graduate, json=body | {"reason": "被并购", "despite": True})
    assert kept.status_code == 200 and kept.json()["decided_reason"] == "被并购"


def test_what_cannot_be_is_refused_with_what_to_do(
    db: Session, chain: dict[str, Organisation]
) -> None:
    own, analyst = manager(db, chain["incubator"]), people.person(db, Role.ANALYST)
    stay = entered(own, chain["incubator"])
    firm, since = stay["firm_id"], date.fromisoformat(stay["since"])
    one, before = f"/api/v1/residencies/{stay['id']}", (since - timedelta(days=1)).isoformat()
    day, later = DAY.isoformat(), (DAY + timedelta(days=9)).isoformat()
    again = {"firm_id": firm, "since": day}
    both = {"firm_id": firm, "name": "x", "since": day}
    home = f"/api/v1/carriers/{chain['incubator'].id}/residents"
    for client, url, body, status, says in (
        (analyst, f"{one}:graduate", {"day": before, "reason": "x", "despite": True}, 422,
         "早于入驻日期"),
        (own, f"{one}:leave", {"day": before, "reason": "rent"}, 422, "早于入驻日期"),
        (own, f"{one}:leave", {"day": later, "reason": "rent"}, 422, "尚未到来"),
        (own, f"{one}:leave", {"day": day, "reason": "bored"}, 422, "rent"),
        (analyst, home, again, 409, "请先办理离开或晋级"),
        (analyst, home, both, 422, "之一"),
        (own, home, {"name": "x", "since": later}, 422, "请在入驻后登记"),
        (own, f"{one}:promote", {"to": chain["makerspace"].id, "day": day, "reason": "x"}, 422,
         "晋级只能"),
        (own, f"{one}:promote", {"to": chain["accelerator"].id, "day": stay["since"],
                                 "reason": "x"}, 422, "晚于入驻日期"),
        (own, f"/api/v1/carriers/{chain['makerspace'].id}/residents",
         {"name": "x", "since": day}, 403, "只能办理本载体"),
    ):  # fmt: skip
        refused = client.post(url, json=body)
        assert refused.status_code == status and says in refused.text, (url, body, refused.text)
    overlap = {"incubator_id": chain["accelerator"].id, "firm_id": firm, "valid_from": day}
    refused = analyst.post("/api/v1/residencies", json=overlap)
    assert refused.status_code == 409 and "已有在孵记录" in refused.text
    early = overlap | {"valid_to": day, "graduated_on": before, "valid_from": stay["since"]}
    refused = analyst.post("/api/v1/residencies", json=early)
    assert refused.status_code == 422 and "早于入驻日期" in refused.text


def test_a_residency_imported_in_a_batch_is_refused_with_the_same_words(
    db: Session, chain: dict[str, Organisation]
) -> None:
    analyst = people.person(db, Role.ANALYST)
    firm = make_firm(db)
    people.put_in_incubator(db, firm, chain["incubator"], Range(LONG_AGO, None))
    code = analyst.get(f"/api/v1/firms/{firm}").json()["credit_code"]
    row = {"credit_code": code, "incubator_id": chain["accelerator"].id,
           "valid_from": DAY.isoformat()}  # fmt: skip
    answer = analyst.post("/api/v1/residencies:batch", json={"rows": [row]})
    assert "已有在孵记录" in answer.text


def test_who_leaves_is_seen_no_more_and_still_counts(
    db: Session, engine: Engine, chain: dict[str, Organisation]
) -> None:
    own, analyst = manager(db, chain["incubator"]), people.person(db, Role.ANALYST)
    for since, measure, amount in ((2020, "graduates", "10000"), (2020, "services", "200.50")):
        rate = {"measure": measure, "amount": amount, "since": f"{since}-01-01", "basis": "办法"}
        assert analyst.post("/api/v1/reward-rates", json=rate).status_code == 201
        assert own.post("/api/v1/reward-rates", json=rate).status_code == 403
    stay = entered(own, chain["incubator"])
    service = {"firm_id": stay["firm_id"], "kind": "roadshow", "served_on": DAY.isoformat(),
               "hours": "1.50"}  # fmt: skip
    assert own.post("/api/v1/service-records", json=service).status_code == 201
    title = Range(DAY - timedelta(days=1), None)
    db.add(Designation(firm_id=stay["firm_id"], kind="hnte", valid=title))
    db.flush()
    last = (DAY - timedelta(days=1)).isoformat()
    done = analyst.post(f"/api/v1/residencies/{stay['id']}:graduate",
                        json={"day": last, "reason": "高企", "despite": True})  # fmt: skip
    assert done.status_code == 200, done.text
    assert own.get(f"/api/v1/firms/{stay['firm_id']}").status_code == 404
    with people.statements(engine) as sent:
        [year] = own.get("/api/v1/carriers").json()["items"]
    few = len(sent)
    assert year["id"] == chain["incubator"].id and year["residents"] == 0
    assert (year["graduates"], year["certified"], year["services"]) == (1, 1, 1)
    assert year["hours"] == "1.50" and Decimal(year["reward"]) == Decimal("10200.5")
    assert own.get(f"/api/v1/carriers/{chain['makerspace'].id}").status_code == 404
    for _ in range(3):
        entered(own, chain["incubator"])
    with people.statements(engine) as sent:
        assert own.get(f"/carriers/{chain['incubator'].id}").status_code == 200
        listed = len(sent)
        own.get("/api/v1/carriers")
    assert len(sent) - listed == few
    operator = people.person(db, Role.PARK_OPERATOR, people.body(db, "chain-park", "park"))
    assert operator.get("/api/v1/carriers").status_code == 403


def test_a_manager_keeps_the_room_and_an_analyst_the_standing(
    db: Session, chain: dict[str, Organisation]
) -> None:
    own, one = manager(db, chain["incubator"]), f"/api/v1/carriers/{chain['incubator'].id}"
    read = own.get(one)
    said = {name: read.json()[name] for name in ("kind", "level", "platform", "area_m2", "seats")}
    tag = {"If-Match": read.headers["etag"]}
    assert own.put(one, json=said | {"level": "national"}, headers=tag).status_code == 403
    changed = own.put(one, json=said | {"seats": 90}, headers=tag)
    assert changed.json()["seats"] == 90 and changed.headers["etag"] != tag["If-Match"]
    acts = own.get(f"{one}/history").json()["items"]
    assert [act["action"] for act in acts][:1] == ["update"] and "seats" in str(acts[0]["rows"])
    assert own.put(one, json=said, headers=tag).status_code == 412
    assert own.put(one, json=said).status_code == 428


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_act_and_say_what_is_wrong(
    db: Session, chain: dict[str, Organisation], lang: str
) -> None:
    own, home = manager(db, chain["incubator"]), f"/carriers/{chain['incubator'].id}"
    own.cookies.set("lang", lang)
    assert ("孵化绩效奖励标准" if lang == "zh" else "Rates of rewards") in own.get("/carriers").text
    wrong = own.post(f"{home}/enter", data={"name": "团队", "since": "2999-01-01"})
    assert wrong.status_code == 422 and 'value="2999-01-01"' in wrong.text
    entry = {"name": "团队甲", "since": LONG_AGO.isoformat(), "limit_months": "12"}
    assert own.post(f"{home}/enter", data=entry, follow_redirects=False).status_code == 303
    page = own.get(home).text
    assert "团队甲" in page and ("超期" if lang == "zh" else "overdue") in page
    [stay] = own.get(f"/api/v1/carriers/{chain['incubator'].id}/residents").json()["items"]
    for act in ("register", "promote", "graduate", "leave"):
        assert own.get(f"/residencies/{stay['id']}/{act}").status_code == 200
    assert own.post(f"/residencies/{stay['id']}/leave", data={"day": ""}).status_code == 422
    left = own.post(f"/residencies/{stay['id']}/leave", follow_redirects=False,
                    data={"day": DAY.isoformat(), "reason": "rent", "more": "搬走"})  # fmt: skip
    assert left.status_code == 303
    analyst = people.person(db, Role.ANALYST)
    rate = {"measure": "graduates", "amount": "1万", "since": "2026-01-01", "basis": "x"}
    refused = analyst.post("/carriers", data=rate)
    assert refused.status_code == 422 and "金额: " in refused.text, "its label, not its code"
    said = {"kind": "incubator", "seats": "many", "version": "1"}
    assert analyst.post(f"{home}/edit", data=said).status_code == 422
    said |= {"seats": "120"}
    assert analyst.post(f"{home}/edit", data=said, follow_redirects=False).status_code == 303
