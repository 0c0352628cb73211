"""A person's cases as a calendar that other programs subscribe to (iCalendar, RFC 5545).

Its address is signed and stands for one person in one role. Whoever has the address reads what that
person has before them, until it is taken back, the role ends or the account is closed.
"""

import hmac
from datetime import date, timedelta
from typing import Any

from icalendar import Calendar, Event
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.keys import keyed_hash
from app.accounts.models import Grant, User
from app.accounts.sessions import in_force
from app.core.clock import now
from app.core.errors import Forbidden, NotFound
from app.core.settings import Settings
from app.support import queries, words
from app.support.clock_models import CalendarFeed
from app.support.models import SupportCase

PURPOSE = "calendar feed"
MOST = 2_000
LARGEST_ID = 2**31 - 1
HOURLY = timedelta(hours=1)


def current(session: Session, actor: Actor) -> CalendarFeed | None:
    """The subscription of a person in the present role, if there is one."""
    return session.scalar(
        select(CalendarFeed).where(
            CalendarFeed.grant_id == _grant(actor), CalendarFeed.revoked_at.is_(None)
        )
    )


def _grant(actor: Actor) -> int:
    return next((seat.grant_id for seat in actor.seats if seat.mine), 0)


def renew(session: Session, actor: Actor) -> CalendarFeed:
    """A new address in the place of the one there was."""
    if actor.user_id is None or not _grant(actor):
        raise Forbidden("令牌没有个人日历 (a token has no calendar of its own)")
    revoke(session, actor)
    found = CalendarFeed(user_id=actor.user_id, grant_id=_grant(actor))
    session.add(found)
    session.flush()
    return found


def revoke(session: Session, actor: Actor) -> None:
    """Whoever has the address reads nothing from now on."""
    session.execute(
        update(CalendarFeed)
        .where(CalendarFeed.grant_id == _grant(actor), CalendarFeed.revoked_at.is_(None))
        .values(revoked_at=now())
    )


def address(settings: Settings, feed: CalendarFeed) -> str:
    """What a calendar program is given."""
    home = settings.public_url or f"http://{settings.host}:{settings.port}"
    return f"{home}/calendars/{secret_of(settings, feed.id)}.ics"


def secret_of(settings: Settings, number: int) -> str:
    """The number of a subscription, signed."""
    return f"{number}-{keyed_hash(settings, PURPOSE, str(number))}"


def actor_of(session: Session, settings: Settings, secret: str) -> Actor:
    """For whom an address stands; NotFound where it is forged, taken back or its role has ended."""
    digits = secret.partition("-")[0]
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 11 else 0
    genuine = hmac.compare_digest(secret.encode(), secret_of(settings, number).encode())
    query = (
        select(Grant.role, Grant.organisation_id, User.id, User.name, User.locale)
        .select_from(CalendarFeed)
        .join(Grant, Grant.id == CalendarFeed.grant_id)
        .join(User, User.id == CalendarFeed.user_id)
        .where(CalendarFeed.id == number, CalendarFeed.revoked_at.is_(None), in_force(),
               User.disabled_at.is_(None))
    )  # fmt: skip
    row = session.execute(query).first() if genuine and number <= LARGEST_ID else None
    if row is None:
        raise NotFound("没有这个日历：地址可能已作废，请在“提醒”页取新的 (no such calendar)")
    role, body, user, name, locale = row
    return Actor(Role(role), body, name, user_id=user, locale=locale)


def calendar(session: Session, settings: Settings, actor: Actor) -> bytes:
    """The open cases that somebody has before them, each on the day when it is due."""
    query = queries.rows(actor).where(queries.is_open(), queries.before(actor))
    query = query.add_columns(SupportCase.updated_at).order_by(SupportCase.due_on, SupportCase.id)
    at = 0 if actor.locale == "zh" else 1
    labels = {code: one.label[actor.locale] for code, one in queries.measures(session).items()}
    found = Calendar()
    found.add("prodid", "-//Tidu//Support cases//ZH")
    found.add("version", "2.0")
    found.add("x-wr-calname", ("梯度 · 帮扶事项", "Tidu · support cases")[at])
    found.add("refresh-interval", HOURLY, parameters={"value": "DURATION"})
    home = settings.public_url or f"http://{settings.host}:{settings.port}"
    for row in session.execute(query.limit(MOST)).mappings():
        said = (f"{labels[row['measure']]} · {row['firm']}", words.STATES[row["state"]][at])
        found.add_component(_event(row, said, f"{home}/cases/{row['id']}"))
    written: bytes = found.to_ical()
    return written


def _event(row: Any, said: tuple[str, str], link: str) -> Event:
    """One case; the version is what tells a program that it has changed."""
    due: date = row["due_on"]
    found = Event()
    found.add("uid", f"case-{row['id']}@tidu")
    found.add("dtstamp", row["updated_at"])
    found.add("sequence", row["version"])
    found.add("dtstart", due)
    found.add("dtend", due + timedelta(days=1))
    found.add("transp", "TRANSPARENT")
    found.add("summary", said[0])
    found.add("description", f"{said[1]} · {row['reason']}")
    found.add("url", link)
    return found
