"""The second factor: set up, asked for, never accepted twice, and required where it must be."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pyotp
import pytest
import time_machine
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import RecoveryCode, SecondFactor, User, UserSession
from tests.accounts.doors import another, door, enter, is_in, knock, member, outcomes

NOON = datetime(2027, 3, 1, 4, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands until it is moved."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def secret_on(page: str) -> str:
    """The secret as text."""
    found = re.search(r'<code class="setup-key">([A-Z2-7]{32})</code>', page)
    assert found is not None
    return found[1]


def code_of(secret: str, steps: int = 0) -> str:
    """The code of now, or of some steps later."""
    return pyotp.TOTP(secret).at(int(datetime.now(UTC).timestamp()) + 30 * steps)


def enrol(browser: TestClient) -> tuple[str, list[str]]:
    """Set up a second factor: its secret and the recovery codes."""
    secret = secret_on(browser.get("/account/second-factor").text)
    page = browser.post("/account/second-factor", data={"code": code_of(secret)})
    assert page.status_code == 200, page.text
    codes = re.findall(r"<code>([A-Z2-7-]{19})</code>", page.text)
    assert len(set(codes)) == 10
    return secret, codes


def second_step(browser: TestClient, code: str) -> int:
    """The second form, sent."""
    return browser.post("/sign-in/second-factor", data={"code": code}).status_code


@pytest.fixture
def carrier(db: Session, clock: time_machine.Traveller) -> tuple[User, str, list[str]]:
    """Somebody with a second factor, its secret and recovery codes."""
    user = member(db)
    secret, codes = enrol(enter(door(db), user))
    clock.shift(30)
    return user, secret, codes


Carrier = tuple[User, str, list[str]]


def test_the_qr_code_is_drawn_for_this_person(db: Session) -> None:
    user = member(db)
    page = enter(door(db), user).get("/account/second-factor")
    assert page.text.count("<svg") == 1 and "style=" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert secret_on(enter(door(db), user).get("/account/second-factor").text) == secret_on(
        page.text
    )


def test_a_wrong_code_turns_nothing_on(db: Session, clock: time_machine.Traveller) -> None:
    user = member(db)
    browser = enter(door(db), user)
    secret = secret_on(browser.get("/account/second-factor").text)
    for code in ("", "000000", "abcdef", "１２３４５６", code_of(secret, 5)):
        assert browser.post("/account/second-factor", data={"code": code}).status_code == 422
    assert knock(door(db), user).headers["location"] == "/"


def test_the_secret_is_encrypted_at_rest(db: Session, carrier: Carrier) -> None:
    _, secret, codes = carrier
    kept = db.scalars(select(SecondFactor)).one()
    assert secret not in kept.secret and len(kept.secret) > 100
    hashes = set(db.scalars(select(RecoveryCode.code_hash)))
    assert not any(code.replace("-", "") in each for code in codes for each in hashes)


def test_the_password_alone_opens_nothing(db: Session, carrier: Carrier) -> None:
    user, secret, _ = carrier
    browser = door(db)
    found = knock(browser, user, next="/pool")
    assert found.headers["location"] == "/sign-in/second-factor?next=%2Fpool"
    for path in ("/account", "/api/v1/pool", "/account/second-factor", "/"):
        assert browser.get(path).status_code == 401, path
    for path in ("/account/password", "/account/second-factor/remove", "/account/sessions/end"):
        assert browser.post(path).status_code == 401, path
    assert browser.get("/sign-in/second-factor").status_code == 200
    before = browser.cookies["tidu_session"]
    assert second_step(browser, code_of(secret)) == 303
    assert is_in(browser) and browser.cookies["tidu_session"] != before
    assert outcomes(db, user) == ["signed_in", "password_accepted", "signed_in"]
    stale = another(browser)
    stale.cookies.set("tidu_session", before)
    assert second_step(stale, code_of(secret, 1)) == 401 and not is_in(stale)


def test_a_code_is_accepted_once(
    db: Session, carrier: Carrier, clock: time_machine.Traveller
) -> None:
    user, secret, _ = carrier
    first, second = door(db), door(db)
    for browser in (first, second):
        knock(browser, user)
    code = code_of(secret)
    assert second_step(first, code) == 303
    assert second_step(second, code) == 401
    assert second_step(second, code_of(secret, -1)) == 401  # nor an older one
    assert outcomes(db, user)[-2:] == ["second_factor_replayed", "second_factor_replayed"]
    clock.shift(30)
    assert second_step(second, code_of(secret)) == 303


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 303), (0, 303), (1, 303), (2, 401)])
def test_clocks_may_differ_by_one_step(
    db: Session, carrier: Carrier, clock: time_machine.Traveller, steps: int, status: int
) -> None:
    user, secret, _ = carrier
    clock.shift(90)
    browser = door(db)
    knock(browser, user)
    assert second_step(browser, code_of(secret, steps)) == status


def test_the_second_step_is_waited_for_five_minutes(
    db: Session, carrier: Carrier, clock: time_machine.Traveller
) -> None:
    user, secret, _ = carrier
    browser = door(db)
    knock(browser, user)
    clock.shift(301)
    assert second_step(browser, code_of(secret)) == 401
    page = browser.get("/sign-in/second-factor", headers={"accept": "text/html"})
    assert page.headers["location"] == "/sign-in"


def test_codes_cannot_be_guessed_through_new_sign_ins(db: Session, carrier: Carrier) -> None:
    """The right password gives no guesses back: they are counted until both steps are done."""
    user, secret, _ = carrier
    stranger = door(db, "192.0.2.77")
    for _ in range(3):
        if knock(stranger, user).status_code == 303:
            second_step(stranger, "000000")
    assert second_step(stranger, code_of(secret)) == 401
    assert outcomes(db, user)[-1] == "slowed_down"
    mine = door(db)  # from the address that is known
    knock(mine, user)
    assert second_step(mine, code_of(secret)) == 303


def test_recovery_codes_work_once(db: Session, carrier: Carrier) -> None:
    user, _, codes = carrier
    spaced = codes[2].replace("-", " ")
    for typed, status in ((codes[0], 303), (codes[0], 401), (codes[1].lower(), 303),
                          (spaced, 303), ("AAAA-BBBB-CCCC-DDDD", 401)):  # fmt: skip
        browser = door(db)
        knock(browser, user)
        assert second_step(browser, typed) == status, typed
    assert outcomes(db, user).count("recovery_code_used") == 3
    left = enter_with(door(db), user, codes[3]).get("/account").text
    assert "剩余恢复码：6" in left


def enter_with(browser: TestClient, user: User, code: str) -> TestClient:
    """Both steps."""
    knock(browser, user)
    assert second_step(browser, code) == 303
    return browser


def test_another_persons_recovery_code_is_no_good(db: Session, carrier: Carrier) -> None:
    _, _, codes = carrier
    other = member(db)
    enrol(enter(door(db), other))
    browser = door(db)
    knock(browser, other)
    assert second_step(browser, codes[0]) == 401


def test_new_codes_and_turning_it_off_need_a_code(
    db: Session, carrier: Carrier, clock: time_machine.Traveller
) -> None:
    user, secret, codes = carrier
    browser = enter_with(door(db), user, code_of(secret))
    for path in ("codes", "remove"):
        found = browser.post(f"/account/second-factor/{path}", data={"code": "000000"})
        assert found.status_code == 422
    clock.shift(30)
    page = browser.post("/account/second-factor/codes", data={"code": code_of(secret)})
    fresh = re.findall(r"<code>([A-Z2-7-]{19})</code>", page.text)
    assert len(fresh) == 10 and not set(fresh) & set(codes)
    other = door(db)
    knock(other, user)
    assert second_step(other, codes[5]) == 401
    clock.shift(30)
    browser.post("/account/second-factor/remove", data={"code": code_of(secret)})
    assert knock(door(db), user).headers["location"] == "/"


def test_it_is_required_of_the_roles_that_the_setting_names(
    db: Session, clock: time_machine.Traveller
) -> None:
    user, leader = member(db, Role.ANALYST), member(db, Role.LEADER)
    browser = enter(door(db, require_second_factor=("analyst",)), user)
    found = browser.get("/api/v1/pool")
    assert found.status_code == 403 and found.json()["see"] == "/account/second-factor"
    for path in ("/", "/firms", "/account"):
        page = browser.get(path, headers={"accept": "text/html"})
        assert (page.status_code, page.headers["location"]) == (303, "/account/second-factor")
    assert browser.post("/account/password").status_code == 403
    enrol(browser)
    assert browser.get("/api/v1/pool").status_code == 200
    assert enter(another(browser), leader).get("/api/v1/pool").status_code == 200


def test_an_administrator_helps_who_lost_it(db: Session, carrier: Carrier) -> None:
    user, secret, _ = carrier
    browser = enter_with(door(db), user, code_of(secret))
    admin = enter(door(db), member(db, Role.ADMIN))
    assert admin.post(f"/admin/people/{user.id}/second-factor/remove").status_code == 303
    assert not is_in(browser)
    ended = db.scalars(select(UserSession.end_reason).where(UserSession.user_id == user.id))
    assert "second_factor_reset" in set(ended)
    assert knock(door(db), user).headers["location"] == "/"


def test_a_secret_of_another_key_is_nobodys(db: Session, carrier: Carrier) -> None:
    """After the key was changed codes are refused, not taken for right, and nothing breaks."""
    user, secret, codes = carrier
    browser = door(db, secret_key=SecretStr("another key, as after a restore without it"))
    knock(browser, user)
    assert second_step(browser, code_of(secret)) == 401
    assert second_step(browser, codes[0]) == 303
