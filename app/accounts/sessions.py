"""Sessions of people: opened, renewed, limited, ended, and whom a cookie stands for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.accounts.actor import Actor, Role, Seat
from app.accounts.models import Grant, Organisation, SecondFactor, User, UserSession
from app.accounts.secrets import digest, new_secret
from app.accounts.visitor import LONGEST_AGENT, Visitor, note
from app.core.clock import now, today
from app.core.errors import NotFound
from app.core.settings import Settings

PENDING = timedelta(minutes=5)


def in_force(grant: type[Grant] = Grant) -> ColumnElement[bool]:
    """Grants that hold today."""
    return and_(
        grant.revoked_at.is_(None),
        grant.since <= today(),
        or_(grant.until.is_(None), grant.until >= today()),
    )


def usual_grant(session: Session, user_id: int) -> int | None:
    """The role a person had last, if it still holds; else the first that does."""
    last = (
        select(func.max(UserSession.id))
        .where(UserSession.grant_id == Grant.id, ~UserSession.pending)
        .scalar_subquery()
    )
    query = select(Grant.id).where(Grant.user_id == user_id, in_force())
    return session.scalar(query.order_by(last.desc().nulls_last(), Grant.id).limit(1))


@dataclass(frozen=True)
class Binding:
    """Whose session it is, in which role, how they showed who they are, and what is missing."""

    user_id: int
    grant_id: int
    method: str
    pending: bool = False


def limit(settings: Settings, binding: Binding) -> datetime:
    """When a session that begins now ends, however busy it is."""
    return now() + (PENDING if binding.pending else timedelta(hours=settings.session_hours))


def open_session(session: Session, visitor: Visitor, binding: Binding, until: datetime) -> str:
    """The secret of a new session; never one that a browser brought along."""
    secret = new_secret()
    session.add(
        UserSession(
            token_hash=digest(secret),
            user_id=binding.user_id,
            grant_id=binding.grant_id,
            pending=binding.pending,
            method=binding.method,
            address=visitor.address,
            user_agent=visitor.agent[:LONGEST_AGENT],
            label=visitor.label,
            created_at=now(),
            seen_at=now(),
            expires_at=until,
        )
    )
    return secret


def _live(settings: Settings) -> ColumnElement[bool]:
    return and_(
        UserSession.ended_at.is_(None),
        UserSession.expires_at > now(),
        UserSession.seen_at > now() - timedelta(minutes=settings.session_idle_minutes),
    )


def actor_of(session: Session, settings: Settings, secret: str) -> Actor | None:
    """Who a cookie stands for, if its session, account and role still hold."""
    confirmed = exists().where(
        SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None)
    )
    row = session.execute(
        select(Grant.id, Grant.role, Grant.organisation_id, User.id.label("user_id"), User.name,
               User.locale, UserSession.id.label("session_id"), confirmed.label("confirmed"),
               _seats().label("seats"))
        .select_from(UserSession)
        .join(Grant, Grant.id == UserSession.grant_id)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_hash == digest(secret), ~UserSession.pending, _live(settings),
               User.disabled_at.is_(None), in_force())
    ).first()  # fmt: skip
    if row is None:
        return None
    return Actor(
        Role(row.role), row.organisation_id, row.name, user_id=row.user_id, locale=row.locale,
        session_id=row.session_id,
        seats=tuple(Seat(i, Role(role), body, english, i == row.id)
                    for i, role, body, english in row.seats),
        must_enrol=row.role in settings.require_second_factor and not row.confirmed,
    )  # fmt: skip


def _seats() -> Any:
    """Every role that the person has today, as one value."""
    other = aliased(Grant)
    one = func.json_build_array(other.id, other.role, Organisation.name, Organisation.name_en)
    return (
        select(func.coalesce(func.json_agg(one), func.json_build_array()))
        .select_from(other)
        .join(Organisation, Organisation.id == other.organisation_id)
        .where(other.user_id == User.id, in_force(other))
        .scalar_subquery()
    )


def pending_of(session: Session, settings: Settings, secret: str) -> UserSession | None:
    """The session that waits for this browser's second factor."""
    return session.scalar(
        select(UserSession)
        .join(Grant, Grant.id == UserSession.grant_id)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_hash == digest(secret), UserSession.pending, _live(settings),
               User.disabled_at.is_(None), in_force())
    )  # fmt: skip


def touch(session: Session, visitor: Visitor, session_id: int) -> None:
    """Note that a session is in use, and from where, at most once a minute."""
    session.execute(
        update(UserSession)
        .where(
            UserSession.id == session_id,
            UserSession.seen_at < now() - timedelta(minutes=1),
        )
        .values(seen_at=now(), address=visitor.address)
    )


def note_refused(session: Session, visitor: Visitor, secret: str) -> None:
    """A cookie of a session that no longer holds was shown: kept once for each session."""
    stmt = (
        update(UserSession)
        .where(
            UserSession.token_hash == digest(secret),
            UserSession.refused_at.is_(None),
            ~UserSession.pending,
        )
        .values(refused_at=now())
        .returning(UserSession.user_id)
    )
    user_id = session.scalar(stmt)
    if user_id is not None:
        note(session, visitor, "ended_session", user_id)


def end(session: Session, reason: str, *which: ColumnElement[bool]) -> int:
    """End the sessions that are not over yet; returns how many."""
    stmt = update(UserSession).where(UserSession.ended_at.is_(None), *which)
    ended = session.scalars(
        stmt.values(ended_at=now(), end_reason=reason).returning(UserSession.id)
    )
    return len(ended.all())


def end_by_cookie(session: Session, secret: str | None, reason: str) -> None:
    """End the session that a browser brought along, if there is one."""
    if secret:
        end(session, reason, UserSession.token_hash == digest(secret))


def end_all(session: Session, user_id: int, reason: str, but: int | None = None) -> int:
    """End a person's sessions, all or all but one."""
    others = UserSession.id != but if but is not None else UserSession.id > 0
    return end(session, reason, UserSession.user_id == user_id, others)


def end_one(session: Session, user_id: int, session_id: int) -> None:
    """End one of one's own sessions; another person's does not exist."""
    mine = UserSession.user_id == user_id, UserSession.id == session_id
    if not end(session, "signed_out_by_user", *mine):
        raise NotFound("没有这个会话，或它已经结束：请刷新页面 (no such session)")


def live_sessions(session: Session, settings: Settings, user_id: int) -> Sequence[UserSession]:
    """A person's open sessions, the one used last first."""
    query = select(UserSession).where(
        UserSession.user_id == user_id, ~UserSession.pending, _live(settings)
    )
    return session.scalars(query.order_by(UserSession.seen_at.desc(), UserSession.id)).all()


def switch(session: Session, visitor: Visitor, actor: Actor, grant_id: int) -> str:
    """A new session in another of one's own roles; the old one ends."""
    mine = Grant.id == grant_id, Grant.user_id == actor.user_id
    found = session.scalar(select(Grant.id).where(*mine, in_force()))
    if found is None:
        raise NotFound("没有这个角色，或它不在有效期内：请刷新页面 (no such role)")
    return renew(session, visitor, actor, found)


def renew(session: Session, visitor: Visitor, actor: Actor, grant_id: int | None = None) -> str:
    """The same person in this browser under a new secret; the absolute limit stays where it was."""
    old = session.scalars(select(UserSession).where(UserSession.id == actor.session_id)).one()
    binding = Binding(old.user_id, grant_id or old.grant_id, old.method)
    secret = open_session(session, visitor, binding, old.expires_at)
    end(session, "renewed", UserSession.id == old.id)
    return secret
