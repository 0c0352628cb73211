"""The register's list over HTTP: every kind of filter, order, column, page and count."""

from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import today
from app.firms.models import Firm, FormerName, Submission
from app.firms.names import search_columns
from tests import people
from tests.factories import make_firm

SINCE = date(2020, 1, 1)
LAST_YEAR = today().year - 1


def firm(db: Session, name: str, **facts: Any) -> int:
    """A firm that is searched and ordered as a registered one is."""
    number = make_firm(db, **facts)
    found = db.get_one(Firm, number)
    found.name = name
    for column, value in search_columns(name).items():
        setattr(found, column, value)
    db.flush()
    return number


def held(kind: str, last: date | None = None) -> dict[str, Any]:
    """A designation in the factories' notation."""
    return {"kind": kind, "from": SINCE, **({} if last is None else {"to": last})}


@pytest.fixture
def client(db: Session) -> TestClient:
    """An analyst before a small register."""
    park, incubator = people.body(db, "north", "park"), people.body(db, "hub", "incubator")
    yesterday = today() - timedelta(days=1)
    numbers = {
        "银河电子": firm(
            db, "重庆银河电子有限公司",
            firm={"registered_on": date(2018, 5, 1), "industry_code": "C3900"},
            figures={"revenue_sales": {LAST_YEAR: 50_000_000, LAST_YEAR - 1: 9_000_000},
                     "market_share": {LAST_YEAR: "12.5"}},
            designations=[held("hnte"), held("pool", yesterday)],
        ),
        "长江软件": firm(
            db, "长江软件（重庆）有限公司",
            firm={"registered_on": date(2021, 3, 1), "industry_code": "I6500"},
            figures={"revenue_sales": {LAST_YEAR: 3_000_000}, "staff_avg": {LAST_YEAR: 40}},
            designations=[held("pool"), held("tech_sme")],
        ),
        "白云农业": firm(db, "白云农业有限公司", firm={"industry_code": "A0100"}),
        "乐山机械": firm(
            db, "乐山机械有限公司",
            firm={"registered_on": date(2018, 5, 1), "industry_code": "C3400"},
            figures={"staff_avg": {LAST_YEAR: 12}},
            designations=[held("hnte"), held("little_giant")],
        ),
        "新芽团队": firm(db, "新芽团队"),
    }  # fmt: skip
    people.put_in_park(db, numbers["银河电子"], park, Range(SINCE, None))
    people.put_in_incubator(db, numbers["新芽团队"], incubator, Range(SINCE, None))
    db.execute(insert(FormerName).values(
        firm_id=numbers["乐山机械"], name="大渡河铸造厂", until=SINCE,
        name_search=search_columns("大渡河铸造厂")["name_search"]))  # fmt: skip
    db.add(Submission(firm_id=numbers["长江软件"], year=LAST_YEAR, indicator="staff_avg", value=50,
                      source="self_reported"))  # fmt: skip
    db.flush()
    return people.person(db, Role.ANALYST)


def names(client: TestClient, query: str) -> list[str]:
    """Short names in the order of the answer."""
    answer = client.get(f"/api/v1/firms?{query}")
    assert answer.status_code == 200, answer.text
    short = ("银河电子", "长江软件", "白云农业", "乐山机械", "新芽团队")
    return [next(s for s in short if s in item["name"]) for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "白云农业 长江软件 银河电子 乐山机械 新芽团队"),
        ("q=银河", "银河电子"),
        ("q=YINHE", "银河电子"),
        ("q=cqyh", "银河电子"),
        ("q=（重庆）", "长江软件"),
        ("q=(重庆)", "长江软件"),
        ("q=dadu", "乐山机械"),
        ("q=铸造", "乐山机械"),
        ("q=91500114", "白云农业 长江软件 银河电子 乐山机械 新芽团队"),
        ("q=100%25", ""),
        ("q=_", ""),
        ("rung=certified", "银河电子"),
        ("rung=little_giant", "乐山机械"),
        ("rung=candidate", "长江软件"),
        ("rung=tech_based", ""),
        ("rung=incubated", "新芽团队"),
        ("rung=none", "白云农业"),
        ("rung=none&rung=certified", "白云农业 银河电子"),
        ("rung__n=certified&rung__n=none", "长江软件 乐山机械 新芽团队"),
        ("rung__in=certified,candidate", "长江软件 银河电子"),
        ("designation=hnte", "银河电子 乐山机械"),
        ("designation__n=hnte", "白云农业 长江软件 新芽团队"),
        ("designation=pool", "长江软件"),
        ("designation__empty=true", "白云农业 新芽团队"),
        ("park=north", "银河电子"),
        ("park__n=north", "白云农业 长江软件 乐山机械 新芽团队"),
        ("park__empty=false", "银河电子"),
        ("incubator=hub", "新芽团队"),
        ("conflict=true", "长江软件"),
        ("conflict=false&rung=none", "白云农业"),
        ("figure.revenue_sales__gte=3000000", "长江软件 银河电子"),
        ("figure.revenue_sales__gt=3000000", "银河电子"),
        ("figure.revenue_sales=3000000.00", "长江软件"),
        (f"figure.revenue_sales.{LAST_YEAR - 1}__lte=9000000", "银河电子"),
        ("figure.market_share=12.5", "银河电子"),
        ("figure.staff_avg__between=12,39", "乐山机械"),
        ("figure.staff_avg__empty=true", "白云农业 银河电子 新芽团队"),
        ("figure.staff_avg__n=12", "白云农业 长江软件 银河电子 新芽团队"),
        ("registered_on__lt=2020-01-01", "银河电子 乐山机械"),
        ("registered_on__empty=true", "白云农业 新芽团队"),
        ("industry_code__isw=C", "银河电子 乐山机械"),
        ("industry_code__nic=C", "白云农业 长江软件 新芽团队"),
        ("any=rung:certified|figure.staff_avg__lte:40", "长江软件 银河电子 乐山机械"),
        ("any=industry_code__isw:C|industry_code__isw:I&designation__n=little_giant",
         "长江软件 银河电子"),
        ("ordering=-registered_on", "长江软件 乐山机械 银河电子 新芽团队 白云农业"),
        ("ordering=registered_on,name", "银河电子 乐山机械 长江软件 白云农业 新芽团队"),
        ("ordering=-name&limit=2", "新芽团队 乐山机械"),
    ],
)  # fmt: skip
def test_what_is_found(client: TestClient, query: str, expected: str) -> None:
    assert names(client, query) == expected.split()


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("rung=certifed", "certified"),
        ("rungs=certified", "rung"),
        ("park=nort", "north"),
        ("designation=hnt", "hnte"),
        ("figure.revenu_sales__gte=1", "figure.revenue_sales"),
        ("figure.revenue_sales.1800__gte=1", "figure.revenue_sales"),
        ("figure.revenue_sales.20255=1", "figure.revenue_sales"),
        ("figure.revenue_sales__gte=0.001", "2 位小数"),
        ("figure.staff_avg=1.5", "小数"),
        ("figure.revenue_sales__ic=1", "in"),
        ("gap_count__lte=1", "没有参数"),
        ("q__ic=x", "q=值"),
        ("id=1e3", "数字"),
        ("fields=nam", "name"),
        ("fields=figure.nothing", "没有列"),
    ],
)
def test_what_is_refused(client: TestClient, query: str, told: str) -> None:
    answer = client.get(f"/api/v1/firms?{query}")
    assert answer.status_code == 422
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "/problems/Invalid"
    assert query.partition("=")[0] == problem["errors"][0]["parameter"]
    assert told in problem["errors"][0]["detail"]


def test_columns(client: TestClient) -> None:
    query = f"fields=name,rung,figure.revenue_sales,figure.market_share.{LAST_YEAR}&q=银河"
    assert client.get(f"/api/v1/firms?{query}").json()["items"] == [
        {"name": "重庆银河电子有限公司", "rung": "certified",
         "figure.revenue_sales": "50000000", f"figure.market_share.{LAST_YEAR}": "12.5"}
    ]  # fmt: skip
    [row] = client.get("/api/v1/firms?q=银河").json()["items"]
    assert row["park"] == {"code": "north", "name": "north 单位", "name_en": None}
    assert (row["rung"], row["designations"]) == ("certified", ["hnte"])


def test_pages(client: TestClient) -> None:
    first = client.get("/api/v1/firms?limit=2&count=exact").json()
    assert (len(first["items"]), first["count"], first["count_is_exact"]) == (2, 5, True)
    rest = client.get("/api/v1/firms", params={"limit": 3, "cursor": first["next"]}).json()
    assert len(rest["items"]) == 3
    assert rest["next"] is None
    assert not {r["id"] for r in first["items"]} & {r["id"] for r in rest["items"]}
    other = client.get("/api/v1/firms", params={"q": "x", "cursor": first["next"]})
    assert other.status_code == 422


def test_the_number_of_statements_does_not_grow_with_the_rows(
    db: Session, client: TestClient
) -> None:
    def counted(query: str) -> int:
        with people.statements(db.connection().engine) as sent:
            assert client.get(f"/api/v1/firms?{query}").status_code == 200
        return len(sent)

    few = counted("limit=2&count=exact")
    for _ in range(20):
        make_firm(db, designations=[held("hnte")])
    assert counted("limit=20&count=exact") == few <= 20


def test_one_firm(client: TestClient) -> None:
    [row] = client.get("/api/v1/firms?q=乐山").json()["items"]
    answer = client.get(f"/api/v1/firms/{row['id']}")
    whole = answer.json()
    assert answer.headers["etag"].startswith(f'"{whole["version"]}.')
    assert whole["former_names"] == ["大渡河铸造厂"]
    assert whole["rung"] == "little_giant"
    assert whole["ladders"] == {"sme": "little_giant"}
    assert whole["designations"] == ["hnte", "little_giant"]
    by_code = client.get(f"/api/v1/firms/by-credit-code/{whole['credit_code'].lower()}")
    assert by_code.json() == whole
    titles = client.get(f"/api/v1/firms/{row['id']}/designations").json()["items"]
    assert [(t["kind"], t["valid_from"], t["valid_to"]) for t in titles] == [
        ("hnte", "2020-01-01", None), ("little_giant", "2020-01-01", None)]  # fmt: skip


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**31), "1.5", "%00"])
def test_no_such_number(client: TestClient, number: str) -> None:
    assert client.get(f"/api/v1/firms/{number}").status_code == 422


def test_figures_with_their_source(client: TestClient) -> None:
    [row] = client.get("/api/v1/firms?q=长江").json()["items"]
    found = client.get(f"/api/v1/firms/{row['id']}/figures").json()
    assert {(f["indicator"], f["year"], f["value"], f["unit"]) for f in found["items"]} == {
        ("revenue_sales", LAST_YEAR, "3000000", "yuan"), ("staff_avg", LAST_YEAR, "40", "person"),
    }  # fmt: skip
    [conflict] = found["conflicts"]
    assert (conflict["value"], conflict["best"], conflict["source"]) == (
        "50", "40", "self_reported")  # fmt: skip


def test_the_list_describes_itself(client: TestClient) -> None:
    described = client.get("/api/v1/firms/filters").json()
    fields = {one["name"]: one for one in described["items"]}
    assert "north" in fields["park"]["choices"]
    assert fields["figure.revenue_sales"]["unit"] == "yuan"
    assert described["orders"] == ["id", "name", "registered_on"]
    for name, one in fields.items():
        assert one["label"].get("zh") and one["label"].get("en"), name
