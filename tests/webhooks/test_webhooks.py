"""Events are pushed, signed, retried, shown and sent again, only to where they may go."""

import hmac
import json
import socket
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.accounts.acting import NOBODY
from app.accounts.actor import SYSTEM, Role
from app.accounts.tokens import SCOPES, Wanted, issue
from app.core.clock import now
from app.core.db import make_engine
from app.core.settings import Settings
from app.main import create_app
from app.webhooks import sending, service
from app.webhooks.models import Attempt, Delivery
from app.webhooks.models import Wanted as Subscription
from tests.factories import make_firm
from tests.jobs.working import eventually, start, stop, working
from tests.people import KEY, body, person, statements
from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
def open_here(settings: Settings) -> Settings:
    """This machine may be reached."""
    here = (ip_network("127.0.0.0/8"),)
    return settings.model_copy(update={"secret_key": SecretStr(KEY), "outgoing_networks": here})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def client(clone: Engine, open_here: Settings) -> Iterator[TestClient]:
    """A machine that manages its organisation's subscriptions."""
    engine = make_engine(clone.url.render_as_string(), open_here, role=NOBODY)
    with Session(clone) as session, session.begin():
        secret = issue(session, Wanted("tax", "hooks", SCOPES), SYSTEM).secret
    headers = {"Authorization": f"Bearer {secret}"}
    yield TestClient(create_app(open_here, engine), headers=headers)
    engine.dispose()


def made(clone: Engine) -> int:
    with Session(clone) as session, session.begin():
        return make_firm(session)


def work(clone: Engine, settings: Settings, *, at_once: bool = False) -> None:
    """What a worker does, without waiting: fan out, then every delivery whose time has come."""
    service.fan_out(clone)
    due = "select (args ->> 'delivery')::bigint, id from procrastinate_jobs where status = 'todo'"
    due += "" if at_once else " and (scheduled_at is null or scheduled_at <= now())"
    with clone.begin() as connection:
        jobs = connection.execute(text(due)).all()
        for _, job in jobs:
            connection.execute(text("delete from procrastinate_jobs where id = :j"), {"j": job})
    for delivery, _ in jobs:
        service.deliver(clone, settings, delivery)


def subscribed(client: TestClient, receiver: Receiver, **given: Any) -> dict[str, Any]:
    found = client.post("/api/v1/webhooks", json={"url": receiver.url, **given})
    assert found.status_code == 201, found.text
    answer: dict[str, Any] = found.json()
    return answer


def log(client: TestClient, hook: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/api/v1/webhooks/{hook['id']}/deliveries").json()[
        "items"
    ]
    return found


def signed_by(secret: str, headers: dict[str, str], sent: bytes) -> bool:
    """The check as the standard tells receivers to make it."""
    plain = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + sent
    key = b64decode(secret.removeprefix("whsec_"))
    mine = b64encode(hmac.new(key, plain, sha256).digest()).decode()
    return any(each == f"v1,{mine}" for each in headers["webhook-signature"].split(" "))


def test_each_event_comes_once_and_signed(
    clone: Engine, client: TestClient, receiver: Receiver, open_here: Settings
) -> None:
    hook = subscribed(client, receiver, kinds=["firm.created"])
    firms = [made(clone) for _ in range(3)]
    for _ in range(2):
        work(clone, open_here)
    told = [json.loads(sent) for _, sent in receiver.came]
    assert [one["data"]["firm_id"] for one in told] == firms
    assert {one["type"] for one in told} == {"firm.created"}
    assert all(signed_by(hook["secret"], *one) for one in receiver.came)
    assert not signed_by(hook["secret"], receiver.came[0][0], receiver.came[1][1])
    feed = client.get("/api/v1/events?kind=firm.created").json()["items"]
    assert [one["data"] for one in told] == feed
    with clone.connect() as connection:
        kept = connection.scalar(text("select sealed from webhook"))
        trail = connection.scalar(text("select string_agg(after::text, '') from audit_row"))
    assert hook["secret"] not in (kept, trail) and kept not in str(trail)


def test_of_firms_that_a_query_finds_as_they_stand(
    clone: Engine, client: TestClient, receiver: Receiver, open_here: Settings
) -> None:
    hook = subscribed(client, receiver, kinds=["firm"], query="chain=新材料&status=active")
    assert hook["query"] == "chain=新材料&status=active"
    first, second = made(clone), made(clone)
    with clone.begin() as connection:
        connection.execute(text("update firm set chain = '新材料' where id = :n"), {"n": second})
    work(clone, open_here)
    told = [json.loads(sent)["data"]["firm_id"] for _, sent in receiver.came]
    assert told == [second, second] and first not in told  # as it stands, also of what was before
    replayed = client.post(
        f"/api/v1/webhooks/{hook['id']}/replay", json={"after": 0, "until": 2**61}
    )
    assert replayed.json() == {"deliveries": 2}


@pytest.mark.parametrize("query", ["chian=新材料", "status=sleeping", "status=active&limit=5"])
def test_a_query_that_is_none_is_named(client: TestClient, receiver: Receiver, query: str) -> None:
    found = client.post("/api/v1/webhooks", json={"url": receiver.url, "query": query})
    assert found.status_code == 422 and found.json()["errors"][0]["pointer"] == "/query"


def test_a_query_that_holds_no_more_switches_its_subscription_off_and_no_other(
    clone: Engine, client: TestClient, receiver: Receiver, open_here: Settings
) -> None:
    with Session(clone) as session, session.begin():
        park = body(session, "leaving", "park").id
    hook = subscribed(client, receiver, kinds=["firm"], query="park=leaving")
    other = subscribed(client, receiver, kinds=["firm"])
    with clone.begin() as connection:
        connection.execute(text("update organisation set code = 'left' where id = :n"), {"n": park})
    made(clone)
    work(clone, open_here)
    found = client.get(f"/api/v1/webhooks/{hook['id']}").json()
    assert found["state"] == "disabled" and "leaving" in found["disabled_why"]
    assert len(log(client, other)) == len(receiver.came) == 1


def test_a_failure_is_tried_again_and_the_log_tells_of_it(
    clone: Engine, client: TestClient, receiver: Receiver, open_here: Settings
) -> None:
    hook = subscribed(client, receiver, kinds=["firm"])
    receiver.answers = [500, "drop", "redirect", 204]
    made(clone)
    for _ in range(2):
        work(clone, open_here)
    assert len(receiver.came) == 1  # the second try waits for its time
    for _ in range(3):
        work(clone, open_here, at_once=True)
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1
    assert len({sent for _, sent in receiver.came}) == 1
    (one,) = log(client, hook)
    assert (one["state"], one["attempts"]) == ("delivered", 4)
    assert [t["status"] for t in one["tries"]] == [500, None, 302, 204]
    assert one["tries"][0]["reply"] == "said 500"
    assert "RemoteProtocolError" in str(one["tries"][1]["error"])
    assert "webhook-signature" not in one["tries"][0]["sent"]
    assert len(receiver.came) == 4  # the redirect was not followed


def test_after_a_day_it_is_given_up_and_switched_off_and_then_taken_up_again(
    clone: Engine, client: TestClient, receiver: Receiver, open_here: Settings
) -> None:
    hook = subscribed(client, receiver, kinds=["firm"])
    receiver.answers = [503] * (len(service.DELAYS) + 1)
    made(clone)
    for _ in range(len(service.DELAYS) + 1):
        work(clone, open_here, at_once=True)
    (one,) = log(client, hook)
    assert (one["state"], one["attempts"]) == ("failed", len(service.DELAYS) + 1)
    total = timedelta(seconds=sum(service.DELAYS))
    assert timedelta(hours=23) < total < timedelta(hours=25)
    with clone.begin() as connection:
        connection.execute(
            text("update webhook set failing_since = :t"), {"t": now() - timedelta(hours=25)}
        )
    made(clone)
    receiver.answers = [503]
    work(clone, open_here)
    path = f"/api/v1/webhooks/{hook['id']}"
    found = client.get(path).json()
    assert found["state"] == "disabled" and "一天" in found["disabled_why"]
    made(clone)
    came = len(receiver.came)
    work(clone, open_here, at_once=True)
    assert len(receiver.came) == came
    assert client.post(f"{path}/enable").json()["state"] == "active"
    work(clone, open_here)
    assert len(receiver.came) == came + 2  # what waited, and what happened meanwhile


@pytest.mark.timeout(180)
def test_a_worker_killed_while_it_sends_loses_nothing(
    clone: Engine, client: TestClient, receiver: Receiver, tmp_path: Path
) -> None:
    given = {"TIDU_SECRET_KEY": KEY, "TIDU_OUTGOING_NETWORKS": "127.0.0.0/8"}
    hook = subscribed(client, receiver, kinds=["firm"])
    receiver.answers = ["hang"]
    firm = made(clone)
    killed = start(clone, tmp_path, **given)
    eventually(lambda: receiver.came)
    killed.kill()
    stop(killed)
    with working(clone, tmp_path, **given):
        eventually(lambda: log(client, hook)[0]["state"] == "delivered")
    assert [json.loads(sent)["data"]["firm_id"] for _, sent in receiver.came] == [firm, firm]
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1
    assert len(log(client, hook)) == 1


def test_an_administrator_sees_the_log_without_replies_in_as_many_statements(
    db: Session, open_here: Settings
) -> None:
    admin, park = person(db, Role.ADMIN), body(db, "hook-park", "park")
    wanted = Subscription("https://hooks.example/x")
    hook, secret = service.subscribe(db, open_here, SYSTEM, park, wanted)
    counts = []
    for number in (1, 20):
        for _ in range(number):
            one = Delivery(webhook_id=hook.id, seq=5, kind="firm.created")
            db.add(one)
            db.flush()
            db.add(Attempt(delivery_id=one.id, sent={}, status=200, reply="绝密", milliseconds=1))
        db.flush()
        with statements(db.connection().engine) as sent:
            page = admin.get(f"/webhooks/{hook.id}", headers={"accept": "text/html"})
        counts.append(len(sent))
        assert page.status_code == 200 and "绝密" not in page.text and secret not in page.text
    assert counts[0] == counts[1]


def test_gone_ends_it_at_once(
    clone: Engine, client: TestClient, receiver: Receiver, open_here: Settings
) -> None:
    hook = subscribed(client, receiver)
    receiver.answers = [410]
    client.post(f"/api/v1/webhooks/{hook['id']}/test")
    work(clone, open_here)
    assert client.get(f"/api/v1/webhooks/{hook['id']}").json()["state"] == "disabled"


def test_one_and_a_range_are_sent_again(
    clone: Engine, client: TestClient, receiver: Receiver, open_here: Settings
) -> None:
    hook = subscribed(client, receiver, kinds=["firm"])
    for _ in range(4):
        made(clone)
    work(clone, open_here)
    items = log(client, hook)[::-1]
    path = f"/api/v1/webhooks/{hook['id']}"
    assert client.post(f"{path}/deliveries/{items[0]['id']}/replay").status_code == 202
    asked = {"after": items[0]["seq"], "until": items[2]["seq"]}
    assert client.post(f"{path}/replay", json=asked).json() == {"deliveries": 2}
    work(clone, open_here)
    again = [json.loads(sent)["data"]["seq"] for _, sent in receiver.came[4:]]
    assert again == [items[0]["seq"], items[1]["seq"], items[2]["seq"]]
    assert receiver.came[4][1] == receiver.came[0][1]


def test_after_a_rotation_both_secrets_hold_for_a_day(
    clone: Engine, client: TestClient, receiver: Receiver, open_here: Settings
) -> None:
    hook = subscribed(client, receiver)
    path = f"/api/v1/webhooks/{hook['id']}"
    fresh = client.post(f"{path}/rotate").json()["secret"]
    for _ in range(2):
        client.post(f"{path}/test")
        work(clone, open_here)
        with clone.begin() as connection:
            connection.execute(text("update webhook set before_until = now()"))
    first, second = receiver.came
    assert signed_by(fresh, *first) and signed_by(hook["secret"], *first)
    assert signed_by(fresh, *second) and not signed_by(hook["secret"], *second)


def test_an_endless_answer_is_cut_off(receiver: Receiver, open_here: Settings) -> None:
    receiver.answers = ["endless"]
    found = sending.send(open_here, receiver.url, {}, b"{}")
    assert found.status == 200 and len(found.reply or "") <= sending.KEPT_REPLY
    assert found.milliseconds < 10_000


@pytest.mark.parametrize("url", [
    "http://127.0.0.1/", "http://localhost:1/", "http://[::1]/", "http://10.1.2.3/",
    "http://169.254.169.254/latest/", "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/",
    "http://[fd00::1]/", "http://192.168.0.1/", "http://100.64.0.1/", "http://224.0.0.1/",
    "http://2130706433/", "http://0x7f.1/", "http://[2002:7f00:1::]/",
])  # fmt: skip
def test_private_places_are_not_reached(settings: Settings, url: str) -> None:
    found = sending.send(settings, url, {}, b"{}")
    assert found.status is None and "TIDU_OUTGOING_NETWORKS" in str(found.error), found


@pytest.mark.parametrize("url", ["ftp://x.example/", "x", "https://", "https://a:b@x.example/",
                                 "https://x.example/#f", "file:///etc/passwd",
                                 "https://x.example/" + "a" * 2000])  # fmt: skip
def test_what_is_no_place_is_refused(client: TestClient, url: str) -> None:
    assert client.post("/api/v1/webhooks", json={"url": url}).status_code == 422


def test_a_name_is_looked_up_once_and_the_checked_address_is_reached(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver, open_here: Settings
) -> None:
    """A name server that changes its mind between check and use changes nothing."""
    port = int(receiver.url.rsplit(":", 1)[1].split("/")[0])
    asked: list[str] = []
    real = socket.getaddrinfo

    def changing(host: str, *rest: Any, **more: Any) -> Any:
        if host != "changing.example":
            return real(host, *rest, **more)
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    found = sending.send(open_here, f"http://changing.example:{port}/hook", {}, b"{}")
    assert found.status == 204 and len(asked) == 1
    assert receiver.came[0][0]["host"] == f"changing.example:{port}"


def test_one_organisation_does_not_see_anothers(
    clone: Engine, client: TestClient, receiver: Receiver
) -> None:
    hook = subscribed(client, receiver)
    with Session(clone) as session, session.begin():
        body(session, "other", "park")
        secret = issue(session, Wanted("other", "hooks", SCOPES), SYSTEM).secret
    other = TestClient(client.app, headers={"Authorization": f"Bearer {secret}"})
    assert other.get("/api/v1/webhooks").json() == {"items": []}
    for method, rest in (("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("GET", "/deliveries")):
        path = f"/api/v1/webhooks/{hook['id']}{rest}"
        assert other.request(method, path).status_code == 404, path
    mine = other.post("/api/v1/webhooks", json={"url": receiver.url, "organisation": "tax"})
    assert mine.status_code == 404
