"""A person is told what waits: one mail and one message in the work chat for all of it.

A job marks what it sent. Where the other side does not answer, everything stays unmarked and goes
out together when it does; in a person's quiet hours nothing goes out.
"""

import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from email.message import EmailMessage
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.accounts.models import User
from app.core.clock import DISTRICT, now
from app.core.settings import Settings
from app.firms.models import Firm
from app.jobs.service import enqueue
from app.support import chat
from app.support.clock_models import Notice, NoticeSetting
from app.support.models import SupportCase

AGAIN = timedelta(minutes=10)
MAIL_SECONDS = 20
# A message in a chat is read on a phone: the rest stands on the page.
SHOWN = 10


@dataclass(frozen=True)
class Digest:
    """What one person is told: each case with its firm and due date, and the way there."""

    person: User
    last: int
    cases: list[tuple[str, date, int]]
    home: str

    @property
    def title(self) -> str:
        """How many cases."""
        count = len(self.cases)
        zh = self.person.locale == "zh"
        return f"帮扶事项提醒：{count} 件" if zh else f"Support cases: {count} to look at"

    @property
    def lines(self) -> list[str]:
        """A case a line, the most urgent first."""
        return [f"{due} {name}\n  {self.home}/cases/{number}" for name, due, number in self.cases]


Send = Callable[[Digest], None]


@dataclass(frozen=True)
class Channel:
    """One way to tell: `reach` is how a person is sent to, or None where they are not this way."""

    task: str
    told: InstrumentedAttribute[Any]
    reach: Callable[[Settings, User, NoticeSetting], Send | None]


def leave(session: Session) -> None:
    """Leave a job for everybody who has not been told of something in some way."""
    for channel in CHANNELS.values():
        waiting = select(Notice.user_id).where(channel.told.is_(None)).distinct()
        for user in session.scalars(waiting).all():
            _enqueue(session, channel, user)


def tell(engine: Engine, settings: Settings, channel: Channel, user: int) -> None:
    """Send a person everything that waits, at once, unless they sleep or want none."""
    with Session(engine) as session, session.begin():
        person = session.get(User, user)
        waiting = session.scalars(
            select(Notice.id).where(Notice.user_id == user, channel.told.is_(None))
            .order_by(Notice.id).with_for_update(skip_locked=True)
        ).all()  # fmt: skip
        if person is None or not waiting:
            return
        wish = session.get(NoticeSetting, user) or NoticeSetting(
            mail="daily", chat="none", quiet_from=20, quiet_to=8
        )
        send = channel.reach(settings, person, wish)
        if send is not None:
            if quiet(wish, now().astimezone(DISTRICT).hour):
                _enqueue(session, channel, user, later=True)
                return
            try:
                send(digest(session, settings, person, list(waiting)))
            except FAILURES as error:
                _failed(wish, channel, error)
                _enqueue(session, channel, user, later=True)
                return
            _failed(wish, channel, None)
        session.execute(
            update(Notice).where(Notice.id.in_(waiting)).values({channel.told.key: now()})
        )


def _enqueue(session: Session, channel: Channel, user: int, *, later: bool = False) -> None:
    enqueue(session, channel.task, {"user": user}, only_one=f"{channel.task}:{user}",
            not_before=now() + AGAIN if later else None)  # fmt: skip


def _failed(wish: NoticeSetting, channel: Channel, error: Exception | None) -> None:
    """Whose robot refuses reads why beside its address; the mail server is not theirs to mend."""
    said = None if error is None else str(error)[:200] or type(error).__name__
    if channel is CHAT and wish.chat_error != said:
        wish.chat_error = said


def quiet(wish: NoticeSetting, hour: int) -> bool:
    """Whether the hour lies in the person's quiet hours, which may pass midnight."""
    if wish.quiet_from <= wish.quiet_to:
        return wish.quiet_from <= hour < wish.quiet_to
    return hour >= wish.quiet_from or hour < wish.quiet_to


def digest(session: Session, settings: Settings, person: User, ids: list[int]) -> Digest:
    """What these notices say."""
    rows: Any = session.execute(
        select(Firm.name, SupportCase.due_on, SupportCase.id)
        .join(SupportCase, SupportCase.firm_id == Firm.id)
        .where(SupportCase.id.in_(select(Notice.case_id).where(Notice.id.in_(ids))))
        .order_by(SupportCase.due_on, SupportCase.id)
    ).all()
    home = settings.public_url or f"http://{settings.host}:{settings.port}"
    return Digest(person, max(ids), [tuple(row) for row in rows], home)


# --- by mail ------------------------------------------------------------------------------------


def _by_mail(settings: Settings, person: User, wish: NoticeSetting) -> Send | None:
    if wish.mail == "none" or person.email is None or settings.smtp_host is None:
        return None
    return lambda told: post(settings, letter(settings, told))


def letter(settings: Settings, told: Digest) -> EmailMessage:
    """The digest as a mail."""
    person = told.person
    found = EmailMessage()
    found["From"] = settings.mail_from or "tidu@localhost"
    found["To"] = str(person.email)
    found["Subject"] = told.title
    # The same notices make the same number: a mail sent again is known for what it is.
    found["Message-ID"] = f"<notices-{person.id}-{told.last}@tidu>"
    start = "以下事项临近期限或已逾期：" if person.locale == "zh" else (
        "These cases are nearly due, or overdue:")  # fmt: skip
    found.set_content("\n\n".join([start, *told.lines]) + "\n")
    return found


def post(settings: Settings, message: EmailMessage) -> None:
    """Hand a mail to the server of the settings."""
    assert settings.smtp_host is not None
    with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=MAIL_SECONDS) as server:
        if settings.smtp_tls:
            server.starttls()
        if settings.smtp_user and settings.smtp_password:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(message)


# --- in the work chat ---------------------------------------------------------------------------


def _by_chat(settings: Settings, person: User, wish: NoticeSetting) -> Send | None:
    robot = chat.robot_of(settings, wish)
    if robot is None:
        return None
    return lambda told: chat.say(settings, robot, _brief(told))


def _brief(told: Digest) -> str:
    """The digest as a message: the first cases, and where the others stand."""
    lines = [told.title, *told.lines[:SHOWN]]
    if rest := len(told.cases) - SHOWN:
        more = f"另 {rest} 件" if told.person.locale == "zh" else f"{rest} more"
        lines += [f"{more}: {told.home}/notices"] if rest > 0 else []
    return "\n".join(lines)


MAIL = Channel("mail_notices", Notice.mailed_at, _by_mail)
CHAT = Channel("chat_notices", Notice.chatted_at, _by_chat)
CHANNELS = {one.task: one for one in (MAIL, CHAT)}
FAILURES = (smtplib.SMTPException, OSError, chat.NotSaid)
