"""The trail of one firm, for who may know of it, in plain words."""

from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.core.db import Base
from app.firms.models import Designation, Firm, Location
from app.pipeline.trail import words
from tests.audit.trail import found_by
from tests.factories import make_firm
from tests.people import body, person

ALWAYS = Range(date(2015, 1, 1), None)


def history(client: TestClient, firm: int, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/firms/{firm}/history?limit=1000{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_a_history_says_who_changed_what(db: Session, firm: int, park: Organisation) -> None:
    items = history(person(db, Role.LEADER), firm)
    assert [item["id"] for item in items] == sorted((i["id"] for i in items), reverse=True)
    by_table: dict[str, list[Any]] = {}
    for item in items:
        by_table.setdefault(item["table"], []).append(item)
    assert {"firm", "firm_year", "location", "submission", "designation", "contact",
            "assessment"} == set(by_table)  # fmt: skip
    changed, made = by_table["firm"]
    assert (changed["action"], made["action"]) == ("update", "insert")
    assert made["who"]["name"] == "李经办"
    assert made["who"]["organisation"]["zh"] == park.name
    assert (changed["who"]["role_label"]["zh"], changed["reason"]) == ("科技局分析员", "年报更正")
    status = next(c for c in changed["rows"][0]["changes"] if c["column"] == "status")
    assert (status["before"], status["after"]) == ("active", "moved_out")
    assert status["label"] == {"zh": "状态", "en": "Status"}
    assert status["shown_after"] == {"zh": "迁出", "en": "moved out"}


def test_values_are_in_their_units(db: Session, firm: int) -> None:
    client = person(db, Role.ANALYST)
    [submitted] = history(client, firm, "&table=submission")
    value = next(c for c in submitted["rows"][0]["changes"] if c["column"] == "value")
    assert (value["after"], value["unit"]) == ("98765432.1", "yuan")
    assert value["shown_after"] == {"zh": "98,765,432.1 元", "en": "98,765,432.1 yuan"}
    assert submitted["rows"][0]["record"]["en"].startswith("2024 ")
    year = next(i for i in history(client, firm, "&table=firm_year") if i["action"] == "update")
    [revenue] = [c for c in year["rows"][0]["changes"] if c["column"] == "revenue_sales"]
    assert (revenue["before"], revenue["after"]) == ("1234567", "2000000")
    assert revenue["label"]["zh"] == "销售收入"
    assert revenue["shown_before"]["zh"] == "1,234,567 元"
    [title] = history(client, firm, "&table=designation")
    assert title["rows"][0]["record"]["zh"] == "高新技术企业"
    valid = next(c for c in title["rows"][0]["changes"] if c["column"] == "valid")
    assert valid["after"] == {"first": "2024-01-01", "last": "2026-12-31"}
    assert valid["shown_after"]["en"] == "2024-01-01 – 2026-12-31"
    [place] = history(client, firm, "&table=location")
    park = next(c for c in place["rows"][0]["changes"] if c["column"] == "park_id")
    assert park["shown_after"]["zh"] == "trail-park 单位"
    [verdicts] = history(client, firm, "&table=assessment")
    assert "项" in verdicts["rows"][0]["record"]["zh"]


def test_a_changed_record_is_named_though_only_its_change_is_kept(db: Session, firm: int) -> None:
    db.execute(update(Designation).where(Designation.firm_id == firm).values(end_reason="x"))
    db.execute(
        update(Location).where(Location.firm_id == firm).values(during=ALWAYS, source="import")
    )
    client = person(db, Role.ANALYST)
    for table, name in (("designation", "高新技术企业"), ("location", "trail-park 单位")):
        newest = history(client, firm, f"&table={table}")[0]
        assert (newest["action"], newest["rows"][0]["record"]["zh"]) == ("update", name)


def test_a_history_never_shows_persons(db: Session, firm: int) -> None:
    client = person(db, Role.ANALYST)
    [contact] = history(client, firm, "&table=contact")
    shown = {c["column"]: c["shown_after"]["en"] for c in contact["rows"][0]["changes"]}
    assert {shown["name"], shown["phone"]} == {"(not recorded)"}
    for path in (f"/firms/{firm}/history", f"/api/v1/firms/{firm}/history?limit=1000"):
        text_ = client.get(path).text
        assert "张绝密" not in text_ and "13900001111" not in text_


def test_a_history_belongs_to_who_may_know_of_the_firm(
    db: Session, firm: int, park: Organisation
) -> None:
    own = person(db, Role.PARK_OPERATOR, park)
    other = person(db, Role.PARK_OPERATOR, body(db, "other-park", "park"))
    foreign = make_firm(db)
    for path in ("/firms/{}/history", "/api/v1/firms/{}/history"):
        assert own.get(path.format(firm)).status_code == 200
        assert other.get(path.format(firm)).status_code == 404
        assert own.get(path.format(foreign)).status_code == 404
        assert person(db, Role.ADMIN, body(db, path, "department")).get(
            path.format(firm)).status_code == 403  # fmt: skip
    assert history(own, firm) == history(person(db, Role.ANALYST), firm)


def test_a_history_leaves_out_what_touched_others(db: Session, firm: int) -> None:
    other = make_firm(db)
    db.execute(update(Firm).where(Firm.id.in_([firm, other])).values(chain="共同"))
    newest = history(person(db, Role.ANALYST), firm)[0]
    assert [row["firm_id"] for row in newest["rows"]] == [firm]


def test_a_history_is_paged_and_filtered(db: Session, firm: int) -> None:
    client = person(db, Role.ANALYST)
    whole = [item["id"] for item in history(client, firm)]
    first = client.get(f"/api/v1/firms/{firm}/history?limit=3").json()
    rest = client.get(f"/api/v1/firms/{firm}/history?limit=1000&cursor=").status_code
    assert rest == 422
    following = client.get(f"/api/v1/firms/{firm}/history?limit=3&cursor={first['next']}").json()
    assert [i["id"] for i in (*first["items"], *following["items"])] == whole[:6]
    assert first["count"] == len(whole)
    assert history(client, firm, f"&since={today() + timedelta(days=1)}") == []
    assert {i["action"] for i in history(client, firm, "&action=insert")} == {"insert"}
    assert client.get(f"/api/v1/firms/{firm}/history?tabel=firm").status_code == 422


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("zh", ["变更历史", "李经办 · 部门经办", "理由: 年报更正", "企业信息", "迁出", "销售收入",
                "1,234,567 元", "2,000,000 元", "修改前", "2024-01-01 – 2026-12-31", "税务局"]),
        ("en", ["History", "李经办 · officer", "Reason: 年报更正", "Firm", "moved out", "Sales",
                "1,234,567 yuan", "2,000,000 yuan", "Before", "2024-01-01 – 2026-12-31",
                "tax bureau"]),
    ],
)  # fmt: skip
def test_the_history_page_is_for_people(db: Session, firm: int, lang: str, told: list[str]) -> None:
    client = person(db, Role.ANALYST)
    client.cookies.set("lang", lang)
    page = client.get(f"/firms/{firm}/history").text
    for words_ in told:
        assert words_ in page, words_
    for raw in ("{&#34;", '{"', "revenue_sales", "moved_out", "2027-01-01)", "None", "name_search"):
        assert raw not in page.partition("<main")[2].replace('value="', ""), raw
    assert f'href="/firms/{firm}/history"' in client.get(f"/firms/{firm}").text
    later = client.get(f"/firms/{firm}/history?since={today() + timedelta(days=1)}").text
    assert ("没有记录" if lang == "zh" else "Nothing recorded") in later


def test_the_history_of_a_deleted_firm_is_with_the_auditor(db: Session, firm: int) -> None:
    db.execute(delete(Firm).where(Firm.id == firm))
    assert person(db, Role.ANALYST).get(f"/api/v1/firms/{firm}/history").status_code == 404
    found = found_by(person(db, Role.AUDITOR), f"firm_id={firm}&action=delete")
    assert {"firm", "designation", "submission", "firm_year"} <= {e["table"] for e in found}


def test_every_table_of_a_firm_has_words() -> None:
    """Whoever adds a table or column of firms says in trail.yaml what people call it."""
    from app.firms.catalogue import INDICATORS

    known = words()
    of_firms = [
        table
        for table in Base.metadata.tables.values()
        if (table.name == "firm" or "firm_id" in table.c) and not table.name.startswith("audit_")
    ]
    assert {t.name for t in of_firms} - set(known.tables) == set()
    columns = {c.name for t in of_firms for c in t.columns}
    assert columns - set(known.columns) - set(known.technical) - set(INDICATORS) == set()
