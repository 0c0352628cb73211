"""One firm and one year over REST, by credit code: every fault named."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.firms.models import Firm, FirmYear, FormerName
from tests import people
from tests.exchange.calls import (
    ALWAYS,
    CODE,
    FIRM,
    OTHER,
    ROW,
    batch,
    counted,
    numbers,
    pointers,
    put_figures,
    put_firm,
)


def test_a_firm_is_created_updated_and_left_alone(db: Session, analyst: TestClient) -> None:
    assert put_firm(analyst).json() == {"index": 0, "status": "created", "conflicts": 0,
                                        "outdated": False, "errors": [], "notes": []}  # fmt: skip
    assert put_firm(analyst).json()["status"] == "unchanged"
    assert put_firm(analyst, code=CODE.lower()).json()["status"] == "unchanged"
    assert put_firm(analyst, chain="新材料").json()["status"] == "updated"
    assert put_firm(analyst).json()["status"] == "unchanged"  # what is left out stays
    read = analyst.get(f"/api/v1/firms/by-credit-code/{CODE}").json()
    assert (read["chain"], read["region_code"]) == ("新材料", "500114")


def test_capital_in_another_currency_is_told_of_and_its_yuan_are_unknown(
    db: Session, analyst: TestClient
) -> None:
    stored = select(Firm.registered_capital, Firm.registered_capital_typed)

    def capital() -> list[Any]:
        return list(db.execute(stored).one())

    put_firm(analyst, registered_capital="500万元")
    assert capital() == [5_000_000, "500万元"]
    foreign = {**ROW, "registered_capital": "100(万美元)"}
    [row] = batch(analyst, "firms", foreign).json()["results"]
    assert (row["status"], capital()) == ("updated", [None, "100(万美元)"])
    [note] = row["notes"]
    assert note["pointer"] == "/rows/0/registered_capital" and "美元" in note["value"]
    assert "已按原文保存" in note["detail"] and "kept as typed" in note["detail"]
    again = put_firm(analyst, registered_capital="100(万美元)").json()
    assert (again["status"], again["notes"][0]["pointer"]) == ("unchanged", "/registered_capital")
    put_firm(analyst)  # what is left out stays
    assert capital() == [None, "100(万美元)"]


def test_a_renamed_firm_is_found_by_both_names(db: Session, analyst: TestClient) -> None:
    put_firm(analyst)
    assert put_firm(analyst, name="武陵新材料有限公司").json()["status"] == "updated"
    assert db.scalars(select(FormerName.name)).all() == ["武陵材料有限公司"]
    for words in ("武陵材料", "武陵新材料"):
        assert analyst.get("/api/v1/firms", params={"q": words}).json()["count"] == 1


def test_figures_are_created_updated_and_left_alone(db: Session, analyst: TestClient) -> None:
    put_firm(analyst)
    values: dict[str, Any] = {"staff_avg": 50, "revenue_sales": "1,234.5万元", "market_share": 12.5}
    assert put_figures(analyst, **values).json()["status"] == "created"
    before = numbers(db)
    assert put_figures(analyst, **values).json()["status"] == "unchanged"
    assert put_figures(analyst, staff_avg=None, rd_staff=None, revenue_sales=12_345_000).json()[
        "status"
    ] == "unchanged"  # fmt: skip
    assert numbers(db) == before
    assert put_figures(analyst, staff_avg="51人").json()["status"] == "updated"
    stored = db.scalars(select(FirmYear)).one()
    assert (stored.year, getattr(stored, "market_share")) == (2024, 1250)  # noqa: B009


def test_a_lesser_source_s_figure_is_kept_aside(db: Session, analyst: TestClient) -> None:
    park = people.body(db, "p-one", "park")
    put_firm(analyst)
    put_figures(analyst, staff_avg=50)
    people.put_in_park(db, db.scalars(select(Firm.id)).one(), park, ALWAYS)
    answer = put_figures(people.person(db, Role.PARK_OPERATOR, park), staff_avg=40).json()
    assert answer["conflicts"] == 1
    assert getattr(db.scalars(select(FirmYear)).one(), "staff_avg") == 50  # noqa: B009


IMPOSSIBLE_FIRMS: list[tuple[dict[str, Any], str, str]] = [
    ({"colour": "red"}, "/colour", "not permitted"),
    ({"name": 5}, "/name", "string"),
    ({"name": "甲"}, "/name", "太短"),
    ({"name": "甲\0乙"}, "/name", "乱码"),
    ({"name": "甲" * 201}, "/name", "最多 200"),
    ({"registered_on": "2999-01-01"}, "/registered_on", "将来"),
    ({"registered_on": 20200105}, "/registered_on", "string"),
    ({"region": "火星"}, "/region", "没有行政区划"),
    ({"industry_code": "C65"}, "/industry_code", "不符"),
    ({"resident_enterprise": "是"}, "/resident_enterprise", "boolean"),
    ({"registered_capital": "9" * 30}, "/registered_capital", "应在"),
    ({"registered_capital": "5斤"}, "/registered_capital", "不认识"),
    ({"registered_capital": "5\0万美元"}, "/registered_capital", "乱码"),
]


def test_a_firm_that_cannot_be(db: Session, analyst: TestClient) -> None:
    for fields, pointer, told in IMPOSSIBLE_FIRMS:
        assert told in pointers(put_firm(analyst, **fields))[pointer], fields
    assert numbers(db) == (0, 0, 0)


def test_a_code_that_cannot_be(db: Session, analyst: TestClient) -> None:
    unsound = CODE[:-1] + ("0" if CODE[-1] != "0" else "1")
    assert "校验码不符" in pointers(put_firm(analyst, code=unsound))["/credit_code"]
    short = analyst.put("/api/v1/firms/by-credit-code/123", json=FIRM)
    assert short.status_code == 422
    assert short.json()["errors"][0]["parameter"] == "credit_code"


IMPOSSIBLE_FIGURES: list[tuple[dict[str, Any], str, str]] = [
    ({"happiness": 7}, "/happiness", "没有这个指标"),
    ({"revenue_sale": 7}, "/revenue_sale", "revenue_sales"),
    ({"staff_avg": -1}, "/staff_avg", "应在 0"),
    ({"staff_avg": 1.5}, "/staff_avg", "整数"),
    ({"staff_avg": 10**30}, "/staff_avg", "应在 0"),
    ({"staff_avg": "约50"}, "/staff_avg", "不是数字"),
    ({"staff_avg": "5\0"}, "/staff_avg", "不是数字"),
    ({"staff_avg": True}, "/staff_avg", "boolean"),
    ({"revenue_sales": "1公斤"}, "/revenue_sales", "不认识"),
    ({"revenue_sales": "1万美元"}, "/revenue_sales", "折算"),
    ({"revenue_sales": 1e300}, "/revenue_sales", "不是金额"),
    ({"revenue_sales": 0.001}, "/revenue_sales", "细于 1 分"),
    ({"market_share": 100.5}, "/market_share", "应在 0 至 100"),
    ({"market_share": 12.345}, "/market_share", "小数位"),
    ({"staff_avg": 50, "st_staff_avg": 60}, "/st_staff_avg", "大于职工总数"),
]


def test_figures_that_cannot_be(db: Session, analyst: TestClient) -> None:
    put_firm(analyst)
    for values, pointer, told in IMPOSSIBLE_FIGURES:
        found = pointers(put_figures(analyst, **values)).items()
        assert any(told in text for at, text in found if at.startswith(pointer)), values
    assert numbers(db) == (1, 0, 0)


def test_what_the_address_says_is_not_said_again(db: Session, analyst: TestClient) -> None:
    put_firm(analyst)
    for name, value in (("year", 2023), ("credit_code", OTHER)):
        answer = analyst.put(f"/api/v1/firms/by-credit-code/{CODE}/figures/2024",
                             json={name: value, "staff_avg": 5})  # fmt: skip
        assert "已在地址中" in pointers(answer)[f"/{name}"]


def test_figures_of_a_list_or_of_nothing(db: Session, analyst: TestClient) -> None:
    put_firm(analyst)
    assert put_figures(analyst, staff_avg=[5]).status_code == 422
    assert "没有任何指标" in pointers(put_figures(analyst))["/"]
    assert "没有任何指标" in pointers(put_figures(analyst, staff_avg=None))["/"]


def test_a_year_before_the_firm_or_after_today(db: Session, analyst: TestClient) -> None:
    put_firm(analyst)
    assert "2020-01-05 才成立" in pointers(put_figures(analyst, year=2019, staff_avg=5))["/year"]
    assert "年度应在" in pointers(put_figures(analyst, year=2199, staff_avg=5))["/year"]
    outside = put_figures(analyst, year=1500, staff_avg=5)
    assert (outside.status_code, outside.json()["errors"][0]["parameter"]) == (422, "year")


# --- out of order -------------------------------------------------------------------------------


def test_an_older_version_does_not_win_by_arriving_last(db: Session, analyst: TestClient) -> None:
    new = ROW | {"chain": "玻纤", "sender_version": "2026-03-02T08:00:00+08:00"}
    old = ROW | {"chain": "中药", "sender_version": "2026-03-01T23:59:59Z"}
    assert counted(batch(analyst, "firms", new)) == (1, 0, 0, 0)
    late = batch(analyst, "firms", old, {**ROW, "credit_code": OTHER, "sender_version": 3})
    assert counted(late) == (1, 0, 1, 0)
    assert [result["outdated"] for result in late.json()["results"]] == [True, False]
    stored = analyst.get(f"/api/v1/firms/by-credit-code/{CODE}").json()
    assert stored["chain"] == "玻纤"
    # The same version again is the same; a newer one is taken.
    assert counted(batch(analyst, "firms", new)) == (0, 0, 1, 0)
    newer = old | {"sender_version": "2026-03-03T00:00:00Z"}
    assert counted(batch(analyst, "firms", newer)) == (0, 1, 0, 0)


def test_figures_are_ordered_by_firm_and_year(analyst: TestClient) -> None:
    put_firm(analyst)
    assert put_figures(analyst, staff_avg=50, sender_version=8).json()["status"] == "created"
    late = put_figures(analyst, staff_avg=40, sender_version=7).json()
    assert (late["status"], late["outdated"]) == ("unchanged", True)
    other_year = put_figures(analyst, year=2023, staff_avg=40, sender_version=7).json()
    assert (other_year["status"], other_year["outdated"]) == ("created", False)


def test_a_refused_version_does_not_count(analyst: TestClient) -> None:
    put_firm(analyst)
    assert put_figures(analyst, staff_avg=-1, sender_version=9).status_code == 422
    assert put_figures(analyst, staff_avg=5, sender_version=8).json()["status"] == "created"


def test_each_sender_counts_for_itself(db: Session, analyst: TestClient) -> None:
    put_firm(analyst, sender_version=100)
    firm = analyst.get(f"/api/v1/firms/by-credit-code/{CODE}").json()["id"]
    park = people.body(db, "another-sender", "park")
    people.put_in_park(db, firm, park, ALWAYS)
    theirs = put_firm(people.machine(db, park), chain="玻纤", sender_version=1).json()
    assert (theirs["status"], theirs["outdated"]) == ("updated", False)


@pytest.mark.parametrize("version", ["yesterday", "2026-03-01T08:00:00", -1, 2**70, ""])
def test_a_version_that_is_none_is_refused(analyst: TestClient, version: Any) -> None:
    answer = put_firm(analyst, sender_version=version)
    assert "/sender_version" in pointers(answer)
    assert "2026-01-31T08:00:00Z" in answer.text
