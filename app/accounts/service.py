"""Accounts, sign-in and tokens."""

import hashlib
import secrets
from datetime import date, timedelta

from pwdlib import PasswordHash
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app.accounts.actor import ROLE_OF_ORGANISATION, Actor, Role
from app.accounts.models import Grant, Organisation, Token, User, UserSession
from app.core.clock import now, today
from app.core.errors import Conflict, Invalid, NotFound, Unauthenticated
from app.core.settings import Settings

SCOPES = ("firms:read", "firms:write", "figures:write")
SHORTEST_PASSWORD = 10
FREE_TRIES = 5
LONGEST_LOCK = timedelta(minutes=15)
PASSWORDS = PasswordHash.recommended()
# Checked when the user is unknown, so that both answers take the same time.
NOBODY = PASSWORDS.hash(secrets.token_hex())


def digest(secret: str) -> str:
    """What is kept of a token or cookie: they are random, so a plain hash suffices."""
    return hashlib.sha256(secret.encode()).hexdigest()


def organisation(session: Session, code: str) -> Organisation:
    """A body by its code; NotFound names it."""
    found = session.scalar(select(Organisation).where(Organisation.code == code))
    if found is None:
        raise NotFound(f"没有代码为 {code} 的单位：用 tidu organisations 查看")
    return found


def create_user(
    session: Session,
    username: str,
    name: str,
    password: str,
    role: Role,
    organisation_code: str,
    *,
    demo: bool = False,
) -> User:
    """A person with one role in one organisation from today on."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(f"密码至少 {SHORTEST_PASSWORD} 位")
    if session.scalar(select(User.id).where(User.username == username)) is not None:
        raise Conflict(f"用户名 {username} 已存在：请换一个")
    body = organisation(session, organisation_code)
    user = User(
        username=username,
        name=name,
        password_hash=PASSWORDS.hash(password),
        locale="zh",
        failed_sign_ins=0,
        demo=demo,
    )
    session.add(user)
    session.flush()  # the grant needs its number
    session.add(Grant(user_id=user.id, role=role.value, organisation_id=body.id, since=date.min))
    return user


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


def issue_token(
    session: Session, organisation_code: str, name: str, scopes: list[str], days: int
) -> str:
    """A new token, shown only now; only its hash is kept."""
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise Invalid(f"没有权限范围 {unknown[0]}：可用 {', '.join(SCOPES)}")
    body = organisation(session, organisation_code)
    if body.kind not in ROLE_OF_ORGANISATION:
        raise Invalid(f"{body.name} 是一组单位，不能持有令牌：请为其成员单位签发")
    prefix = secrets.token_hex(4)
    secret = f"tidu_{prefix}_{secrets.token_urlsafe(32)}"
    session.add(
        Token(
            name=name,
            prefix=prefix,
            token_hash=digest(secret),
            scopes=sorted(scopes),
            organisation_id=body.id,
            expires_at=now() + timedelta(days=days),
        )
    )
    return secret


def actor_of_token(session: Session, secret: str) -> Actor | None:
    """Who a bearer token stands for, while it holds."""
    row = session.execute(
        select(Token.id, Token.name, Token.scopes, Token.organisation_id, Organisation.kind)
        .join(Organisation, Organisation.id == Token.organisation_id)
        .where(
            Token.token_hash == digest(secret),
            Token.expires_at > now(),
            Token.revoked_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    role = ROLE_OF_ORGANISATION[row.kind]
    return Actor(role, row.organisation_id, row.name, token_id=row.id, scopes=frozenset(row.scopes))
