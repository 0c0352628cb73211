"""Cases: opened with a stated number, routed, worked on, closed once; their effect is measured."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.accounts.models import User
from app.core.clock import today
from app.core.errors import Conflict, Stale
from app.firms.flag_models import Flag
from app.firms.models import Contact, Firm, FirmYear
from app.pipeline.models import Assessment
from app.pipeline.service import assess
from app.support import opening, service
from app.support.days import Calendar
from app.support.models import CaseEntry, RouteRule, SupportCase
from tests import people
from tests.factories import make_firm
from tests.support.opened import LAST, body, case, opened


def test_many_are_opened_with_the_number_that_was_confirmed(db: Session, firms: list[int]) -> None:
    client = people.person(db, Role.ANALYST)
    query = "id__in=" + ",".join(map(str, firms))
    asked = {"of": "pool", "query": query, "measure": "rd.subledger"}
    seen = client.post("/api/v1/cases:preview", json=asked).json()
    assert (seen["selected"], len(seen["items"]), seen["without"]) == (3, 3, 0)
    assert seen["items"][0]["criteria"] == ["hnte.rd"]
    assert seen["items"][0]["organisation_id"] == body(db, "science").id
    wanted = asked | {"remark": "冲刺高企", "expected": 2}
    assert client.post("/api/v1/cases:open", json=wanted).status_code == 409
    assert db.scalar(select(func.count()).select_from(SupportCase)) == 0
    made = client.post("/api/v1/cases:open", json=wanted | {"expected": 3})
    assert made.status_code == 201 and len(made.json()["ids"]) == 3
    again = client.post("/api/v1/cases:open", json=wanted | {"expected": 3})
    assert again.status_code == 422, "no firm is asked twice for the same"
    one = client.get(f"/api/v1/cases/{made.json()['ids'][0]}").json()
    assert one["state"] == "open" and one["entries"][0]["text"] == "冲刺高企"
    assert one["due_on"] == str(Calendar(db).after(today(), 15))
    assert [entry["kind"] for entry in one["entries"]] == ["opened"]
    assert people.person(db, Role.OFFICER).post(
        "/api/v1/cases:open", json=wanted).status_code == 403  # fmt: skip


def reasons(db: Session, numbers: list[int]) -> list[str]:
    query = select(SupportCase.reason).where(SupportCase.id.in_(numbers))
    return list(db.scalars(query.order_by(SupportCase.firm_id)))


def test_each_case_says_why_this_firm_and_what_was_written_anew(
    db: Session, firms: list[int]
) -> None:
    asked = {"of": "firms", "query": "id__in=" + ",".join(map(str, firms)),
             "measure": "rd.subledger"}  # fmt: skip
    db.execute(update(Assessment).where(Assessment.firm_id == firms[1]).values(
        gaps=text("array_replace(gaps, 149999700, 12345)")))  # fmt: skip
    client = people.person(db, Role.ANALYST)
    seen = client.post("/api/v1/cases:preview", json=asked).json()["items"]
    own = [one["reason"] for one in seen]
    assert own[0]["zh"] == own[2]["zh"] != own[1]["zh"]
    assert "研发费用" in own[1]["zh"] and "123.45 元" in own[1]["zh"]
    assert "123.45 yuan short" in own[1]["en"]
    wrong = asked | {"expected": 3, "reasons": {str(firms[-1] + 1): "x"}}
    assert client.post("/api/v1/cases:open", json=wrong).status_code == 409
    written = asked | {"expected": 3, "reasons": {str(firms[2]): "董事长来电求助"}}
    made = client.post("/api/v1/cases:open", json=written)
    assert reasons(db, made.json()["ids"]) == [own[0]["zh"], own[1]["zh"], "董事长来电求助"]


def test_the_gaps_of_the_set_that_was_asked_about_come_first(db: Session) -> None:
    firm = make_firm(db, "科技型企业", designations=[
        {"kind": "cq_tech_based", "from": date(LAST, 1, 1)}])  # fmt: skip
    assess(db, None, today())
    client = people.person(db, Role.ANALYST)
    for code in ("hnte_2016", "pool_qianjiang_2023"):
        asked = {"of": "pool", "query": f"set={code}&id={firm}"}
        [one] = client.post("/api/v1/cases:preview", json=asked).json()["items"]
        assert one["set_code"] == code


def test_without_a_gap_a_flag_says_why_and_without_that_somebody_must(db: Session) -> None:
    title = {"kind": "srdi", "from": date(LAST, 1, 1), "to": today() + timedelta(days=20)}
    ending = make_firm(db, "到期企业", designations=[title])
    nothing = make_firm(db, "无标记企业", firm={"registered_on": today()})
    assess(db, None, today())
    db.execute(delete(Flag).where(Flag.firm_id == nothing))
    db.execute(delete(Flag).where(Flag.firm_id == ending, Flag.kind != "expiring"))
    asked = {"of": "firms", "query": f"id__in={ending},{nothing}", "measure": "tax.hnte15",
             "expected": 2}  # fmt: skip
    client = people.person(db, Role.ANALYST)
    refused = client.post("/api/v1/cases:open", json=asked)
    assert refused.status_code == 422 and "无标记企业" in refused.json()["detail"]
    made = client.post("/api/v1/cases:open", json=asked | {"remark": "年底前联系"})
    flag, remark = reasons(db, made.json()["ids"])
    assert "到期" in flag and remark == "年底前联系"


def test_a_firm_that_changed_meanwhile_stops_the_opening(db: Session, firms: list[int]) -> None:
    found = opening.found(db, SYSTEM, "pool", [("unmet", "hnte.rd")])
    assert len(opening.preview(db, found, "rd.subledger").cases) == 3
    db.execute(update(Firm).where(Firm.id == firms[0]).values(status="moved_out"))
    found = opening.found(db, SYSTEM, "pool", [("unmet", "hnte.rd")])
    with pytest.raises(Conflict, match="2 家"):
        opening.open_cases(db, SYSTEM, found, opening.Wanted("rd.subledger", 3))


def test_a_rule_routes_by_gap_industry_and_size(db: Session, firms: list[int]) -> None:
    there = body(db, "industry_info")
    db.add(RouteRule(position=1, criterion="hnte.rd", industry="C39", staff_from=50, staff_to=200,
                     organisation_id=there.id, days=5))  # fmt: skip
    db.flush()
    found = case(db, opened(db, firms[:1])[0])
    assert found.organisation_id == there.id
    assert found.due_on == Calendar(db).after(today(), 5)
    db.execute(update(RouteRule).values(staff_from=150))
    assert case(db, opened(db, firms[1:2])[0]).organisation_id == body(db, "science").id


def test_a_case_is_accepted_worked_and_closed_once(db: Session, firms: list[int]) -> None:
    number = opened(db, firms[:1], "tax.hnte15")[0]
    tax = body(db, "tax")
    officer, other = people.person(db, Role.OFFICER, tax), people.person(db, Role.OFFICER)
    path = f"/api/v1/cases/{number}/acts"
    assert other.post(path, json={"act": "accept", "version": 1}).status_code == 403
    assert officer.post(path, json={"act": "close", "version": 1, "text": "x",
                                    "outcome": "done"}).status_code == 409  # fmt: skip
    assert officer.post(path, json={"act": "accept", "version": 1}).json()["state"] == "accepted"
    late = officer.post(path, json={"act": "accept", "version": 1})
    assert late.status_code == 412 and late.json()["current"]["version"] == 2
    assert officer.post(path, json={"act": "start", "version": 2}).json()["version"] == 3
    empty = officer.post(path, json={"act": "note", "version": 3, "text": " "})
    assert empty.json()["errors"][0]["pointer"] == "/text"
    noted = officer.post(
        path, json={"act": "note", "version": 3, "text": "内部", "firm_sees": False}
    )
    assert noted.status_code == 200
    assert "内部" not in other.get(f"/api/v1/cases/{number}").text
    closing = {"act": "close", "version": 4, "text": "已辅导", "outcome": "done"}
    assert officer.post(path, json=closing).json()["closed_on"] == str(today())
    reply = officer.post(path, json={"act": "note", "version": 5, "text": "再说一句"})
    assert reply.status_code == 409 and "已办结" in reply.json()["detail"]


def test_of_two_who_close_at_once_one_is_told(db: Session, firms: list[int]) -> None:
    number = opened(db, firms[:1])[0]
    found = case(db, number)
    service.act(db, SYSTEM, found, 1, service.Act("accept"))
    service.act(db, SYSTEM, found, 2, service.Act("close", "好", "done"))
    with pytest.raises(Stale):
        service.act(db, SYSTEM, found, 2, service.Act("close", "不好", "declined"))
    assert case(db, number).state == "done"


def test_handed_back_it_waits_to_be_routed_anew(db: Session, firms: list[int]) -> None:
    number = opened(db, firms[:1])[0]
    found = case(db, number)
    service.act(db, SYSTEM, found, 1, service.Act("hand_back", "不归我们管"))
    assert (found.state, found.organisation_id) == ("open", None)
    there = body(db, "finance")
    service.act(db, SYSTEM, found, 2, service.Act("assign", organisation_id=there.id))
    assert found.organisation_id == there.id
    kinds = list(db.scalars(select(CaseEntry.kind).order_by(CaseEntry.id)))
    assert kinds == ["opened", "handed_back", "assigned"]


def test_a_due_date_on_a_holiday_is_refused_with_the_next_working_day(
    db: Session, firms: list[int]
) -> None:
    client, number = people.person(db, Role.ANALYST), opened(db, firms[:1])[0]
    free = today() + timedelta(days=30)
    off = client.put(f"/api/v1/holidays/{free}", json={"works": False, "name": "区庆"})
    assert off.json() == {"moved": 0}
    act = {"act": "due", "version": 1, "text": "延期", "due_on": str(free)}
    refused = client.post(f"/api/v1/cases/{number}/acts", json=act)
    assert refused.status_code == 422
    assert str(Calendar(db).after(free, 1)) in refused.json()["detail"]


def test_working_days_know_the_holidays_and_which_years_are_not_known(db: Session) -> None:
    calendar = Calendar(db)
    assert calendar.after(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert calendar.works(date(2026, 2, 14)) and not calendar.works(date(2026, 10, 5))
    assert not calendar.provisional(date(2026, 10, 1))
    assert calendar.provisional(date(2031, 1, 5))
    assert calendar.between(date(2026, 9, 30), date(2026, 10, 9)) == 2
    assert calendar.between(date(2026, 10, 9), date(2026, 9, 30)) == -2


def test_an_officer_reads_contacts_while_a_case_of_the_department_is_open(
    db: Session, firms: list[int]
) -> None:
    db.add(Contact(firm_id=firms[0], name="张三"))
    db.flush()
    officer = people.person(db, Role.OFFICER, body(db, "tax"))
    path = f"/api/v1/firms/{firms[0]}/contacts?purpose=visit"
    assert officer.get(path).status_code == 403
    found = case(db, opened(db, firms[:1], "tax.hnte15")[0])
    assert officer.get(path).status_code == 200
    assert officer.get(path.replace(str(firms[0]), str(firms[1]))).status_code == 403
    service.act(db, SYSTEM, found, 1, service.Act("accept"))
    service.act(db, SYSTEM, found, 2, service.Act("close", "好", "done"))
    assert officer.get(path).status_code == 403


def test_the_evaluation_measures_what_came_of_it(db: Session, firms: list[int]) -> None:
    number = opened(db, firms[:1])[0]
    later = today() + timedelta(days=2)
    assess(db, None, later)
    assert case(db, number).gap_closed_on is None
    db.execute(update(FirmYear).where(FirmYear.firm_id == firms[0]).values(
        rd_hnte=900_000, rd_hnte_domestic=900_000))  # fmt: skip
    assess(db, [firms[0]], later)
    found = case(db, number)
    assert (found.gap_closed_on, found.rung_reached_on) == (later, None)
    db.execute(text("insert into designation (firm_id, kind, valid) values "
                    "(:f, 'hnte', daterange(:d, null))"), {"f": firms[0], "d": later})  # fmt: skip
    assess(db, None, later + timedelta(days=1))
    assert case(db, number).rung_reached_on == later + timedelta(days=1)
    assert case(db, number).gap_closed_on == later


def test_a_firm_that_leaves_scope_takes_its_cases_along(db: Session, firms: list[int]) -> None:
    number = opened(db, firms[:1])[0]
    park = people.person(db, Role.PARK_OPERATOR, people.body(db, "park-z", "park"))
    assert park.get(f"/api/v1/cases/{number}").status_code == 404
    assert park.get("/api/v1/cases").json()["items"] == []


def test_who_leaves_hands_over(db: Session, firms: list[int]) -> None:
    numbers = opened(db, firms)
    tax = body(db, "science")
    people.person(db, Role.ANALYST, tax)
    user = db.scalars(select(User).where(User.username == "analyst-science")).one()
    db.execute(update(SupportCase).values(user_id=user.id))
    db.expire_all()
    client = people.person(db, Role.ANALYST)
    page = client.get(f"/cases/handover?leaving={user.id}").text
    assert "将移交 3 件" in page and "帮扶企业2" in page
    form = {"leaving": str(user.id), "to": "0", "expected": "2"}
    refused = client.post("/cases/handover", data=form)
    assert refused.status_code == 409 and "请重新核对" in refused.text
    stranger = db.scalars(select(User).where(User.id != user.id)).first()
    assert stranger is not None
    wrong = {"leaving": user.id, "to": stranger.id, "expected": 3}
    answer = client.post("/api/v1/cases:hand-over", json=wrong)
    assert answer.json()["errors"][0]["pointer"] == "/to"
    done = client.post("/cases/handover", data=form | {"expected": "3"}, follow_redirects=False)
    assert done.status_code == 303
    assert case(db, numbers[0]).user_id is None
    assert people.person(db, Role.OFFICER).get("/cases/handover").status_code == 403


def test_lists_understand_their_filters_and_refuse_others(db: Session, firms: list[int]) -> None:
    opened(db, firms)
    db.execute(update(SupportCase).where(SupportCase.firm_id == firms[0]).values(
        due_on=today() - timedelta(days=3)))  # fmt: skip
    client = people.person(db, Role.ANALYST)
    asked = {"overdue=true": 1, "open=true": 3, "state=done": 0, "mine=true": 0,
             "organisation=science": 3, f"firm_id={firms[1]}": 1}  # fmt: skip
    for query, number in asked.items():
        answer = client.get(f"/api/v1/cases?{query}&count=exact")
        assert answer.json()["count"] == number, query
    assert client.get("/api/v1/cases?ovrdue=true").json()["errors"][0]["parameter"] == "ovrdue"


# --- pages ----------------------------------------------------------------------------------------


def test_the_story_on_pages(db: Session, firms: list[int]) -> None:
    client = people.person(db, Role.ANALYST)
    on = "id__in=" + ",".join(map(str, firms))
    ticked = {"firm": [str(n) for n in firms], "act": "support", "on": "set=hnte_2016"}
    way = client.post("/lists/pool/selection", data=ticked, follow_redirects=False)
    assert way.headers["location"].startswith("/support/open?of=pool")
    page = client.get(way.headers["location"])
    assert "将发起 3 件" in page.text and "帮扶企业1" in page.text
    form: dict[str, Any] = {
        "of": "pool",
        "on": on,
        "measure": "rd.subledger",
        "remark": "冲刺",
        "expected": "9",
    }
    form |= {"firm": list(map(str, firms)), "why": ["财务总监已答应", "", ""]}
    wrong = client.post("/support/open", data=form)
    assert wrong.status_code == 409 and "请重新核对" in wrong.text and "冲刺" in wrong.text
    assert "财务总监已答应" in wrong.text, "what was written is still there"
    done = client.post("/support/open", data=form | {"expected": "3"}, follow_redirects=False)
    assert done.status_code == 303
    said = reasons(db, list(db.scalars(select(SupportCase.id))))
    assert said[0] == "财务总监已答应" and "研发费用" in said[1]
    assert "帮扶企业1" in client.get("/cases").text
    number = db.scalars(select(SupportCase.id)).first()
    officer = people.person(db, Role.ANALYST, body(db, "science"))
    act = {"act": "accept", "version": "1"}
    assert (
        officer.post(f"/cases/{number}/acts", data=act, follow_redirects=False).status_code == 303
    )
    stale = officer.post(f"/cases/{number}/acts", data=act)
    assert stale.status_code == 412 and "请重新查看" in stale.text
    file = {"file": ("证明.pdf", b"%PDF-1.7\n%%EOF", "application/pdf")}
    assert client.post(f"/cases/{number}/files", data={"version": "2"}, files=file,
                       follow_redirects=False).status_code == 303  # fmt: skip
    assert "证明.pdf" in client.get(f"/cases/{number}").text
    sent = f"/api/v1/cases/{number}/files"
    assert client.post(sent, data={"version": "2"}, files=file).status_code == 412
    kept = client.post(sent, data={"version": "3"}, files=file)
    assert kept.status_code == 201 and kept.json()["entries"][-1]["kind"] == "file", kept.text
    assert "研发费用辅助账" in client.get(f"/firms/{firms[0]}/support").text
    assert "/support" in client.get(f"/firms/{firms[0]}").text


def test_a_week_shows_what_is_late_due_and_loose(db: Session, firms: list[int]) -> None:
    opened(db, firms)
    tax = body(db, "tax")
    db.execute(update(SupportCase).values(organisation_id=tax.id))
    db.execute(update(SupportCase).where(SupportCase.firm_id == firms[0]).values(
        due_on=today() - timedelta(days=3)))  # fmt: skip
    officer = people.person(db, Role.OFFICER, tax)
    page = officer.get("/cases/week").text
    assert "帮扶企业0" in page and "帮扶企业2" in page and "逾期" in page
    assert "帮扶企业0" not in people.person(db, Role.OFFICER).get("/cases/week").text


# --- what worked ----------------------------------------------------------------------------------
