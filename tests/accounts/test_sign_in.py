"""Sign-in by password: who gets in, and that nobody else learns anything."""

from datetime import timedelta
from typing import Any

import pytest
from pwdlib import PasswordHash
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import secrets
from app.accounts.actor import Role
from app.accounts.models import SignInAttempt, UserSession
from app.core.clock import now, today
from tests.accounts.doors import (
    ELSEWHERE,
    HOME,
    PASSWORD,
    SAME_ANSWER,
    another,
    door,
    enter,
    give,
    is_in,
    knock,
    member,
    outcomes,
)


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every Argon2 verification is really made, and counted."""
    made: list[str] = []
    real = PasswordHash.verify

    def counted(self: PasswordHash, password: Any, hashed: Any) -> bool:
        made.append(hashed)
        return real(self, password, hashed)

    monkeypatch.setattr(PasswordHash, "verify", counted)
    return made


def test_the_right_password_opens_a_session(db: Session) -> None:
    user, browser = member(db), door(db)
    found = knock(browser, user, next="/pool?gap_count__lte=1")
    assert (found.status_code, found.headers["location"]) == (303, "/pool?gap_count__lte=1")
    assert is_in(browser) and outcomes(db, user) == ["signed_in"]
    opened = db.scalars(select(UserSession).where(UserSession.user_id == user.id)).one()
    assert (str(opened.address), opened.label, opened.method) == (HOME, "testclient", "password")


def test_names_and_passwords_are_normalised(db: Session) -> None:
    user = member(db, username="zhang.wei")
    assert knock(door(db), " ＺＨＡＮＧ.wei ").status_code == 303
    assert knock(door(db), user, "四个词 ｌａｍｐ river nine").status_code == 303


def prepare(db: Session, case: str) -> tuple[str, str]:
    """A user name and a password that must not open anything."""
    if case == "unknown":
        return "nobody.of.that.name", PASSWORD
    if case == "no_role":
        return member(db, None).username, PASSWORD
    user = member(db, None if case in ("ended", "to come", "revoked") else Role.ANALYST)
    if case == "ended":
        give(db, user, Role.LEADER, until=today() - timedelta(days=1))
    if case == "to come":
        give(db, user, Role.LEADER, since=today() + timedelta(days=1))
    if case == "revoked":
        give(db, user, Role.LEADER, revoked_at=now())
    if case == "disabled":
        user.disabled_at = now()
    if case == "no password":
        user.password_hash = None
    db.flush()
    wrong = {"wrong": "not the password", "empty": "", "long": PASSWORD * 400}
    return user.username, wrong.get(case, PASSWORD)


CASES = {
    "unknown": "unknown_user", "wrong": "wrong_password", "empty": "wrong_password",
    "long": "wrong_password", "no password": "wrong_password", "disabled": "disabled",
    "ended": "no_role", "to come": "no_role", "revoked": "no_role", "no_role": "no_role",
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_refusal_is_the_same(db: Session, case: str, verifications: list[str]) -> None:
    username, password = prepare(db, case)
    browser = door(db)
    found = knock(browser, username, password)
    body = found.json()
    assert found.status_code == 401 and "set-cookie" not in found.headers
    assert body["detail"].startswith(SAME_ANSWER) and body["errors"] == []
    assert found.headers["content-type"] == "application/problem+json"
    assert len(verifications) == 1
    assert outcomes(db) == [CASES[case]]
    page = browser.post("/sign-in", data={"username": username, "password": password},
                        headers={"accept": "text/html"})  # fmt: skip
    assert page.status_code == 401 and SAME_ANSWER in page.text


def test_a_name_of_nobody_is_kept_as_a_keyed_hash(db: Session) -> None:
    """People type their password into the field of the name."""
    knock(door(db), "My-Secret-Password-1", "x")
    found = db.scalars(select(SignInAttempt)).one()
    assert found.user_id is None and str(found.address) == HOME
    assert found.typed_hash is not None and len(found.typed_hash) == 64
    assert found.typed_hash != secrets.digest("my-secret-password-1")
    knock(door(db), "my-secret-password-1", "y")
    assert len(set(db.scalars(select(SignInAttempt.typed_hash)))) == 1


@pytest.mark.parametrize("https", [False, True])
def test_cookies_are_kept_from_scripts_and_other_hosts(db: Session, https: bool) -> None:
    found = knock(door(db, https=https), member(db))
    cookies = {c.split("=")[0]: c for c in found.headers.get_list("set-cookie")}
    prefix = "__Host-" if https else ""
    assert set(cookies) == {f"{prefix}tidu_session", f"{prefix}tidu_device", "lang"}
    for cookie in cookies.values():
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie
        assert ("Secure" in cookie) == https and "Domain" not in cookie


def test_a_session_is_new_at_every_sign_in(db: Session) -> None:
    """Whoever planted a cookie before holds nothing afterwards."""
    user, browser = member(db), door(db)
    enter(browser, user)
    first = browser.cookies["tidu_session"]
    enter(browser, user)
    assert browser.cookies["tidu_session"] != first
    thief = another(browser)
    thief.cookies.set("tidu_session", first)
    assert not is_in(thief) and is_in(browser)
    planted = another(browser)
    planted.cookies.set("tidu_session", "planted-by-a-stranger", domain="testserver.local")
    enter(planted, user)
    assert planted.cookies["tidu_session"] != "planted-by-a-stranger"


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example",
     "/\t/evil.example", "javascript:alert(1)", "evil.example", "http:evil.example", ""],
)  # fmt: skip
def test_sign_in_leads_nowhere_else(db: Session, address: str) -> None:
    found = knock(door(db), member(db), next=address)
    assert (found.status_code, found.headers["location"]) == (303, "/")
    form = door(db).get("/sign-in", params={"next": address}).text
    assert 'name="next" value="/"' in form


def test_preferences_lead_nowhere_else(db: Session) -> None:
    browser = door(db)
    for came_from in ("https://evil.example//evil.example", "http://testserver/\\evil.example"):
        found = browser.post("/preferences", data={"lang": "en"}, headers={"referer": came_from})
        assert found.headers["location"] == "/"


def test_one_is_led_back_to_the_page_one_asked_for(db: Session) -> None:
    browser = door(db)
    asked = browser.get("/pool?q=a&rung=certified", headers={"accept": "text/html"})
    assert asked.status_code == 303
    page = browser.get(asked.headers["location"])
    assert 'value="/pool?q=a&amp;rung=certified"' in page.text


def test_sign_out_ends_the_session(db: Session) -> None:
    user, browser = member(db), door(db)
    kept = enter(browser, user).cookies["tidu_session"]
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    thief = another(browser)
    thief.cookies.set("tidu_session", kept)
    assert not is_in(thief)
    ended = db.scalars(select(UserSession)).one()
    assert ended.end_reason == "signed_out" and ended.ended_at is not None


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/sign-in/second-factor", "/sign-out", "/account/role", "/account/password",
     "/admin/people", "/preferences"],
)  # fmt: skip
@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
     {"origin": "https://evil.example"}, {"origin": "null"}],
)  # fmt: skip
def test_no_other_site_writes(db: Session, path: str, headers: dict[str, str]) -> None:
    browser = enter(door(db), member(db))
    # Older browsers send no Sec-Fetch-Site, but an origin.
    del browser.headers["sec-fetch-site"]
    assert browser.post(path, headers=headers).status_code == 403


def test_forwarded_headers_are_believed_from_proxies_alone(db: Session) -> None:
    user = member(db)
    forged = {"x-forwarded-for": "10.9.9.9, 192.0.2.1", "x-real-ip": "10.9.9.9",
              "forwarded": "for=10.9.9.9"}  # fmt: skip
    proxies = ("192.0.2.0/24", "203.0.113.0/24")
    plain, proxied = door(db), door(db, trusted_proxies=proxies)
    stranger = door(db, ELSEWHERE, trusted_proxies=proxies)
    for browser in (plain, proxied, stranger):
        browser.headers.update(forged)
        assert knock(browser, user, "wrong").status_code == 401
    found = [str(a) for a in db.scalars(select(SignInAttempt.address).order_by(SignInAttempt.id))]
    assert found == [HOME, "10.9.9.9", ELSEWHERE]


def test_the_language_comes_along(db: Session) -> None:
    browser = enter(door(db), member(db, locale="en"))
    assert "My account" in browser.get("/account").text


def test_a_role_holds_on_its_first_and_last_day(db: Session) -> None:
    user = member(db, None)
    give(db, user, Role.LEADER, since=today(), until=today())
    assert knock(door(db), user).status_code == 303
