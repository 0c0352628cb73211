"""Files of what is no firm's: leads and carriers come in, are described, go out, and are undone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine

from app.accounts.actor import Role
from app.core.clock import today
from tests.factories import credit_code
from tests.imports.desk import Desk, book

LEADS = ("名称", "首次接触", "渠道", "计划投资（万元）", "跟进单位", "下一步")
CARRIERS = ("孵化载体", "类型", "级别", "工位数")
SINCE = f"{today().year - 1}-03-01"


@pytest.fixture(scope="module")
def desk(district: Engine) -> Iterator[Desk]:
    """An analyst's, for all tests here: each has leads of its own."""
    with Desk.of(district) as made:
        yield made


Row = tuple[Any, ...]


def lead(name: str, channel: str = "委托招商", amount: Any = 5000, unit: str = "") -> Row:
    return (name, SINCE, channel, amount, unit, "邀请考察")


def taken(desk: Desk, *rows: Row) -> dict[str, Any]:
    return desk.ask(desk.send(book(LEADS, *rows), kind="leads")["id"], "run")


def leads(desk: Desk, name: str) -> list[Any]:
    found = desk.client.get("/api/v1/leads", params={"name__isw": name, "ordering": "name"})
    items: list[Any] = found.json()["items"]
    return items


def test_leads_come_in_are_described_and_undone(desk: Desk) -> None:
    sent = desk.send(book(LEADS, lead("入区甲"), lead("入区乙", "scenario")), kind="leads")
    assert (sent["state"], sent["created"], sent["rejected"]) == ("checked", 2, 0), (
        desk.faults(sent["id"]))  # fmt: skip
    assert leads(desk, "入区") == [], "a look at the file writes nothing"
    first = desk.ask(sent["id"], "run")
    assert {(one["name"], one["channel"], one["investment"]) for one in leads(desk, "入区")} == {
        ("入区甲", "commissioned", "50000000"), ("入区乙", "scenario", "50000000")}  # fmt: skip
    owner = book(("名称", "首次接触", "经办人"), ("入区甲", SINCE, "王经办"))
    again = desk.send(owner, kind="leads")
    second = desk.ask(again["id"], "run")
    assert (second["updated"], second["created"]) == (1, 0)
    known = next(one for one in leads(desk, "入区") if one["name"] == "入区甲")
    assert known["owner"] == "王经办" and known["next_step"] == "邀请考察", "left out, left alone"
    assert desk.ask(second["id"], "undo")["left_alone"] == 0
    known = next(one for one in leads(desk, "入区") if one["name"] == "入区甲")
    assert known["owner"] is None and known["version"] == 3
    assert desk.ask(first["id"], "undo")["left_alone"] == 0
    assert leads(desk, "入区") == []
    assert desk.query("select count(*) from lead_step join lead on lead.id = lead_id "
                      "where lead.name like '入区%'") == [(0,)]  # fmt: skip


def test_a_lead_that_somebody_went_on_with_stays(desk: Desk) -> None:
    done = taken(desk, lead("走远甲"), lead("走远乙"))
    one = next(one for one in leads(desk, "走远") if one["name"] == "走远甲")
    move = {"stage": "landed", "day": today().isoformat(), "note": "签约落地",
            "credit_code": credit_code(77_000_001), "registered_on": SINCE}  # fmt: skip
    moved = desk.client.post(f"/api/v1/leads/{one['id']}:move", json=move)
    assert moved.status_code == 200, moved.text
    undone = desk.ask(done["id"], "undo")
    assert undone["left_alone"] == 1
    assert [one["name"] for one in leads(desk, "走远")] == ["走远甲"]
    page = desk.client.get(f"/imports/{done['id']}").text
    assert "走远甲" in page and f"/leads/{one['id']}" in page


def test_what_is_wrong_with_a_lead_is_told_by_row_and_column(desk: Desk) -> None:
    rows = [lead("坏甲", "飞来"), lead("坏乙", amount="很多"), lead("坏丙", unit="不存在的单位"),
            lead("坏丁", "以企引企"), lead("坏戊"), lead("坏戊"),
            ("坏己", "明天", "委托招商", 1, "", ""), lead(f"坏庚{'长' * 300}")]  # fmt: skip
    found = desk.send(book(LEADS, *rows), kind="leads")
    told = desk.faults(found["id"])
    assert (found["rejected"], found["created"]) == (7, 1)
    for row, says in ((2, "委托招商"), (3, "不是金额"), (4, "不存在的单位"), (5, "引荐企业"),
                      (7, "第 6 行"), (8, "首次接触"), (9, "名称")):  # fmt: skip
        assert says in told[row], (row, told)


@dataclass(frozen=True)
class Others:
    """Who keeps only a part: a park, a carrier, a department."""

    park: Desk
    house: Desk
    office: Desk


@pytest.fixture(scope="module")
def others(district: Engine) -> Iterator[Others]:
    with (
        Desk.of(district, Role.PARK_OPERATOR, "park") as park,
        Desk.of(district, Role.INCUBATOR_MANAGER, "incubator") as house,
        Desk.of(district, Role.OFFICER) as office,
    ):
        yield Others(park, house, office)


def test_carriers_are_described_by_file(desk: Desk, others: Others) -> None:
    house = others.house
    [(name, code)] = desk.query("select name, code from organisation where id = :n",
                                n=house.organisation)  # fmt: skip
    sent = desk.send(book(CARRIERS, (name, "孵化器", "市级", 300)), kind="carriers")
    first = desk.ask(sent["id"], "run")
    assert first["created"] == 1, desk.faults(sent["id"])
    seats = desk.send(book(("Carrier", "Seats"), (code, 400)), kind="carriers")
    more = desk.ask(seats["id"], "run")
    shown = desk.client.get(f"/api/v1/carriers/{house.organisation}").json()
    assert more["updated"] == 1 and (shown["seats"], shown["level"]) == (400, "municipal")
    filled = house.client.get("/api/v1/imports/templates/carriers?filled=true")
    back = house.send(filled.content, kind="carriers")
    assert (back["rows"], back["unchanged"]) == (1, 1), house.faults(back["id"])
    raised = house.send(book(CARRIERS, (name, "孵化器", "国家级", 400)), kind="carriers")
    assert "科技局分析员填写" in house.faults(raised["id"])[2]
    nowhere = desk.send(book(CARRIERS, ("没有的载体", "孵化器", "市级", 9),
                             ("区科技局", "孵化器", "市级", 9)), kind="carriers")  # fmt: skip
    told = desk.faults(nowhere["id"])
    assert "没有单位" in told[2] and "没有这个孵化载体" in told[3]
    table = desk.client.get("/carriers/export").text
    assert name in table and "市级" in table and "400" in table
    assert desk.client.get("/carriers/export?yaer=2024").status_code == 422
    assert desk.ask(more["id"], "undo")["left_alone"] == 0
    shown = desk.client.get(f"/api/v1/carriers/{house.organisation}").json()
    assert shown["seats"] == 300 and shown["version"] == 3
    assert desk.ask(first["id"], "undo")["left_alone"] == 0
    assert desk.query("select count(*) from carrier where organisation_id = :n",
                      n=house.organisation) == [(0,)]  # fmt: skip


def test_who_may_send_what_is_no_firm_s(desk: Desk, others: Others) -> None:
    park, house, office = others.park, others.house, others.office
    assert taken(park, lead("园区线索"))["created"] == 1
    assert leads(park, "园区线索")[0]["park_id"] == park.organisation
    body = {"file": ("x.xlsx", book(LEADS, lead("不许")))}
    for client, kind in ((house.client, "leads"), (office.client, "leads"),
                         (park.client, "carriers"), (office.client, "carriers")):  # fmt: skip
        sent = client.post("/api/v1/imports", files=body, data={"kind": kind})
        assert sent.status_code == 403
    desk.change("update task set lead = array_append(lead, (select code from organisation "
                "where id = :n)) where code = '3'", n=office.organisation)  # fmt: skip
    done = taken(office, lead("部门线索"))
    assert done["created"] == 1 and office.ask(done["id"], "undo")["state"] == "undone"
    desk.change("update task set lead = lead[1:array_length(lead, 1) - 1] where code = '3'")


def test_a_platform_of_an_organisation_is_undone_and_told_in_the_feed(
    desk: Desk, others: Others
) -> None:
    head = ("name", "kind", "level", "happened_on", "organisation_id")
    [(name,)] = desk.query("select name from organisation where id = :n",
                           n=others.house.organisation)  # fmt: skip
    row = ("道地药材重点实验室", "key_laboratory", "municipal", "2024-05-01", name)
    before = len(events(desk, "platform"))
    sent = desk.send(book(head, row), kind="platforms")
    assert sent["state"] == "checked", desk.faults(sent["id"])
    desk.ask(sent["id"], "run")
    seen = events(desk, "platform")[before:]
    assert [one["kind"] for one in seen] == ["platform.created"]
    assert seen[0]["firm_id"] is None and seen[0]["after"]["name"] == row[0]
    assert events(others.house, "platform") == [], "as its list has it"
    assert desk.ask(sent["id"], "undo")["left_alone"] == 0
    assert [one["kind"] for one in events(desk, "platform")[before:]] == [
        "platform.created", "platform.deleted"]  # fmt: skip


def test_leads_and_carriers_are_in_the_feed_of_whom_they_concern(
    desk: Desk, others: Others
) -> None:
    park, house, office = others.park, others.house, others.office
    made = park.client.post("/api/v1/leads", json={
        "name": "讯号线索", "since": SINCE, "channel": "other"}).json()  # fmt: skip
    path, new = f"/api/v1/carriers/{house.organisation}", {"If-Match": '"0"'}
    kept = desk.client.put(path, headers=new, json={"kind": "makerspace"})
    assert kept.status_code == 200, kept.text
    told = [{(one["kind"], one["record"]["id"]) for one in events(who, "lead", "carrier")}
            for who in (desk, park, house, office)]  # fmt: skip
    lead_told = [("lead.created", made["id"]) in seen for seen in told]
    assert lead_told == [True, True, False, False]
    carrier_told = [("carrier.created", house.organisation) in seen for seen in told]
    assert carrier_told == [True, False, True, True]


def events(who: Desk, *kinds: str) -> list[Any]:
    found: list[Any] = []
    after = 0
    while True:
        asked = "&".join(f"kind={kind}" for kind in kinds)
        page = who.client.get(f"/api/v1/events?after={after}&limit=1000&{asked}").json()
        found += page["items"]
        if page["next"] == after:
            return found
        after = page["next"]
