"""One-time links: they open once, in time, for whom they were made; nobody learns more."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import time_machine
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.accounts import invitations
from app.accounts.actor import Role
from app.accounts.models import Grant, Invitation, User
from app.core.settings import Settings
from app.main import create_app
from tests import people
from tests.accounts.doors import PASSWORD, another, door, enter, is_in, knock, member, outcomes
from tests.server import served

FORM = {"password": PASSWORD, "again": PASSWORD}
HTML = {"accept": "text/html"}


def invite(db: Session, browser: TestClient, **form: str) -> tuple[str, User]:
    """An administrator's form, sent: the link's path and the person."""
    admin = enter(another(browser), member(db, Role.ADMIN))
    usual = {"username": "li.na", "name": "李娜", "role": "analyst", "organisation": "science"}
    page = admin.post("/admin/people", data=usual | form)
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    found = re.search(r"/invitations/[\w-]{43}", page.text)
    assert found is not None
    return found[0], db.scalars(select(User).where(User.username == usual["username"])).one()


def test_an_invited_person_sets_the_password_and_gets_in(db: Session) -> None:
    browser = door(db)
    link, user = invite(db, browser)
    assert knock(browser, user).status_code == 401  # no password yet, and none that anybody knows
    page = browser.get(link)
    assert "李娜" in page.text and "li.na" in page.text
    assert browser.get(link).status_code == 200  # looking uses nothing up
    joined = browser.post(link, data=FORM)
    assert joined.headers["location"] == "/sign-in?said=joined"
    assert not is_in(browser)
    assert knock(browser, user).status_code == 303 and is_in(browser)
    assert "invitation_accepted" in outcomes(db, user)


def test_who_accepted_cannot_be_shut_out_by_strangers(db: Session) -> None:
    """A first sign-in comes from a browser that showed the link: it is known already."""
    browser = door(db)
    link, user = invite(db, browser)
    browser.post(link, data=FORM)
    for n in range(6):
        knock(another(browser), user, f"wrong {n}")
        knock(another(browser, "203.0.113.5"), user, f"wrong {n}")
    assert knock(browser, user).status_code == 303


def spoil(db: Session, browser: TestClient, case: str) -> tuple[str, User | None]:
    """A link that is good for nothing."""
    if case == "unknown":
        return "/invitations/" + "x" * 43, None
    link, user = invite(db, browser)
    if case == "used":
        assert browser.post(link, data=FORM).status_code == 303
    if case == "replaced":
        admin = enter(another(browser), member(db, Role.ADMIN))
        admin.post(f"/admin/people/{user.id}/link")
    if case == "disabled":
        admin = enter(another(browser), member(db, Role.ADMIN))
        admin.post(f"/admin/people/{user.id}/disable")
    if case == "expired":
        kept = db.scalars(select(Invitation)).one()
        kept.expires_at = datetime.now(UTC) - timedelta(seconds=1)
        db.flush()
    return link, user


CASES = {"unknown": "invitation_unknown", "used": "invitation_replayed",
         "replaced": "invitation_expired", "disabled": "invitation_expired",
         "expired": "invitation_expired"}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_bad_link_looks_the_same(db: Session, case: str) -> None:
    browser = door(db)
    link, user = spoil(db, browser, case)
    if user is not None:
        db.refresh(user)
    before = None if user is None else user.password_hash
    for found in (browser.get(link), browser.post(link, data=FORM)):
        body = found.json()
        assert found.status_code == 404 and body["type"] == "/problems/NotFound"
        assert body["detail"].startswith("链接无效、已使用或已过期") and body["errors"] == []
        assert found.headers["content-type"] == "application/problem+json"
        assert outcomes(db)[-1] == CASES[case]
    page = browser.get(link, headers=HTML)
    assert page.status_code == 404 and "李娜" not in page.text
    if user is not None:
        db.refresh(user)
        assert user.password_hash == before


@pytest.mark.parametrize(("purpose", "lasting"), invitations.LASTING.items())
def test_links_end_by_themselves(db: Session, purpose: str, lasting: timedelta) -> None:
    noon = datetime(2027, 3, 1, 4, tzinfo=UTC)
    with time_machine.travel(noon, tick=False) as clock:
        user = None if purpose == "first_admin" else member(db, password_hash=None)
        if purpose == "reset":
            user = member(db)
        make = invitations.link_for_first_admin
        secret = make(db) if user is None else invitations.link_for(db, user)
        db.flush()
        clock.shift(lasting - timedelta(seconds=1))
        assert door(db).get(f"/invitations/{secret}").status_code == 200
        clock.shift(timedelta(seconds=1))
        assert door(db).get(f"/invitations/{secret}").status_code == 404


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("short", "至少 10 位"),
        ("1234567890", "太容易被猜到"),
        ("qwertyuiop", "太容易被猜到"),
        ("Password2026", "太容易被猜到"),
        ("aaaaaaaaaaaaaaaa", "太容易被猜到"),
        ("my li.na phrase 77", "不能包含用户名或姓名"),
        ("李娜的一个很长的密码", "不能包含用户名或姓名"),
        ("x" * 30 + "长" * 99, "最多 128 位"),
        ("an invisible\u200b phrase", "不可见字符"),
    ],
)
def test_weak_passwords_are_refused_in_words(db: Session, password: str, says: str) -> None:
    browser = door(db)
    link, user = invite(db, browser)
    form = {"password": password, "again": password}
    page = browser.post(link, data=form, headers=HTML)
    assert page.status_code == 422 and says in page.text
    problem = browser.post(link, data=form)
    assert problem.status_code == 422 and problem.json()["errors"][0]["pointer"] == "/password"
    db.refresh(user)
    assert user.password_hash is None
    assert browser.post(link, data=FORM).status_code == 303  # the link is still good


def test_two_entries_must_agree(db: Session) -> None:
    browser = door(db)
    link, _ = invite(db, browser)
    page = browser.post(link, data=FORM | {"again": "another phrase"}, headers=HTML)
    assert page.status_code == 422 and "两次输入的密码不一致" in page.text


def test_a_reset_link_keeps_the_second_factor(db: Session) -> None:
    from tests.accounts.test_second_factor import enrol

    user = member(db)
    enrol(enter(door(db), user))
    admin = enter(door(db), member(db, Role.ADMIN))
    page = admin.post(f"/admin/people/{user.id}/link").text
    link = "/invitations/" + page.split("/invitations/")[1].split("<")[0]
    browser = door(db)
    form = {"password": "a new phrase of mine", "again": "a new phrase of mine"}
    assert browser.post(link, data=form).status_code == 303
    found = knock(browser, user, "a new phrase of mine")
    assert found.headers["location"].startswith("/sign-in/second-factor")


def test_the_first_administrator_comes_by_a_link(db: Session) -> None:
    old, link = invitations.link_for_first_admin(db), invitations.link_for_first_admin(db)
    db.flush()
    browser = door(db)
    assert browser.get(f"/invitations/{old}").status_code == 404
    page = browser.get(f"/invitations/{link}")
    assert "第一位系统管理员" in page.text and "区科技局" in page.text
    who = {"username": "root.admin", "name": "王一", "organisation": "science"}
    weak = {"password": "root.admin 2026 x", "again": "root.admin 2026 x"}
    for wrong in (who | weak, who | FORM | {"username": "no spaces"}, FORM | {"name": "王一"},
                  who | FORM | {"organisation": "nowhere"}):  # fmt: skip
        again = browser.post(f"/invitations/{link}", data=wrong, headers=HTML)
        assert again.status_code in (404, 422), wrong
        assert list(db.scalars(select(User))) == []
    assert browser.post(f"/invitations/{link}", data=who | FORM).status_code == 303
    assert knock(browser, "root.admin").status_code == 303
    assert browser.get("/admin/people").status_code == 200
    assert browser.get("/api/v1/pool").status_code == 403
    assert another(browser).get(f"/invitations/{link}").status_code == 404
    assert invitations.link_for_first_admin(db) is None


def test_somebody_else_came_first(db: Session) -> None:
    link = invitations.link_for_first_admin(db)
    member(db)
    assert door(db).get(f"/invitations/{link}").status_code == 404


def test_two_who_come_at_once_are_one(clone: Engine) -> None:
    with Session(clone) as session, session.begin():
        link = invitations.link_for_first_admin(session)
    app = create_app(Settings(database_url=None, secret_key=SecretStr(people.KEY)), clone)
    forms = [
        FORM | {"username": f"admin{n}", "name": f"管理员{n}号", "organisation": "science"}
        for n in range(6)
    ]
    from concurrent.futures import ThreadPoolExecutor

    with served(app) as address, ThreadPoolExecutor(6) as threads:
        found = list(
            threads.map(
                lambda form: (
                    httpx2.post(f"{address}/invitations/{link}", data=form, timeout=30).status_code
                ),
                forms,
            )
        )
    assert sorted(found) == [303, 404, 404, 404, 404, 404]
    with Session(clone) as session:
        assert list(session.scalars(select(Grant.role))) == ["admin"]


def test_secrets_of_links_stay_out_of_the_log(
    db: Session, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    browser = door(db)
    link, _ = invite(db, browser)
    browser.get(link)
    written = capfd.readouterr()
    assert link.rsplit("/", maxsplit=1)[1] not in written.out + written.err
