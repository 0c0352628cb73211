"""The web's usual dangers: hosts, origins, sizes, depths, headers, errors and log lines."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core import edge
from app.core.edge import DEEPEST_JSON, LARGEST_BODY, LONGEST_ADDRESS, depth_of
from app.core.settings import Settings
from app.main import create_app
from tests import people
from tests.server import served

WHAT_IF = "/api/v1/firms/1/what-if"
PROBLEM = "application/problem+json"


def asks(engine: Engine, **settings: Any) -> TestClient:
    """Somebody who has not signed in."""
    return TestClient(create_app(Settings(**settings), engine), follow_redirects=False)


KEY = "Vb2n8QxT0s-LwK4y7RzPd1mHc9JfUa3E"  # guards nothing


@pytest.fixture
def visitor(engine: Engine) -> TestClient:
    """Somebody who has not signed in, in development."""
    return asks(engine)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/firms/no-number"),
        ("GET", "/api/v1/firms/by-credit-code/x"),
        ("POST", "/api/v1/awards"),
        ("POST", WHAT_IF),
        ("PUT", "/api/v1/firms/by-credit-code/x"),
    ],
)
def test_a_stranger_is_told_so_before_what_is_wrong(
    visitor: TestClient, method: str, path: str
) -> None:
    answer = visitor.request(method, path, json={"nothing": "of ours"})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/Unauthenticated")


# --- headers ------------------------------------------------------------------------------------

PROTECTED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sign-in", 200),
        ("/api/v1/firms", 401),
        ("/nothing", 404),
        ("/firms/x?" + "a" * LONGEST_ADDRESS, 414),
        ("/health/live", 200),
    ],
)
def test_every_answer_is_protected(visitor: TestClient, path: str, status: int) -> None:
    found = visitor.get(path)
    assert found.status_code == status
    assert {name: found.headers.get(name) for name in PROTECTED} == PROTECTED
    policy = found.headers["content-security-policy"]
    for part in ("script-src 'self'", "object-src 'none'", "base-uri 'none'",
                 "frame-ancestors 'none'"):  # fmt: skip
        assert part in policy
    assert "camera=()" in found.headers["permissions-policy"]
    assert "x-request-id" in found.headers


def test_an_unexpected_error_is_protected_and_says_nothing(db: Session) -> None:
    client = people.person(db, Role.ANALYST)
    db.execute(text("alter table location rename to elsewhere"))
    for path, accept in (("/api/v1/firms", "*/*"), ("/firms", "text/html")):
        found = client.get(path, headers={"Accept": accept})
        assert found.status_code == 500
        assert found.headers["cache-control"] == "no-store"
        assert "content-security-policy" in found.headers
        for word in ("elsewhere", "location", "select", "Traceback", "psycopg", "app/"):
            assert word not in found.text.replace("/static/", "")


def test_served_files_may_be_kept(visitor: TestClient) -> None:
    page = visitor.get("/sign-in").text
    style = page.partition('href="/static/tidu.css')[2].partition('"')[0]
    kept = visitor.get(f"/static/tidu.css{style}")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert visitor.get("/static/tidu.css").headers["cache-control"] == "no-store"


def test_tls_is_remembered_where_there_is_tls(engine: Engine) -> None:
    assert "strict-transport-security" not in asks(engine).get("/sign-in").headers
    strict = asks(engine, https=True).get("/sign-in").headers["strict-transport-security"]
    assert strict == "max-age=63072000; includeSubDomains"


def test_a_dead_database_is_not_described() -> None:
    gone = create_engine("postgresql+psycopg://tidu:secret@127.0.0.1:1/tidu")
    found = TestClient(create_app(Settings(), gone)).get("/health/ready")
    assert (found.status_code, found.json()) == (503, {"status": "unavailable"})


# --- hosts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "served_in_development"),
    [
        ("localhost", True),
        ("localhost:8000", True),
        ("tidu.localhost", True),
        ("127.0.0.1:8000", True),
        ("[::1]:8000", True),
        ("192.168.1.20", True),
        ("intranet", True),
        ("tidu.example.com", False),
        ("127.0.0.1.evil.example", False),
        ("localhost@evil.example", False),
        ("localhost/evil.example", False),
        ("[::1", False),
        ("", False),
    ],
)
def test_hosts_in_development(visitor: TestClient, host: str, served_in_development: bool) -> None:
    found = visitor.get("/sign-in", headers={"Host": host, "Accept": "text/html"})
    assert found.status_code == (200 if served_in_development else 400)
    if not served_in_development:
        assert found.headers["content-type"] == PROBLEM
        assert "evil" not in found.text


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("tidu.example.com", True),
        ("TIDU.example.com:443", True),
        ("a.parks.example.com", True),
        ("parks.example.com", False),
        ("evilparks.example.com", False),
        ("localhost", False),
        ("127.0.0.1", False),
    ],
)
def test_production_answers_to_its_names(engine: Engine, host: str, known: bool) -> None:
    client = asks(engine, environment="production", secret_key=KEY,
                  allowed_hosts=("tidu.example.com", "*.parks.example.com"))  # fmt: skip
    assert client.get("/sign-in", headers={"Host": host}).status_code == (200 if known else 400)
    assert client.get("/health/live", headers={"Host": host}).status_code == 200
    forged = {"Host": "evil.example", "X-Forwarded-Host": "tidu.example.com"}
    assert client.get("/sign-in", headers=forged).status_code == 400


# --- origins ------------------------------------------------------------------------------------

COOKIE = {"Cookie": "tidu_session=x"}


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "http://testserver:80"}, True),
        ({"Origin": "http://testserver:8080"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "http://testserver.evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "null"} | COOKIE, False),
        (COOKIE, False),
        (COOKIE | {"Referer": "http://testserver/"}, False),
        (COOKIE | {"Origin": "http://testserver"}, True),
        ({}, True),
        # A browser adds this by itself where a password was typed; a bearer token it never adds.
        ({"Authorization": "Basic eDp5", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Authorization": "Bearer tidu_x", "Sec-Fetch-Site": "cross-site"}, True),
    ],
)
def test_unsafe_requests_come_from_our_pages(
    db: Session, headers: dict[str, str], ours: bool
) -> None:
    # Within the test's own transaction, for a wrong token is counted.
    visitor = TestClient(people.application(db), follow_redirects=False)
    for method, path in (("POST", "/preferences"), ("DELETE", "/api/v1/firms/1/contacts/1")):
        found = visitor.request(method, path, headers=headers)
        assert (found.status_code != 403) is ours
    assert visitor.get("/sign-in", headers=headers).status_code == 200


def test_behind_tls_plain_pages_are_foreign(engine: Engine) -> None:
    client = asks(engine, https=True)
    for origin, status in (("http://testserver", 403), ("https://testserver", 303)):
        assert client.post("/preferences", headers={"Origin": origin}).status_code == status


# --- sizes and depths ---------------------------------------------------------------------------


def in_parts(size: int) -> Iterator[bytes]:
    """A body whose length nobody announced."""
    for _ in range(size // 2**20):
        yield b"x" * 2**20


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "x/y"]
)
@pytest.mark.parametrize("announced", [True, False])
def test_large_bodies_are_refused_in_one_shape(
    visitor: TestClient, kind: str, announced: bool
) -> None:
    size = LARGEST_BODY + 2**20
    body: Any = b"x" * size if announced else in_parts(size)
    boundary = "; boundary=b" if "multipart" in kind else ""
    found = visitor.post("/sign-in", content=body, headers={"Content-Type": kind + boundary})
    assert found.status_code == 413
    assert found.headers["content-type"] == PROBLEM
    assert found.headers["cache-control"] == "no-store"
    assert found.json()["type"] == "/problems/TooLarge"


def test_a_body_where_none_belongs_is_counted_too(visitor: TestClient) -> None:
    found = visitor.request("GET", "/health/live", content=b"x" * (LARGEST_BODY + 1))
    assert (found.status_code, found.headers["content-type"]) == (413, PROBLEM)


def test_a_false_length_does_not_help(engine: Engine) -> None:
    with served(create_app(Settings(), engine)) as site:
        place = urlsplit(site)
        with socket.create_connection((place.hostname, place.port or 80), timeout=20) as raw:
            raw.sendall(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n"
                        b"Content-Type: application/json\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n")  # fmt: skip
            chunk = b"100000\r\n" + b" " * 2**20 + b"\r\n"
            try:
                for _ in range(16):
                    raw.sendall(chunk)
            except OSError:
                pass  # it need not listen to the end
            assert raw.recv(2**16).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("body", "depth"),
    [
        (b"[" * 60 + b"]" * 60, 60),
        (b'{"a":' * 51 + b"1" + b"}" * 51, 51),
        (b'"' + b"[" * 60 + b'"', 0),
        (b'["' + b"[{" * 60 + b'", "\\"[[[[", "\\\\", [[]]]' + b"[]" * 60, 3),
        (b"[" + b"[]," * 60 + b"[]]", 2),
        (b"]" * 60 + b"[" * 60, 0),
        (b"[" * 200_000, 200_000),
    ],
)
def test_depth_is_counted_outside_strings(body: bytes, depth: int) -> None:
    assert depth_of(body) == depth


@pytest.mark.parametrize(("depth", "status"), [(DEEPEST_JSON, 422), (DEEPEST_JSON + 1, 422)])
def test_deep_json_is_refused_before_it_is_read(db: Session, depth: int, status: int) -> None:
    client = people.person(db, Role.ANALYST)
    body = "[" * depth + "]" * depth
    found = client.post(WHAT_IF, content=body, headers={"Content-Type": "application/json"})
    assert found.status_code == status
    assert ("嵌套" in found.json()["detail"]) is (depth > DEEPEST_JSON)


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, json.dumps({"as_of": 1}).encode("utf-16"), b'{"a": "\0"}', b"{", b"\xff\xfe",
     b"9" * 5_000, b'{"as_of": "\\ud800"}', b"NaN"],
)  # fmt: skip
def test_bad_json_is_the_senders_fault(db: Session, body: bytes) -> None:
    client = people.person(db, Role.ANALYST)
    found = client.post(WHAT_IF, content=body, headers={"Content-Type": "application/json"})
    assert found.status_code in (400, 422)
    assert found.headers["content-type"] == PROBLEM


def test_a_slow_sender_keeps_nobody_waiting(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "BODY_SECONDS", 1)
    head = (b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 10\r\n\r\n{")  # fmt: skip
    with served(create_app(Settings(pool_size=1), engine)) as site:
        place = (urlsplit(site).hostname, urlsplit(site).port or 80)
        with socket.create_connection(place, timeout=20) as slow:
            slow.sendall(head)
            with socket.create_connection(place, timeout=20) as other:
                other.sendall(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert other.recv(2**16).startswith(b"HTTP/1.1 200")
            answer = slow.recv(2**16)
            assert answer.startswith(b"HTTP/1.1 408") and PROBLEM.encode() in answer


# --- log lines ----------------------------------------------------------------------------------


def test_nothing_that_is_sent_ends_a_log_line(
    engine: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = ("/a%0d%0a{%22event%22:%22forged%22}", "/a%1b[31mred", "/a%e2%80%a8b", "/a%C2%9bc",
             "/%00")  # fmt: skip
    with served(create_app(Settings(), engine)) as site:
        place = (urlsplit(site).hostname, urlsplit(site).port or 80)
        for path in paths:
            with socket.create_connection(place, timeout=20) as raw:
                head = (f"GET {path} HTTP/1.1", "Host: localhost", "X-Request-Id: forged",
                        "Connection: close", "", "")  # fmt: skip
                raw.sendall("\r\n".join(head).encode())
                assert raw.recv(2**16).startswith(b"HTTP/1.1 404")
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["path"] for line in lines] == list(paths)
    assert {line["event"] for line in lines} == {"request"}
    assert all(line["request_id"] != "forged" for line in lines)


def test_a_query_is_not_logged(visitor: TestClient, capfd: pytest.CaptureFixture[str]) -> None:
    visitor.get("/api/v1/firms?q=欧阳")
    assert "%E6" not in capfd.readouterr().err
