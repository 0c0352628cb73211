"""Tokens: what they look like, who they stand for, where from, how long, what follows them."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.accounts.actor import SYSTEM, Role
from app.accounts.models import Organisation, Token
from app.accounts.token_command import group
from app.accounts.tokens import SCOPES, Wanted, is_token, issue, revoke, rotate
from app.core.clock import now
from app.core.errors import AppError, Conflict, Invalid
from app.demo.service import remove as remove_demo
from tests import people

# What docs/api.md gives to secret scanners.
SCANNED = re.compile(r"\btidu_[0-9a-f]{8}_[0-9A-Za-z]{49}\b")
READ = ("firms:read",)


@pytest.fixture
def park(db: Session) -> Organisation:
    """A park that machines act for."""
    return people.body(db, "machine-park", "park")


def wanted(park: Organisation, **given: Any) -> Wanted:
    """What a token is usually wanted for."""
    return Wanted(**({"organisation": park.code, "name": "夜间同步", "scopes": READ} | given))


def asks(db: Session, secret: str, address: str = "198.51.100.7", **settings: Any) -> TestClient:
    """A machine with a secret at an address."""
    return TestClient(
        people.application(db, **settings),
        headers={"Authorization": f"Bearer {secret}"},
        client=(address, 40_000),
    )


def status(db: Session, secret: str, address: str = "198.51.100.7", **settings: Any) -> int:
    """What it is answered."""
    return asks(db, secret, address, **settings).get("/api/v1/token").status_code


# --- the secret ---------------------------------------------------------------------------------


def test_a_secret_is_found_by_scanners_and_only_its_hash_is_kept(
    db: Session, park: Organisation
) -> None:
    made = issue(db, wanted(park), SYSTEM)
    assert SCANNED.fullmatch(made.secret)
    assert made.secret[5:13] == made.token.prefix
    row = db.execute(text("select to_jsonb(t) from token t where id = :id"), {"id": made.token.id})
    kept = json.dumps(row.scalar_one())
    assert made.token.prefix in kept
    assert made.secret not in kept and made.secret[14:] not in kept


def test_a_checksum_tells_a_token_from_what_only_looks_like_one(
    db: Session, park: Organisation
) -> None:
    secret = issue(db, wanted(park), SYSTEM).secret
    assert is_token(secret)
    for place in (6, 20, len(secret) - 1):
        other = "1" if secret[place] == "0" else "0"
        changed = secret[:place] + other + secret[place + 1 :]
        assert SCANNED.fullmatch(changed) and not is_token(changed)
    assert not is_token(secret + "0")
    assert not is_token(secret.upper())


# --- issuing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"days": 731}, "/days"),
        ({"days": 0}, "/days"),
        ({"scopes": ()}, "/scopes"),
        ({"scopes": ("firms:read", "firms:delete")}, "/scopes"),
        ({"name": "  "}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"ranges": ("10.0.0.1/8",)}, "/ranges"),
        ({"ranges": ("everywhere",)}, "/ranges"),
        ({"requests_per_minute": 0}, "/requests_per_minute"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    db: Session, park: Organisation, given: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        issue(db, wanted(park, **given), SYSTEM)
    assert [error["pointer"] for error in refused.value.extra["errors"]] == [pointer]


def test_the_range_that_was_meant_is_named(db: Session, park: Organisation) -> None:
    with pytest.raises(Invalid, match=r"10\.0\.0\.0/8"):
        issue(db, wanted(park, ranges=("10.0.0.1/8",)), SYSTEM)


def test_a_button_pressed_twice_issues_one(db: Session, park: Organisation) -> None:
    first = issue(db, wanted(park), SYSTEM)
    with pytest.raises(Conflict, match="夜间同步"):
        issue(db, wanted(park), SYSTEM)
    revoke(db, first.token)
    assert issue(db, wanted(park), SYSTEM).secret != first.secret


def test_a_group_holds_no_token(db: Session) -> None:
    group_of_bodies = people.body(db, "machine-group", "group")
    with pytest.raises(Invalid, match="一组单位"):
        issue(db, wanted(group_of_bodies), SYSTEM)


def test_tokens_go_with_the_demo(db: Session, park: Organisation) -> None:
    park.demo = True
    issue(db, wanted(park), SYSTEM)
    kept = people.body(db, "kept-park", "park")
    issue(db, wanted(kept), SYSTEM)
    remove_demo(db)
    assert list(db.scalars(text("select organisation_id from token"))) == [kept.id]


# --- use ----------------------------------------------------------------------------------------


def test_a_token_says_what_it_is(db: Session, park: Organisation) -> None:
    made = issue(db, wanted(park, ranges=("198.51.100.0/24",), requests_per_minute=120), SYSTEM)
    told = asks(db, made.secret).get("/api/v1/token").json()
    assert told["organisation"] == {"code": park.code, "name": park.name}
    assert told["scopes"] == ["firms:read"]
    assert told["ranges"] == ["198.51.100.0/24"]
    assert (told["requests_per_minute"], told["requests_at_once"]) == (120, 40)
    assert (told["state"], told["prefix"]) == ("active", made.token.prefix)
    assert made.secret not in str(told)


def test_a_person_has_no_token(db: Session) -> None:
    assert people.person(db, Role.ANALYST).get("/api/v1/token").status_code == 404


def test_whatever_is_wrong_the_answer_is_the_same(db: Session, park: Organisation) -> None:
    def ended(token: Token) -> None:
        token.expires_at = now() - timedelta(seconds=1)
        db.flush()

    spoil: dict[str, Callable[[Token], None]] = {
        "expired": ended,
        "revoked": lambda token: revoke(db, token),
        "wrong address": lambda token: None,
    }
    answers = {}
    for name, change in spoil.items():
        made = issue(db, wanted(park, name=name, ranges=("203.0.113.0/24",)), SYSTEM)
        assert status(db, made.secret, "203.0.113.9") == 200
        change(made.token)
        where = "198.51.100.7" if name == "wrong address" else "203.0.113.9"
        answers[name] = asks(db, made.secret, where).get("/api/v1/firms")
    unknown = issue(db, wanted(park), SYSTEM)
    db.delete(unknown.token)
    db.flush()
    answers["unknown"] = asks(db, unknown.secret).get("/api/v1/firms")
    answers["malformed"] = asks(db, "tidu_x").get("/api/v1/firms")
    bodies = {answer.text for answer in answers.values()}
    heads = {
        tuple(sorted((k, v) for k, v in answer.headers.items() if k != "x-request-id"))
        for answer in answers.values()
    }
    assert {answer.status_code for answer in answers.values()} == {401}
    assert len(bodies) == len(heads) == 1
    assert "ratelimit" not in next(iter(answers.values())).headers


@pytest.mark.parametrize(
    ("ranges", "address", "allowed"),
    [
        ((), "198.51.100.7", True),
        (("198.51.100.0/24",), "198.51.100.255", True),
        (("198.51.100.0/24",), "198.51.101.0", False),
        (("198.51.100.0/24", "2001:db8::/48"), "2001:db8:0:ffff::1", True),
        (("198.51.100.7",), "198.51.100.7", True),
        (("198.51.100.0/24",), "2001:db8::1", False),
        (("198.51.100.0/24",), "::ffff:198.51.100.7", True),
        (("198.51.100.0/24",), "a-socket", False),
        ((), "a-socket", True),
    ],
)
def test_ranges_bound_where_it_is_used(
    db: Session, park: Organisation, ranges: tuple[str, ...], address: str, allowed: bool
) -> None:
    secret = issue(db, wanted(park, ranges=ranges), SYSTEM).secret
    assert status(db, secret, address) == (200 if allowed else 401)


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "allowed"),
    [
        ((), "203.0.113.5", "198.51.100.7", False),
        (("203.0.113.5/32",), "203.0.113.5", "198.51.100.7", True),
        (("203.0.113.5/32",), "203.0.113.6", "198.51.100.7", False),
        # What the client wrote itself stands left of what the proxy saw.
        (("203.0.113.5/32",), "203.0.113.5", "198.51.100.7, 192.0.2.1", False),
        (("203.0.113.5/32",), "203.0.113.5", "192.0.2.1, 198.51.100.7", True),
        (("203.0.113.5/32",), "203.0.113.5", "198.51.100.7, nonsense", False),
    ],
)
def test_forwarded_addresses_are_believed_of_trusted_proxies_only(
    db: Session, park: Organisation, trusted: tuple[str, ...], peer: str, forwarded: str,
    allowed: bool,
) -> None:  # fmt: skip
    secret = issue(db, wanted(park, ranges=("198.51.100.0/24",)), SYSTEM).secret
    client = asks(db, secret, peer, trusted_proxies=trusted)
    answer = client.get("/api/v1/token", headers={"X-Forwarded-For": forwarded})
    assert answer.status_code == (200 if allowed else 401)


def test_a_missing_scope_is_named_and_nothing_else(db: Session, park: Organisation) -> None:
    secret = issue(db, wanted(park, scopes=("figures:write",)), SYSTEM).secret
    refused = asks(db, secret).get("/api/v1/firms")
    assert refused.status_code == 403
    assert refused.json()["scope"] == "firms:read"
    assert 'scope="firms:read"' in refused.headers["www-authenticate"]
    assert "figures:write" not in refused.text


def test_last_use_is_noted_once_a_minute(db: Session, park: Organisation) -> None:
    made = issue(db, wanted(park), SYSTEM)

    def used() -> Any:
        query = text("select used_at, host(address) from token_use where token_id = :id")
        return db.execute(query, {"id": made.token.id}).one_or_none()

    assert used() is None
    client = asks(db, made.secret)
    client.get("/api/v1/token")
    first = used()
    assert first[1] == "198.51.100.7"
    with time_machine.travel(now() + timedelta(seconds=50), tick=False):
        asks(db, made.secret, "203.0.113.1").get("/api/v1/token")
    assert used() == first
    with time_machine.travel(now() + timedelta(seconds=70), tick=False):
        asks(db, made.secret, "203.0.113.1").get("/api/v1/token")
    assert used()[1] == "203.0.113.1" and used()[0] > first[0]


# --- rotation -----------------------------------------------------------------------------------


def test_a_successor_has_the_same_rights_and_the_old_one_lives_on(
    db: Session, park: Organisation
) -> None:
    old = issue(
        db, wanted(park, scopes=("firms:read", "figures:write"), ranges=("198.51.100.0/24",),
                   requests_per_minute=90, days=200), SYSTEM,
    )  # fmt: skip
    new = rotate(db, old.token, SYSTEM)
    told = [asks(db, secret).get("/api/v1/token").json() for secret in (old.secret, new.secret)]
    for right in ("organisation", "scopes", "ranges", "requests_per_minute", "name"):
        assert told[0][right] == told[1][right]
    assert told[0]["successor"] == new.token.prefix and told[1]["predecessor"] == old.token.prefix
    assert new.token.expires_at > now() + timedelta(days=199)
    with time_machine.travel(now() + timedelta(days=7, minutes=1)):
        assert (status(db, old.secret), status(db, new.secret)) == (401, 200)


@pytest.mark.parametrize("overlap", [-1, 31])
def test_an_overlap_has_bounds(db: Session, park: Organisation, overlap: int) -> None:
    made = issue(db, wanted(park), SYSTEM)
    with pytest.raises(Invalid, match="重叠期"):
        rotate(db, made.token, SYSTEM, overlap_days=overlap)


def test_an_overlap_never_lengthens_a_life(db: Session, park: Organisation) -> None:
    made = issue(db, wanted(park, days=3), SYSTEM)
    rotate(db, made.token, SYSTEM, overlap_days=30)
    assert made.token.expires_at < now() + timedelta(days=3, minutes=1)


def test_only_the_last_of_a_chain_is_rotated(db: Session, park: Organisation) -> None:
    first = issue(db, wanted(park), SYSTEM)
    second = rotate(db, first.token, SYSTEM, overlap_days=0)
    with pytest.raises(Conflict, match="已失效"):
        rotate(db, first.token, SYSTEM)
    rotate(db, second.token, SYSTEM)
    with pytest.raises(Conflict, match="接替"):
        rotate(db, second.token, SYSTEM)


# --- command line -------------------------------------------------------------------------------


@pytest.fixture
def tidu(db: Session) -> Callable[..., Any]:
    """`tidu token …` in the test's own transaction."""

    @contextmanager
    def transaction() -> Iterator[Session]:
        yield db

    return lambda *arguments: CliRunner().invoke(
        group, list(arguments), obj=SimpleNamespace(begin=transaction)
    )


def test_the_command_line_goes_through_a_tokens_life(
    db: Session, park: Organisation, tidu: Callable[..., Any]
) -> None:
    made = tidu("create", "--organisation", park.code, "--name", "sync", "--scope", "firms:read",
                "--days", "10", "--from", "198.51.100.0/24", "--json")  # fmt: skip
    secret, prefix = (json.loads(made.stdout)[key] for key in ("token", "prefix"))
    assert status(db, secret) == 200
    assert "1 end within 14 days" in tidu("list").stdout
    rotated = json.loads(tidu("rotate", prefix, "--overlap", "2", "--json").stdout)
    shown = json.loads(tidu("show", prefix, "--json").stdout)
    assert shown["chain"] == [prefix, rotated["prefix"]]
    assert shown["state"] == "replaced"
    assert json.loads(tidu("revoke", prefix, "--json").stdout)["state"] == "revoked"
    assert status(db, secret) == 401
    listed = {row["prefix"] for row in json.loads(tidu("list", "--json").stdout)}
    ended = {row["prefix"] for row in json.loads(tidu("list", "--all", "--json").stdout)}
    assert prefix in ended - listed
    assert secret not in tidu("list", "--all", "--json").stdout + tidu("show", prefix).stdout


def test_the_command_line_names_what_is_wrong(tidu: Callable[..., Any]) -> None:
    for wrong in ("00000000", "999999", "x"):
        error = tidu("show", wrong).exception
        assert isinstance(error, AppError) and "tidu token list" in error.detail


# --- pages --------------------------------------------------------------------------------------


def form(park: Organisation, **given: Any) -> dict[str, Any]:
    """The form as a browser sends it, empty fields included."""
    usual = {"organisation": park.code, "name": "同步", "scopes": ["firms:read"], "days": "30",
             "ranges": "", "requests_per_minute": ""}  # fmt: skip
    return usual | given


def test_an_administrator_issues_and_sees_it_once(db: Session, park: Organisation) -> None:
    admin = people.person(db, Role.ADMIN)
    shown = admin.post("/admin/tokens", data=form(park, ranges="198.51.100.0/24\r\n::1"))
    [secret] = set(SCANNED.findall(shown.text))
    assert shown.headers["cache-control"] == "no-store"
    assert status(db, secret) == 200
    listed = admin.get("/admin/tokens").text
    assert secret not in listed and secret[5:13] in listed and "::1/128" in listed


def test_a_form_with_faults_comes_back_as_it_was_filled_in(db: Session, park: Organisation) -> None:
    admin = people.person(db, Role.ADMIN)
    shown = admin.post("/admin/tokens", data=form(park, name="<b>同步</b>", ranges="10.0.0.1/8"))
    assert shown.status_code == 422
    assert "10.0.0.0/8" in shown.text and "&lt;b&gt;同步" in shown.text
    assert not SCANNED.search(shown.text)


def test_an_administrator_rotates_and_revokes(db: Session, park: Organisation) -> None:
    admin = people.person(db, Role.ADMIN)
    made = issue(db, wanted(park), SYSTEM)
    address = f"/admin/tokens/{made.token.prefix}"
    [successor] = set(SCANNED.findall(admin.post(f"{address}/rotate", data={"overlap": 1}).text))
    assert (status(db, made.secret), status(db, successor)) == (200, 200)
    again = admin.post(f"{address}/rotate", data={"overlap": 1})
    assert again.status_code == 409 and not SCANNED.search(again.text)
    assert admin.post(f"{address}/revoke").status_code == 200
    assert (status(db, made.secret), status(db, successor)) == (401, 200)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_nobody_else_comes_near(db: Session, park: Organisation, role: Role) -> None:
    made = issue(db, wanted(park), SYSTEM)
    client = people.person(db, role)
    assert client.get("/admin/tokens").status_code == 403
    assert client.post("/admin/tokens", data=form(park)).status_code == 403
    for act in ("rotate", "revoke"):
        refused = client.post(f"/admin/tokens/{made.token.prefix}/{act}", data={"overlap": 1})
        assert refused.status_code == 403
    assert status(db, made.secret) == 200


def test_a_machine_administers_nothing(db: Session, park: Organisation) -> None:
    assert people.machine(db, park, SCOPES).get("/admin/tokens").status_code == 403
