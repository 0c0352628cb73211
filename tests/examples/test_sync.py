"""The example client syncs a register over a bad line, killed again and again, and loses nothing.

`benchmarks/sync_story.py` tells the same at length, with a real file and a database that dies.
"""

import csv
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.accounts.models import Organisation
from app.accounts.tokens import SCOPES, Wanted, issue
from app.firms.models import Firm, Submission
from tests.examples.flaky import flaky
from tests.factories import credit_code

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/sync.py"
KILLS = 3
FIRMS, INDICATORS = 1_000, ("staff_avg", "rd_staff")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Firms, every hundredth unsound, and two figures of most of them."""
    firms, figures = tmp_path / "firms.csv", tmp_path / "figures.csv"
    with firms.open("w", encoding="utf-8", newline="") as opened:
        out = csv.writer(opened)
        out.writerow(["企业名称", "统一社会信用代码", "注册日期", "地区"])
        for n in range(FIRMS):
            code = credit_code(70_000_000 + n) if n % 100 else "91500000000000000X"
            out.writerow([f"武陵第{n}材料有限公司", code, "2015-01-05", "黔江"])
    codes = [row["统一社会信用代码"] for row in rows_of(firms)]
    with figures.open("w", encoding="utf-8", newline="") as opened:
        out = csv.writer(opened)
        out.writerow(["credit_code", "year", *INDICATORS])
        out.writerows([code, 2025, 20 + n % 80, n % 20] for n, code in enumerate(codes)
                      if n % 100)  # fmt: skip
    return firms, figures


def rows_of(file: Path) -> list[dict[str, str]]:
    """A CSV file's rows."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def start_server(engine: Engine, folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """A server on a fixed port."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    env = os.environ | {"DATABASE_URL": url, "TIDU_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT),
                        "TIDU_PORT": str(port), "TIDU_WITH_WORKER": "false"}  # fmt: skip
    server = subprocess.Popen([sys.executable, "-m", "app", "serve"], env=env, cwd=ROOT,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=2).raise_for_status()
            return server
        except httpx.HTTPError:
            assert server.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)


def client(
    port: int, token: str, folder: Path, *arguments: str, program: Path = EXAMPLE
) -> "subprocess.Popen[bytes]":
    """The example client, or another that takes the same arguments, as anybody would start it."""
    env = os.environ | {"TIDU_URL": f"http://127.0.0.1:{port}", "TIDU_TOKEN": token}
    command = [sys.executable, str(program), *arguments]
    return subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.DEVNULL)


def free_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.mark.timeout(600)
def test_both_sides_are_equal_at_the_end(
    clone: Engine, tmp_path: Path, files: tuple[Path, Path]
) -> None:
    dice = random.Random(7)
    with Session(clone) as session, session.begin():
        session.add(Organisation(code="sync", name="数据平台", kind="department"))
        session.flush()
        token = issue(session, Wanted("sync", "sync", SCOPES, requests_per_minute=60_000),
                      SYSTEM).secret  # fmt: skip
    port = free_port()
    server = start_server(clone, tmp_path, port)
    firms, figures = map(str, files)
    pushing = ("push", "--firms", firms, "--figures", figures)
    try:
        with flaky(port, seed=11) as line:
            for n in range(2 * KILLS):
                process = client(line, token, tmp_path, *(pushing if n % 2 else ("follow",)))
                time.sleep(dice.uniform(0.3, 1.5))
                if n % 2:
                    server.send_signal(signal.SIGKILL)
                    server.wait()
                    server = start_server(clone, tmp_path, port)
                process.kill()
                process.wait()
            for last in (pushing, ("follow", "--seconds", "1")):
                assert client(line, token, tmp_path, *last).wait(300) == 0
    finally:
        server.kill()
        server.wait()
    with closing(sqlite3.connect(tmp_path / "sync.db")) as state:
        check(clone, state, files)


def check(engine: Engine, state: sqlite3.Connection, files: tuple[Path, Path]) -> None:
    """Every row was taken or refused with a reason; every change is in the feed once."""
    rows = [rows_of(file) for file in files]
    refused = [json.loads(row) for (row,) in state.execute(
        "select row from refused where kind = 'firms'")]  # fmt: skip
    reasons = [json.loads(text) for (text,) in state.execute("select reasons from refused")]
    assert all(one and one[0]["detail"] for one in reasons)
    with Session(engine) as session:
        stored = dict(session.execute(select(Firm.credit_code, Firm.id)).all())
        assert len(stored) + len(refused) == len(rows[0]), "each firm once, or refused"
        values = session.execute(
            select(Submission.firm_id, Submission.year, Submission.indicator, Submission.value)
            .where(Submission.superseded_at.is_(None))
        ).all()  # fmt: skip
    known = [row for row in rows[1] if row["credit_code"] in stored]
    expected = {(stored[row["credit_code"]], int(row["year"]), name): int(row[name])
                for row in known for name in INDICATORS}  # fmt: skip
    assert {(firm, year, name): value for firm, year, name, value in values} == expected
    assert len(values) == len(expected), "each figure once"
    events = [json.loads(body) for (body,) in state.execute("select body from event")]
    created = Counter(one["firm_id"] for one in events if one["kind"] == "firm.created")
    assert created == Counter(stored.values())
    changed = Counter(key(one) for one in events if one["kind"] == "figure.changed")
    assert changed == Counter(expected.keys())


def key(event: dict[str, Any]) -> tuple[int, int, str]:
    """Which figure an event tells of."""
    return event["firm_id"], event["record"]["year"], event["record"]["indicator"]
