"""Batches over REST: counts add up, all or nothing where asked, and what a sender may write."""

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.firms.models import Firm, Submission
from tests import people
from tests.exchange.calls import (
    CODE,
    FIGURES,
    FIRM,
    OTHER,
    ROW,
    THIRD,
    batch,
    counted,
    numbers,
    pointers,
    put_figures,
    put_firm,
)
from tests.factories import credit_code, make_firm


def test_counts_of_firms_add_up(db: Session, analyst: TestClient) -> None:
    put_firm(analyst)
    put_firm(analyst, code=OTHER)
    rows = [
        ROW,  # unchanged
        ROW | {"credit_code": OTHER, "chain": "装备"},  # updated
        ROW | {"credit_code": THIRD},  # created
        ROW | {"credit_code": THIRD, "name": "又一家有限公司"},  # repeats
        ROW | {"credit_code": "91500114MA00000000"},  # unsound
        ROW | {"credit_code": credit_code(88_000_009), "region": "火星"},
    ]
    answer = batch(analyst, "firms", *rows)
    assert counted(answer) == (1, 1, 1, 3)
    results = answer.json()["results"]
    assert [r["status"] for r in results] == [
        "unchanged", "updated", "created", "rejected", "rejected", "rejected",
    ]  # fmt: skip
    assert results[3]["errors"][0]["pointer"] == "/rows/3/credit_code"
    assert "与第 2 行重复" in results[3]["errors"][0]["detail"]
    assert results[5]["errors"][0]["pointer"] == "/rows/5/region"
    assert numbers(db)[0] == 3


def test_counts_of_figures_add_up(db: Session, analyst: TestClient) -> None:
    put_firm(analyst)
    put_figures(analyst, year=2023, staff_avg=40)
    rows: list[dict[str, Any]] = [
        FIGURES,  # created
        {"credit_code": CODE, "year": 2023, "staff_avg": 40},  # unchanged
        {"credit_code": CODE, "year": 2024, "staff_avg": 51},  # repeats row 0
        {"credit_code": OTHER, "year": 2024, "staff_avg": 5},  # no such firm
        {"credit_code": CODE, "year": 2022, "staff": 5},  # no such indicator
        {"credit_code": CODE, "year": 2019, "staff_avg": 5},  # before the firm
        {"credit_code": CODE, "staff_avg": 5},  # no year
        {"year": 2024, "staff_avg": 5},  # no code
        {"credit_code": CODE, "year": "2021", "staff_avg": "-5"},
        {"credit_code": CODE, "year": 2025, "staff_avg": "48 人"},  # created
    ]
    answer = batch(analyst, "figures", *rows)
    assert counted(answer) == (2, 0, 1, 7)
    places = [r["errors"][0]["pointer"] for r in answer.json()["results"] if r["errors"]]
    assert places == ["/rows/2/staff_avg", "/rows/3/credit_code", "/rows/4/staff", "/rows/5/year",
                      "/rows/6/year", "/rows/7/credit_code", "/rows/8/staff_avg"]  # fmt: skip


@pytest.mark.parametrize(("kind", "row"), [("firms", ROW), ("figures", FIGURES)])
def test_the_same_batch_twice_changes_nothing(
    db: Session, analyst: TestClient, kind: str, row: dict[str, Any]
) -> None:
    put_firm(analyst, code=OTHER)
    put_firm(analyst)
    batch(analyst, kind, row, row | {"credit_code": OTHER})
    before, versions = numbers(db), db.scalars(select(Firm.version)).all()
    again = batch(analyst, kind, row, row | {"credit_code": OTHER})
    assert counted(again) == (0, 0, 2, 0)
    db.expire_all()
    assert (numbers(db), db.scalars(select(Firm.version)).all()) == (before, versions)


@pytest.mark.parametrize(
    ("kind", "good", "bad", "place"),
    [
        ("firms", ROW | {"credit_code": THIRD}, ROW | {"region": "火星"}, "/rows/1/region"),
        ("figures", FIGURES, FIGURES | {"year": 2023, "staff_avg": -1}, "/rows/1/staff_avg"),
    ],
)
def test_an_atomic_batch_is_all_or_nothing(
    db: Session,
    analyst: TestClient,
    kind: str,
    good: dict[str, Any],
    bad: dict[str, Any],
    place: str,
) -> None:
    put_firm(analyst)
    before = numbers(db)
    refused = batch(analyst, kind, good, bad, atomic=True)
    assert list(pointers(refused)) == [place]
    assert "未写入" in refused.json()["detail"]
    assert numbers(db) == before
    assert counted(batch(analyst, kind, good, atomic=True))[0] == 1
    assert numbers(db) != before


@pytest.mark.parametrize(("kind", "row"), [("firms", ROW), ("figures", FIGURES)])
def test_a_batch_has_a_largest_size(
    db: Session, analyst: TestClient, kind: str, row: dict[str, Any]
) -> None:
    refused = batch(analyst, kind, *[row] * 5_001)
    assert "5000" in pointers(refused)["/rows"]
    assert numbers(db) == (0, 0, 0)
    assert counted(batch(analyst, kind)) == (0, 0, 0, 0)


OTHER_SHAPES: list[tuple[str, Any, str]] = [
    ("firms", ROW | {"colour": "red"}, "/rows/1/colour"),
    ("firms", ROW | {"name": None}, "/rows/1/name"),
    ("firms", "nonsense", "/rows/1"),
    ("figures", FIGURES | {"staff_avg": {"is": 5}}, "/rows/1/staff_avg"),
    ("figures", FIGURES | {"staff_avg": False}, "/rows/1/staff_avg"),
    ("figures", 7, "/rows/1"),
]


def test_a_batch_of_another_shape_is_refused_whole(db: Session, analyst: TestClient) -> None:
    for kind, row, place in OTHER_SHAPES:
        found = pointers(batch(analyst, kind, ROW if kind == "firms" else FIGURES, row))
        assert any(pointer.startswith(place) for pointer in found), found
    assert numbers(db) == (0, 0, 0)


def test_a_row_without_code_or_name_is_rejected_alone(analyst: TestClient) -> None:
    found = batch(analyst, "firms", {"credit_code": OTHER}, FIRM, ROW)
    assert counted(found) == (1, 0, 0, 2)
    errors = [result["errors"] for result in found.json()["results"]]
    assert [[one["pointer"] for one in each] for each in errors] == [
        ["/rows/0/name"], ["/rows/1/credit_code"], []
    ]  # fmt: skip


def test_what_is_no_batch(db: Session, analyst: TestClient) -> None:
    for kind in ("firms", "figures"):
        for content in ("", "{", '{"rows": [NaN]}', '{"rows": "x", "more": 1}', "[]"):
            answer = analyst.post(f"/api/v1/{kind}:batch", content=content,
                                  headers={"content-type": "application/json"})  # fmt: skip
            assert pointers(answer)


def test_numbers_too_large_for_anything(db: Session, analyst: TestClient) -> None:
    put_firm(analyst)
    for number in ("1" * 5_000, "1e999", "-1e999", "NaN"):
        answer = analyst.put(
            f"/api/v1/firms/by-credit-code/{CODE}/figures/2024",
            content=f'{{"staff_avg": {number}}}', headers={"content-type": "application/json"},
        )  # fmt: skip
        assert answer.status_code in (400, 422), number
        assert answer.headers["content-type"] == "application/problem+json"
    assert numbers(db) == (1, 0, 0)


# --- who may ------------------------------------------------------------------------------------

KEEPERS = [(Role.INCUBATOR_MANAGER, "incubator"), (Role.PARK_OPERATOR, "park")]


@pytest.mark.parametrize(("role", "kind"), KEEPERS)
def test_a_foreign_firm_is_neither_touched_nor_told_of(db: Session, role: Role, kind: str) -> None:
    foreign = make_firm(db, "外区机密企业有限公司", firm={"registered_on": date(2020, 1, 5)},
                        figures={"staff_avg": {2024: 50}})  # fmt: skip
    row = db.get_one(Firm, foreign)
    code, version, before = str(row.credit_code), row.version, numbers(db)
    keeper = people.person(db, role, people.body(db, "mine", kind))
    refused = [
        put_firm(keeper, code=code),
        batch(keeper, "firms", ROW | {"credit_code": code}, atomic=True),
        put_figures(keeper, code=code, staff_avg=5),
        put_figures(keeper, code=code, year=2019, staff_avg=5),  # before it was registered
        put_figures(keeper, code=code, st_staff_avg=60),  # more than its staff
        batch(keeper, "figures", FIGURES | {"credit_code": code}, atomic=True),
    ]
    for answer in refused:
        assert list(pointers(answer)) in (["/credit_code"], ["/rows/0/credit_code"])
        for secret in ("机密", "2020-01-05", "50", f'"{foreign}"'):
            assert secret not in answer.text.replace(code, "")
    # Figures of a foreign firm are refused in the words for one that is not there.
    absent = put_figures(keeper, code=THIRD, staff_avg=5)
    for answer in refused[2:5]:
        assert answer.text.replace(code, "") == absent.text.replace(THIRD, "")
    skipped = batch(keeper, "firms", ROW | {"credit_code": code})
    assert counted(skipped) == (0, 0, 0, 1)
    db.expire_all()
    assert (db.get_one(Firm, foreign).version, numbers(db)) == (version, before)


@pytest.mark.parametrize(("role", "kind"), KEEPERS)
def test_a_keeper_writes_its_own(db: Session, role: Role, kind: str) -> None:
    keeper = people.person(db, role, people.body(db, "mine", kind))
    assert counted(batch(keeper, "firms", ROW)) == (1, 0, 0, 0)
    assert counted(batch(keeper, "figures", FIGURES)) == (1, 0, 0, 0)
    assert put_firm(keeper, chain="装备").json()["status"] == "updated"
    assert keeper.get(f"/api/v1/firms/by-credit-code/{CODE}").status_code == 200
    sources = set(db.scalars(select(Submission.source)))
    assert sources == {"incubator" if kind == "incubator" else "park_system"}


def test_scopes_and_roles(db: Session) -> None:
    bureau = people.body(db, "d-one", "department")
    firms = people.machine(db, bureau, ("firms:write",))
    figures = people.machine(db, bureau, ("figures:write",))
    assert put_firm(firms).status_code == 200
    assert put_figures(figures, staff_avg=5).status_code == 200
    assert put_firm(figures).status_code == put_figures(firms, staff_avg=6).status_code == 403
    for kind, client in (("firms", figures), ("figures", firms)):
        assert batch(client, kind).status_code == 403
    for role in (Role.LEADER, Role.OFFICER, Role.ADMIN, Role.AUDITOR):
        assert put_firm(people.person(db, role)).status_code == 403
    assert put_firm(TestClient(people.application(db))).status_code == 401
