"""Chains with their leaders, the parts of the zone and the ladder to a listing."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.firms.models import Designation, Firm
from app.leading.models import ChainMember, ListingStep
from tests import people
from tests.factories import make_firm

SINCE = date(2023, 1, 1)
ALWAYS = Range(SINCE, None)


def chain_of_two(db: Session) -> tuple[int, int]:
    """A leader that is certified, and a member, of one chain."""
    leader, member = make_firm(db, "三磊玻纤测试"), make_firm(db, "玻纤下游测试")
    db.add_all([
        ChainMember(firm_id=leader, chain="新材料", role="leader", since=SINCE, link="原丝"),
        ChainMember(firm_id=member, chain="新材料", role="member", since=SINCE),
        Designation(firm_id=leader, kind="hnte", valid=ALWAYS),
        ListingStep(firm_id=leader, step="share_reform", reached_on=SINCE),
        ListingStep(firm_id=leader, step="guidance", reached_on=date(2024, 1, 1)),
    ])  # fmt: skip
    db.flush()
    return leader, member


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_chain_shows_its_leaders_and_how_far_its_firms_are(
    db: Session, engine: Engine, lang: str
) -> None:
    chain_of_two(db)
    analyst = people.person(db, Role.ANALYST)
    analyst.cookies.set("lang", lang)
    [found] = analyst.get("/api/v1/chains").json()["items"]
    assert found == {"chain": "新材料", "leaders": "三磊玻纤测试", "members": 1, "certified": 1,
                     "tech_based": 0}  # fmt: skip
    with people.statements(engine) as sent:
        page = analyst.get("/chains").text
        few = len(sent)
        chain_of_two(db)
        before = len(sent)
        analyst.get("/chains")
    assert len(sent) - before == few
    assert ("辅导备案" if lang == "zh" else "guidance filed") in page
    one = analyst.get("/chains/新材料").text
    assert ("链主" if lang == "zh" else "leader") in one and "原丝" in one
    assert analyst.get("/chains/没有").status_code == 404


def test_steps_to_a_listing_are_climbed_in_order(db: Session) -> None:
    firm, analyst = make_firm(db, "上市企业"), people.person(db, Role.ANALYST)

    def reach(step: str, day: str, **more: str) -> Any:
        body = {"firm_id": firm, "step": step, "reached_on": day} | more
        return analyst.post("/api/v1/listing-steps", json=body)

    assert reach("guidance", "2023-05-01").status_code == 201, "what came before may be unknown"
    for step, day, says in (
        ("share_reform", "2023-06-01", "辅导备案 2023-05-01 早于股改 2023-06-01"),
        ("accepted", "2023-04-30", "受理 2023-04-30 早于辅导备案"),
        ("listed", "2022-01-01", "上市 2022-01-01 早于辅导备案"),
    ):
        refused = reach(step, day, board="bse")
        assert refused.status_code == 422 and says in refused.text, refused.text
        assert refused.json()["errors"][0]["pointer"] == "/reached_on"
    for step, day in (("share_reform", "2022-06-01"), ("otc", "2020-01-01"),
                      ("neeq_base", "2023-05-01"), ("accepted", "2023-05-01")):  # fmt: skip
        assert reach(step, day).status_code == 201, step
    late = analyst.post(
        "/api/v1/listing-steps:batch",
        json={
            "rows": [
                {"credit_code": code_of(db, firm), "step": "approved", "reached_on": "2023-01-01"}
            ]
        },
    )
    assert late.json()["rejected"] == 1 and "请核对日期" in late.text


def test_steps_of_one_file_are_held_against_each_other(db: Session) -> None:
    firm, other = make_firm(db, "一次导入的企业"), make_firm(db, "次序无误的企业")
    analyst = people.person(db, Role.ANALYST)
    rows = [
        {"credit_code": code_of(db, one), "step": step, "reached_on": day}
        for one, step, day in (
            (firm, "guidance", "2023-05-01"), (firm, "share_reform", "2024-05-01"),
            (other, "guidance", "2024-05-01"), (other, "share_reform", "2023-05-01"),
        )
    ]  # fmt: skip
    found = analyst.post("/api/v1/listing-steps:batch", json={"rows": rows}).json()
    assert (found["created"], found["rejected"]) == (3, 1), found
    [wrong] = found["results"][1]["errors"]
    assert "辅导备案 2023-05-01 早于股改 2024-05-01" in wrong["detail"]


def code_of(db: Session, firm: int) -> str:
    return str(db.get_one(Firm, firm).credit_code)


def test_everybody_sees_the_own_firms_of_a_chain(db: Session) -> None:
    _, member = chain_of_two(db)
    park = people.body(db, "chain-site", "park")
    people.put_in_park(db, member, park, ALWAYS)
    operator = people.person(db, Role.PARK_OPERATOR, park)
    [found] = operator.get("/api/v1/chains").json()["items"]
    assert found["leaders"] is None and found["members"] == 1 and found["certified"] == 0
    page = operator.get("/chains/新材料").text
    assert "玻纤下游测试" in page and "三磊玻纤测试" not in page


def test_the_zone_has_a_core_areas_and_parks_with_their_firms(db: Session) -> None:
    leader, _ = chain_of_two(db)
    park = people.body(db, "zone-park", "park")
    people.put_in_park(db, leader, park, ALWAYS)
    analyst, where = people.person(db, Role.ANALYST), "/api/v1/zones"
    for zone in ({"name": "核心区", "kind": "core"}, {"name": "城西片区", "kind": "area"},
                 {"name": "正阳园", "kind": "park", "park_id": park.id}):  # fmt: skip
        made = analyst.post(where, json=zone)
        assert made.status_code == 201, made.text
    parts = made.json()["items"]
    assert [one["kind"] for one in parts] == ["core", "area", "park"]
    core, area, inside = (one["id"] for one in parts)
    placed = analyst.put(f"{where}/{inside}/within", json={"within_id": core}).json()["items"]
    assert [(one["name"], one["firms"], one["certified"]) for one in placed] == [
        ("核心区", 1, 1), ("正阳园", 1, 1), ("城西片区", 0, 0)]  # fmt: skip
    for part, within in ((inside, inside), (inside, 2_000_000_000), (area, core)):
        refused = analyst.put(f"{where}/{part}/within", json={"within_id": within})
        assert refused.status_code == 422 and "within_id" in refused.text
    moved = analyst.post(f"/chains/zones/{inside}", data={"within": str(area)},
                         follow_redirects=False)  # fmt: skip
    assert moved.status_code == 303
    assert analyst.delete(f"{where}/{area}").status_code == 204
    assert analyst.delete(f"{where}/{area}").status_code == 404
    left = analyst.get(where).json()["items"]
    assert [(one["name"], one["within_id"]) for one in left] == [("核心区", None), ("正阳园", None)]
    parts = [*parts[:2], left[1]]
    assert (parts[2]["park"], parts[2]["firms"], parts[2]["certified"]) == ("zone-park", 1, 1)
    for wrong, status, says in (
        ({"name": "又一园", "kind": "park"}, 422, "园区须选择所指的单位"),
        ({"name": "又一区", "kind": "area", "park_id": park.id}, 422, "核心区和片区不选"),
        ({"name": "核心区", "kind": "core"}, 409, "已在布局中"),
        ({"name": "又一园", "kind": "park", "park_id": 2_000_000_000}, 422, "没有这个园区单位"),
    ):
        refused = analyst.post(where, json=wrong)
        assert refused.status_code == status and says in refused.text, wrong
    form = {"name": "舟白片区", "kind": "area"}
    assert analyst.post("/chains", data=form, follow_redirects=False).status_code == 303
    again = analyst.post("/chains", data=form)
    assert again.status_code == 409 and 'value="舟白片区"' in again.text
    page = analyst.get("/chains").text
    assert "舟白片区" in page and 'href="/firms?park=zone-park"' in page
