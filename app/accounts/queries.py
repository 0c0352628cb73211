"""Look-ups of people and bodies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import Grant, Organisation, OrganisationMember, User, UserSession
from app.accounts.second_factor import is_on
from app.accounts.sessions import in_force
from app.core.errors import NotFound

PAGE = 50


def has_users(session: Session) -> bool:
    """Whether anybody can sign in."""
    return session.scalar(select(User.id).limit(1)) is not None


def has_demo_users(session: Session) -> bool:
    """Whether the demo's people are there."""
    return session.scalar(select(User.id).where(User.demo).limit(1)) is not None


def organisations(session: Session, *kinds: str) -> list[Organisation]:
    """Bodies of these kinds (all if none is named), by name."""
    query = select(Organisation)
    if kinds:
        query = query.where(Organisation.kind.in_(kinds))
    return list(session.scalars(query.order_by(Organisation.name)))


def organisation_by_id(session: Session, number: int) -> Organisation:
    """A body by its number."""
    found = session.get(Organisation, number)
    if found is None:
        raise NotFound("没有这个单位：请从列表中选择 (no such organisation)")
    return found


def members(session: Session) -> dict[int, list[Organisation]]:
    """The bodies of every group, by the group's number."""
    query = select(OrganisationMember.group_id, Organisation).join(
        Organisation, Organisation.id == OrganisationMember.member_id
    )
    found: dict[int, list[Organisation]] = {}
    for group_id, body in session.execute(query.order_by(Organisation.name)):
        found.setdefault(group_id, []).append(body)
    return found


def person(session: Session, username: str) -> User:
    """A person by user name; NotFound names it."""
    found = session.scalar(select(User).where(User.username == username.strip().lower()))
    if found is None:
        raise NotFound(f"没有用户 {username}：用 tidu user list 查看")
    return found


def person_by_id(session: Session, number: int) -> User:
    """A person by number."""
    found = session.get(User, number)
    if found is None:
        raise NotFound("没有这个人：请从列表中选择 (no such person)")
    return found


def grants(session: Session, user_id: int) -> Sequence[Any]:
    """A person's roles, with the body's name and whether each holds today; the latest first."""
    return session.execute(
        select(
            Grant,
            Organisation.name.label("body"),
            Organisation.name_en.label("body_en"),
            in_force().label("holds"),
        )
        .join(Organisation, Organisation.id == Grant.organisation_id)
        .where(Grant.user_id == user_id)
        .order_by(in_force().desc(), Grant.since.desc(), Grant.id.desc())
    ).all()


def grant_of(session: Session, user_id: int, grant_id: int) -> Grant:
    """One role of this very person."""
    found = session.scalar(select(Grant).where(Grant.id == grant_id, Grant.user_id == user_id))
    if found is None:
        raise NotFound("没有这个角色：请刷新页面 (no such role)")
    return found


@dataclass(frozen=True)
class People:
    """A page of people: who, their roles today, who carries a second factor; where to go on."""

    items: list[User]
    roles: dict[int, list[Any]]
    last_seen: dict[int, Any]
    second_factor: set[int]
    next: str | None
    count: int


def people(session: Session, search: str = "", after: str = "", limit: int = PAGE) -> People:
    """People by user name, those whose name, user name or address contains the search."""
    pattern = (
        "%"
        + search.strip().lower().replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        + "%"
    )
    where = or_(
        User.username.like(pattern), func.lower(User.name).like(pattern), User.email.like(pattern)
    )
    count = session.scalar(select(func.count()).select_from(User).where(where)) or 0
    query = select(User).where(where, User.username > after).order_by(User.username)
    found = list(session.scalars(query.limit(limit + 1)))
    shown = found[:limit]
    ids = [user.id for user in shown]
    following = shown[-1].username if len(found) > limit else None
    return People(
        shown, _roles(session, ids), _last_seen(session, ids), is_on(session, ids), following, count
    )


def _roles(session: Session, ids: list[int]) -> dict[int, list[Any]]:
    query = (
        select(
            Grant.user_id,
            Grant.role,
            Organisation.name.label("body"),
            Organisation.name_en.label("body_en"),
            Grant.until,
        )
        .join(Organisation, Organisation.id == Grant.organisation_id)
        .where(and_(Grant.user_id.in_(ids), in_force()))
    )
    found: dict[int, list[Any]] = {}
    for row in session.execute(query.order_by(Grant.id)):
        found.setdefault(row.user_id, []).append(row)
    return found


def _last_seen(session: Session, ids: list[int]) -> dict[int, Any]:
    query = select(UserSession.user_id, func.max(UserSession.seen_at)).where(
        UserSession.user_id.in_(ids), ~UserSession.pending
    )
    return {user_id: at for user_id, at in session.execute(query.group_by(UserSession.user_id))}


def overview(session: Session) -> dict[str, int]:
    """What an administrator looks after, in numbers."""
    people_total = session.scalar(select(func.count()).select_from(User)) or 0
    disabled = select(func.count()).select_from(User).where(User.disabled_at.is_not(None))
    invited = (
        select(func.count())
        .select_from(User)
        .where(
            User.password_hash.is_(None), User.oidc_identity.is_(None), User.disabled_at.is_(None)
        )
    )
    bodies = session.scalar(select(func.count()).select_from(Organisation)) or 0
    return {
        "people": people_total,
        "invited": session.scalar(invited) or 0,
        "disabled": session.scalar(disabled) or 0,
        "organisations": bodies,
    }
