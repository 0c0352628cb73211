"""What support is arranged by: where cases go, measures, the clock's steps, working days."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import User
from app.core.clock import today
from app.support import clock
from app.support.days import Calendar
from app.support.models import CaseEntry, Measure, RouteRule, SupportCase
from tests import people
from tests.support.opened import body, case, opened

RULES = "/api/v1/route-rules"


def test_rules_are_added_ordered_changed_and_tried(db: Session, firms: list[int]) -> None:
    client = people.person(db, Role.ANALYST)
    tax, info = body(db, "tax").id, body(db, "industry_info").id
    first = client.post(RULES, json={"criterion": "hnte.rd", "organisation_id": tax})
    assert first.status_code == 201
    second = client.post(RULES, json={"industry": "C39", "organisation_id": info, "days": 7})
    ids = [first.json()["id"], second.json()["id"]]

    def routed() -> dict[str, Any]:
        found = client.get(f"/api/v1/firms/{firms[0]}/routes").json()["items"]
        return next(one for one in found if one["measure"] == "rd.subledger")

    assert (routed()["organisation_id"], routed()["rule_id"]) == (tax, ids[0])
    missing = client.put(f"{RULES}:order", json={"ids": ids[:1]})
    assert missing.status_code == 409
    assert client.put(f"{RULES}:order", json={"ids": ids[::-1]}).status_code == 200
    assert (routed()["organisation_id"], routed()["days"]) == (info, 7)
    changed = {"industry": "C40", "organisation_id": info}
    path = f"{RULES}/{ids[1]}"
    assert client.put(path, json=changed).status_code == 428
    assert client.put(path, json=changed, headers={"If-Match": '"1"'}).status_code == 200
    late = client.put(path, json=changed, headers={"If-Match": '"1"'})
    assert late.status_code == 412 and late.json()["current"]["version"] == 2
    assert routed()["rule_id"] == ids[0]
    assert client.delete(path, headers={"If-Match": '"2"'}).status_code == 204
    leader = people.person(db, Role.LEADER)
    assert len(leader.get(RULES).json()["items"]) == 1
    assert leader.post(RULES, json=changed).status_code == 403


def test_a_rule_that_names_nothing_or_what_is_not_there_is_refused(db: Session) -> None:
    client = people.person(db, Role.ANALYST)
    tax = body(db, "tax").id
    people.person(db, Role.OFFICER, body(db, "finance"))
    stranger = db.scalars(select(User.id).where(User.username == "officer-finance")).one()
    wrong: dict[str, dict[str, Any]] = {
        "/measure": {}, "/criterion": {"criterion": "hnte.rdx"}, "/park_id": {"park_id": tax},
        "/staff_to": {"staff_from": 9, "staff_to": 3},
        "/user_id": {"industry": "C", "user_id": stranger}, "/industry": {"industry": "39"},
    }  # fmt: skip
    for pointer, given in wrong.items():
        answer = client.post(RULES, json={"organisation_id": tax} | given)
        assert answer.status_code == 422, given
        assert answer.json()["errors"][0]["pointer"] == pointer
    typo = client.post(RULES, json={"organisation_id": tax, "criterion": "hnte.rdx"})
    assert "hnte.rd" in typo.json()["detail"]


def test_rules_on_pages(db: Session, firms: list[int]) -> None:
    client = people.person(db, Role.ANALYST)
    tax, info = body(db, "tax").id, body(db, "industry_info").id
    form = {"criterion": "hnte.rd", "organisation_id": str(tax)}
    empty = client.post("/support/routes/new", data={"organisation_id": str(tax)})
    assert empty.status_code == 422 and "至少写一个条件" in empty.text
    for given in (form, {"industry": "C39", "organisation_id": str(info), "staff_from": "50"}):
        assert client.post("/support/routes/new", data=given,
                           follow_redirects=False).status_code == 303  # fmt: skip
    rules = list(db.scalars(select(RouteRule).order_by(RouteRule.position)))
    page = client.get("/support/routes?firm=帮扶企业1").text
    tried = page.split('id="tried"')[1]
    assert "按第 1 条规则" in tried and "税务" in tried
    client.post(f"/support/routes/{rules[1].id}/up")
    assert "按第 1 条规则" in client.get("/support/routes?firm=帮扶企业1").text.split("tried")[1]
    assert client.post(f"/support/routes/{rules[1].id}/up").status_code == 409
    assert 'value="hnte.rd"' in client.get(f"/support/routes/{rules[0].id}").text
    stale = client.post(f"/support/routes/{rules[0].id}", data=form | {"version": "7"})
    assert stale.status_code == 412 and "重新查看" in stale.text
    assert client.post(f"/support/routes/{rules[0].id}/remove", data={"version": "1"},
                       follow_redirects=False).status_code == 303  # fmt: skip
    assert client.get("/support/routes?firm=没有这家").status_code == 422
    officer = people.person(db, Role.OFFICER, body(db, "tax"))
    assert "/support/routes/new" not in officer.get("/support/routes").text


def test_a_measure_is_edited_by_version_and_kept_in_the_trail(db: Session) -> None:
    client = people.person(db, Role.ANALYST)
    path = "/api/v1/measures/rd.subledger"
    read = client.get(path)
    given = {name: value for name, value in read.json().items()
             if name not in ("code", "version")}  # fmt: skip
    tag = {"If-Match": read.headers["etag"]}
    changed = client.put(path, json=given | {"days": 21, "budget": "12.5"}, headers=tag)
    assert (changed.json()["version"], changed.json()["days"]) == (2, 21)
    assert client.put(path, json=given, headers=tag).status_code == 412
    wrong = client.put(path, json=given | {"lead": "sciense"}, headers={"If-Match": '"2"'})
    assert wrong.json()["errors"][0]["pointer"] == "/lead" and "science" in wrong.json()["detail"]
    assert client.get("/api/v1/measures/none.such").status_code == 404
    new = {"If-Match": '"0"'}
    assert client.put("/api/v1/measures/own.clinic", json=given, headers=new).status_code == 200
    told = db.scalar(text("select count(*) from audit_entry where table_name = 'measure'"))
    assert told and told >= 2
    form = {"label_zh": "研发辅导", "label_en": "R&D clinic", "kind": "ip", "lead": "tax",
            "citation": "x", "days": "9", "active": "yes", "version": "2"}  # fmt: skip
    assert (
        client.post("/support/measures/rd.subledger", data=form | {"days": "0"}).status_code == 422
    )
    assert client.post("/support/measures/rd.subledger", data=form,
                       follow_redirects=False).status_code == 303  # fmt: skip
    assert "研发辅导" in client.get("/support/measures").text
    kept = db.get_one(Measure, "rd.subledger")
    assert (kept.version, kept.days, kept.supporting) == (3, 9, [])
    fresh = form | {"code": "own.visit", "version": "0"}
    assert client.post("/support/measures/new", data=fresh | {"code": "Ü"}).status_code == 422
    client.post("/support/measures/new", data=fresh)
    assert 'value="own.visit"' in client.get("/support/measures/own.visit").text
    officer = people.person(db, Role.OFFICER)
    assert officer.post("/support/measures/rd.subledger", data=form).status_code == 403


def test_the_clock_climbs_and_passes_over_nobody(db: Session) -> None:
    clock.load_shipped(db)
    client = people.person(db, Role.ADMIN)
    steps = "/api/v1/clock-rules"
    assert client.put(f"{steps}/officer/-1").status_code == 204
    assert client.put(f"{steps}/officer/-1").status_code == 204, "twice is as once"
    early = client.put(f"{steps}/leader/-5")
    assert early.status_code == 422 and "上一级不能早于" in early.json()["detail"]
    for days in (-3, -1):
        assert client.delete(f"{steps}/officer/{days}").status_code == 204
    assert client.delete(f"{steps}/officer/1").status_code == 422, "somebody must be told"
    assert client.delete(f"{steps}/lead/9").status_code == 404
    page = client.post("/support/clock/add", data={"level": "lead", "days": "-9"})
    assert page.status_code == 422 and "上一级不能早于" in page.text
    assert client.post("/support/clock/add", data={"level": "lead", "days": "8"},
                       follow_redirects=False).status_code == 303  # fmt: skip
    analyst = people.person(db, Role.ANALYST)
    assert "逾期 8 个工作日" in analyst.get("/support/clock").text
    assert people.person(db, Role.OFFICER).put(f"{steps}/lead/9").status_code == 403


def test_what_is_due_on_a_new_day_off_moves_and_says_so(db: Session, firms: list[int]) -> None:
    number, calendar = opened(db, firms)[0], Calendar(db)
    due = calendar.after(today(), 20)
    db.execute(update(SupportCase).where(SupportCase.id == number).values(due_on=due))
    admin = people.person(db, Role.ADMIN)
    form = {"first": str(due), "last": str(due + timedelta(days=1)), "works": "no", "name": "区庆"}
    assert admin.post("/support/holidays", data=form, follow_redirects=False).status_code == 303
    moved = case(db, number)
    assert moved.due_on == Calendar(db).after(due, 1) and moved.version == 2
    told = db.scalars(select(CaseEntry).where(CaseEntry.case_id == number,
                                              CaseEntry.kind == "due")).one()  # fmt: skip
    assert told.text and "区庆" in told.text and told.recorded_by == "admin"
    page = admin.get(f"/support/holidays?year={due.year}").text
    assert "区庆" in page and str(due) in page
    same = admin.post(
        "/support/holidays", data={"first": "2030-03-06", "name": "x", "works": "yes"}
    )
    assert same.status_code == 422 and "无需登记" in same.text
    long = form | {"first": "2030-01-01", "last": "2030-03-01"}
    assert admin.post("/support/holidays", data=long).status_code == 422
    assert admin.post("/support/holidays", data=form | {"first": "?"}).status_code == 422
    assert admin.post(f"/support/holidays/{due}/forget", follow_redirects=False).status_code == 303
    assert Calendar(db).works(due)
    assert people.person(db, Role.OFFICER).post("/support/holidays", data=form).status_code == 403


def test_a_provisional_date_is_certain_once_its_year_is_recorded(
    db: Session, firms: list[int]
) -> None:
    number = opened(db, firms)[0]
    db.execute(update(SupportCase).where(SupportCase.id == number).values(
        due_on=date(2031, 1, 3), due_provisional=True))  # fmt: skip
    client = people.person(db, Role.ANALYST)
    assert "尚未登记" in client.get("/support/holidays?year=2031").text
    path = "/api/v1/holidays/2031-01-01"
    assert client.put(path, json={"works": False, "name": "元旦"}).json() == {"moved": 0}
    assert client.get("/api/v1/holidays?year=2031").json()["items"][0]["name"] == "元旦"
    assert not case(db, number).due_provisional
    assert client.delete(path).status_code == 200
    assert case(db, number).due_provisional
    assert client.delete(path).status_code == 404
