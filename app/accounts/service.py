"""People, their roles and the bodies they act for: what is changed about them."""

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import second_factor, sessions
from app.accounts.actor import Actor, Role
from app.accounts.models import (
    ORGANISATION_KINDS,
    Grant,
    Organisation,
    OrganisationMember,
    User,
    UserSession,
)
from app.accounts.sign_in import USERNAME, plain
from app.core.clock import now, today
from app.core.errors import Conflict, Forbidden, Invalid, NotFound

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
CODE = re.compile(r"[a-z][a-z0-9_]{1,62}")
LONGEST_NAME = 64
# A role is held in a body of its kind; the others are the district's own.
KIND_OF_ROLE = {Role.PARK_OPERATOR: "park", Role.INCUBATOR_MANAGER: "incubator"}
APART = frozenset({Role.ADMIN, Role.AUDITOR})


@dataclass(frozen=True)
class Period:
    """From a day to a day, both inside; without an end until it is taken back."""

    since: date | None = None
    until: date | None = None


def organisation(session: Session, code: str) -> Organisation:
    """A body by its code; NotFound names it."""
    found = session.scalar(select(Organisation).where(Organisation.code == code))
    if found is None:
        raise NotFound(f"没有代码为 {code} 的单位：用 tidu organisation list 查看")
    return found


def add_person(session: Session, username: str, name: str, email: str = "") -> User:
    """A person without password and roles; only an invitation lets them in."""
    kept = plain(username)
    if not USERNAME.fullmatch(kept):
        raise _wrong("username", f"用户名 {kept[:20]} 不可用：用 1 至 64 个字母、数字或 . _ - @")
    if session.scalar(select(User.id).where(User.username == kept)) is not None:
        raise Conflict(f"用户名 {kept} 已存在：请换一个 (user name taken)")
    user = User(username=kept, name=kept, locale="zh")
    describe_person(session, user, name or kept, email)
    session.add(user)
    session.flush()  # grants and links need its number
    return user


def describe_person(session: Session, user: User, name: str, email: str) -> None:
    """A person's name and address for sign-in by a provider."""
    name, email = name.strip(), email.strip().lower()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise _wrong("name", f"姓名应为 1 至 {LONGEST_NAME} 个字：请核对 (name)")
    if email and not EMAIL.fullmatch(email):
        raise _wrong("email", f"邮箱 {email[:40]} 不是邮箱地址：请核对 (email)")
    if email:
        other = select(User.id).where(User.email == email, User.id.is_distinct_from(user.id))
        if session.scalar(other) is not None:
            raise Conflict(f"邮箱 {email} 已属于另一个人：请核对 (email taken)")
    if (email or None) != user.email:
        user.oidc_identity = None  # whoever holds the new address at the provider is bound anew
    user.name, user.email = name, email or None


def _wrong(field: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{field}", "detail": detail}])


def add_grant(
    session: Session, user: User, role: Role, body: Organisation, period: Period
) -> Grant:
    """A role for a period; never administrator and auditor in one person."""
    since, until = period.since or today(), period.until
    kind = KIND_OF_ROLE.get(role, "department")
    if body.kind != kind:
        raise _wrong("organisation", f"角色 {role} 属于 {kind}，{body.name} 是 {body.kind}："
                     "请另选单位 (kind of organisation)")  # fmt: skip
    if until is not None and until < since:
        raise _wrong("until", f"截止日期 {until} 早于开始日期 {since}：请核对 (until before since)")
    for held in session.scalars(
        select(Grant).where(Grant.user_id == user.id, Grant.revoked_at.is_(None)).with_for_update()
    ):
        if _overlap(held, since, until):
            _refuse_beside(user, held, role, body)
    found = Grant(user_id=user.id, role=role.value, organisation_id=body.id, since=since,
                  until=until)  # fmt: skip
    session.add(found)
    session.flush()  # the database has its say too
    return found


def _overlap(held: Grant, since: date, until: date | None) -> bool:
    ends, begins = held.until or date.max, held.since
    return since <= ends and begins <= (until or date.max)


def _refuse_beside(user: User, held: Grant, role: Role, body: Organisation) -> None:
    if {Role(held.role), role} == APART:
        raise Conflict(
            f"{user.name} 不能同时是系统管理员和审计员：先结束其中一个角色 "
            "(nobody is administrator and auditor at a time)"
        )
    if held.role == role and held.organisation_id == body.id:
        raise Conflict(
            f"{user.name} 在这段时间已有这个角色（{held.since} – {held.until or ''}）：先收回它 "
            "(already granted)"
        )


def revoke(session: Session, actor: Actor, grant: Grant) -> int:
    """Take a role back; its sessions end at once. Returns how many."""
    _not_oneself(actor, grant.user_id)
    if grant.revoked_at is not None:
        raise Conflict("这个角色已经收回：请刷新页面 (already revoked)")
    grant.revoked_at = now()
    return sessions.end(session, "grant_ended", UserSession.grant_id == grant.id)


def disable(session: Session, actor: Actor, user: User) -> int:
    """Shut a person out; all their sessions end at once. Returns how many."""
    _not_oneself(actor, user.id)
    user.disabled_at = user.disabled_at or now()
    return sessions.end_all(session, user.id, "disabled")


def enable(user: User) -> None:
    """Let a person in again, with the roles that still hold."""
    user.disabled_at = None


def remove_second_factor(session: Session, actor: Actor, user: User) -> bool:
    """For somebody who lost the telephone and the recovery codes; their sessions end."""
    _not_oneself(actor, user.id)
    sessions.end_all(session, user.id, "second_factor_reset")
    return second_factor.remove(session, user.id)


def _not_oneself(actor: Actor, user_id: int) -> None:
    if actor.user_id == user_id:
        raise Forbidden("不能对自己的账号这样做：请另一位管理员操作 (not on oneself)")


def check_not_oneself(actor: Actor, user_id: int) -> None:
    """Nobody gives themselves a role, or a way around the second factor."""
    _not_oneself(actor, user_id)


def add_organisation(
    session: Session, code: str, name: str, name_en: str, kind: str
) -> Organisation:
    """A body that the plan did not bring."""
    code, name = code.strip().lower(), name.strip()
    if kind not in ORGANISATION_KINDS:
        raise _wrong("kind", f"没有单位类型 {kind[:20]}：用 {', '.join(ORGANISATION_KINDS)}")
    if not CODE.fullmatch(code):
        raise _wrong("code", f"代码 {code[:20]} 不可用：小写字母开头，用字母、数字或 _ (code)")
    _check_name(session, name, None)
    if session.scalar(select(Organisation.id).where(Organisation.code == code)) is not None:
        raise Conflict(f"单位代码 {code} 已存在：请换一个 (code taken)")
    found = Organisation(code=code, name=name, name_en=name_en.strip() or None, kind=kind)
    session.add(found)
    session.flush()  # its page needs its number
    return found


def rename_organisation(session: Session, body: Organisation, name: str, name_en: str) -> None:
    """Another name for a body; its code and kind stay."""
    _check_name(session, name.strip(), body.id)
    body.name, body.name_en = name.strip(), name_en.strip() or None


def _check_name(session: Session, name: str, mine: int | None) -> None:
    if not 1 <= len(name) <= LONGEST_NAME:
        raise _wrong("name", f"名称应为 1 至 {LONGEST_NAME} 个字：请核对 (name)")
    taken = select(Organisation.id).where(
        Organisation.name == name, Organisation.id.is_distinct_from(mine)
    )
    if session.scalar(taken) is not None:
        raise Conflict(f"单位名称 {name} 已存在：请换一个 (name taken)")


def set_members(session: Session, group: Organisation, members: list[int]) -> None:
    """Which bodies a group stands for; a group holds no groups."""
    if group.kind != "group":
        raise _wrong("members", f"{group.name} 不是单位组，没有成员 (not a group)")
    sound = set(
        session.scalars(
            select(Organisation.id).where(
                Organisation.id.in_(members), Organisation.kind != "group"
            )
        )
    )
    if strange := sorted(set(members) - sound):
        raise _wrong("members", f"没有编号为 {strange[0]} 的成员单位：请刷新页面 (no such member)")
    mine = OrganisationMember.group_id == group.id
    session.execute(
        delete(OrganisationMember).where(mine, OrganisationMember.member_id.not_in(sound))
    )
    if sound:
        rows = [{"group_id": group.id, "member_id": member} for member in sorted(sound)]
        session.execute(insert(OrganisationMember).values(rows).on_conflict_do_nothing())
