"""One-time links: to join, to set a new password, and for the first administrator."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from app.accounts import backoff, sessions
from app.accounts.actor import Role
from app.accounts.models import Invitation, User
from app.accounts.passwords import set_password
from app.accounts.queries import has_users
from app.accounts.secrets import digest, new_secret
from app.accounts.service import Period, add_grant, add_person, organisation
from app.accounts.visitor import Visitor, note
from app.core.clock import now
from app.core.settings import Settings

LASTING = {
    "invite": timedelta(days=7),
    "reset": timedelta(days=1),
    "first_admin": timedelta(days=1),
}


@dataclass(frozen=True)
class Link:
    """What a link is good for; the first administrator is not a person yet."""

    id: int
    purpose: str
    user_id: int | None
    username: str
    name: str


@dataclass(frozen=True)
class Acceptance:
    """What the page asks for; the first administrator also says who they are."""

    password: str
    username: str = ""
    name: str = ""
    organisation: str = ""


def public_address(settings: Settings) -> str:
    """Where people reach Tidu: as the settings say, else where it listens."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    return (settings.public_url or f"http://{host}:{settings.port}").rstrip("/")


def link_address(settings: Settings, secret: str) -> str:
    """A one-time link as people open it."""
    return f"{public_address(settings)}/invitations/{secret}"


def link_for(session: Session, user: User) -> str:
    """The secret of a new link for a person, who joins or sets a new password; older ones end."""
    _void(session, Invitation.user_id == user.id)
    return _issue(session, "invite" if user.password_hash is None else "reset", user.id)


def link_for_first_admin(session: Session) -> str | None:
    """The secret of a new link while there is nobody; older ones end."""
    _void(session, Invitation.purpose == "first_admin")
    return None if has_users(session) else _issue(session, "first_admin", None)


def _void(session: Session, which: ColumnElement[bool]) -> None:
    open_ones = Invitation.used_at.is_(None), Invitation.voided_at.is_(None), which
    session.execute(update(Invitation).where(*open_ones).values(voided_at=now()))


def _issue(session: Session, purpose: str, user_id: int | None) -> str:
    secret = new_secret()
    session.add(
        Invitation(
            secret_hash=digest(secret),
            purpose=purpose,
            user_id=user_id,
            created_at=now(),
            expires_at=now() + LASTING[purpose],
        )
    )
    return secret


def open_link(session: Session, visitor: Visitor, secret: str) -> Link | None:
    """What the link is good for; None, and a trace of why, if it is good for nothing.

    The row stays locked, so that of two who come at once one comes too late.
    """
    found = session.scalar(
        select(Invitation).where(Invitation.secret_hash == digest(secret)).with_for_update()
    )
    if found is None:
        note(session, visitor, "invitation_unknown")
        return None
    user = None if found.user_id is None else session.get(User, found.user_id)
    if fault := _fault(session, found, user):
        note(session, visitor, fault, found.user_id)
        return None
    who = (None, "", "") if user is None else (user.id, user.username, user.name)
    return Link(found.id, found.purpose, *who)


def _fault(session: Session, found: Invitation, user: User | None) -> str | None:
    if found.used_at is not None:
        return "invitation_replayed"
    over = found.voided_at is not None or found.expires_at <= now()
    useless = has_users(session) if user is None else user.disabled_at is not None
    return "invitation_expired" if over or useless else None


def accept(
    session: Session, settings: Settings, visitor: Visitor, link: Link, given: Acceptance
) -> User:
    """Set the password and use the link up; the person's sessions end, this browser is known."""
    user = session.get(User, link.user_id) if link.user_id else _first_admin(session, given)
    assert user is not None  # its row is locked by way of the link's
    set_password(settings, user, given.password)
    session.execute(update(Invitation).where(Invitation.id == link.id).values(used_at=now()))
    sessions.end_all(session, user.id, "password_changed")
    backoff.forget_origins(session, user.id)
    backoff.remember(session, visitor, user.id)
    note(session, visitor, "invitation_accepted", user.id)
    return user


def _first_admin(session: Session, given: Acceptance) -> User:
    user = add_person(session, given.username, given.name)
    body = organisation(session, given.organisation)
    add_grant(session, user, Role.ADMIN, body, Period())
    return user
