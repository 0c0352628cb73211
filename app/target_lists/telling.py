"""Notices of supervision are told by mail: to the unit at once, and higher as they stay unanswered.

Whom a notice has climbed to is `standing.CLIMBS`: the unit's people, a day after its day its head
(everybody of the unit, and the analysts who supervise), a week after it the leaders. Each is told
once at each level, in one mail a day; what a mail server did not take goes with the next.
"""

import smtplib
from datetime import date
from email.message import EmailMessage
from typing import Any

from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from app.accounts.models import Organisation, User
from app.core.clock import now
from app.core.settings import Settings
from app.jobs.service import enqueue
from app.support.clock_models import NoticeSetting
from app.support.telling import AGAIN, post
from app.target_lists.models import SupervisionNotice, SupervisionTold, TargetItem, TargetList
from app.target_lists.standing import CLIMBS

TASK = "mail_supervision"
RING = text("""
insert into supervision_told (notice_id, user_id, level)
select distinct one.id, person.id, :level
from supervision_notice as one
join target_item as item on item.id = one.item_id
join target_list as list on list.id = item.list_id and list.status in ('issued', 'accepted')
join role_grant as seat on seat.revoked_at is null and seat.since <= :day
  and coalesce(seat.until, :day) >= :day
join user_account as person on person.id = seat.user_id and person.disabled_at is null
where one.answered_on is null and one.closed_on is null
  and (:days = 0 or one.due_on <= cast(:day as date) - cast(:days as int))
  and case :level
    when 'officer' then seat.organisation_id = list.organisation_id
    when 'head' then seat.organisation_id = list.organisation_id or seat.role = 'analyst'
    else seat.role = 'leader' end
on conflict do nothing
""")


def ring(session: Session, day: date) -> int:
    """Write down who is to be told on a day, and leave the mail for the queue; how many."""
    told = 0
    for days, level in CLIMBS:
        given = {"level": level, "days": days, "day": day}
        told += session.execute(RING, given).rowcount  # type: ignore[attr-defined]
    waiting = select(SupervisionTold.user_id).where(SupervisionTold.mailed_at.is_(None)).distinct()
    for user in session.scalars(waiting).all():
        enqueue(session, TASK, {"user": user}, only_one=f"{TASK}:{user}")
    return told


def mail(engine: Engine, settings: Settings, user: int) -> None:
    """Send a person everything that waits, in one mail, unless they want none."""
    with Session(engine) as session, session.begin():
        person = session.get(User, user)
        waiting = session.scalars(
            select(SupervisionTold)
            .where(SupervisionTold.user_id == user, SupervisionTold.mailed_at.is_(None))
            .order_by(SupervisionTold.notice_id).with_for_update(skip_locked=True)
        ).all()  # fmt: skip
        wish = session.get(NoticeSetting, user)
        if person is None or not waiting:
            return
        wanted = person.email is not None and settings.smtp_host is not None
        if wanted and (wish is None or wish.mail != "none"):
            try:
                post(
                    settings, letter(session, settings, person, [one.notice_id for one in waiting])
                )
            except (smtplib.SMTPException, OSError):
                enqueue(session, TASK, {"user": user}, not_before=now() + AGAIN)
                return
        session.execute(
            update(SupervisionTold)
            .where(SupervisionTold.user_id == user, SupervisionTold.mailed_at.is_(None))
            .values(mailed_at=now())
        )


def letter(session: Session, settings: Settings, person: User, notices: list[int]) -> EmailMessage:
    """Unit, day and reason of each notice, and the way to its list, in the person's language."""
    rows: Any = session.execute(
        select(Organisation.name, Organisation.name_en, SupervisionNotice.due_on,
               SupervisionNotice.reason, TargetList.id)
        .join(TargetItem, TargetItem.id == SupervisionNotice.item_id)
        .join(TargetList, TargetList.id == TargetItem.list_id)
        .join(Organisation, Organisation.id == TargetList.organisation_id)
        .where(SupervisionNotice.id.in_(notices))
        .order_by(SupervisionNotice.due_on, SupervisionNotice.id)
    ).all()  # fmt: skip
    zh = person.locale == "zh"
    home = settings.public_url or f"http://{settings.host}:{settings.port}"
    lines = [f"{due} {name if zh else name_en or name}: {reason}\n  {home}/target-lists/{number}"
             for name, name_en, due, reason, number in rows]  # fmt: skip
    found = EmailMessage()
    found["From"] = settings.mail_from or "tidu@localhost"
    found["To"] = str(person.email)
    found["Subject"] = (f"目标督办：{len(rows)} 件待答复" if zh
                        else f"Supervision: {len(rows)} to be answered")  # fmt: skip
    start = "以下督办尚未答复：" if zh else "These notices are not answered yet:"
    found.set_content("\n\n".join([start, *lines]) + "\n")
    return found
