"""People and the bodies they act for."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Grant, Organisation, User
from app.accounts.secrets import PASSWORDS
from app.core.errors import Conflict, Invalid, NotFound

SHORTEST_PASSWORD = 10


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
