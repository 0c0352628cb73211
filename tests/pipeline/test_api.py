"""Assessment, what-if, criteria sets and the changes that re-assess a firm, over HTTP."""

from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import now, today
from app.core.resource import version_of
from app.firms.models import Firm, FirmYear, Judgement, Submission
from app.pipeline.models import Assessment
from app.pipeline.service import assess
from tests import people
from tests.factories import make_firm

LAST = today().year - 1
SOUND = {
    code: dict.fromkeys(range(LAST - 2, LAST + 1), value)
    for code, value in {
        "staff_avg": 100, "st_staff_avg": 20, "revenue_sales": 10_000_000, "rd_hnte": 300_000,
        "rd_hnte_domestic": 300_000, "revenue_total": 10_000_000, "revenue_hightech": 7_000_000,
    }.items()
}  # fmt: skip


@pytest.fixture
def firm(db: Session) -> int:
    """A firm with too little R&D, assessed."""
    number = make_firm(db, firm={"registered_on": date(2015, 1, 1), "region_code": "500114"},
                       figures=SOUND)  # fmt: skip
    assess(db, None, today())
    return number


@pytest.fixture
def client(db: Session) -> TestClient:
    """An analyst."""
    return people.person(db, Role.ANALYST)


def criteria(body: dict[str, Any]) -> dict[str, Any]:
    """Criteria of the only set, by id."""
    [found] = body["sets"]
    return {one["id"]: one for one in found["criteria"]}


def test_an_assessment_explains_itself(client: TestClient, firm: int) -> None:
    body = client.get(f"/api/v1/firms/{firm}/assessment?set=hnte_2016").json()
    rd = criteria(body)["hnte.rd"]
    assert (rd["outcome"], rd["gap"], rd["gap_unit"]) == ("unmet", "600000", "yuan")
    assert rd["article"] == "第十一条（五）"
    assert {f["indicator"] for f in rd["figures"]} == {"rd_hnte", "revenue_sales"}
    assert rd["sentence"]["zh"] and rd["sentence"]["en"]


def test_sets_may_be_several_and_others_are_in_force(client: TestClient, firm: int) -> None:
    several = client.get(f"/api/v1/firms/{firm}/assessment?set=star_2024&set=hnte_2016").json()
    assert [one["code"] for one in several["sets"]] == ["star_2024", "hnte_2016"]
    everything = client.get(f"/api/v1/firms/{firm}/assessment").json()
    assert {"hnte_2016", "cq_tech_based"} <= {one["code"] for one in everything["sets"]}


def test_another_day_and_what_was_known(client: TestClient, firm: int) -> None:
    # Eleven months after registration the age is not reached.
    young = client.get(f"/api/v1/firms/{firm}/assessment?set=hnte_2016&as_of=2015-12-01").json()
    assert (young["as_of"], criteria(young)["hnte.age"]["outcome"]) == ("2015-12-01", "unmet")
    tomorrow = (now() + timedelta(days=1)).isoformat()
    known = client.get(f"/api/v1/firms/{firm}/assessment",
                       params={"set": "hnte_2016", "known_at": tomorrow}).json()  # fmt: skip
    assert criteria(known)["hnte.age"]["outcome"] == "met"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("set=hnte_2017", "hnte_2016"),
        ("as_of=yesterday", ""),
        ("as_of=0001-01-01", ""),
        ("known_at=2026-01-01T00:00:00", ""),
        ("asof=2026-01-01", ""),
    ],
)
def test_what_an_assessment_refuses(client: TestClient, firm: int, query: str, told: str) -> None:
    answer = client.get(f"/api/v1/firms/{firm}/assessment?{query}")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["parameter"] == query.partition("=")[0]
    assert told in error["detail"]


def stored(db: Session) -> list[Any]:
    """Everything that a what-if must leave alone."""
    counts = [db.scalar(select(func.count()).select_from(t)) for t in (Submission, Judgement)]
    years = db.execute(select(FirmYear.__table__).order_by("firm_id", "year")).all()
    rows = db.execute(select(Assessment.__table__).order_by("firm_id", "set_id")).all()
    return [counts, years, rows]


def test_a_what_if_answers_and_writes_nothing(db: Session, client: TestClient, firm: int) -> None:
    before = stored(db)
    body = {
        "sets": ["hnte_2016"],
        "figures": {"rd_hnte": {str(LAST): 900_000.50}, "staff_avg": {str(LAST): None}},
        "judgements": {"hnte.field": True, "hnte.score.ip.support": 8},
    }
    found = criteria(client.post(f"/api/v1/firms/{firm}/what-if", json=body).json())
    assert found["hnte.rd"]["outcome"] == "met"
    assert found["hnte.staff"]["outcome"] == "unknown"
    assert found["hnte.field"]["outcome"] == "met"
    assert stored(db) == before
    moved = client.post(f"/api/v1/firms/{firm}/what-if",
                        json={"sets": ["hnte_2016"], "as_of": "2015-12-01"})  # fmt: skip
    assert criteria(moved.json())["hnte.age"]["outcome"] == "unmet"


@pytest.mark.parametrize(
    ("body", "pointer", "told"),
    [
        ({"figures": {"rd_hntee": {"2025": 1}}}, "/figures/rd_hntee/2025", "rd_hnte"),
        ({"figures": {"staff_avg": {"2025": 1.5}}}, "/figures/staff_avg/2025", "小数"),
        ({"figures": {"staff_avg": {"2025": -1}}}, "/figures/staff_avg/2025", "单位"),
        ({"figures": {"staff_avg": {"2025": True}}}, "/figures/staff_avg/2025", ""),
        ({"figures": {"staff_avg": {"20255": 1}}}, "/figures/staff_avg/20255/[key]", ""),
        ({"judgements": {"hnte.feeld": True}}, "/judgements/hnte.feeld", "hnte.field"),
        ({"judgements": {"hnte.field": 101}}, "/judgements/hnte.field", "100"),
        ({"sets": ["hnte"]}, None, "hnte_2016"),
        ({"figure": {}}, "/figure", ""),
        ([], "/", ""),
    ],
)
def test_what_a_what_if_refuses(
    client: TestClient, firm: int, body: Any, pointer: str | None, told: str
) -> None:
    answer = client.post(f"/api/v1/firms/{firm}/what-if", json=body)
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    if pointer is not None:
        assert error["pointer"] == pointer
    assert told in error["detail"]


def test_a_change_needs_the_version_that_was_read(
    db: Session, client: TestClient, firm: int
) -> None:
    path = f"/api/v1/firms/{firm}"
    tag = client.get(path).headers["etag"]
    assert client.patch(path, json={"chain": "x"}).status_code == 428
    changed = client.patch(path, json={"chain": "新材料"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["chain"]) == (200, "新材料")
    assert changed.headers["etag"] != tag
    stale = client.patch(path, json={"chain": "y"}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["current"]["chain"]) == (412, "新材料")
    assert db.get_one(Firm, firm, populate_existing=True).chain == "新材料"


def test_a_change_is_assessed_at_once(db: Session, client: TestClient, firm: int) -> None:
    recent = (today() - timedelta(days=30)).isoformat()
    client.patch(f"/api/v1/firms/{firm}", json={"registered_on": recent},
                 headers={"If-Match": "*"})  # fmt: skip
    [row] = client.get(f"/api/v1/pool?id={firm}").json()["items"]
    assert "hnte.age" in row["unmet"]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"nmae": "x"}, {"name": ""}, {"name": None}, {"name": 5}, {"region_code": "5001"},
        {"industry_code": "Z1"}, {"resident_enterprise": "yes"}, {"status": "moved_out"},
        {"registered_capital": -1}, {"registered_capital": "1.001"}, {"registered_capital": True},
        {"registered_on": "2020-02-30"}, {"credit_code": "91500114000000019H"}, {"demo": True},
        {"version": 9}, [], None,
    ],
)  # fmt: skip
def test_what_a_change_refuses(client: TestClient, firm: int, body: Any) -> None:
    answer = client.patch(f"/api/v1/firms/{firm}", json=body, headers={"If-Match": "*"})
    assert answer.status_code in (409, 422), answer.text
    assert answer.json()["detail"]
    assert version_of(client.get(f"/api/v1/firms/{firm}").headers["etag"]) == "1"


def test_a_judgement_settles_a_question(client: TestClient, firm: int) -> None:
    path = f"/api/v1/firms/{firm}/judgements"
    done = client.put(f"{path}/hnte.field", json={"said": True, "evidence": "领域判定意见"})
    assert (done.status_code, done.json()["holds"]) == (200, True)
    assert client.get(f"/api/v1/pool?id={firm}&met=hnte.field").json()["count"] == 1
    points = {"said": 7, "evidence": "专家评议"}
    assert client.put(f"{path}/hnte.score.ip.advancement", json=points).status_code == 200
    for page in ("", "/history"):
        assert "技术的先进程度（专家，8）" in client.get(f"/firms/{firm}{page}").text
    wrong = client.put(f"{path}/hnte.feild", json={"said": True, "evidence": "x"})
    assert (wrong.status_code, "hnte.field" in wrong.json()["detail"]) == (422, True)
    for body in ({"said": "yes", "evidence": "x"}, {"said": True}, {"said": 101, "evidence": "x"}):
        assert client.put(f"{path}/hnte.field", json=body).status_code == 422


def test_a_conflict_is_settled(db: Session, client: TestClient, firm: int) -> None:
    db.add(Submission(firm_id=firm, year=LAST, indicator="st_staff_avg", value=100,
                      source="tax_bureau", effective_at=now()))  # fmt: skip
    other = Submission(firm_id=firm, year=LAST, indicator="st_staff_avg", value=3, source="import")
    db.add(other)
    db.flush()
    assert client.put(f"/api/v1/conflicts/{other.id}", json={"accept": True}).status_code == 204
    assert client.get(f"/api/v1/pool?id={firm}&unmet=hnte.staff").json()["count"] == 1
    assert client.put(f"/api/v1/conflicts/{other.id}", json={"accept": True}).status_code == 409
    assert client.put("/api/v1/conflicts/2147483647", json={"accept": True}).status_code == 404


def test_the_funnel_counts_each_firm_once(db: Session, client: TestClient) -> None:
    since = {"from": date(2020, 1, 1)}
    make_firm(db, designations=[{"kind": "hnte", **since}, {"kind": "tech_sme", **since}])
    make_firm(db, designations=[{"kind": "pool", **since}], residencies=[since])
    make_firm(db, designations=[{"kind": "srdi", **since}])
    make_firm(db, designations=[{"kind": "hnte", **since, "to": date(2022, 12, 31)}])
    body = client.get("/api/v1/funnel").json()
    assert body["rungs"] == {"incubated": 0, "tech_based": 0, "candidate": 1, "certified": 1,
                             "little_giant": 0, "none": 2}  # fmt: skip
    assert body["total"] == 4
    # The last day still counts; the day after does not.
    last = client.get("/api/v1/funnel?as_of=2022-12-31").json()["rungs"]["certified"]
    after = client.get("/api/v1/funnel?as_of=2023-01-01").json()["rungs"]["certified"]
    assert (last, after) == (2, 1)


def test_criteria_sets_are_published(client: TestClient) -> None:
    sets = {one["code"]: one for one in client.get("/api/v1/criteria-sets").json()["items"]}
    assert sets["hnte_2016"]["in_force"] is True
    assert sets["incubatee_2018"]["in_force"] is False
    whole = client.get("/api/v1/criteria-sets/hnte_2016").json()
    assert [c["id"] for c in whole["content"]["criteria"]] == whole["criteria"]
    assert client.get("/api/v1/criteria-sets/hnte_1999").status_code == 404
    assert client.get("/api/v1/criteria-sets/%00").status_code == 422


def test_indicators_are_published(client: TestClient) -> None:
    found = {one["code"]: one for one in client.get("/api/v1/indicators").json()["items"]}
    assert (found["revenue_sales"]["unit"], found["staff_avg"]["unit"]) == ("yuan", "person")


def test_the_description_is_whole(db: Session) -> None:
    spec = people.application(db).openapi()
    assert spec["openapi"].startswith("3.1")
    ids = [route["operationId"] for path in spec["paths"].values() for route in path.values()]
    assert len(ids) == len(set(ids))
    patch = spec["paths"]["/api/v1/firms/{firm_id}"]["patch"]["responses"]
    assert {"200", "401", "403", "404", "412", "422", "428"} <= set(patch)
