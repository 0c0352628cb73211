"""Sessions: limits, one's own list, and what ends them at once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Grant, User, UserSession
from app.core.clock import now, today
from tests.accounts.doors import (
    ELSEWHERE,
    HOME,
    PASSWORD,
    another,
    door,
    enter,
    give,
    is_in,
    knock,
    member,
    outcomes,
)

NEW = "quite another phrase 7"
NOON = datetime(2027, 3, 1, 4, tzinfo=UTC)


def sessions_of(db: Session, user: User) -> list[UserSession]:
    """Every session there was, in order."""
    query = select(UserSession).where(UserSession.user_id == user.id).order_by(UserSession.id)
    return list(db.scalars(query.execution_options(populate_existing=True)))


def test_an_idle_session_ends(db: Session) -> None:
    user = member(db)
    with time_machine.travel(NOON, tick=False) as clock:
        browser = enter(door(db), user)
        for _ in range(5):
            clock.shift(timedelta(minutes=29))
            assert is_in(browser)
        clock.shift(timedelta(minutes=30))
        assert not is_in(browser)


def test_a_busy_session_ends_too(db: Session) -> None:
    user = member(db)
    with time_machine.travel(NOON, tick=False) as clock:
        browser = enter(door(db), user)
        for _ in range(35):
            clock.shift(timedelta(minutes=20))
            assert is_in(browser)
        clock.shift(timedelta(minutes=20))
        assert not is_in(browser)


def test_the_limits_are_settings(db: Session) -> None:
    user = member(db)
    with time_machine.travel(NOON, tick=False) as clock:
        browser = enter(door(db, session_idle_minutes=5, session_hours=1), user)
        clock.shift(timedelta(minutes=5))
        assert not is_in(browser)


def test_switching_roles_lengthens_nothing(db: Session) -> None:
    user = member(db)
    other = give(db, user, Role.LEADER)
    with time_machine.travel(NOON, tick=False) as clock:
        browser = enter(door(db), user)
        for _ in range(35):
            clock.shift(timedelta(minutes=20))
            assert is_in(browser)
        assert browser.post("/account/role", data={"grant": other.id}).status_code == 303
        clock.shift(timedelta(minutes=20))
        assert not is_in(browser)


Change = Callable[[Session, User, TestClient], None]


def change_password(db: Session, user: User, browser: TestClient) -> None:
    form = {"current": PASSWORD, "password": NEW, "again": NEW}
    found = enter(another(browser), user).post("/account/password", data=form)
    assert found.headers["location"] == "/account?said=password"


def reset_password(db: Session, user: User, browser: TestClient) -> None:
    admin = enter(another(browser), member(db, Role.ADMIN))
    page = admin.post(f"/admin/people/{user.id}/link").text
    secret = page.split("/invitations/")[1].split("<")[0]
    assert is_in(browser)
    form = {"password": NEW, "again": NEW}
    assert another(browser).post(f"/invitations/{secret}", data=form).status_code == 303


def disable(db: Session, user: User, browser: TestClient) -> None:
    admin = enter(another(browser), member(db, Role.ADMIN))
    assert admin.post(f"/admin/people/{user.id}/disable").status_code == 303


def revoke(db: Session, user: User, browser: TestClient) -> None:
    admin = enter(another(browser), member(db, Role.ADMIN))
    grant = db.scalars(select(Grant).where(Grant.user_id == user.id)).one()
    found = admin.post(f"/admin/people/{user.id}/grants/{grant.id}/revoke")
    assert found.status_code == 303


def end_by_admin(db: Session, user: User, browser: TestClient) -> None:
    admin = enter(another(browser), member(db, Role.ADMIN))
    assert admin.post(f"/admin/people/{user.id}/sessions/end").status_code == 303


def leave_everywhere(db: Session, user: User, browser: TestClient) -> None:
    left = enter(another(browser), user).post("/account/sessions/end")
    assert left.headers["location"] == "/sign-in?said=left"


CHANGES: dict[str, tuple[Change, str]] = {
    "password": (change_password, "password_changed"),
    "reset": (reset_password, "password_changed"),
    "disabled": (disable, "disabled"),
    "revoked": (revoke, "grant_ended"),
    "by admin": (end_by_admin, "signed_out_by_admin"),
    "everywhere": (leave_everywhere, "signed_out_by_user"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_old_cookie_is_worth_nothing(db: Session, change: str) -> None:
    user = member(db)
    browser = enter(door(db), user)
    act, reason = CHANGES[change]
    act(db, user, browser)
    stale = another(browser, ELSEWHERE)
    stale.cookies.set("tidu_session", browser.cookies["tidu_session"])
    for _ in range(2):
        found = stale.get("/api/v1/pool")
        assert found.status_code == 401
        assert found.headers["content-type"] == "application/problem+json"
    assert not is_in(browser)
    ended = sessions_of(db, user)[0]
    assert ended.end_reason == reason and ended.ended_at is not None
    # It leaves one trace, however often it is shown.
    assert outcomes(db, user).count("ended_session") == 1


def test_a_role_ends_with_its_last_day(db: Session) -> None:
    user = member(db, None)
    with time_machine.travel(NOON, tick=False) as clock:
        give(db, user, Role.LEADER, until=today())
        browser = enter(door(db, session_idle_minutes=2000, session_hours=48), user)
        clock.move_to(datetime(2027, 3, 1, 15, 59, tzinfo=UTC))
        assert is_in(browser)
        clock.move_to(datetime(2027, 3, 1, 16, 0, tzinfo=UTC))  # midnight in the district
        assert not is_in(browser)
        assert knock(browser, user).status_code == 401
        assert outcomes(db, user) == ["signed_in", "ended_session", "no_role"]


def test_one_sees_and_ends_ones_own_sessions(db: Session) -> None:
    user, other = member(db), member(db)
    here = enter(door(db), user)
    there = another(here, ELSEWHERE)
    there.headers["user-agent"] = "Mozilla/5.0 (iPhone) AppleWebKit/605 Version/17 Safari/604"
    enter(there, user)
    page = here.get("/account").text
    assert HOME in page and ELSEWHERE in page and "Safari · iOS" in page
    _, far = sessions_of(db, user)
    stranger = enter(another(here, "192.0.2.1"), other)
    assert stranger.post(f"/account/sessions/{far.id}/end").status_code == 404
    assert is_in(there)
    assert here.post(f"/account/sessions/{far.id}/end").status_code == 303
    assert is_in(here) and not is_in(there) and is_in(stranger)
    assert here.post(f"/account/sessions/{far.id}/end").status_code == 404


def test_changing_the_password_keeps_only_this_browser(db: Session) -> None:
    user = member(db)
    here, there = enter(door(db), user), enter(door(db, ELSEWHERE), user)
    before = here.cookies["tidu_session"]
    form = {"current": PASSWORD, "password": NEW, "again": NEW}
    here.post("/account/password", data=form)
    assert is_in(here) and not is_in(there) and here.cookies["tidu_session"] != before
    assert knock(door(db), user).status_code == 401
    assert knock(door(db), user, NEW).status_code == 303


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"current": "wrong", "password": NEW, "again": NEW}, "当前密码不正确"),
        ({"current": PASSWORD, "password": NEW, "again": "other"}, "两次输入的密码不一致"),
        ({"current": PASSWORD, "password": PASSWORD, "again": PASSWORD}, "与当前密码相同"),
        ({"current": PASSWORD, "password": "short", "again": "short"}, "至少 10 位"),
    ],
)
def test_a_password_is_not_changed_lightly(db: Session, form: dict[str, str], says: str) -> None:
    user = member(db)
    browser = enter(door(db), user)
    found = browser.post("/account/password", data=form)
    assert found.status_code == 422 and says in found.text
    assert is_in(browser) and knock(door(db), user).status_code == 303


def test_guessing_the_current_password_is_slowed_down(db: Session) -> None:
    """Whoever finds a browser open does not find out the password."""
    user = member(db)
    browser = enter(door(db), user)
    for n in range(5):
        form = {"current": f"wrong {n}", "password": NEW, "again": NEW}
        browser.post("/account/password", data=form)
    form = {"current": PASSWORD, "password": NEW, "again": NEW}
    assert browser.post("/account/password", data=form).status_code == 422
    assert outcomes(db, user)[-2:] == ["wrong_password", "slowed_down"]


def test_people_with_several_roles_switch(db: Session) -> None:
    user = member(db, Role.ADMIN)
    seat = give(db, user, Role.LEADER)
    give(db, user, Role.OFFICER, until=date(2021, 1, 1))
    browser = enter(door(db), user)
    assert browser.get("/admin/people").status_code == 200
    assert browser.get("/api/v1/pool").status_code == 403
    before = browser.cookies["tidu_session"]
    page = browser.get("/").text
    assert "切换为 领导" in page and "切换为 部门经办" not in page
    assert browser.post("/account/role", data={"grant": seat.id}).status_code == 303
    assert browser.cookies["tidu_session"] != before
    assert browser.get("/admin/people").status_code == 403
    assert browser.get("/api/v1/pool").status_code == 200
    # The next sign-in takes up the role that was used last.
    again = enter(another(browser), user)
    assert again.get("/admin/people").status_code == 403


def test_nobody_switches_to_a_role_that_is_not_theirs(db: Session) -> None:
    user = member(db)
    browser = enter(door(db), user)
    other = db.scalars(select(Grant).where(Grant.user_id == member(db, Role.ADMIN).id)).one()
    over = give(db, user, Role.LEADER, until=date(2021, 1, 1))
    gone = give(db, user, Role.OFFICER, revoked_at=now())
    for grant in (other, over, gone):
        found = browser.post("/account/role", data={"grant": grant.id})
        assert found.status_code == 404
    assert is_in(browser)


def test_name_and_language_are_ones_own(db: Session) -> None:
    user = member(db)
    browser = enter(door(db), user)
    found = browser.post("/account/profile", data={"name": "  张伟 ", "lang": "en"})
    assert found.status_code == 303
    db.refresh(user)
    assert (user.name, user.locale) == ("张伟", "en")
    assert "My account" in browser.get("/account").text
    assert browser.post("/account/profile", data={"name": ""}).status_code == 422
    assert browser.post("/account/profile", data={"name": "长" * 65}).status_code == 422


def test_a_token_has_no_account(db: Session) -> None:
    from tests import people

    machine = people.machine(db, people.body(db, "machine", "park"))
    assert machine.get("/account").status_code == 403
    assert machine.get("/admin/people").status_code == 403
