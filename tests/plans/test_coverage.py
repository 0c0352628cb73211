"""The plan row by row (docs/plan-coverage.md): records are entered, and its figure comes out."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.pipeline.service import assess
from app.plans.service import load_shipped
from tests import people
from tests.factories import credit_code, make_firm
from tests.facts.samples import RECORDS as SAMPLES

DAY = today()
YEAR, SINCE = DAY.year, date(DAY.year, 1, 2).isoformat()
DOC = Path(__file__).resolve().parents[2] / "docs/plan-coverage.md"
RIGHT = {"kind": "invention_patent", "title": "一种玻纤", "number": "ZL1", "granted_on": SINCE,
         "high_value": ["strategic_industry"],
         "fee_due_on": (DAY + timedelta(days=30)).isoformat()}  # fmt: skip


class Walk:
    """The bureau's analyst in a district with a firm, a park, a carrier and departments."""

    def __init__(self, db: Session) -> None:
        load_shipped(db)
        self.db, self.client = db, people.person(db, Role.ANALYST)
        self.firm = make_firm(db, "渝黔玻纤", firm={"registered_on": date(2018, 1, 1),
                                                 "industry_code": "C3061"})  # fmt: skip
        self.parent = make_firm(db, "母体企业")
        self.park = people.body(db, "walk-park", "park").id
        self.carrier = people.body(db, "walk-house", "incubator").id
        assess(db, None, DAY)

    def add(self, path: str, **given: Any) -> dict[str, Any]:
        """A record of the firm, as the sample of its kind has it unless said otherwise."""
        body = {"firm_id": self.firm} | SAMPLES.get(path, {}) | given
        made = self.client.post(f"/api/v1/{path}", json=body)
        assert made.status_code == 201, (path, made.text)
        found: dict[str, Any] = made.json()
        return found

    def title(self, kind: str) -> None:
        """The firm is granted a title."""
        self.add("designations", kind=kind, valid_from=SINCE, decided_reason="认定公告")

    def target(self, code: str) -> str:
        """What counts towards a target today."""
        value: str = self.client.get(f"/api/v1/targets/{code}").json()["value"]
        return value

    def firms(self, **query: str) -> list[int]:
        """The firms that a list finds."""
        found = self.client.get("/api/v1/firms", params=query)
        assert found.status_code == 200, found.text
        return [one["id"] for one in found.json()["items"]]

    def page(self, path: str) -> str:
        """A page as the analyst sees it."""
        found = self.client.get(path)
        assert found.status_code == 200, path
        return found.text

    @property
    def portrait(self) -> str:
        """The firm's own page."""
        return self.page(f"/firms/{self.firm}")

    def listed(self, path: str, **query: str) -> int:
        """How many records a list has."""
        found = self.client.get(f"/api/v1/{path}", params={"count": "exact"} | query)
        assert found.status_code == 200, found.text
        return int(found.json()["count"])


def incubation(walk: Walk) -> None:
    kept = walk.client.put(
        f"/api/v1/carriers/{walk.carrier}", headers={"If-Match": '"0"'},
        json={"kind": "incubator", "level": "municipal", "platform": "1", "seats": 200},
    )  # fmt: skip
    assert kept.status_code == 200
    entered = walk.client.post(f"/api/v1/carriers/{walk.carrier}/residents",
                               json={"name": "待注册团队", "since": SINCE})  # fmt: skip
    assert entered.status_code == 201, entered.text
    walk.add("service-records", firm_id=entered.json()["firm_id"], kind="roadshow",
             served_on=SINCE, hours="3", organisation_id=walk.carrier)  # fmt: skip
    walk.add("spin-offs", parent_id=walk.parent, way="invested_project", spun_off_on=SINCE)
    walk.title("cq_tech_based")
    shown = walk.client.get(f"/api/v1/carriers/{walk.carrier}").json()
    assert (shown["platform"], shown["residents"], shown["entered"], shown["services"]) == (
        "1", 1, 1, 1)  # fmt: skip
    assert walk.target("tech_based_count") == "1" and "母体企业" in walk.portrait


def cultivation(walk: Walk) -> None:
    walk.title("pool")
    [found] = walk.client.get("/api/v1/pool?set=hnte_2016&rung=candidate").json()["items"]
    assert found["gap_count"] > 0
    offered = walk.client.get(f"/api/v1/firms/{walk.firm}/proposals").json()["items"]
    assert offered
    walk.title("hnte")
    assert walk.target("hnte_count") == "1"


def attraction(walk: Walk) -> None:
    made = walk.client.post("/api/v1/leads", json={
        "name": "远洋集团", "since": SINCE, "channel": "partner", "partner": "日照",
        "chain": "新材料", "next_step": "考察"}).json()  # fmt: skip
    [column] = [one for one in walk.client.get("/api/v1/leads?stage=contact").json()["items"]]
    assert column["partner"] == "日照"
    landed = walk.client.post(f"/api/v1/leads/{made['id']}:move", json={
        "stage": "landed", "day": DAY.isoformat(), "note": "签约", "registered_on": SINCE,
        "credit_code": credit_code(88_000_001)}).json()  # fmt: skip
    assert walk.firms(origin="attracted", chain="新材料") == [landed["firm_id"]]
    assert "签约" in walk.page(f"/firms/{landed['firm_id']}")


def leading(walk: Walk) -> None:
    for kind in ("srdi", "little_giant", "single_champion"):
        walk.title(kind)
    walk.add("listing-steps", step="share_reform", reached_on="2024-01-01")
    walk.add("listing-steps", step="guidance", reached_on=SINCE)
    for code in ("srdi_count", "little_giant_count", "single_champion_count"):
        assert walk.target(code) == "1"
    assert walk.firms(**{"has.listing_step": "true"}) == [walk.firm]
    assert "渝黔玻纤" in walk.page("/chains")


def platforms(walk: Walk) -> None:
    walk.add("platforms")
    assert walk.target("platforms_new") == "1"
    assert walk.firms(**{"count.platform.2023": "1"}) == [walk.firm]


def innovation(walk: Walk) -> None:
    put = walk.client.put(f"/api/v1/firms/by-credit-code/{code_of(walk)}/figures/{YEAR - 1}",
                          json={"rd_stat": "3000000", "revenue_operating": "60000000"})  # fmt: skip
    assert put.status_code == 200, put.text
    for path in ("projects", "products", "purchases"):
        walk.add(path)
    walk.add("ip-rights", **RIGHT)
    walk.title("hnte")
    walk.title("above_scale")
    assert walk.target("rd_intensity_above_scale") == "5"
    assert walk.target("hnte_high_value_patent_coverage") == "100"
    assert walk.firms(**{"sum.project": "1500000", "sum.purchase.2025": "880000"}) == [walk.firm]


def services(walk: Walk) -> None:
    walk.add("providers")
    walk.add("provider-services")
    assert walk.listed("provider-services", kind="transfer", firm_id=str(walk.firm)) == 1
    assert "易智网渝东南科技创新中心" in walk.page("/records/provider-services")


def zone(walk: Walk) -> None:
    core = walk.client.post("/api/v1/zones", json={"name": "核心区", "kind": "core"}).json()
    made = walk.client.post("/api/v1/zones", json={
        "name": "正阳园", "kind": "park", "park_id": walk.park,
        "within_id": core["items"][0]["id"]})  # fmt: skip
    assert made.status_code == 201, made.text
    walk.add("locations", park_id=walk.park, valid_from=SINCE)
    walk.add("chain-members", chain="新材料", role="leader", since=SINCE)
    assert [one["firms"] for one in walk.client.get("/api/v1/zones").json()["items"]] == [1, 1]
    assert walk.client.get("/api/v1/chains").json()["items"][0]["leaders"] == "渝黔玻纤"


def hosted_platforms(walk: Walk) -> None:
    walk.add("platforms", firm_id=None, organisation_id=walk.carrier,
             name="渝东南道地中药材质量控制与应用重点实验室", kind="key_laboratory")  # fmt: skip
    assert walk.target("platforms_new") == "1"
    assert walk.listed("platforms", kind="key_laboratory") == 1


def universities(walk: Walk) -> None:
    walk.add("foundings", kind="researcher_founded", institution="重庆大学", since=SINCE)
    walk.add("contest-entries", name="创新创业大赛", level="municipal", entered_on=SINCE)
    walk.add("secondments")
    for record in ("founding", "contest_entry", "secondment"):
        assert walk.firms(**{f"has.{record}": "true"}) == [walk.firm], record


def finance(walk: Walk) -> None:
    for path in ("seed-fundings", "loans", "pledges", "equity-rounds"):
        walk.add(path)
    assert walk.firms(**{"sum.loan.2024__gte": "3000000"}) == [walk.firm]
    assert walk.firms(**{"sum.seed_funding": "500000"}) == [walk.firm]


def talent(walk: Walk) -> None:
    for path in ("talent-awards", "talent-hires", "advisers", "trainings"):
        walk.add(path)
    assert walk.listed("advisers", kind="commissioner", firm_id=str(walk.firm)) == 1
    assert walk.firms(**{"has.training": "true", "sum.talent_award": "200000"}) == [walk.firm]


def rights(walk: Walk) -> None:
    figure = {"series": "population", "day": f"{YEAR - 1}-12-31", "value": "10000",
              "source": "statistics_bureau", "document": "统计公报"}  # fmt: skip
    put = walk.client.post("/api/v1/plans/qianjiang_2023_2027/figures", json=figure)
    assert put.status_code == 201, put.text
    walk.add("ip-rights", **RIGHT)
    walk.add("ip-cases")
    assert walk.target("high_value_patents_per_10k") == "1"
    assert walk.listed("ip-cases", kind="infringed") == 1
    assert str(RIGHT["fee_due_on"]) in walk.portrait, "a warning ninety days ahead"


def contracts(walk: Walk) -> None:
    walk.add("tech-contracts", part="seller", happened_on=SINCE, registered_on=SINCE)
    assert walk.target("tech_contract_turnover") == "1000000"


def mechanism(walk: Walk) -> None:
    sent = walk.client.post("/target-lists", data={"year": str(YEAR), "kind": "department"})
    assert sent.status_code == 200, sent.text
    lists = walk.client.get(f"/api/v1/target-lists?year={YEAR}").json()["items"]
    [own] = [one for one in lists if one["organisation"] == "science"]
    issued = walk.client.post(f"/target-lists/{own['id']}/issue", follow_redirects=False)
    assert issued.status_code == 303, issued.text
    shown = walk.client.get(f"/api/v1/target-lists/{own['id']}").json()
    assert shown["status"] == "issued" and "hnte_count" in str(shown["items"])


def instruments(walk: Walk) -> None:
    walk.add("loans")
    walk.add("equity-rounds")
    for path, amount, said in (
        ("loans", "300.00", "知识价值"),
        ("equity-rounds", "500.00", "A"),
    ):
        totals = walk.page(f"/records/{path}/totals")
        assert amount in totals and said in totals, totals


def public_funds(walk: Walk) -> None:
    payer = walk.db.scalars(select(Organisation.id).where(Organisation.code == "finance")).one()
    walk.add("subsidies", organisation_id=payer)
    assert walk.firms(**{"sum.subsidy.2024": "120000.5"}) == [walk.firm]
    assert "12.00" in walk.page("/records/subsidies/totals")


def resources(walk: Walk) -> None:
    walk.client.put(f"/api/v1/carriers/{walk.carrier}", headers={"If-Match": '"0"'},
                    json={"kind": "incubator"})  # fmt: skip
    rate = {"measure": "entered", "amount": "20000", "since": SINCE, "basis": "办法"}
    assert walk.client.post("/api/v1/reward-rates", json=rate).status_code == 201
    walk.client.post(f"/api/v1/carriers/{walk.carrier}/residents",
                     json={"firm_id": walk.firm, "since": SINCE})  # fmt: skip
    walk.add("talent-hires")
    shown = walk.client.get(f"/api/v1/carriers/{walk.carrier}").json()
    assert shown["reward"] in ("20000", "20000.00")
    assert walk.firms(**{"sum.talent_hire": "50000"}) == [walk.firm]


def monitoring(walk: Walk) -> None:
    walk.title("hnte")
    for path in ("/targets", "/forecasts", "/rankings", "/bulletins", "/briefing", "/analyses"):
        assert "<main" in walk.page(path)
    assert "高新技术企业" in walk.page(f"/firms/{walk.firm}/history")


def stories(walk: Walk) -> None:
    refused = walk.client.post("/api/v1/stories", json=SAMPLES["stories"] | {
        "firm_id": walk.firm, "consent_on": None})  # fmt: skip
    assert refused.status_code == 422
    walk.add("stories")
    assert walk.listed("stories", stage="published") == 1 and "一根玻纤的故事" in walk.portrait


ROWS: dict[str, Callable[[Walk], None]] = {
    "1": incubation, "2": cultivation, "3": attraction, "4": leading, "5": platforms,
    "6": innovation, "7": services, "8": zone, "9": hosted_platforms, "10": universities,
    "11": finance, "12": talent, "13": rights, "14": contracts, "S1": mechanism,
    "S2": instruments, "S3": public_funds, "S4": resources, "S5": monitoring, "S6": stories,
}  # fmt: skip


def code_of(walk: Walk) -> str:
    found: str = walk.client.get(f"/api/v1/firms/{walk.firm}").json()["credit_code"]
    return found


@pytest.fixture
def walk(db: Session) -> Iterator[Walk]:
    yield Walk(db)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_the_plan_is_entered_and_its_figure_comes_out(walk: Walk, row: str) -> None:
    ROWS[row](walk)


def test_every_row_of_the_page_is_walked() -> None:
    said = re.findall(r"^\| (S?\d+) \|", DOC.read_text(encoding="utf-8"), re.MULTILINE)
    assert said == list(ROWS)
