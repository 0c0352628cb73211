"""The search box finds firms by what people remember, within their scope; the trail knows."""

from datetime import date

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.firms.models import Contact, Firm, FormerName
from app.firms.names import search_columns
from tests.factories import credit_code
from tests.people import body, machine, person, put_in_park, statements

NAME, FORMER, PERSON, PHONE = "重庆黔江旗舰生物科技有限公司", "武陵药材厂", "李望舒", "13800138000"
CODE = credit_code(77_001_122)


@pytest.fixture
def firms(db: Session) -> dict[str, int]:
    """The firm that is looked for, and others with parts of its name."""
    found = {}
    for name in (NAME, "旗舰", "黔江旗舰店管理有限公司", "舟白旗舰电子有限公司"):
        firm = Firm(name=name, credit_code=CODE if name == NAME else None, **search_columns(name))
        db.add(firm)
        db.flush()
        found[name] = firm.id
    db.add(FormerName(firm_id=found[NAME], name=FORMER,
                      name_search=search_columns(FORMER)["name_search"]))  # fmt: skip
    db.add(Contact(firm_id=found[NAME], name=PERSON, phone=PHONE, email="li@example.cn"))
    db.flush()
    return found


def look(client: TestClient, words: str, **more: int) -> list[dict[str, object]]:
    found = client.get("/api/v1/search", params={"q": words, **more})
    assert found.status_code == 200, found.text
    rows: list[dict[str, object]] = found.json()["items"]
    return rows


@pytest.mark.parametrize(
    ("words", "by"),
    [
        (NAME, "name"),
        ("江旗舰生物", "name"),
        (FORMER, "former_name"),
        ("药材厂", "former_name"),
        ("chongqingqianjiangqijian", "pinyin"),
        ("CQQJQJSW", "pinyin"),
        ("ｃｑｑｊｑｊｓｗ", "pinyin"),
        (CODE, "credit_code"),
        (CODE[8:14].lower(), "credit_code"),
    ],
)
def test_a_firm_is_found_by_what_people_remember(
    db: Session, firms: dict[str, int], words: str, by: str
) -> None:
    rows = look(person(db, Role.ANALYST), words)
    assert (rows[0]["id"], rows[0]["by"]) == (firms[NAME], by)
    assert (rows[0]["former_name"] == FORMER) is (by == "former_name")


def test_the_likeliest_comes_first(db: Session, firms: dict[str, int]) -> None:
    rows = look(person(db, Role.ANALYST), "旗舰")
    assert rows[0]["name"] == "旗舰"
    assert len(rows) == 4
    rows = look(person(db, Role.ANALYST), "zhoubai")
    assert rows[0]["name"] == "舟白旗舰电子有限公司"


def test_more_are_told_and_nothing_is_found_calmly(db: Session, firms: dict[str, int]) -> None:
    client = person(db, Role.ANALYST)
    found = client.get("/api/v1/search", params={"q": "旗舰", "limit": 2}).json()
    assert (len(found["items"]), found["more"]) == (2, True)
    assert look(client, "没有这样的企业") == []
    assert look(client, "%_") == []
    assert "没有找到" in client.get("/search?q=zzzz").text
    assert client.get("/search").status_code == 200


@pytest.mark.parametrize("query", ["", "q=", "q=a&zzz=1", "q=a&limit=0", "q=a&limit=51",
                                   "q=" + "a" * 101, "q=a%00"])  # fmt: skip
def test_what_is_wrong_is_named(db: Session, query: str) -> None:
    found = person(db, Role.ANALYST).get(f"/api/v1/search?{query}")
    assert found.status_code == 422
    assert found.json()["errors"]


def test_only_what_one_may_know_of_is_found(db: Session, firms: dict[str, int]) -> None:
    park = body(db, "search-park", "park")
    put_in_park(db, firms["旗舰"], park, Range(date(2020, 1, 1), None))
    client = person(db, Role.PARK_OPERATOR, park)
    for path in ("/api/v1/search", "/search", "/search/suggestions"):
        page = client.get(path, params={"q": "qijian"}).text
        assert "旗舰" in page and "生物" not in page
    assert look(client, CODE) == []
    for role in (Role.ADMIN, Role.AUDITOR):
        assert person(db, role).get("/search?q=qijian").status_code == 403


def test_a_contact_leads_to_its_firm_alone_and_is_noted(db: Session, firms: dict[str, int]) -> None:
    client = person(db, Role.ANALYST)
    for typed in (PERSON, PHONE, "138 0013 8000", "LI@example.cn"):
        found = client.post("/api/v1/search/contacts", json={"person": typed})
        assert [row["id"] for row in found.json()["items"]] == [firms[NAME]], typed
        assert PERSON not in found.text and PHONE not in found.text
    notes = db.execute(
        text("select e::text from audit_entry as e where e::text like '%contacts%' "
             "order by 1 desc limit 9")
    ).scalars().all()  # fmt: skip
    assert len(notes) >= 4
    assert not any(PERSON in note or PHONE in note for note in notes)
    page = client.post("/search/contacts", data={"person": PERSON})
    assert NAME in page.text and PERSON not in page.text
    assert client.post("/api/v1/search/contacts", json={"person": "李望"}).json()["items"] == []


def test_contacts_are_not_for_everybody(db: Session, firms: dict[str, int]) -> None:
    officer = person(db, Role.OFFICER)
    assert officer.post("/api/v1/search/contacts", json={"person": PERSON}).status_code == 403
    assert "/search/contacts" not in officer.get("/search").text
    poor = machine(db, body(db, "poor-park", "park"), ("firms:read",))
    assert poor.post("/api/v1/search/contacts", json={"person": PERSON}).status_code == 403
    park = body(db, "other-park", "park")
    other = person(db, Role.PARK_OPERATOR, park)
    found = other.post("/api/v1/search/contacts", json={"person": PERSON})
    assert found.json() == {"items": [], "more": False}


def test_suggestions_wait_for_two_letters(db: Session, firms: dict[str, int]) -> None:
    client = person(db, Role.ANALYST)
    assert client.get("/search/suggestions?q=q").text.strip() == ""
    assert "旗舰" in client.get("/search/suggestions?q=旗").text


def test_a_search_is_noted_once_in_a_constant_number_of_statements(
    db: Session, firms: dict[str, int]
) -> None:
    client = person(db, Role.ANALYST)
    look(client, "旗舰")
    sent = []
    for words in ("旗舰", "生物"):
        with statements(db.connection().engine) as seen:
            look(client, words)
        sent.append(len(seen))
    assert sent[0] == sent[1] <= 24
    count = text("select count(*) from audit_entry as e where e::text like :like")
    assert db.scalar(count, {"like": "%生物%"}) == 1
