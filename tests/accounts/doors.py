"""People with passwords, and browsers that knock from somewhere."""

from datetime import date
from itertools import count
from typing import Any

import httpx2
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Grant, Organisation, SignInAttempt, User
from app.accounts.secrets import normalised
from tests import people

PASSWORD = "四个词 lamp river nine"  # noqa: S105 - of people who exist in tests only
HOME, ELSEWHERE = "203.0.113.5", "198.51.100.7"
SAME_ANSWER = "用户名或密码不正确，或账号暂时不可用"
# A real Argon2id hash, of the cheapest kind: guessing is what these tests do all day.
HASH = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)).hash(
    normalised(PASSWORD)
)
_serial = count(1)
Answer = httpx2.Response


def door(db: Session, address: str = HOME, **settings: Any) -> TestClient:
    """A new browser at an address; it follows no redirect."""
    app = people.application(db, **settings)
    return TestClient(app, client=(address, 40000), headers=people.OUR_PAGE,
                      follow_redirects=False)  # fmt: skip


def another(browser: TestClient, address: str = ELSEWHERE) -> TestClient:
    """Another browser, without cookies, of the same application."""
    return TestClient(browser.app, client=(address, 40001), headers=people.OUR_PAGE,
                      follow_redirects=False)  # fmt: skip


def body(db: Session, code: str = "science") -> Organisation:
    """A body of the plan."""
    return db.scalars(select(Organisation).where(Organisation.code == code)).one()


def member(db: Session, role: Role | None = Role.ANALYST, **given: Any) -> User:
    """A person with a password, and with a role unless it is None."""
    username = f"person{next(_serial)}"
    user = User(**({"username": username, "name": f"人员{username}", "locale": "zh",
                    "password_hash": HASH} | given))  # fmt: skip
    db.add(user)
    db.flush()
    if role is not None:
        give(db, user, role)
    return user


def give(db: Session, user: User, role: Role, **given: Any) -> Grant:
    """A role in a body of the right kind."""
    code = {Role.PARK_OPERATOR: "zhengyang_park"}.get(role, "science")
    usual = {"user_id": user.id, "role": role.value, "organisation_id": body(db, code).id,
             "since": date(2020, 1, 1)}  # fmt: skip
    found = Grant(**(usual | given))
    db.add(found)
    db.flush()
    return found


def knock(browser: TestClient, user: User | str, password: str = PASSWORD, **form: str) -> Answer:
    """The sign-in form, sent."""
    name = user if isinstance(user, str) else user.username
    return browser.post("/sign-in", data={"username": name, "password": password, **form})


def enter(browser: TestClient, user: User) -> TestClient:
    """Somebody who got in."""
    found = knock(browser, user)
    assert found.status_code == 303, found.text
    return browser


def outcomes(db: Session, user: User | None = None) -> list[str]:
    """What came of the attempts so far."""
    query = select(SignInAttempt.outcome).order_by(SignInAttempt.id)
    if user is not None:
        query = query.where(SignInAttempt.user_id == user.id)
    return list(db.scalars(query))


def is_in(browser: TestClient) -> bool:
    """Whether the session opens anything."""
    status = browser.get("/account", headers={"accept": "text/html"}).status_code
    assert status in (200, 303)
    return status == 200
