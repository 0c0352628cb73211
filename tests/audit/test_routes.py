"""Who may see the trail over HTTP, what its filters find, and who is noted for looking."""

import csv
import io
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text, update
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.auth import COOKIE
from app.accounts.models import Grant, Organisation, User, UserSession
from app.accounts.secrets import digest
from app.core.clock import today
from app.core.settings import Settings
from app.firms.models import Firm
from app.main import create_app
from tests.audit.trail import act, entries, found_by, last
from tests.factories import make_firm
from tests.people import FAR_FUTURE, body, machine, person

AUDITS = ("/audit", "/audit/export", "/audit/1", "/api/v1/audit", "/api/v1/audit/filters",
          "/api/v1/audit/export", "/api/v1/audit/1")  # fmt: skip


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
@pytest.mark.parametrize("path", AUDITS)
def test_only_the_auditor_sees_the_trail(db: Session, role: Role, path: str) -> None:
    assert person(db, role).get(path).status_code == 403


def test_nor_a_token(db: Session) -> None:
    client = machine(db, body(db, "trail-body", "department"))
    assert {client.get(path).status_code for path in AUDITS} == {403}


def test_the_auditor_sees_it_all_and_no_firm_elsewhere(db: Session, firm: int) -> None:
    auditor = person(db, Role.AUDITOR)
    entry = auditor.get("/api/v1/audit").json()["items"][0]["id"]
    for path in AUDITS:
        answer = auditor.get(path.replace("/1", f"/{entry}"))
        assert answer.status_code == 200, (path, answer.text)
    for path in ("/firms", "/pool", f"/firms/{firm}", f"/firms/{firm}/history",
                 f"/api/v1/firms/{firm}/history", "/api/v1/firms"):  # fmt: skip
        assert auditor.get(path).status_code == 403, path
    assert auditor.get("/api/v1/audit/999999999").status_code == 404
    navigation = auditor.get("/audit").text.split("</nav>")[0]
    assert 'href="/audit"' in navigation and 'href="/pool"' not in navigation
    assert 'href="/audit"' not in person(db, Role.ANALYST).get("/criteria").text


def test_every_filter_finds_what_it_says(db: Session, firm: int, park: Organisation) -> None:
    auditor = person(db, Role.AUDITOR)
    everything = found_by(auditor, "")
    today_ = f"since={today()}&until={today()}"
    yesterday, tomorrow = today() - timedelta(days=1), today() + timedelta(days=1)
    assert len(found_by(auditor, today_)) == len(everything) > 20
    assert found_by(auditor, f"until={yesterday}") == found_by(auditor, f"since={tomorrow}") == []
    assert found_by(auditor, f"until={quote('2020-01-01T00:00:00+08:00')}") == []
    checks: dict[str, Any] = {
        "name=李经办": lambda e: e["who"]["name"] == "李经办",
        "name__ic=经办": lambda e: "经办" in e["who"]["name"],
        "user_id=7": lambda e: e["user_id"] == 7,
        "user_id__empty=true": lambda e: e["user_id"] is None,
        "organisation=trail-park": lambda e: e["organisation_id"] == park.id,
        "role=officer": lambda e: e["who"]["role"] == "officer",
        "table=designation": lambda e: e["table"] == "designation",
        "table__in=designation,contact": lambda e: e["table"] in ("designation", "contact"),
        "action=update": lambda e: e["action"] == "update",
        "request_id=r-2": lambda e: e["request_id"] == "r-2",
        "reason__ic=年报": lambda e: e["reason"] == "年报更正",
        f"firm_id={firm}": lambda e: any(row["firm_id"] == firm for row in e["rows"]),
        "reads=false&action=insert&role=officer":
            lambda e: e["action"] == "insert" and e["who"]["role"] == "officer",
    }  # fmt: skip
    for query, fits in checks.items():
        found = found_by(auditor, query)
        assert found and len(found) < len(everything), query
        assert {e["id"] for e in found} == {e["id"] for e in everything if fits(e)}, query


@pytest.mark.parametrize("query", [
    "sinse=2026-01-01", "since=yesterday", "role=king", "action=see", "organisation=nowhere",
    "firm_id=x", "ordering=name",
])  # fmt: skip
def test_what_filters_nothing_is_refused(db: Session, query: str) -> None:
    auditor = person(db, Role.AUDITOR)
    answer = auditor.get(f"/api/v1/audit?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == query.split("=", maxsplit=1)[0]
    assert "alert-danger" in auditor.get(f"/audit?{query}").text


def test_pages_follow_each_other_without_loss(db: Session, firm: int) -> None:
    auditor = person(db, Role.AUDITOR)
    numbers: list[int] = []
    path = "/api/v1/audit?limit=7"
    while True:
        got = auditor.get(path).json()
        numbers += [item["id"] for item in got["items"]]
        if got["next"] is None:
            break
        path = f"/api/v1/audit?limit=7&cursor={got['next']}"
    assert numbers == sorted(set(numbers), reverse=True)
    assert len(numbers) == db.scalar(text("select count(*) from audit_entry"))


def test_rows_of_a_large_act_come_a_page_at_a_time(db: Session) -> None:
    firms = [make_firm(db) for _ in range(3)]
    since = last(db)
    db.execute(text(
        "insert into submission (firm_id, year, indicator, value, source) "
        "select f, 1900 + n, 'rd_hnte', n, 'import' "
        "from unnest(:f) as f, generate_series(1, 80) as n"
    ), {"f": firms})  # fmt: skip
    [entry] = entries(db, since)
    auditor = person(db, Role.AUDITOR)
    [item] = found_by(auditor, f"firm_id={firms[0]}&table=submission")
    assert (item["row_count"], len(item["rows"])) == (240, 5)
    seen, after = [], 0
    while after is not None:
        got = auditor.get(f"/api/v1/audit/{entry.id}?after={after}").json()
        seen += [row["key"] for row in got["entry"]["rows"]]
        after = got["next"]
    assert len(seen) == len(set(seen)) == 240
    page = auditor.get(f"/audit/{entry.id}").text
    assert f"/audit/{entry.id}?after=100" in page


def test_an_export_is_whole_harmless_and_noted(db: Session, firm: int) -> None:
    act(db, name='=HYPERLINK("http://x")', reason="@sum", request_id="r-evil")
    db.execute(update(Firm).where(Firm.id == firm).values(chain="+1+1"))
    auditor = person(db, Role.AUDITOR)
    since = last(db)
    for path, heading in (("/audit/export", "姓名"), ("/api/v1/audit/export", "姓名")):
        answer = auditor.get(f"{path}?firm_id={firm}&limit=1")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.content.startswith(b"\xef\xbb\xbf")
        lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert lines[0][2] == heading
        whole = db.scalar(text(
            "select count(*) from audit_row where entry_id in "
            "(select entry_id from audit_row where firm_id = :f)"), {"f": firm})  # fmt: skip
        assert len(lines) - 1 == whole
        evil = [line for line in lines if line[7] == "r-evil"]
        assert {(line[2], line[8]) for line in evil} == {('\'=HYPERLINK("http://x")', "'@sum")}
        cells = [cell for line in lines for cell in line]
        assert not [c for c in cells if c.startswith(("=", "+", "-", "@", "\t", "\r"))]
    first, second = [e for e in entries(db, since) if e.action == "read"]
    assert (first.table_name, first.role, first.row_count) == ("audit", "auditor", whole)
    assert first.detail == {
        "purpose": "export", "filter": {"firm_id": [str(firm)], "limit": ["1"]},
    }  # fmt: skip
    assert second.detail == first.detail
    english = person(db, Role.AUDITOR, body(db, "second-seat", "department"))
    english.cookies.set("lang", "en")
    assert english.get("/audit/export?table=plan").text.startswith("\ufeffid,at,name")


SEARCHES = [
    ("/api/v1/firms?q=审计科技", "firm"),
    ("/api/v1/pool?q=审计科技&limit=3", "pool"),
    ("/firms?q=审计科技&rung=", "firm"),
    ("/pool?q=审计科技", "pool"),
    ("/api/v1/firms?name__ic=审计", "firm"),
    ("/api/v1/firms?any=rung:certified|q:审计科技", "firm"),
    ("/api/v1/firms?credit_code__isw=91500114", "firm"),
]


@pytest.mark.parametrize(("path", "what"), SEARCHES)
def test_searches_are_noted_with_filter_and_row_count(
    db: Session, firm: int, path: str, what: str
) -> None:
    client = person(db, Role.ANALYST)
    since = last(db)
    answer = client.get(path)
    assert answer.status_code == 200
    [note] = [e for e in entries(db, since) if e.action == "read"]
    assert (note.table_name, note.name, note.role) == (what, "analyst", "analyst")
    assert note.request_id == answer.headers["x-request-id"]
    query = path.split("?")[1]
    asked = [pair.split("=", 1) for pair in query.split("&") if not pair.endswith("=")]
    assert note.detail == {"purpose": "search", "filter": {k: [v] for k, v in asked}}
    assert note.row_count == 1


def test_what_is_no_search_or_fails_is_not_noted(db: Session, firm: int) -> None:
    client = person(db, Role.ANALYST)
    since = last(db)
    for path in ("/firms", "/pool", "/api/v1/firms?rung=none", "/api/v1/pool?gap_count__lte=1",
                 "/api/v1/firms?q=x&limit=0", "/firms?q=x&limit=0", f"/firms/{firm}"):  # fmt: skip
        client.get(path)
    assert [e for e in entries(db, since) if e.action == "read"] == []


def test_whoever_is_turned_away_is_noted(db: Session, firm: int) -> None:
    park = body(db, "turned-away", "park")
    operator, token = person(db, Role.PARK_OPERATOR, park), machine(db, park, ("firms:read",))
    stranger = machine(db, park, ("firms:read",))
    stranger.headers["Authorization"] += "x"
    since = last(db)
    foreign = operator.get(f"/api/v1/firms/{firm}")
    assert foreign.status_code == operator.get("/api/v1/firms/99999999").status_code == 404
    assert operator.get("/audit").status_code == 403
    assert token.delete("/api/v1/loans/1", headers={"If-Match": '"1"'}).status_code == 403
    forged = stranger.get("/api/v1/firms", headers={"X-Forwarded-For": "203.0.113.7"})
    assert forged.status_code == 401
    found = [(e.role, e.detail["filter"]) for e in entries(db, since, "refused")]
    assert [(role, said["status"], said["path"]) for role, said in found] == [
        ("park_operator", 404, f"/api/v1/firms/{firm}"),
        ("park_operator", 404, "/api/v1/firms/99999999"), ("park_operator", 403, "/audit"),
        ("park_operator", 403, "/api/v1/loans/1"), (None, 401, "/api/v1/firms"),
    ]  # fmt: skip
    told = person(db, Role.AUDITOR).get("/audit?reads=true&table=refused").text
    assert "被拒绝的请求" in told and "访客" in told


def test_a_reading_and_its_note_make_do_with_one_connection(clone: Engine) -> None:
    """Requests that hold a connection and wait for another would wait for each other."""
    with Session(clone) as session, session.begin():
        make_firm(session)
        user = User(username="a", name="a", password_hash="-", locale="zh")  # noqa: S106
        session.add(user)
        session.flush()
        seat = session.scalar(text("select id from organisation limit 1"))
        grant = Grant(user_id=user.id, role="analyst", organisation_id=seat, since=date(2000, 1, 1))
        session.add(grant)
        session.flush()
        session.add(UserSession(token_hash=digest("one"), user_id=user.id, grant_id=grant.id,
                                expires_at=FAR_FUTURE))  # fmt: skip
    settings = Settings(database_url=None, pool_size=1)
    from app.core.db import make_engine

    single = make_engine(clone.url.render_as_string(hide_password=False), settings, role="tidu_app")
    client = TestClient(create_app(settings, single), cookies={COOKIE: "one"})
    try:
        assert client.get("/api/v1/firms?q=测试").status_code == 200
    finally:
        single.dispose()
    with clone.connect() as connection:
        noted = connection.execute(text(
            "select e.name, e.detail -> 'filter' ->> 'q', l.seq from audit_entry as e "
            "join audit_link as l on l.entry_id = e.id where action = 'read'")).all()  # fmt: skip
    assert [tuple(row[:2]) for row in noted] == [("a", '["测试"]')]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_auditors_pages_show_before_and_after(db: Session, firm: int, lang: str) -> None:
    auditor = person(db, Role.AUDITOR)
    auditor.cookies.set("lang", lang)
    page = auditor.get(f"/audit?firm_id={firm}&table=firm&action=update").text
    assert ("年报更正" in page) and ("状态" if lang == "zh" else "Status") in page
    [item] = found_by(auditor, f"firm_id={firm}&table=firm&action=update")
    one = auditor.get(f"/audit/{item['id']}").text
    assert "新材料" in one and "r-2" in one
    assert ("在营" in one and "迁出" in one) if lang == "zh" else ("moved out" in one)
