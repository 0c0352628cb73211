"""The clock over open cases: reminders climb from officer to lead to leader, each told once.

A notice is written in one transaction with the jobs that send it out (`telling`).
"""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.core.clock import now
from app.firms.models import Firm
from app.support import telling
from app.support.clock_models import ClockRule, Notice
from app.support.days import Calendar
from app.support.models import SupportCase

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
    """Write the notices that a day asks for, and leave sending for the queue; how many."""
    calendar = Calendar(session)
    if not calendar.works(day):
        return 0
    written = 0
    for rule in session.scalars(select(ClockRule)).all():
        given = {"level": rule.level, "days": rule.days, "day": day,
                 "until": _until(calendar, day, rule.days)}  # fmt: skip
        written += session.execute(RING, given).rowcount  # type: ignore[attr-defined]
    telling.leave(session)
    return written


def _until(calendar: Calendar, day: date, days: int) -> date:
    """The latest due date that is so many working days past on a day, or lies so many ahead."""
    if days <= 0:
        return calendar.after(day, -days)
    found = day
    while calendar.between(found, day) < days:
        found -= timedelta(days=1)
    return found


def unread(session: Session, user_id: int) -> list[Any]:
    """A person's notices that are not read, with the case, its firm and unit, the latest first."""
    query = (
        select(Notice, SupportCase, Firm.name, Organisation)
        .join(SupportCase, SupportCase.id == Notice.case_id)
        .join(Firm, Firm.id == SupportCase.firm_id)
        .outerjoin(Organisation, Organisation.id == SupportCase.organisation_id)
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
