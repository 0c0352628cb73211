"""Other ways to see cases: a board, a month, a calendar that other programs subscribe to."""

from datetime import date, timedelta

from fastapi.testclient import TestClient
from icalendar import Calendar
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Grant, User
from app.core.clock import today
from app.support.models import SupportCase
from tests import people
from tests.support.opened import body, opened


def test_a_card_moves_where_the_states_question_is_answered(db: Session, firms: list[int]) -> None:
    number = opened(db, firms, "tax.hnte15")[0]
    officer, other = people.person(db, Role.OFFICER, body(db, "tax")), people.person(
        db, Role.OFFICER)  # fmt: skip
    page = officer.get("/cases/board").text
    assert "帮扶企业0" in page and f'data-move="/cases/{number}/move"' in page
    assert "data-move" not in other.get("/cases/board").text
    assert officer.get("/cases/board?ovrdue=true").status_code == 422
    path = f"/cases/{number}/move"
    assert "先受理" in officer.get(f"{path}/closed").text
    assert "不由您的部门办理" in other.get(f"{path}/accepted").text
    accept = {"act": "accept", "version": "1"}
    assert other.post(f"{path}/accepted", data=accept).status_code == 403
    moved = officer.post(f"{path}/accepted?next=/cases/board%3Fmine%3Dtrue", data=accept,
                         follow_redirects=False)  # fmt: skip
    assert moved.headers["location"] == "/cases/board?mine=true"
    assert officer.post(f"{path}/accepted", data=accept).status_code == 409
    close = {"act": "close", "version": "2", "outcome": "declined"}
    silent = officer.post(f"{path}/closed", data=close)
    assert silent.status_code == 422 and "data-panel-body" in silent.text
    officer.post(f"{path}/closed", data=close | {"text": "企业不需要"})
    page = officer.get("/cases/board").text
    assert "企业谢绝" in page and f'data-move="/cases/{number}/move"' not in page
    back = officer.post(f"/cases/{opened(db, firms[:1])[0]}/move/open", data=accept)
    assert back.status_code == 409


def test_the_board_and_the_month_take_a_constant_number_of_statements(
    db: Session, engine: Engine, firms: list[int]
) -> None:
    client = people.person(db, Role.ANALYST)
    counts = []
    for some in (firms[:1], firms[1:]):
        opened(db, some)
        for path in ("/cases/board", f"/cases/calendar?month={today():%Y-%m}"):
            with people.statements(engine) as sent:
                assert client.get(path).status_code == 200
            counts.append(len(sent))
    assert counts[:2] == counts[2:]


def test_a_month_shows_holidays_and_what_is_due(db: Session, firms: list[int]) -> None:
    opened(db, firms)
    db.execute(update(SupportCase).values(due_on=date(2026, 10, 8)))
    client = people.person(db, Role.ANALYST)
    page = client.get("/cases/calendar?month=2026-10").text
    assert "国庆节" in page and page.count("帮扶企业") == 3
    assert "month=2026-09" in page and "month=2026-11" in page
    assert "帮扶企业" not in client.get("/cases/calendar?month=2026-10&mine=true").text
    wrong = client.get("/cases/calendar?month=2026-13")
    assert wrong.status_code == 422 and "例如 2026-11" in wrong.text
    assert "尚未登记" in client.get("/cases/calendar?month=2031-01").text
    client.cookies.set("lang", "en")
    assert "National Day" in client.get("/cases/calendar?month=2026-10").text


def test_a_calendar_is_read_by_its_address_until_it_is_taken_back(
    db: Session, firms: list[int]
) -> None:
    opened(db, firms)
    tax = body(db, "tax")
    db.execute(update(SupportCase).values(organisation_id=tax.id))
    db.execute(update(SupportCase).where(SupportCase.firm_id == firms[0]).values(
        state="done", closed_on=today()))  # fmt: skip
    officer = people.person(db, Role.OFFICER, tax)
    stranger = TestClient(people.application(db))
    address = subscribed(officer)
    answer = stranger.get(address)
    assert answer.headers["content-type"].startswith("text/calendar")
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    assert [str(one["summary"]).split(" · ")[1] for one in events] == ["帮扶企业1", "帮扶企业2"]
    assert events[0].decoded("dtstart") > today() and "/cases/" in str(events[0]["url"])
    number, _, signature = address.rpartition("/")[2].partition("-")
    forged = f"/calendars/{int(number) + 1}-{signature}"
    assert stranger.get(forged).status_code == 404
    assert stranger.get("/calendars/x.ics").status_code == 404
    renewed = subscribed(officer)
    assert stranger.get(address).status_code == 404 and stranger.get(renewed).status_code == 200
    user = db.query(User).filter_by(username="officer-tax").one()
    db.execute(update(Grant).where(Grant.user_id == user.id).values(
        until=today() - timedelta(days=1)))  # fmt: skip
    assert stranger.get(renewed).status_code == 404, "the role has ended"
    db.execute(update(Grant).where(Grant.user_id == user.id).values(until=None))
    officer.post("/notices/calendar/revoke")
    assert stranger.get(renewed).status_code == 404


def subscribed(client: TestClient) -> str:
    """The path of a new address."""
    client.post("/notices/calendar")
    page: str = client.get("/notices").text
    return "/calendars/" + page.split("/calendars/")[1].split("<", maxsplit=1)[0]
