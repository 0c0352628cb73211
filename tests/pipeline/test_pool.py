"""The pool over HTTP: filters by verdict, criterion and gap; what rows tell; few statements."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.clock import today
from app.criteria.store import get_sets, sets_in_force
from app.pipeline.fields import places
from app.pipeline.models import Assessment
from app.pipeline.service import assess
from tests import people
from tests.factories import make_firm

LAST = today().year - 1
YEARS = range(LAST - 2, LAST + 1)


def figures(**each: Any) -> dict[str, dict[int, Any]]:
    """The same figures in each of the last three full years."""
    return {code: dict.fromkeys(YEARS, value) for code, value in each.items()}


@pytest.fixture
def register(db: Session) -> dict[str, int]:
    """Firms at different distances from certification."""
    common = {"firm": {"registered_on": date(2015, 1, 1), "region_code": "500114"}}
    sound = figures(
        staff_avg=100, st_staff_avg=20, revenue_sales=10_000_000, rd_hnte=600_000,
        rd_hnte_domestic=600_000, revenue_total=10_000_000, revenue_hightech=7_000_000,
    )  # fmt: skip
    firms = {
        "strong": make_firm(db, "强", **common, figures=sound),
        # 500,000 are needed: 40,000.50 a year are missing, 120,001.50 over the three years.
        "short": make_firm(db, "短", **common,
                           figures=sound | figures(rd_hnte="459999.50", rd_hnte_domestic=450_000)),
        "poor": make_firm(db, "差", **common,
                          figures=sound | figures(rd_hnte=0, rd_hnte_domestic=0, st_staff_avg=5)),
        "silent": make_firm(db, "默", **common),
    }  # fmt: skip
    assess(db, None, today())
    return firms


@pytest.fixture
def client(db: Session, register: dict[str, int]) -> TestClient:
    """An analyst."""
    return people.person(db, Role.ANALYST)


def found(client: TestClient, register: dict[str, int], query: str) -> list[str]:
    """Names in the order of the answer."""
    answer = client.get(f"/api/v1/pool?{query}")
    assert answer.status_code == 200, answer.text
    names = {number: name for name, number in register.items()}
    return [names[item["id"]] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("unmet=hnte.rd", "short poor"),
        ("unmet__n=hnte.rd", "strong silent"),
        ("unmet=hnte.rd&unmet=hnte.staff", "short poor"),
        ("unmet=hnte.rd&any=unmet:hnte.staff|unknown:hnte.staff", "poor"),
        ("unknown=hnte.rd", "silent"),
        ("met=hnte.rd", "strong"),
        ("unmet__in=hnte.staff,hnte.rd", "short poor"),
        # The gap is exact yuan, asked for in yuan.
        ("gap.hnte.rd__lte=120001.50", "short"),
        ("gap.hnte.rd__lt=120001.50", ""),
        ("gap.hnte.rd__gte=120001.51", "poor"),
        ("gap.hnte.rd__empty=false", "short poor"),
        ("gap.hnte.rd__empty=true", "strong silent"),
        ("gap.hnte.rd__between=1,200000", "short"),
        ("gap.hnte.staff__lte=5", "poor"),
        ("outcome=unmet", "short poor"),
        ("outcome__n=unmet", "strong silent"),
        ("unmet_count__gte=2", "poor"),
        ("figure.st_staff_avg__gte=20&unmet=hnte.rd", "short"),
        ("set=sme_size_2011&figure.staff_avg__empty=true", "silent"),
        ("readiness__lt=0.3", "silent"),
    ],
)
def test_what_is_found(
    client: TestClient, register: dict[str, int], query: str, expected: str
) -> None:
    assert sorted(found(client, register, query)) == sorted(expected.split())


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("unmet=hnte.rdd", "hnte.rd"),
        ("unmeet=hnte.rd", "unmet"),
        ("gap.hnte.rdd__lte=1", "gap.hnte.rd"),
        ("gap.hnte.rd__ltee=1", "lte"),
        ("gap.hnte.rd__lte=0.001", "2 位小数"),
        ("gap.hnte.staff__lte=0.5", "整数"),
        # A judgement has no amount that would close it.
        ("gap.hnte.field__lte=1", "没有参数"),
        ("set=hnte_2015", "hnte_2016"),
        ("set=incubatee_2018", "incubatee_2025"),
        ("outcome=met_", "met"),
        ("ordering=readines", "readiness"),
    ],
)
def test_what_is_refused(client: TestClient, query: str, told: str) -> None:
    answer = client.get(f"/api/v1/pool?{query}")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["parameter"] == query.partition("=")[0]
    assert told in error["detail"]


def test_orders(client: TestClient, register: dict[str, int]) -> None:
    readiest = found(client, register, "")
    assert readiest == found(client, register, "ordering=-readiness")
    assert readiest[0] == "strong"
    assert readiest[-1] == "silent"
    assert found(client, register, "ordering=readiness") == readiest[::-1]
    assert found(client, register, "ordering=gap_count,-readiness&limit=1") == ["strong"]


def test_a_row_tells_what_is_missing(client: TestClient, register: dict[str, int]) -> None:
    [row] = client.get(f"/api/v1/pool?id={register['short']}").json()["items"]
    assert (row["set"], row["outcome"], row["unmet"]) == ("hnte_2016", "unmet", ["hnte.rd"])
    assert row["gap_count"] == row["unmet_count"] + row["unknown_count"]
    assert len(row["unknown"]) == row["unknown_count"]
    assert row["gaps"] == {"hnte.rd": "120001.5"}
    [told] = client.get(f"/api/v1/firms/{row['id']}/assessment?set=hnte_2016").json()["sets"]
    assert (told["outcome"], told["gap_count"]) == (row["outcome"], row["gap_count"])
    assert Decimal(told["readiness"]) == Decimal(row["readiness"])
    gaps = {c["id"]: c["gap"] for c in told["criteria"] if c["gap"] is not None}
    assert {k: Decimal(v) for k, v in gaps.items()} == {"hnte.rd": Decimal("120001.5")}


def test_every_set_in_force_can_be_asked_for(db: Session, client: TestClient) -> None:
    for loaded in sets_in_force(db, today()):
        code = loaded.policy.code
        answer = client.get(f"/api/v1/pool?set={code}&count=exact").json()
        assert answer["count"] == 4, code
        ids = [c.id for c in loaded.policy.walk()]
        assert [place.criterion.id for place in places(loaded)] == ids
        for place in places(loaded):
            name = place.criterion.id
            parts = [f"{outcome}={name}" for outcome in ("met", "unmet", "unknown")]
            if place.gap_unit is not None:
                parts.append(f"gap.{name}__lte=1")
            for part in parts:
                assert client.get(f"/api/v1/pool?set={code}&{part}").status_code == 200, part


def test_members_are_no_gaps_of_their_own(db: Session) -> None:
    [loaded] = get_sets(db, ["tech_sme_2017"])
    outer = {place.criterion.id for place in places(loaded) if place.outer}
    assert outer == {criterion.id for criterion in loaded.policy.criteria}


def test_pages_do_not_lose_or_repeat(db: Session, client: TestClient) -> None:
    for _ in range(15):
        make_firm(db)
    assess(db, None, today())
    for order in ("-readiness", "readiness", "gap_count,-readiness", "-registered_on", "name"):
        seen: list[int] = []
        cursor: dict[str, str] = {}
        while True:
            asked = {"ordering": order, "limit": "4", **cursor}
            body = client.get("/api/v1/pool", params=asked).json()
            seen += [item["id"] for item in body["items"]]
            if body["next"] is None:
                break
            cursor = {"cursor": body["next"]}
        assert len(seen) == len(set(seen)) == 19


def test_a_cursor_of_another_set_is_refused(client: TestClient) -> None:
    cursor = client.get("/api/v1/pool?limit=1").json()["next"]
    other = client.get("/api/v1/pool", params={"limit": 1, "set": "star_2024", "cursor": cursor})
    assert other.status_code == 422


def test_the_number_of_statements_does_not_grow_with_the_rows(
    db: Session, client: TestClient
) -> None:
    def counted(query: str) -> int:
        with people.statements(db.connection().engine) as sent:
            assert client.get(f"/api/v1/pool?{query}").status_code == 200
        return len(sent)

    few = counted("limit=2&count=exact")
    for _ in range(20):
        make_firm(db)
    assess(db, None, today())
    assert counted("limit=20&count=exact") == few <= 20


def test_the_pool_describes_itself(client: TestClient) -> None:
    described = client.get("/api/v1/pool/filters").json()
    fields = {one["name"]: one for one in described["items"]}
    assert fields["gap.hnte.rd"]["unit"] == "yuan"
    assert "hnte.rd" in fields["unmet"]["choices"]
    assert {"readiness", "gap_count"} <= set(described["orders"])
    for name, one in fields.items():
        assert one["label"].get("zh") and one["label"].get("en"), name


def test_a_verdict_is_of_a_firm_that_there_is(db: Session, register: dict[str, int]) -> None:
    verdict = Assessment(firm_id=2**31 - 1, set_id=sets_in_force(db, today())[0].id,
                         since=today(), outcome=1, readiness=1, unmet_count=0, unknown_count=0,
                         gap_count=0, outcomes=0, gaps=[])  # fmt: skip
    with pytest.raises(IntegrityError, match="names no firm"), db.begin_nested():
        db.add(verdict)
        db.flush()
