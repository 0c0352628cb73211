"""What programs send that is wrong: each is answered with its documented problem, never a 500."""

import re
import time
from base64 import b64encode
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.manual import FOLDER
from app.webhooks.sending import SECRET_PREFIX, sign
from tests import people
from tests.factories import credit_code, make_firm

CODE = credit_code(89_000_000)
FIRM = f"/api/v1/firms/by-credit-code/{CODE}"
AWARD = {"name": "科技进步奖", "level": "municipal", "awarded_on": "2024-05-01"}


@pytest.fixture
def analyst(db: Session) -> TestClient:
    return people.person(db, Role.ANALYST)


@pytest.mark.parametrize(("method", "path", "given", "status", "says"), [
    ("PUT", FIRM, {"json": {"name": 7}}, 422, "/name"),
    ("PUT", FIRM, {"json": {"name": "武陵材料", "nmae": "x"}}, 422, "/nmae"),
    ("PUT", FIRM, {"json": {"name": "武陵\u0000材料"}}, 422, "/name"),
    ("PUT", FIRM, {"content": rb'{"name": "a\ud83d"}'}, 422, "半个字符"),
    ("PUT", FIRM, {"content": rb'{"name": "\udc00\ud83d\udc00"}'}, 422, "半个字符"),
    ("PUT", FIRM, {"content": b'{"name": ' + b"9" * 5_000 + b"}"}, 400, "JSON"),
    ("PUT", FIRM, {"json": {"name": "武陵材料", "registered_capital": "许多"}}, 422,
     "/registered_capital"),
    ("PUT", f"{FIRM}/figures/2025", {"json": {"staff_avg": "四十"}}, 422, "/staff_avg"),
    ("PUT", f"{FIRM}/figures/2025", {"json": {"staff_avg": True}}, 422, "/staff_avg"),
    ("PUT", f"{FIRM}/figures/2025", {"json": {"staf_avg": 4}}, 422, "staff_avg"),
    ("POST", "/api/v1/awards", {"json": AWARD | {"firm_id": 1, "rank": "2"}}, 422, "/rank"),
    ("POST", "/api/v1/awards", {"json": AWARD | {"firm_id": 1, "name": "a\u0000b"}}, 422, "空字符"),
    ("POST", "/api/v1/awards", {"json": AWARD | {"firm_id": 1, "awarded_on": 0}}, 422, "_on"),
    ("POST", "/api/v1/awards", {"content": b'"' + b"x" * 11_000_000 + b'"'}, 413, "10 MB"),
    ("POST", "/api/v1/awards", {"content": b"[" * 100_000 + b"]" * 100_000}, 422, "层"),
    ("POST", "/api/v1/awards", {"content": b"{"}, 422, "JSON"),
    ("POST", "/api/v1/awards", {"content": b"\xff\xfe"}, 422, "JSON"),
    ("GET", "/api/v1/firms?chain=%00", {}, 422, "空字符"),
    ("GET", "/api/v1/firms?limit=9999", {}, 422, "limit"),
    ("GET", "/api/v1/firms?cursor=abc", {}, 422, "cursor"),
    ("GET", "/api/v1/firms?registred_on=2020-01-01", {}, 422, "registered_on"),
    ("GET", "/api/v1/targets?known_at=0.5", {}, 422, "known_at"),
    ("GET", "/api/v1/events?after=-1", {}, 422, "after"),
    ("GET", "/api/v1/events?kind=DROP", {}, 422, "kind"),
    ("PATCH", "/api/v1/firms?expected_count=1", {"json": {"name": "全部改名"}}, 422, "/name"),
    ("PATCH", "/api/v1/firms", {"json": {"chain": "x"}}, 422, "expected_count"),
    ("TRACE", FIRM, {}, 405, "405"),
])  # fmt: skip
def test_each_is_named(
    analyst: TestClient, method: str, path: str, given: dict[str, Any], status: int, says: str
) -> None:
    headers = {"Content-Type": "application/json"}
    found = analyst.request(method, path, headers=headers, **given)
    assert (found.status_code, found.headers["content-type"]) == (
        status, "application/problem+json"), found.text  # fmt: skip
    assert says in found.text, found.text
    known = re.findall(r"^## (\w+)", (FOLDER / "errors.md").read_text(encoding="utf-8"), re.M)
    assert found.json()["type"].removeprefix("/problems/") in known


def test_a_null_byte_that_only_the_driver_sees_is_refused(db: Session) -> None:
    administrator = people.person(db, Role.ADMIN)
    given = {"organisation": "a\u0000b", "name": "n", "mapping": "M", "url": "https://a.example"}
    found = administrator.post("/api/v1/connectors", json=given)
    assert (found.status_code, found.json()["type"]) == (422, "/problems/Invalid"), found.text


def test_a_body_that_is_not_said_to_be_json_is_told_what_to_say(analyst: TestClient) -> None:
    found = analyst.put(FIRM, content=b'{"name": "x"}', headers={"Content-Type": "text/plain"})
    assert found.status_code == 422 and "application/json" in found.json()["detail"]
    broken = analyst.put(FIRM, content=b'{"name": ', headers={"Content-Type": "application/json"})
    assert broken.json()["errors"][0]["pointer"] == "/" and "10" in broken.text


def test_keys_twice_in_one_batch_are_one_row(analyst: TestClient) -> None:
    row = {"credit_code": CODE, "name": "武陵材料有限公司"}
    done = analyst.post("/api/v1/firms:batch", json={"rows": [row, row]}).json()
    assert [one["status"] for one in done["results"]] == ["created", "rejected"]
    figure = {"credit_code": CODE, "year": 2025, "staff_avg": 1}
    twice = analyst.post("/api/v1/figures:batch", json={"rows": [figure, figure]}).json()
    assert [one["status"] for one in twice["results"]] == ["created", "rejected"]
    [fault] = twice["results"][1]["errors"]
    assert "重复" in fault["detail"] and "repeats row 0" in fault["detail"]
    atomic = {"rows": [figure | {"staff_avg": 2}, figure], "atomic": True}
    assert analyst.post("/api/v1/figures:batch", json=atomic).status_code == 422


def test_a_key_that_has_run_out_is_a_new_one(db: Session, analyst: TestClient) -> None:
    firm, key = make_firm(db), {"Idempotency-Key": "k"}
    first = analyst.post("/api/v1/awards", json=AWARD | {"firm_id": firm}, headers=key).json()
    other = AWARD | {"firm_id": firm, "name": "另一个奖"}
    assert analyst.post("/api/v1/awards", json=other, headers=key).json()["type"] == (
        "/problems/KeyReused")  # fmt: skip
    spaced = analyst.post("/api/v1/awards", json=other, headers={"Idempotency-Key": "k 2"})
    assert spaced.status_code == 422 and "Idempotency-Key" in spaced.text
    db.execute(text("update kept_reply set kept_at = now() - interval '25 hours'"))
    assert analyst.post("/api/v1/awards", json=other, headers=key).json()["id"] != first["id"]


def test_what_is_stale_or_of_another_query_is_refused(db: Session, analyst: TestClient) -> None:
    numbers = [make_firm(db) for _ in range(3)]
    path = f"/api/v1/firms/{numbers[0]}"
    assert analyst.patch(path, json={"chain": "x"}).json()["type"].endswith("PreconditionRequired")
    tag = {"If-Match": analyst.get(path).headers["etag"]}
    assert analyst.patch(path, json={"chain": "x"}, headers=tag).status_code == 200
    stale = analyst.patch(path, json={"chain": "y"}, headers=tag).json()
    assert stale["type"].endswith("Stale") and stale["current"]["chain"] == "x"
    cursor = analyst.get("/api/v1/firms?limit=1").json()["next"]
    other = analyst.get(f"/api/v1/firms?limit=1&status=active&cursor={cursor}").json()
    assert other["type"] == "/problems/BadCursor"


def test_firms_found_are_changed_if_they_are_as_many_as_expected(
    db: Session, analyst: TestClient
) -> None:
    for n in range(3):
        make_firm(db, f"成批第{n}公司")
    found = "/api/v1/firms?name__ic=成批第"
    assert analyst.patch(f"{found}&expected_count=2", json={"chain": "x"}).json()["count"] == 3
    tried = analyst.patch(f"{found}&expected_count=3&dry_run=true", json={"chain": "x"})
    assert tried.json() == {"changed": 3} and tried.headers["dry-run"] == "true"
    assert analyst.patch(f"{found}&expected_count=3", json={"chain": "x"}).json()["changed"] == 3
    assert analyst.patch(f"{found}&expected_count=3", json={"chain": "x"}).json()["changed"] == 0
    made = analyst.post("/api/v1/firms", json={"name": "还没有代码的团队"})
    assert made.status_code == 201 and made.json()["credit_code"] is None
    assert analyst.get(made.headers["location"]).headers["etag"].startswith('"1.')


def test_figures_are_listed_as_they_stand_and_as_they_stood(
    db: Session, analyst: TestClient
) -> None:
    firm = make_firm(db, figures={"revenue_sales": {2024: 5}})
    code = db.scalar(text("select credit_code from firm where id = :n"), {"n": firm})
    analyst.put(f"/api/v1/firms/by-credit-code/{code}/figures/2024", json={"revenue_sales": "7.5"})
    [stands] = analyst.get(f"/api/v1/figures?firm_id={firm}").json()["items"]
    assert (stands["value"], stands["state"], stands["credit_code"]) == ("7.5", "best", code)
    every = analyst.get(
        f"/api/v1/figures?firm_id={firm}&state__in=best,replaced&fields=value,state"
    )
    assert "7.5" in [one["value"] for one in every.json()["items"]]
    wrong = analyst.get("/api/v1/figures?indicator=revenue_sale").json()
    assert "revenue_sales" in wrong["detail"]


def test_a_signature_whose_clock_is_off_is_refused_as_the_guide_says() -> None:
    guide = (FOLDER / "integration.md").read_text(encoding="utf-8")
    scope: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", guide, re.DOTALL)[-1], scope)  # noqa: S102 - our own
    secret, body = SECRET_PREFIX + b64encode(b"k" * 32).decode(), b'{"type": "firm.created"}'

    def genuine(at: int, said: bytes = body) -> bool:
        headers = {"webhook-id": "1", "webhook-timestamp": str(at),
                   "webhook-signature": f"v1,other {sign(secret, '1', at, body)}"}  # fmt: skip
        return bool(scope["is_genuine"](secret, headers, said))

    now = int(time.time())
    assert genuine(now) and not genuine(now - 600) and not genuine(now + 600)
    assert not genuine(now, body + b" ")
