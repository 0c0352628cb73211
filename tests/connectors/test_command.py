"""`tidu connector`: what there is, a run that is left for the worker, and how it went."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.cli import cli
from app.connectors import service
from app.core.errors import NotFound
from app.core.settings import Settings
from app.firms.models import Firm
from tests.connectors.test_connectors import added, park_mapping, platform, reachable, residents

__all__ = ["reachable"]
Run = Callable[..., Any]
QUEUED = text("select args from procrastinate_jobs where task_name = 'run_connector' order by id")


@pytest.fixture
def tidu(clone: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The command line on a database of its own."""
    url = clone.url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("TIDU_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "240")
    return lambda *arguments: CliRunner().invoke(cli, ["connector", *map(str, arguments)])


def test_a_run_is_left_for_the_worker_and_told_of(
    tidu: Run, clone: Engine, reachable: Settings
) -> None:
    with platform(0) as url:
        httpx.post(f"{url}/records", json=residents(3))
        number = added(clone, reachable, url, park_mapping())
        assert tidu("runs", number, "--json").stdout == "[]\n"
        for _ in range(2):
            assert "a dry run waits for the worker" in tidu("run", number, "--dry-run").stdout
        assert "a run waits for the worker" in tidu("run", number).stdout
        with clone.connect() as connection:
            queued = connection.scalars(QUEUED).all()
        assert queued == [{"connector": number, "dry": dry} for dry in (True, False)]
        for job in queued:
            service.run(clone, reachable, job["connector"], dry=job["dry"])
    assert "园区系统" in tidu("list").stdout
    [shown] = _json(tidu("list", "--json"))
    assert (shown["id"], shown["name"], shown["url"]) == (number, "园区系统", url)
    real, dry = _json(tidu("runs", number, "--json"))
    assert (real["dry"], dry["dry"], real["state"], real["error"]) == (False, True, "done", None)
    assert real["counts"]["residents"] == dry["counts"]["residents"] == {"created": 3}
    assert [one["id"] for one in _json(tidu("runs", number, "--limit", 1, "--json"))] == [
        real["id"]
    ]
    with Session(clone) as session:
        assert len(session.scalars(select(Firm).where(Firm.name.like("武陵第%"))).all()) == 3


def test_what_it_cannot_do_is_said(tidu: Run) -> None:
    assert _json(tidu("list", "--json")) == []
    for command in ("run", "runs"):
        unknown = tidu(command, 7)
        assert isinstance(unknown.exception, NotFound) and "编号为 7 的外部连接" in str(
            unknown.exception
        )
        assert tidu(command, 2**31).exit_code == 2
    refused = tidu("runs", 7, "--limit", -1)
    assert refused.exit_code == 2 and "--limit" in refused.stderr


def _json(done: Any) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)
