"""Sign-in: sessions of people, and what slows down those who guess."""

import secrets
from datetime import timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import Grant, User, UserSession
from app.accounts.secrets import NOBODY, PASSWORDS, digest
from app.core.clock import now, today
from app.core.errors import Unauthenticated
from app.core.settings import Settings

FREE_TRIES = 5
LONGEST_LOCK = timedelta(minutes=15)


def sign_in(session: Session, settings: Settings, username: str, password: str) -> str:
    """The secret of a new session; Unauthenticated says the same for every failure.

    The caller commits also when this raises, for failures are counted.
    """
    user = session.scalar(select(User).where(User.username == username))
    hashed = NOBODY if user is None else user.password_hash
    right = PASSWORDS.verify(password, hashed)
    locked = user is not None and user.locked_until is not None and user.locked_until > now()
    grant = None if user is None else _current_grant(session, user.id)
    if user is None or not right or locked or user.disabled_at is not None or grant is None:
        if user is not None and not right:
            _count_failure(user)
        raise Unauthenticated("用户名或密码不正确，或账号暂时不可用：请核对后再试")
    user.failed_sign_ins, user.locked_until = 0, None
    secret = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            token_hash=digest(secret),
            grant_id=grant.id,
            expires_at=now() + timedelta(hours=settings.session_hours),
        )
    )
    return secret


def _count_failure(user: User) -> None:
    user.failed_sign_ins += 1
    if user.failed_sign_ins >= FREE_TRIES:
        doubled = timedelta(seconds=2 ** min(user.failed_sign_ins - FREE_TRIES, 10))
        user.locked_until = now() + min(doubled, LONGEST_LOCK)


def _current_grant(session: Session, user_id: int) -> Grant | None:
    return session.scalar(
        select(Grant)
        .where(
            Grant.user_id == user_id,
            Grant.since <= today(),
            or_(Grant.until.is_(None), Grant.until >= today()),
        )
        .order_by(Grant.id)
    )


def sign_out(session: Session, secret: str) -> None:
    """End one session."""
    session.execute(delete(UserSession).where(UserSession.token_hash == digest(secret)))


def actor_of_session(session: Session, settings: Settings, secret: str) -> Actor | None:
    """Who a cookie stands for, if its session, account and role still hold."""
    idle = now() - timedelta(minutes=settings.session_idle_minutes)
    row = session.execute(
        select(Grant.role, Grant.organisation_id, User.id, User.name, User.locale)
        .select_from(UserSession)
        .join(Grant, Grant.id == UserSession.grant_id)
        .join(User, User.id == Grant.user_id)
        .where(
            UserSession.token_hash == digest(secret),
            UserSession.expires_at > now(),
            UserSession.seen_at > idle,
            User.disabled_at.is_(None),
            Grant.since <= today(),
            or_(Grant.until.is_(None), Grant.until >= today()),
        )
    ).first()
    if row is None:
        return None
    return Actor(Role(row.role), row.organisation_id, row.name, user_id=row.id, locale=row.locale)


def touch(session: Session, secret: str) -> None:
    """Note that a session is in use, at most once a minute."""
    session.execute(
        update(UserSession)
        .where(
            UserSession.token_hash == digest(secret),
            UserSession.seen_at < now() - timedelta(minutes=1),
        )
        .values(seen_at=now())
    )
