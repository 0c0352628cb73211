"""Every change once, in the order of the commits, for whom it concerned when it happened."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.acting import NOBODY
from app.accounts.actor import SYSTEM
from app.accounts.models import Organisation
from app.accounts.tokens import SCOPES, Wanted, issue
from app.core.clock import today
from app.core.db import make_engine
from app.core.settings import Settings
from app.firms.models import Firm
from app.main import create_app
from app.pipeline.service import evaluate
from tests.factories import make_firm
from tests.people import KEY, body, machine, put_in_incubator, put_in_park
from tests.server import served


@pytest.fixture
def settings_here(settings: Settings) -> Settings:
    return settings.model_copy(update={"secret_key": SecretStr(KEY)})


@pytest.fixture
def serving(clone: Engine, settings_here: Settings) -> Iterator[Any]:
    """The application as it serves, on a database of its own."""
    engine = make_engine(clone.url.render_as_string(), settings_here, role=NOBODY)
    yield create_app(settings_here, engine)
    engine.dispose()


def token(clone: Engine, code: str, kind: str) -> dict[str, str]:
    with Session(clone) as session, session.begin():
        if session.query(Organisation).where(Organisation.code == code).first() is None:
            body(session, code, kind)
        secret = issue(session, Wanted(code, "feed", SCOPES), SYSTEM).secret
    return {"Authorization": f"Bearer {secret}"}


def everything(client: TestClient, after: int = 0, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        answer = client.get("/api/v1/events", params={"after": after, "limit": 7, **asked})
        assert answer.is_success, answer.text
        page = answer.json()
        found += page["items"]
        if page["next"] == after or not page["items"]:
            return found
        after = page["next"]


def head(client: TestClient) -> int:
    after = 0
    while (page := client.get("/api/v1/events", params={"after": after}).json())["items"]:
        after = page["next"]
    return int(page["next"])


def firm_code(clone: Engine, firm: int) -> str:
    with clone.connect() as connection:
        return str(connection.scalar(text("select credit_code from firm where id = :f"),
                                     {"f": firm}))  # fmt: skip


def made(clone: Engine) -> int:
    with Session(clone) as session, session.begin():
        return make_firm(session)


def test_one_event_for_each_change_and_none_for_none(clone: Engine, serving: Any) -> None:
    client = TestClient(serving, headers=token(clone, "tax", "department"))
    firm = made(clone)
    code, start = firm_code(clone, firm), head(client)
    path = f"/api/v1/firms/by-credit-code/{code}/figures/2025"
    for value in (1200, 1200, 1300):
        assert client.put(path, json={"revenue_sales": value}).is_success
    figures = [e for e in everything(client, start) if e["kind"] == "figure.changed"]
    assert [e["after"]["value"] for e in figures] == ["1200", "1300"]
    assert {(e["firm_id"], e["record"]["year"], e["record"]["indicator"]) for e in figures} == {
        (firm, 2025, "revenue_sales")
    }
    found = everything(client, start)
    assert [e["seq"] for e in found] == sorted({e["seq"] for e in found})
    assert {e["kind"].split(".")[0] for e in found} <= {"figure", "assessment", "flag"}
    assert [e["seq"] for e in everything(client, start, kind="figure.changed")] == [
        e["seq"] for e in figures
    ]
    half = figures[0]["seq"]
    assert everything(client, half) == [e for e in found if e["seq"] > half]


def test_an_evaluation_tells_of_each_verdict_and_flag_once(clone: Engine, serving: Any) -> None:
    client = TestClient(serving, headers=token(clone, "tax", "department"))
    firms = {made(clone) for _ in range(3)}
    with Session(clone) as session, session.begin():
        carrier = body(session, "carrier", "incubator")
        for firm in firms:
            put_in_incubator(session, firm, carrier, Range(today(), None))
    start = head(client)
    for _ in range(2):
        evaluate(clone, today())
    with clone.connect() as connection:
        stored = {(firm, code) for firm, code in connection.execute(text(
            "select firm_id, code from assessment join criteria_set on id = set_id"))}  # fmt: skip
        raised = {(*row[:3], row.since.isoformat()) for row in connection.execute(text(
            "select firm_id, kind, subject, since from flag"))}  # fmt: skip
    events = everything(client, start)
    told = [(e["firm_id"], e["record"]["set"]) for e in events if e["kind"] == "assessment.created"]
    assert len(told) == len(set(told)) and set(told) == stored
    assert {firm for firm, _ in told} == firms
    flags = [(e["firm_id"], *e["record"].values()) for e in events if e["kind"] == "flag.created"]
    # A resident firm without figures lacks data for several titles: several flags at once.
    assert len(raised) > len(firms) and sorted(flags) == sorted(raised)


def test_who_knew_of_the_firm_that_day_is_told(clone: Engine, serving: Any) -> None:
    headers = {code: token(clone, code, "park") for code in ("park-old", "park-new")}
    old, new = (TestClient(serving, headers=headers[code]) for code in headers)
    firm, day = made(clone), today()
    with Session(clone) as session, session.begin():
        parks = {o.code: o for o in session.query(Organisation) if o.code in headers}
        put_in_park(session, firm, parks["park-old"], Range(day - timedelta(days=9), None))
    with Session(clone) as session, session.begin():
        session.get_one(Firm, firm).chain = "新材料"
    before = everything(old)
    assert "firm.updated" in {e["kind"] for e in before} and everything(new) == []
    with clone.begin() as connection:  # the change was made ten days before the firm moved in
        connection.execute(text("update location set during = daterange(:d, null)"),
                           {"d": day + timedelta(days=1)})  # fmt: skip
    assert everything(old) == []
    stranger = TestClient(serving)
    assert stranger.get("/api/v1/events").status_code == 401


def test_a_late_commit_is_not_skipped(clone: Engine, serving: Any) -> None:
    client = TestClient(serving, headers=token(clone, "tax", "department"))
    start = head(client)
    with Session(clone) as slow:
        late = make_firm(slow)
        early = made(clone)
        assert {e["firm_id"] for e in everything(client, start)} == {early}
        after = head(client)
        slow.commit()
    assert {e["firm_id"] for e in everything(client, after)} == {late}


@pytest.mark.timeout(180)
def test_followers_miss_nothing_of_concurrent_writers(clone: Engine, serving: Any) -> None:
    headers = token(clone, "tax", "department")
    start = head(TestClient(serving, headers=headers))
    written: list[int] = []
    seen: list[list[int]] = [[], [], []]
    done = threading.Event()

    def write() -> None:
        for _ in range(40):
            written.append(made(clone))

    def follow(into: list[int], url: str) -> None:
        after = start
        with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
            while True:
                last = done.is_set()
                asked: dict[str, int | str] = {"after": after, "wait": 1, "kind": "firm.created",
                                                   "limit": 5}  # fmt: skip
                page = client.get("/api/v1/events", params=asked).json()
                into += [e["firm_id"] for e in page["items"]]
                after = page["next"]
                if last and not page["items"]:
                    return

    with served(serving) as url:
        followers = [threading.Thread(target=follow, args=(s, url)) for s in seen]
        writers = [threading.Thread(target=write) for _ in range(4)]
        for thread in (*followers, *writers):
            thread.start()
        for thread in writers:
            thread.join()
        done.set()
        for thread in followers:
            thread.join()
    assert len(written) == 160
    for one in seen:
        assert len(one) == 160 and set(one) == set(written)
    assert seen[0] == seen[1] == seen[2]


def test_waiting_ends_with_the_event_and_a_stream_resumes(clone: Engine, serving: Any) -> None:
    headers = token(clone, "tax", "department")
    start = head(TestClient(serving, headers=headers))
    with served(serving) as url, httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        timer = threading.Timer(0.5, made, (clone,))
        began = time.monotonic()
        timer.start()
        page = client.get("/api/v1/events", params={"after": start, "wait": 20}).json()
        assert [e["kind"] for e in page["items"]] == ["firm.created"]
        assert time.monotonic() - began < 10
        made(clone)
        asked = {"seconds": 1}
        streamed = client.get("/api/v1/events/stream", params=asked,
                              headers={"Last-Event-ID": str(page["next"])})  # fmt: skip
        data = [json.loads(line[6:]) for line in streamed.text.splitlines()
                if line.startswith("data: ")]  # fmt: skip
        assert [e["kind"] for e in data] == ["firm.created"]
        assert data[0]["seq"] > page["next"] - 1


def test_what_is_too_old_is_gone_and_said_to_be(clone: Engine, serving: Any) -> None:
    client = TestClient(serving, headers=token(clone, "tax", "department"))
    made(clone)
    position = everything(client)[0]["seq"]
    with clone.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update audit_link set entry_at = entry_at - interval '91 days'"))
    made(clone)
    gone = client.get("/api/v1/events", params={"after": position})
    assert gone.status_code == 410 and gone.json()["oldest"] > position
    unknown = client.get("/api/v1/events", params={"after": head(client) + 1})
    assert unknown.status_code == 410 and "never reached" in unknown.json()["detail"]
    assert [e["kind"] for e in everything(client)] == ["firm.created"]


@pytest.mark.parametrize("asked", ["after=-1", "after=x", "limit=0", "limit=1001", "wait=61",
                                   "kind=%00", "kind=Firm;drop", f"after={2**62}"])  # fmt: skip
def test_bad_questions_are_refused(db: Session, asked: str) -> None:
    client = machine(db, body(db, "asking", "department"))
    assert client.get(f"/api/v1/events?{asked}").status_code == 422
