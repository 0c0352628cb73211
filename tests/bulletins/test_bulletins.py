"""A bulletin is frozen by a second person, survives corrections, and tells of them."""

import io
import json
import zipfile
from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.bulletins import service
from app.bulletins.models import Bulletin
from app.core.clock import now, today
from app.core.papers import DOCX, PDF
from app.firms.models import Designation
from tests.factories import make_firm
from tests.people import application, body, person, put_in_park

DAY = today().replace(day=1) - timedelta(days=1)
MONTH = f"{DAY:%Y-%m}"
NAMED = "绝密远山科技有限公司"


@pytest.fixture
def firms(db: Session) -> list[int]:
    """Two certified firms in a park."""
    park = body(db, "park-a", "park")
    found = [make_firm(db, name, designations=[{"kind": "hnte", "from": date(2024, 1, 1)}])
             for name in (NAMED, "另一家公司")]  # fmt: skip
    for firm in found:
        put_in_park(db, firm, park, Range(date(2015, 1, 1), None))
    return found


def said_in(content: bytes) -> str:
    """Everything a DOCX says."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("word/document.xml").decode()


def drafted(client: TestClient, kind: str = "monthly", month: str = MONTH) -> str:
    answer = client.post("/bulletins", data={"kind": kind, "month": month}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_the_page_proposes_a_month_that_is_over_and_keeps_what_was_filled_in(db: Session) -> None:
    analyst = person(db, Role.ANALYST)
    proposed = f'value="{MONTH}" max="{MONTH}"'
    day = today() + timedelta(days=1)
    assert day.day == 1 or proposed in analyst.get("/bulletins").text
    refused = analyst.post("/bulletins", data={"kind": "quarterly", "month": "2190-01"})
    assert refused.status_code == 422 and "尚未结束" in refused.text
    assert 'value="2190-01"' in refused.text and 'value="quarterly" selected' in refused.text


def test_a_second_person_approves_and_then_nothing_changes_it(
    db: Session, firms: list[int]
) -> None:
    first, second = person(db, Role.ANALYST), person(db, Role.ANALYST)
    path = drafted(first)
    assert first.post(f"{path}/approve").status_code == 403
    said = {"title": "月度通报", "text": "第一段\n\n第二段", "title_en": "Monthly bulletin",
            "text_en": "First\n\nSecond"}  # fmt: skip
    refused = first.post(f"{path}/edit", data=said | {"text_en": " "})
    assert refused.status_code == 422 and "第二段" in refused.text
    assert first.post(f"{path}/edit", data=said).status_code == 200
    assert person(db, Role.OFFICER).get(path).status_code == 404  # a draft
    assert second.post(f"{path}/approve").status_code == 200
    for step in ("edit", "refresh", "approve"):
        assert second.post(f"{path}/{step}", data=said).status_code == 409
    assert "第二段" in person(db, Role.OFFICER).get(path).text
    officer = person(db, Role.OFFICER)
    officer.cookies.set("lang", "en")
    page = officer.get(path).text
    assert "Monthly bulletin" in page and "Second" in page and "第二段" not in page


def test_what_is_public_may_not_name_a_firm(db: Session, firms: list[int]) -> None:
    first, second = person(db, Role.ANALYST), person(db, Role.ANALYST)
    path = drafted(first)
    said = {"title": "通报", "text": f"祝贺{NAMED}", "title_en": "Bulletin", "text_en": "Well done"}
    first.post(f"{path}/edit", data=said)
    refused = second.post(f"{path}/approve")
    assert refused.status_code == 422 and "公开页" in refused.text


def test_a_back_dated_correction_leaves_it_and_is_an_erratum(db: Session, firms: list[int]) -> None:
    first, second = person(db, Role.ANALYST), person(db, Role.ANALYST)
    path = drafted(first)
    second.post(f"{path}/approve")
    before = json.dumps(db.scalars(select(Bulletin.content)).one(), sort_keys=True)
    assert "勘误" not in second.get(path).text
    db.execute(update(Designation).where(Designation.firm_id == firms[0])
               .values(superseded_at=now()))  # fmt: skip
    page = second.get(path).text
    assert "勘误" in page and "2 → 1" in page and NAMED in page
    db.expire_all()
    assert json.dumps(db.scalars(select(Bulletin.content)).one(), sort_keys=True) == before
    content = db.scalars(select(Bulletin.content)).one()
    everybody = TestClient(application(db))
    assert "2 → 1" not in everybody.get(f"/public{path}").text
    service.note_errata(db, today())
    public = everybody.get(f"/public{path}").text
    assert "2 → 1" in public and NAMED not in public
    row = next(one for one in content["targets"] if one["code"] == "hnte_count")  # type: ignore[attr-defined]
    assert row["value"] == "2" and [firm[0] for firm in row["firms"]] == sorted(firms)
    assert "hnte_2016" in content["criteria"]  # type: ignore[operator]


def test_the_public_page_and_the_files_name_no_firm(db: Session, firms: list[int]) -> None:
    first, second = person(db, Role.ANALYST), person(db, Role.ANALYST)
    path = drafted(first)
    public = TestClient(application(db))
    assert public.get(f"/public{path}").status_code == 404
    second.post(f"{path}/approve")
    page = public.get(f"/public{path}")
    assert page.status_code == 200 and NAMED not in page.text
    operator = person(db, Role.PARK_OPERATOR)
    assert NAMED not in operator.get(path).text and NAMED in second.get(path).text
    for form, kind in (("docx", DOCX), ("pdf", PDF)):
        answer = second.get(f"{path}/file/{form}")
        assert answer.headers["content-type"] == kind and len(answer.content) > 5_000
    assert NAMED not in said_in(second.get(f"{path}/file/docx").content)
    assert operator.get(f"{path}/file/docx?firms=true").status_code == 404
    second.cookies.set("lang", "en")
    whole = said_in(second.get(f"{path}/file/docx?firms=true").content)
    for part in (NAMED, "Annex: firms counted", "criteria sets", "hnte_2016", "High-tech"):
        assert part in whole
    assert second.get(f"{path}/file/odt").status_code == 404


def test_the_draft_is_written_from_the_numbers(db: Session, firms: list[int]) -> None:
    client = person(db, Role.ANALYST)
    page = client.get(drafted(client)).text
    assert f"截至{DAY.year}年{DAY.month}月{DAY.day}日，实施方案12项目标中" in page
    quarter = date(DAY.year - 1, 12, 31)
    assert "第4季度" in client.get(drafted(client, "quarterly", f"{quarter:%Y-%m}")).text


@pytest.mark.parametrize(
    ("given", "status"),
    [({"month": "2190-01"}, 422), ({"month": "x"}, 422), ({"kind": "daily"}, 422), ({}, 409)],
)
def test_what_is_wrong_is_said(
    db: Session, firms: list[int], given: dict[str, str], status: int
) -> None:
    client = person(db, Role.ANALYST)
    drafted(client)
    answer = client.post("/bulletins", data={"kind": "monthly", "month": MONTH} | given)
    assert answer.status_code == status
    assert person(db, Role.LEADER).post("/bulletins", data=given).status_code == 403
