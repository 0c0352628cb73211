"""Guesses are slowed down, exactly counted, and slow nobody else down."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
import time_machine
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.accounts import backoff, secrets
from app.accounts.models import SignInAttempt, SignInFailure, User
from app.core.settings import Settings
from app.main import create_app
from tests import people
from tests.accounts.doors import (
    ELSEWHERE,
    HASH,
    HOME,
    SAME_ANSWER,
    another,
    door,
    enter,
    knock,
    member,
    outcomes,
)
from tests.server import served

FREE = backoff.FREE_FOR_ACCOUNT
NOON = datetime(2027, 3, 1, 4, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands until it is moved."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is unknown costs no more than a member of the tests."""
    monkeypatch.setattr(secrets, "NOBODY", HASH)


def fail(browser: TestClient, user: User | str, times: int) -> None:
    """Wrong passwords, one after the other."""
    for n in range(times):
        assert knock(browser, user, f"wrong {n}").status_code == 401


def test_waiting_doubles(db: Session, clock: time_machine.Traveller) -> None:
    user, browser = member(db), door(db)
    fail(browser, user, FREE)
    for seconds in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900):
        clock.shift(seconds - 0.5)
        assert knock(browser, user).status_code == 401, seconds
        assert outcomes(db, user)[-1] == "slowed_down"
        clock.shift(0.5)
        fail(browser, user, 1)
        assert outcomes(db, user)[-1] == "wrong_password"


def test_the_right_password_waits_too_and_looks_like_a_wrong_one(
    db: Session, clock: time_machine.Traveller
) -> None:
    user, browser = member(db), door(db)
    fail(browser, user, FREE)
    slowed, wrong = knock(browser, user), knock(browser, "nobody")
    assert slowed.json() == wrong.json() and slowed.json()["detail"].startswith(SAME_ANSWER)
    clock.shift(1)
    assert knock(browser, user).status_code == 303
    # Counted anew: as many tries cost nothing.
    fail(browser, user, FREE - 1)
    assert knock(browser, user).status_code == 303


def test_failures_are_forgotten(db: Session, clock: time_machine.Traveller) -> None:
    user, browser = member(db), door(db)
    fail(browser, user, FREE)
    clock.shift(timedelta(days=1, seconds=1))
    fail(browser, user, FREE - 1)
    assert knock(browser, user).status_code == 303


def test_a_stranger_delays_strangers_only(db: Session, clock: time_machine.Traveller) -> None:
    user = member(db)
    mine = enter(door(db), user)
    for n in range(backoff.FREE_FOR_STRANGERS // FREE):  # from many addresses
        fail(another(mine, f"192.0.2.{n + 1}"), user, FREE)
    assert knock(another(mine), user).status_code == 401  # a stranger, with the right password
    assert outcomes(db, user)[-1] == "slowed_down"
    assert knock(mine, user).status_code == 303  # the browser is known
    assert knock(another(mine, HOME), user).status_code == 303  # the address is known
    moved = another(mine)
    moved.cookies.set("tidu_device", mine.cookies["tidu_device"])
    assert knock(moved, user).status_code == 303  # the browser, from elsewhere


def test_a_known_browser_is_slowed_down_by_itself(
    db: Session, clock: time_machine.Traveller
) -> None:
    user = member(db)
    mine = enter(door(db), user)
    neighbour = another(mine, HOME)
    fail(neighbour, user, FREE)
    assert knock(another(mine, HOME), user).status_code == 401  # one address, no cookie
    assert knock(mine, user).status_code == 303  # nobody at one's own address shuts one out
    fail(mine, user, FREE)
    assert knock(mine, user).status_code == 401


def test_a_forged_or_foreign_device_cookie_is_a_strangers(
    db: Session, clock: time_machine.Traveller
) -> None:
    user, other = member(db), member(db)
    enter(door(db), user)
    theirs = enter(door(db, ELSEWHERE), other)
    fail(theirs, user, FREE)
    assert knock(theirs, user).status_code == 401
    assert knock(theirs, other).status_code == 303
    for n in range(FREE):
        forged = another(theirs, "192.0.2.9")
        forged.cookies.set("tidu_device", f"forged {n}")
        fail(forged, user, 1)
    assert knock(another(theirs, "192.0.2.9"), user).status_code == 401


def test_an_address_is_slowed_down_across_accounts(
    db: Session, clock: time_machine.Traveller
) -> None:
    """One password tried on everybody."""
    browser = door(db)
    for _ in range(backoff.FREE_FOR_LINE // 2):
        fail(browser, member(db), 1)
        fail(browser, "nobody", 1)
    user = member(db)
    assert knock(browser, user).status_code == 401
    assert outcomes(db, user) == ["slowed_down"]
    assert knock(another(browser), user).status_code == 303


def test_an_ipv6_line_is_one_address(db: Session, clock: time_machine.Traveller) -> None:
    user = member(db)
    first = door(db, "2001:db8:1:2::1")
    for n in range(FREE):
        fail(another(first, f"2001:db8:1:2:{n}::{n}"), user, 1)
    assert knock(another(first, "2001:db8:1:2:ffff::9"), user).status_code == 401
    assert knock(another(first, "2001:db8:1:3::1"), user).status_code == 303


def test_a_success_of_ones_own_clears_nobody_elses_count(
    db: Session, clock: time_machine.Traveller
) -> None:
    """Signing in to one's own account between two guesses does not buy a third."""
    victim, accomplice, browser = member(db), member(db), door(db)
    for _ in range(FREE):
        fail(browser, victim, 1)
        enter(browser, accomplice)
    assert knock(browser, victim).status_code == 401
    assert outcomes(db, victim)[-1] == "slowed_down"


def test_guesses_at_once_are_counted_one_by_one(clone: Engine) -> None:
    settings = Settings(database_url=None, secret_key=SecretStr(people.KEY), pool_size=10)
    with Session(clone) as session, session.begin():
        username = member(session).username
    form = {"username": username, "password": "wrong"}
    with served(create_app(settings, clone)) as address, ThreadPoolExecutor(16) as threads:
        found = list(
            threads.map(
                lambda _: httpx2.post(f"{address}/sign-in", data=form, timeout=30).status_code,
                range(16),
            )
        )
    assert found == [401] * 16
    with Session(clone) as session:
        looked_at = session.scalar(
            select(func.count()).where(SignInAttempt.outcome == "wrong_password")
        )
        counted = session.scalar(
            select(SignInFailure.failures).where(
                SignInFailure.user_id.is_not(None), SignInFailure.origin != backoff.STRANGERS
            )
        )
    # All may take longer than the first seconds of waiting, but never do two share a count.
    assert looked_at == counted and looked_at in range(FREE, FREE + 4)
