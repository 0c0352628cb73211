"""Chains with their leaders, the parts of the zone and the ladder to a listing."""

from datetime import date

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.firms.models import Designation
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
