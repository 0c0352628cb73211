"""The clock: whom a case is told to on which working day, once; mail that survives an outage."""

import hmac
import json
import socket
from base64 import b64encode
from collections.abc import Iterator
from datetime import date, timedelta
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import User
from app.core.clock import DISTRICT, now
from app.core.settings import Settings
from app.support import chat, clock, telling
from app.support.clock_models import Notice, NoticeSetting
from app.support.days import Calendar
from app.support.models import SupportCase
from tests import people
from tests.factories import make_firm
from tests.support.opened import body
from tests.webhooks.receiver import receiving

DAY = date(2026, 11, 26)  # a Thursday


class Post:
    """A mail server's inbox."""

    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Called by the server with each mail."""
        self.letters.append(envelope)
        return "250 OK"


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    """A real SMTP server and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    inbox = Post()
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    yield inbox, port
    server.stop()


def seated(db: Session) -> dict[str, int]:
    """An officer of tax, a second one, and a leader; with addresses."""
    tax = body(db, "tax")
    people.person(db, Role.OFFICER, tax)
    people.person(db, Role.LEADER)
    users = {user.username.split("-")[0]: user.id for user in db.scalars(select(User))}
    db.execute(update(User).values(email=User.username + "@example.test"))
    return users


def make_case(db: Session, due: date, user: int | None = None) -> int:
    firm = make_firm(db, f"提醒企业{due}")
    found = SupportCase(firm_id=firm, measure="tax.hnte15", criteria=[], reason="x",
                        organisation_id=body(db, "tax").id, user_id=user, opened_on=due,
                        opened_by="x", due_on=due)  # fmt: skip
    db.add(found)
    db.flush()
    return found.id


def told(db: Session) -> set[tuple[str, int]]:
    return {(one.level, one.days) for one in db.scalars(select(Notice))}


def test_reminders_climb_with_working_days_and_come_once(db: Session) -> None:
    users = seated(db)
    clock.load_shipped(db)
    calendar = Calendar(db)
    due = calendar.after(DAY, 3)
    make_case(db, due, users["officer"])
    assert clock.ring(db, DAY - timedelta(days=1)) == 0
    assert clock.ring(db, DAY) == 1 and told(db) == {("officer", -3)}
    assert clock.ring(db, DAY) == 0, "told once"
    assert clock.ring(db, calendar.after(due, 2)) == 1
    assert clock.ring(db, calendar.after(due, 3)) == 1
    assert clock.ring(db, calendar.after(due, 5)) == 1
    assert told(db) == {("officer", -3), ("officer", 1), ("lead", 3), ("leader", 5)}
    to = dict(db.execute(select(Notice.level, Notice.user_id).order_by(Notice.id)).all())
    assert to["leader"] == users["leader"] and to["officer"] == users["officer"]
    db.execute(update(SupportCase).values(state="done", closed_on=due))
    assert clock.ring(db, calendar.after(due, 9)) == 0
    saturday = date(2026, 11, 28)
    make_case(db, DAY, users["officer"])
    assert clock.ring(db, saturday) == 0, "nobody is told on a day off"


def test_a_case_without_an_officer_is_told_to_the_department(db: Session) -> None:
    seated(db)
    clock.load_shipped(db)
    make_case(db, DAY)
    clock.ring(db, Calendar(db).after(DAY, 1))
    assert db.scalar(select(func.count()).select_from(Notice)) == 2  # both of its rules, one person


def test_an_outage_loses_and_doubles_nothing(
    clone: Engine, settings: Settings, post: tuple[Post, int]
) -> None:
    inbox, port = post
    with Session(clone) as session, session.begin():
        users = seated(session)
        clock.load_shipped(session)
        for days in range(3):
            make_case(session, DAY - timedelta(days=days), users["officer"])
        clock.ring(session, Calendar(session).after(DAY, 1))
        session.add(NoticeSetting(user_id=users["officer"], quiet_from=0, quiet_to=0))
        jobs = session.scalar(text("select count(*) from procrastinate_jobs "
                                   "where task_name = 'mail_notices'"))  # fmt: skip
        assert jobs == 1, "one mail waits, in the transaction that wrote the notices"
    down = settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": 1})
    up = settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": port})
    user = users["officer"]
    for _ in range(3):
        telling.tell(clone, down, telling.MAIL, user)
    assert inbox.letters == []
    with Session(clone) as session, session.begin():
        make_case(session, DAY - timedelta(days=9), user)
        clock.ring(session, Calendar(session).after(DAY, 2))  # the next day: the server is down yet
        waiting = text("select count(*) from procrastinate_jobs where status = 'todo' "
                       "and task_name = 'mail_notices' and args ->> 'user' = :user")  # fmt: skip
        assert session.scalar(waiting, {"user": str(user)}) == 1, "however often it was asked"
    telling.tell(clone, up, telling.MAIL, user)
    telling.tell(clone, up, telling.MAIL, user)
    [letter] = inbox.letters
    assert letter.rcpt_tos == ["officer-tax@example.test"]
    assert letter.content.count(b"/cases/") == 4


def test_quiet_hours_and_no_mail_are_kept(
    clone: Engine, settings: Settings, post: tuple[Post, int]
) -> None:
    inbox, port = post
    up = settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": port})
    with Session(clone) as session, session.begin():
        users = seated(session)
        clock.load_shipped(session)
        make_case(session, DAY, users["officer"])
        clock.ring(session, Calendar(session).after(DAY, 1))
        session.add(NoticeSetting(user_id=users["officer"], mail="none"))
    telling.tell(clone, up, telling.MAIL, users["officer"])
    assert inbox.letters == []
    hour = now().astimezone(DISTRICT).hour
    with Session(clone) as session, session.begin():
        make_case(session, DAY, users["officer"])
        clock.ring(session, Calendar(session).after(DAY, 1))
        session.execute(update(NoticeSetting).values(
            mail="daily", quiet_from=(hour - 1) % 24, quiet_to=(hour + 2) % 24))  # fmt: skip
        session.execute(text("delete from procrastinate_jobs"))
    telling.tell(clone, up, telling.MAIL, users["officer"])
    assert inbox.letters == [], "they sleep"
    with Session(clone) as session, session.begin():
        later = text("select count(*) from procrastinate_jobs where scheduled_at > now()")
        assert session.scalar(later) == 1
        session.execute(update(NoticeSetting).values(quiet_from=(hour + 2) % 24,
                                                     quiet_to=(hour + 3) % 24))  # fmt: skip
    telling.tell(clone, up, telling.MAIL, users["officer"])
    assert len(inbox.letters) == 1, "they are awake"
    night = NoticeSetting(quiet_from=20, quiet_to=8)
    assert telling.quiet(night, 23) and telling.quiet(night, 7) and not telling.quiet(night, 8)
    noon = NoticeSetting(quiet_from=12, quiet_to=14)
    assert telling.quiet(noon, 13) and not telling.quiet(noon, 14)


def test_notices_are_shown_until_they_are_read(db: Session) -> None:
    tax = body(db, "tax")
    officer = people.person(db, Role.OFFICER, tax)
    clock.load_shipped(db)
    make_case(db, DAY)
    clock.ring(db, Calendar(db).after(DAY, 1))
    assert "提醒企业" in officer.get("/notices").text
    officer.post("/notices/read")
    assert "提醒企业" not in officer.get("/notices").text
    wish = {"mail": "none", "quiet_from": "22", "quiet_to": "6"}
    assert officer.post("/notices/settings", data=wish, follow_redirects=False).status_code == 303
    assert 'value="22"' in officer.get("/notices").text
    assert officer.post("/notices/settings", data=wish | {"quiet_to": "25"}).status_code == 422


def test_a_robot_of_the_work_chat_is_told_once_for_all(clone: Engine, settings: Settings) -> None:
    here = settings.model_copy(update={
        "secret_key": SecretStr(people.KEY), "outgoing_networks": (ip_network("127.0.0.0/8"),),
    })  # fmt: skip
    with receiving() as robot:
        with Session(clone) as session, session.begin():
            users = seated(session)
            clock.load_shipped(session)
            user = users["officer"]
            for days in range(12):
                make_case(session, DAY - timedelta(days=days), user)
            clock.ring(session, Calendar(session).after(DAY, 1))
            wish: dict[str, Any] = {"user_id": user, "mail": "none", "quiet_from": 0, "quiet_to": 0}
            chat.keep(here, wish, chat.Robot("wecom", robot.url))
            assert robot.url not in wish["chat_sealed"]
            session.add(NoticeSetting(**wish))
        robot.answers += [{"errcode": 93000, "errmsg": "invalid webhook url"}, "drop",
                          {"errcode": 0}]  # fmt: skip
        telling.tell(clone, here, telling.CHAT, user)
        with Session(clone) as session:
            assert session.get_one(NoticeSetting, user).chat_error == "93000: invalid webhook url"
        for _ in range(3):
            telling.tell(clone, here, telling.CHAT, user)
        assert len(robot.came) == 3, "once it is taken, nothing is sent again"
        said = json.loads(robot.came[2][1])
        assert said["msgtype"] == "text"
        words = said["text"]["content"]
        assert words.count("/cases/") == 10 and "帮扶事项提醒：12 件" in words
        assert words.endswith("/notices") and "另 2 件" in words
        with Session(clone) as session:
            assert session.get_one(NoticeSetting, user).chat_error is None
            waiting = select(Notice.id).where(Notice.user_id == user, Notice.chatted_at.is_(None))
            assert session.scalars(waiting).all() == []


def test_each_chat_has_its_envelope() -> None:
    url, body = chat.envelope(chat.Robot("dingtalk", "https://d.test/robot?access_token=x", "SEC1"),
                              "事项", 1_700_000_000)  # fmt: skip
    asked = dict(parse_qsl(urlsplit(url).query))
    secret = hmac.new(b"SEC1", b"1700000000000\nSEC1", "sha256").digest()
    assert asked == {"access_token": "x", "timestamp": "1700000000000",
                     "sign": b64encode(secret).decode()}  # fmt: skip
    assert body == {"msgtype": "text", "text": {"content": "事项"}}
    url, body = chat.envelope(
        chat.Robot("feishu", "https://f.test/hook/1", "K"), "事项", 1_700_000_000
    )
    secret = hmac.new(b"1700000000\nK", b"", "sha256").digest()
    assert body == {"msg_type": "text", "content": {"text": "事项"}, "timestamp": "1700000000",
                    "sign": b64encode(secret).decode()}  # fmt: skip
    plain = chat.envelope(chat.Robot("feishu", "https://f.test/hook/1"), "事项", 1)[1]
    assert set(plain) == {"msg_type", "content"}


def test_a_robots_address_is_checked_kept_and_shown_to_nobody(db: Session) -> None:
    officer = people.person(db, Role.OFFICER)
    form = {"mail": "daily", "chat": "dingtalk", "quiet_from": "20", "quiet_to": "8"}
    missing = officer.post("/notices/settings", data=form)
    assert missing.status_code == 422 and "请填写机器人" in missing.text
    bad = officer.post("/notices/settings", data=form | {"chat_url": "ftp://x"})
    assert bad.status_code == 422 and "https://" in bad.text
    good = form | {
        "chat_url": "https://oapi.dingtalk.com/robot/send?access_token=tok",
        "chat_key": "K",
    }
    assert officer.post("/notices/settings", data=good, follow_redirects=False).status_code == 303
    kept = db.scalars(select(NoticeSetting)).one()
    sealed = kept.chat_sealed
    page = officer.get("/notices").text
    assert "access_token" not in page and "已保存；留空不变" in page
    officer.post("/notices/settings", data=form | {"quiet_from": "21"})
    db.refresh(kept)
    assert (kept.chat_sealed, kept.quiet_from) == (sealed, 21), "empty keeps what there is"
    officer.post("/notices/settings", data=form | {"chat": "none"})
    db.refresh(kept)
    assert kept.chat_sealed is None
    trail = str(db.execute(text("select before, after from audit_row")).all())
    assert str(sealed) not in trail
