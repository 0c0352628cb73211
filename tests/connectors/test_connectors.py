"""Outside platforms are pulled from and pushed to whole and once, however they behave."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM, Role
from app.accounts.keys import seal
from app.accounts.models import Organisation
from app.connectors import mapping, service
from app.connectors.models import Connector, Result, Run
from app.core.errors import Invalid
from app.core.outgoing import Refused
from app.core.settings import Settings
from app.firms.models import Firm
from app.innovation.models import IpRight
from tests.connectors.platform import ACCOUNT, SECRET
from tests.factories import credit_code
from tests.people import KEY, person

FIRMS = 50


@pytest.fixture
def reachable(settings: Settings) -> Settings:
    """This machine may be reached, and nobody is waited for."""
    return settings.model_copy(update={
        "secret_key": SecretStr(KEY), "outgoing_networks": (ip_network("127.0.0.0/8"),),
        "connector_pause_seconds": 0.0})  # fmt: skip


@contextmanager
def platform(trouble: float) -> Iterator[str]:
    """A process of its own, and where it listens."""
    command = [sys.executable, str(Path(__file__).with_name("platform.py")), str(trouble)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def residents(count: int, *, at: str = "2026-01-05T08:00:00+08:00") -> list[dict[str, Any]]:
    return [{"uscc": credit_code(80_000_000 + n), "name": f"武陵第{n}园区企业",
             "establishDate": "2018-03-01", "updatedAt": at} for n in range(count)]  # fmt: skip


def park_mapping(**changes: Any) -> str:
    """The ready mapping, fast, without figures."""
    found = mapping.ready()["park_system"].replace("per_minute: 120", "per_minute: 6000")
    start, end = found.index("  - name: figures"), found.index("push:")
    return found[:start] + found[end:]


def added(
    engine: Engine, settings: Settings, url: str, text_: str, kind: str = "park"
) -> int:  # fmt: skip
    with Session(engine) as session, session.begin():
        body = Organisation(code=f"connected-{kind}", name="高新园", kind=kind)
        session.add(body)
        session.flush()
        wanted = service.Wanted("园区系统", url, text_, ACCOUNT, SECRET)
        return service.add(session, settings, SYSTEM, body, wanted).id


def last_run(engine: Engine) -> Run:
    with Session(engine, expire_on_commit=False) as session:
        return session.scalars(select(Run).order_by(Run.id.desc())).first()  # type: ignore[return-value]


def test_a_park_is_pulled_and_told_over_a_platform_that_fails_and_repeats(
    clone: Engine, reachable: Settings
) -> None:
    with platform(0.35) as url:
        httpx.post(f"{url}/records", json=[*residents(FIRMS), {"uscc": "915", "name": "坏代码公司",
                   "updatedAt": "2026-01-05T08:00:00+08:00"}])  # fmt: skip
        number = added(clone, reachable, url, park_mapping())
        service.run(clone, reachable, number, dry=True)
        with Session(clone) as session:
            assert session.scalar(select(Firm.id).where(Firm.name.like("武陵第%"))) is None
        assert last_run(clone).counts["residents"]["created"] > 0
        while last_run(clone).state != "done" or last_run(clone).dry:
            service.run(clone, reachable, number, dry=False)
        with Session(clone) as session:
            names = session.scalars(select(Firm.name).where(Firm.name.like("武陵第%"))).all()
            assert sorted(names) == sorted(one["name"] for one in residents(FIRMS))
            rejected = session.scalars(select(Result).where(Result.status == "rejected")).all()
            assert {one.key for one in rejected} == {"915"} and "代码" in str(rejected[0].detail)
        told = httpx.get(f"{url}/log").json()["told"]
        known = {one["uscc"] for one in residents(FIRMS)}
        assert set(told) == {code for code in known if not code.endswith("7")}
        with Session(clone) as session:
            refused = session.scalars(select(Result.key).where(Result.status == "refused"))
            assert set(refused) == {code for code in known if code.endswith("7")}


def test_what_changed_is_exchanged_and_the_rest_left_alone(
    clone: Engine, reachable: Settings
) -> None:
    with platform(0) as url:
        httpx.post(f"{url}/records", json=residents(3))
        number = added(clone, reachable, url, park_mapping())
        service.run(clone, reachable, number, dry=False)
        later = residents(1, at="2026-02-01T08:00:00+08:00")
        httpx.post(f"{url}/records", json=[later[0] | {"name": "改名后的园区企业"}])
        service.run(clone, reachable, number, dry=False)
        run = last_run(clone)
        assert run.error is None
        assert run.counts["residents"] == {"updated": 1, "unchanged": 2}, "read with an overlap"
        assert sum(run.counts["standings"].values()) == 1
        assert httpx.get(f"{url}/log").json()["told"][later[0]["uscc"]]["name"].startswith("改名")
        service.run(clone, reachable, number, dry=False)
        assert last_run(clone).counts.get("standings") is None


def test_a_broken_run_goes_on_where_it_was(
    clone: Engine, reachable: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with platform(0) as url:
        httpx.post(f"{url}/records", json=residents(FIRMS))
        number = added(clone, reachable, url, park_mapping())
        monkeypatch.setattr("app.connectors.pulling.MOST_PAGES", 2)
        service.run(clone, reachable, number, dry=False)
        broken = last_run(clone)
        assert broken.state == "failed" and "页" in str(broken.error)
        with Session(clone) as session:
            connector = session.get_one(Connector, number)
            assert connector.positions["residents"]["next"] == 3 and connector.failures == 1
        monkeypatch.undo()
        service.run(clone, reachable, number, dry=False)
        assert last_run(clone).counts["residents"] == {"unchanged": 20, "created": 10}


def test_a_platform_that_hangs_is_given_up_and_gone_on_with_once_it_wakes(
    clone: Engine, reachable: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.outgoing.SECONDS", 0.05)
    with platform(2) as url:
        httpx.post(f"{url}/records", json=residents(3))
        number = added(clone, reachable, url, park_mapping())
        planned = _next_at(clone, number)
        for _ in range(2):
            service.run(clone, reachable, number, dry=False)
            broken = last_run(clone)
            assert broken.state == "failed", "given up, and not for ever tried"
            assert "连续 6 次失败" in str(broken.error) and "Timeout" in str(broken.error)
        soon = _next_at(clone, number)
        assert soon < planned, "tried again before it is due"
        monkeypatch.undo()
        httpx.get(f"{url}/log?wake")
        service.run(clone, reachable, number, dry=False)
        assert last_run(clone).counts["residents"] == {"created": 3}
        with Session(clone) as session:
            assert session.get_one(Connector, number).failures == 0


def _next_at(engine: Engine, number: int) -> datetime:
    with Session(engine) as session:
        return session.get_one(Connector, number).next_at


def test_rights_come_signed_by_cursor_from_a_science_platform(
    clone: Engine, reachable: Settings
) -> None:
    code = credit_code(81_000_000)
    with Session(clone) as session, session.begin():
        session.add(Firm(credit_code=code, name="武陵知识产权公司", name_search="x", pinyin="x"))
    found = [{"creditCode": code, "type": "发明专利", "title": f"技术{n}", "number": f"ZL{n}",
              "updateTime": "2026-01-05T08:00:00+08:00", "updatedAt": "2026-01-05T08:00:00+08:00"}
             for n in range(30)]  # fmt: skip
    mapped = mapping.ready()["science_platform"].replace("per_minute: 60", "per_minute: 6000")
    with platform(0) as url:
        httpx.post(f"{url}/records", json=found)
        number = added(clone, reachable, url, mapped, kind="department")
        service.run(clone, reachable, number, dry=False)
        assert last_run(clone).error is None
        with Session(clone) as session:
            assert (
                len(session.scalars(select(IpRight.id).where(IpRight.number.like("ZL%"))).all())
                == 30
            )
        with clone.begin() as connection:
            wrong = seal(reachable, service.PURPOSE, "wrong")
            connection.execute(text("update connector set sealed = :s"), {"s": wrong})
        service.run(clone, reachable, number, dry=False)
        assert "令牌" in str(last_run(clone).error)


def test_the_pace_is_kept_and_due_runs_are_left_for_the_worker(
    clone: Engine, reachable: Settings
) -> None:
    with platform(0) as url:
        httpx.post(f"{url}/records", json=residents(1))
        slow = park_mapping().replace("per_minute: 6000", "per_minute: 600")
        number = added(clone, reachable, url, slow)
        service.run(clone, reachable, number, dry=False)
        times = httpx.get(f"{url}/log").json()["times"]
        assert min(b - a for a, b in pairwise(times)) > 0.09
    assert service.start_due(clone) == 0
    with clone.begin() as connection:
        connection.execute(text("update connector set next_at = now()"))
    assert service.start_due(clone) == 1 and service.start_due(clone) == 0


@pytest.mark.parametrize("wrong, says", [
    ("pull: [", "YAML"), ("name: {zh: x}\npush: []", "nothing to exchange"),
    (park_mapping().replace("kind: firms", "kind: frims"), "unknown kind"),
    (park_mapping().replace("address: address", "adress: address"), "adress"),
    (park_mapping().replace("per_minute", "per_minuet"), "per_minuet"),
])  # fmt: skip
def test_a_wrong_mapping_is_refused_with_its_place(wrong: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        mapping.read(wrong)
    assert says in refused.value.detail


def test_an_address_of_the_inside_is_refused(clone: Engine, settings: Settings) -> None:
    shut = settings.model_copy(update={"secret_key": SecretStr(KEY)})
    with pytest.raises(Refused):
        added(clone, shut, "ftp://127.0.0.1", park_mapping())
    number = added(clone, shut, "http://127.0.0.1:9", park_mapping())
    service.run(clone, shut, number, dry=False)
    assert "TIDU_OUTGOING_NETWORKS" in str(last_run(clone).error)


def test_pages_show_state_errors_and_results_to_whom_they_belong(db: Session) -> None:
    admin, analyst = person(db, Role.ADMIN), person(db, Role.ANALYST)
    assert "updated_since" in admin.get("/connectors?take=park_system").text
    form = {"organisation": "tax", "name": "监测平台", "url": "https://example.com",
            "mapping": "pull: ["}  # fmt: skip
    wrong = admin.post("/connectors", data=form)
    assert wrong.status_code == 422 and "YAML" in wrong.text
    made = admin.post("/connectors", data=form | {"mapping": park_mapping()})
    assert made.status_code == 200
    number = db.scalar(select(Connector.id))
    db.add(Run(connector_id=number, state="failed", error="对方超时",
               counts={"residents": {"created": 1}}))  # fmt: skip
    db.flush()
    run = db.scalar(select(Run.id))
    db.add(Result(run_id=run, stream="residents", key="9150", status="created"))
    db.flush()
    assert "对方超时" in admin.get(f"/connectors/{number}").text
    assert admin.get(f"/connectors/{number}/runs/{run}").status_code == 403
    assert "9150" in analyst.get(f"/connectors/{number}/runs/{run}").text
    assert analyst.post(f"/connectors/{number}/run").status_code == 403
    for act in ("try", "run", "disable", "enable", "delete"):
        assert admin.post(f"/connectors/{number}/{act}").status_code in (200, 303)
    assert db.scalar(select(Connector.id)) is None


def test_the_interface_does_what_the_pages_do(db: Session) -> None:
    admin, analyst = person(db, Role.ADMIN), person(db, Role.ANALYST)
    start = "/api/v1/connectors"
    wanted = {"organisation": "tax", "name": "监测平台", "url": "https://example.com",
              "mapping": park_mapping(), "secret": "s3cret"}  # fmt: skip
    wrong = admin.post(start, json=wanted | {"mapping": "pull: ["})
    assert wrong.status_code == 422 and "YAML" in wrong.json()["detail"]
    assert analyst.post(start, json=wanted).status_code == 403
    made = admin.post(start, json=wanted)
    assert made.status_code == 201 and "s3cret" not in made.text
    number = made.json()["id"]
    found = analyst.get(start).json()["items"]
    assert [(one["id"], one["state"], one["last"]) for one in found] == [(number, "active", None)]
    db.add(Run(connector_id=number, state="failed", error="对方超时",
               counts={"residents": {"created": 1}}))  # fmt: skip
    db.flush()
    run = db.scalar(select(Run.id))
    db.add_all([Result(run_id=run, stream="residents", key=key, status="created")
                for key in ("9150", "9151")])  # fmt: skip
    db.flush()
    told = analyst.get(f"{start}/{number}/runs").json()["items"]
    assert [(one["error"], one["counts"]) for one in told] == [
        ("对方超时", {"residents": {"created": 1}})
    ]
    first = analyst.get(f"{start}/{number}/runs/{run}?limit=1").json()
    assert [one["key"] for one in first["items"]] == ["9150"]
    rest = analyst.get(f"{start}/{number}/runs/{run}?limit=2&after={first['next']}").json()
    assert [one["key"] for one in rest["items"]] == ["9151"] and rest["next"] is None
    assert admin.get(f"{start}/{number}/runs/{run}").status_code == 403
    for act, status in (("try", 202), ("run", 202), ("disable", 200), ("enable", 200)):
        assert admin.post(f"{start}/{number}/{act}").status_code == status
    assert admin.delete(f"{start}/{number}").status_code == 204
    assert admin.get(f"{start}/{number}").status_code == 404
