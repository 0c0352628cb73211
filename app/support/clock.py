"""The clock over open cases: reminders climb from officer to lead to leader, each told once.

A notice is written in one transaction with the job that mails it. The job marks what it sent; where
the mail server does not answer, everything stays unmarked and goes out together when it does.
"""

import smtplib
from datetime import date, timedelta
from email.message import EmailMessage
from typing import Any

from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.core.clock import DISTRICT, now
from app.core.settings import Settings
from app.firms.models import Firm
from app.jobs.service import enqueue
from app.support.clock_models import ClockRule, Notice, NoticeSetting
from app.support.days import Calendar
from app.support.models import SupportCase

TASK = "mail_notices"
AGAIN = timedelta(minutes=10)
MAIL_SECONDS = 20
# To the officer, or where there is none to everybody of the department; then to the department;
# then to the bureau's leaders.
RING = text("""
insert into notice (user_id, case_id, level, days, due_on)
select distinct person.id, one.id, :level, :days, one.due_on
from support_case as one
join role_grant as seat on seat.revoked_at is null and seat.since <= :day
  and coalesce(seat.until, :day) >= :day
join user_account as person on person.id = seat.user_id and person.disabled_at is null
where one.closed_on is null and one.due_on <= :until and case :level
    when 'officer' then case when one.user_id is null
      then seat.organisation_id = one.organisation_id and seat.role in ('officer', 'analyst')
      else person.id = one.user_id end
    when 'lead' then seat.organisation_id = one.organisation_id
      and seat.role in ('officer', 'analyst')
    else seat.role = 'leader' end
on conflict do nothing
""")


def ring(session: Session, day: date) -> int:
    """Write the notices that a day asks for, and leave the mail for the queue; how many."""
    calendar = Calendar(session)
    if not calendar.works(day):
        return 0
    written = 0
    for rule in session.scalars(select(ClockRule)).all():
        given = {"level": rule.level, "days": rule.days, "day": day,
                 "until": _until(calendar, day, rule.days)}  # fmt: skip
        written += session.execute(RING, given).rowcount  # type: ignore[attr-defined]
    waiting = select(Notice.user_id).where(Notice.mailed_at.is_(None)).distinct()
    for user in session.scalars(waiting).all():
        enqueue(session, TASK, {"user": user}, only_one=f"{TASK}:{user}")
    return written


def _until(calendar: Calendar, day: date, days: int) -> date:
    """The latest due date that is so many working days past on a day, or lies so many ahead."""
    if days <= 0:
        return calendar.after(day, -days)
    found = day
    while calendar.between(found, day) < days:
        found -= timedelta(days=1)
    return found


def mail(engine: Engine, settings: Settings, user: int) -> None:
    """Send a person everything that waits, in one mail, unless they sleep or want none."""
    with Session(engine) as session, session.begin():
        person = session.get(User, user)
        waiting = session.scalars(
            select(Notice).where(Notice.user_id == user, Notice.mailed_at.is_(None))
            .order_by(Notice.id).with_for_update(skip_locked=True)
        ).all()  # fmt: skip
        wish = session.get(NoticeSetting, user) or NoticeSetting(mail="daily", quiet_from=20,
                                                                 quiet_to=8)  # fmt: skip
        if person is None or not waiting:
            return
        if wish.mail == "none" or person.email is None or settings.smtp_host is None:
            _mark(session, [one.id for one in waiting])
            return
        if quiet(wish, now().astimezone(DISTRICT).hour):
            enqueue(session, TASK, {"user": user}, not_before=now() + AGAIN)
            return
        try:
            send(settings, letter(session, settings, person, [one.id for one in waiting]))
        except (smtplib.SMTPException, OSError):
            enqueue(session, TASK, {"user": user}, not_before=now() + AGAIN)
            return
        _mark(session, [one.id for one in waiting])


def quiet(wish: NoticeSetting, hour: int) -> bool:
    """Whether the hour lies in the person's quiet hours, which may pass midnight."""
    if wish.quiet_from <= wish.quiet_to:
        return wish.quiet_from <= hour < wish.quiet_to
    return hour >= wish.quiet_from or hour < wish.quiet_to


def _mark(session: Session, ids: list[int]) -> None:
    session.execute(update(Notice).where(Notice.id.in_(ids)).values(mailed_at=now()))


def letter(session: Session, settings: Settings, person: User, ids: list[int]) -> EmailMessage:
    """A digest of notices in the person's language: firm, due date, and the way to each case."""
    rows: Any = session.execute(
        select(Firm.name, SupportCase.due_on, SupportCase.id)
        .join(SupportCase, SupportCase.firm_id == Firm.id)
        .where(SupportCase.id.in_(select(Notice.case_id).where(Notice.id.in_(ids))))
        .order_by(SupportCase.due_on, SupportCase.id)
    ).all()
    zh = person.locale == "zh"
    home = settings.public_url or f"http://{settings.host}:{settings.port}"
    lines = [f"{due} {name}\n  {home}/cases/{number}" for name, due, number in rows]
    found = EmailMessage()
    found["From"] = settings.mail_from or "tidu@localhost"
    found["To"] = str(person.email)
    found["Subject"] = (f"帮扶事项提醒：{len(rows)} 件" if zh
                        else f"Support cases: {len(rows)} to look at")  # fmt: skip
    # The same notices make the same number: a mail sent again is known for what it is.
    found["Message-ID"] = f"<notices-{person.id}-{max(ids)}@tidu>"
    start = "以下事项临近期限或已逾期：" if zh else "These cases are nearly due, or overdue:"
    found.set_content("\n\n".join([start, *lines]) + "\n")
    return found


def send(settings: Settings, message: EmailMessage) -> None:
    """Hand a mail to the server of the settings."""
    assert settings.smtp_host is not None
    with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=MAIL_SECONDS) as server:
        if settings.smtp_tls:
            server.starttls()
        if settings.smtp_user and settings.smtp_password:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(message)


def unread(session: Session, user_id: int) -> list[Any]:
    """A person's notices that are not read, with the case and its firm, the latest first."""
    query = (
        select(Notice, SupportCase, Firm.name)
        .join(SupportCase, SupportCase.id == Notice.case_id)
        .join(Firm, Firm.id == SupportCase.firm_id)
        .where(Notice.user_id == user_id, Notice.read_at.is_(None))
        .order_by(Notice.id.desc())
        .limit(200)
    )
    return list(session.execute(query))


def read_all(session: Session, user_id: int) -> None:
    """Everything has been seen."""
    session.execute(
        update(Notice).where(Notice.user_id == user_id, Notice.read_at.is_(None))
        .values(read_at=now())
    )  # fmt: skip


def load_shipped(session: Session) -> None:
    """When reminders climb, unless somebody has said otherwise."""
    if session.scalar(select(ClockRule.level).limit(1)) is None:
        session.add_all(
            [
                ClockRule(level="officer", days=-3),
                ClockRule(level="officer", days=1),
                ClockRule(level="lead", days=3),
                ClockRule(level="leader", days=5),
            ]
        )
