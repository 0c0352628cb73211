"""Writes over REST: by credit code, alone and in batches; every fault named, nothing leaked."""

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.firms.models import Firm, FirmYear, FormerName, Submission
from tests import people
from tests.factories import credit_code, make_firm

CODE, OTHER, THIRD = (credit_code(88_000_000 + n) for n in range(3))
FIRM = {"name": "武陵材料有限公司", "registered_on": "2020-01-05", "region": "黔江"}
ROW = {"credit_code": CODE, **FIRM}
FIGURES = {"credit_code": CODE, "year": 2024, "staff_avg": 50, "revenue_sales": "1,234.5万元"}
ALWAYS = Range(date(2015, 1, 1), None)


@pytest.fixture
def analyst(db: Session) -> TestClient:
    """Somebody who may write every firm."""
    return people.person(db, Role.ANALYST)


def put_firm(client: TestClient, code: str = CODE, **fields: Any) -> Response:
    """One firm."""
    return client.put(f"/api/v1/firms/by-credit-code/{code}", json=FIRM | fields)


def put_figures(client: TestClient, code: str = CODE, year: int = 2024, **values: Any) -> Response:
    """One firm's figures of a year."""
    return client.put(f"/api/v1/firms/by-credit-code/{code}/figures/{year}", json=values)


def batch(client: TestClient, kind: str, *rows: dict[str, Any], atomic: bool = False) -> Response:
    """Rows of a kind."""
    return client.post(f"/api/v1/{kind}:batch", json={"atomic": atomic, "rows": list(rows)})


def pointers(answer: Response, status: int = 422) -> dict[str, str]:
    """Sentence by pointer of a refusal in the one shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) >= {"type", "title", "status", "detail", "errors"}
    assert problem["status"] == status
    return {error["pointer"]: error["detail"] for error in problem["errors"]}


def counted(answer: Response) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, rejected; they add up to the rows and their results."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    names = ("created", "updated", "unchanged", "rejected")
    assert sum(body[name] for name in names) == len(body["results"])
    for name in names:
        assert sum(result["status"] == name for result in body["results"]) == body[name]
    assert [result["index"] for result in body["results"]] == list(range(len(body["results"])))
    return tuple(body[name] for name in names)


def numbers(db: Session) -> tuple[int, int, int]:
    """How many firms, rows of figures and submissions there are."""
    return tuple(  # type: ignore[return-value]
        db.scalar(select(func.count()).select_from(table)) for table in (Firm, FirmYear, Submission)
    )


# --- told apart by the sender's number ----------------------------------------------------------


def test_a_number_that_was_given_beside_the_code_names_the_firm_from_then_on(
    db: Session, analyst: TestClient
) -> None:
    unknown = batch(analyst, "firms", FIRM | {"external_id": "P-1"})
    assert "请同时填写统一社会信用代码" in unknown.json()["results"][0]["errors"][0]["detail"]
    assert counted(batch(analyst, "firms", ROW | {"external_id": "P-1"})) == (1, 0, 0, 0)
    by_number = {"external_id": "P-1", "year": 2024}
    assert counted(batch(analyst, "figures", by_number | {"staff_avg": 50})) == (1, 0, 0, 0)
    award = {"external_id": "P-1", "name": "奖", "level": "national", "awarded_on": "2024-05-01"}
    assert counted(batch(analyst, "awards", award)) == (1, 0, 0, 0)
    renamed = {"external_id": "P-1", "name": "武陵新材料有限公司"}
    assert counted(batch(analyst, "firms", renamed)) == (0, 1, 0, 0)
    # Another sender's number of that name is another number.
    park = people.machine(db, people.body(db, "numbering", "park"))
    assert counted(batch(park, "figures", by_number | {"staff_avg": 51})) == (0, 0, 0, 1)


def test_a_number_is_of_one_firm_and_visible(analyst: TestClient) -> None:
    assert put_firm(analyst, external_id="P-1").json()["status"] == "created"
    assert set(pointers(put_firm(analyst, OTHER, external_id="P-1"))) == {"/external_id"}
    assert set(pointers(put_figures(analyst, external_id="a\0b", staff_avg=1))) == {"/external_id"}
    # A fault of a number keeps its own row out, whatever follows.
    rows = [{"credit_code": OTHER, "name": "别家公司", "external_id": "P-1"},
            {"credit_code": THIRD, "name": "第三公司", "external_id": "P" * 101},
            {"credit_code": "915", "name": "坏代码公司"}]  # fmt: skip
    assert counted(batch(analyst, "firms", *rows)) == (0, 0, 0, 3)
    assert analyst.get(f"/api/v1/firms/by-credit-code/{OTHER}").status_code == 404


# --- one at a time ------------------------------------------------------------------------------


def test_a_firm_is_created_updated_and_left_alone(db: Session, analyst: TestClient) -> None:
    assert put_firm(analyst).json() == {"index": 0, "status": "created", "conflicts": 0,
                                        "outdated": False, "errors": []}  # fmt: skip
    assert put_firm(analyst).json()["status"] == "unchanged"
    assert put_firm(analyst, code=CODE.lower()).json()["status"] == "unchanged"
    assert put_firm(analyst, chain="新材料").json()["status"] == "updated"
    assert put_firm(analyst).json()["status"] == "unchanged"  # what is left out stays
    read = analyst.get(f"/api/v1/firms/by-credit-code/{CODE}").json()
    assert (read["chain"], read["region_code"]) == ("新材料", "500114")


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


# --- batches ------------------------------------------------------------------------------------


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
