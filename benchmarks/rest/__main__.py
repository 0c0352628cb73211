"""One firm by credit code and a filtered list of 50 at 86,000 firms: Tidu beside others.

One server process serves three: Tidu; a bare endpoint that runs the very statements that Tidu ran
for the request, authentication and declaration included, on psycopg, and writes rows with orjson;
and Django REST Framework over the same tables (`django_side.py`). They are asked in turn, several
times, by a process of its own; throughputs are medians. While every connection asks again at once,
an answer takes as long as the queue of all the others, whoever serves: with 32 connections and N/s
that is 32/N. What somebody waits who asks now and then is told by the second measure: questions at
random instants, so many a second that half, or three quarters, of what was reached are asked for.
Then batches beside single requests.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import psycopg
from anyio import CapacityLimiter
from fastapi import FastAPI, Response
from psycopg import Cursor
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool
from pydantic import SecretStr
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session
from starlette.middleware.wsgi import WSGIMiddleware

from app.accounts.acting import NOBODY
from app.accounts.actor import SYSTEM
from app.accounts.tokens import SCOPES, Wanted, issue
from app.core.db import make_engine
from app.core.heap import settled
from app.core.settings import Settings
from app.main import create_app
from benchmarks.rest import django_side
from benchmarks.scratch import database
from tests.factories import credit_code
from tests.server import served

FIRMS, CONNECTIONS, PLACES, ROUNDS, SECONDS = 86_000, 32, 10, 5, 3
SHARES = (0.5, 0.75)
LIST = "registered_on__gte={day}&industry_code__{prefix}=C3&limit=50"
# Each with whether it is one statement without a transaction around it.
Transactions = list[tuple[bool, list[tuple[str, Any]]]]


class Recorder:
    """What the driver is told over an engine's connections, transaction by transaction."""

    def __init__(self, engine: Engine) -> None:
        self.found: Transactions = []
        recorder = self

        class Heard(Cursor[Any]):
            def execute(self, query: Any, params: Any = None, **given: Any) -> "Heard":
                recorder.hear(self.connection, query, params)
                return super().execute(query, params, **given)

        def take_in(connection: Any, _: Any) -> None:
            connection.cursor_factory = Heard

        event.listen(engine, "connect", take_in)

    def hear(self, connection: psycopg.Connection[Any], query: Any, params: Any) -> None:
        """One statement, in the transaction that stands or in one that it begins."""
        if connection.autocommit or connection.info.transaction_status == TransactionStatus.IDLE:
            self.found.append((connection.autocommit, []))
        self.found[-1][1].append((query, params))

    def of(self, url: str, path: str, headers: dict[str, str]) -> Transactions:
        """The statements of one request."""
        for _ in range(3):  # what is done once is done
            self.found = []
            httpx.get(url + path, headers=headers, timeout=120).raise_for_status()
        return list(self.found)  # what comes later is none of it


def bare(pool: ConnectionPool[Any], told: dict[str, Transactions]) -> FastAPI:
    """The statements, and their rows as JSON."""
    app = FastAPI(openapi_url=None)

    @app.get("/bare/{name}")
    def run(name: str) -> Response:
        answer: list[Any] = []
        for alone, statements in told[name]:
            with pool.connection() as connection:
                connection.autocommit = alone
                for statement, given in statements:
                    cursor = connection.execute(statement, given)
                    answer += cursor.fetchall() if cursor.description else []
                if alone:
                    connection.autocommit = False
        return Response(orjson.dumps(answer, default=str), media_type="application/json")

    return app


def dispatching(**sides: Any) -> Any:
    """One application for all, by the first part of the path; each answers as many at a time as it
    has connections, or threads would wait for each other's.
    """
    gate = CapacityLimiter(PLACES)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        first = scope.get("path", "/").split("/")[1]
        if scope["type"] != "http":
            await sides["api"](scope, receive, send)
            return
        async with gate:
            await sides.get(first, sides["api"])(scope, receive, send)

    return app


def load(
    port: int, paths: list[str], headers: dict[str, str], rate: float | None = None
) -> list[float]:
    """Latencies in seconds of whatever was answered in a few seconds."""
    given = {"port": port, "paths": paths, "headers": headers, "seconds": SECONDS,
             "connections": CONNECTIONS, "rate": rate}  # fmt: skip
    done = subprocess.run([sys.executable, "-m", "benchmarks.rest.load"], input=json.dumps(given),
                          stdout=subprocess.PIPE, text=True, check=True)  # fmt: skip
    found: list[float] = json.loads(done.stdout)
    return found


def compare(port: int, sides: dict[str, list[str]], headers: dict[str, str]) -> None:
    """The sides in turn, round after round."""
    rates: dict[str, list[float]] = {name: [] for name in sides}
    late: dict[str, list[float]] = {name: [] for name in sides}
    work: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, paths in sides.items():
            worked = time.process_time()
            spent = load(port, paths, headers)
            work[name].append((time.process_time() - worked) / len(spent) * 1000)
            rates[name].append(len(spent) / SECONDS)
            late[name].append(_p95(spent))
    ours = median(rates["tidu"])
    for name in sides:
        print(f"  {name:5} {median(rates[name]):7.0f}/s, p95 {median(late[name]):5.0f} ms, "
              f"{median(work[name]):.2f} ms of the server's processor for each; "
              f"tidu is {ours / median(rates[name]):.2f} times", flush=True)  # fmt: skip
    for share in SHARES:
        found = [_p95(load(port, sides["tidu"], headers, ours * share)) for _ in range(ROUNDS)]
        print(f"  tidu asked {ours * share:.0f} times a second: p95 {median(found):.0f} ms",
              flush=True)  # fmt: skip


def _p95(spent: list[float]) -> float:
    return quantiles(spent, n=20)[18] * 1000


def batches(client: httpx.Client, rows: int) -> None:
    """New firms, changed firms, and figures, in one request and in one request per row."""
    made = [{"credit_code": credit_code(30_000_000 + n), "name": f"批量第{n}企业",
             "registered_on": "2015-01-05"} for n in range(rows)]  # fmt: skip
    changed = [row | {"chain": "新材料"} for row in made]
    figures = [{"credit_code": row["credit_code"], "year": 2025, "staff_avg": 9} for row in made]
    client.put(f"/api/v1/firms/by-credit-code/{credit_code(29_999_999)}",
               json={"name": "先来的企业"}).raise_for_status()  # fmt: skip
    for what, path, body in (("firms made", "firms", made), ("firms changed", "firms", changed),
                             ("figures", "figures", figures)):  # fmt: skip
        began = time.perf_counter()
        done = client.post(f"/api/v1/{path}:batch", json={"rows": body}).raise_for_status().json()
        whole = time.perf_counter() - began
        assert done["rejected"] == 0, done
        single = _singly(client, path, 200)
        print(f"{what}: {rows:,} rows in {whole:.2f} s; one request per row would take "
              f"{single * rows:.1f} s, {single * rows / whole:.0f} times", flush=True)  # fmt: skip


def _singly(client: httpx.Client, path: str, many: int) -> float:
    tail = "/figures/2024" if path == "figures" else ""
    began = time.perf_counter()
    for n in range(many):
        body = (
            {"rd_staff": time.time_ns() % 1000} if tail else {"name": f"改名{time.time_ns()}企业"}
        )
        code = credit_code(30_000_000 + n)
        client.put(f"/api/v1/firms/by-credit-code/{code}{tail}", json=body).raise_for_status()
    return (time.perf_counter() - began) / many


def measure(engine: Engine, what: Callable[[str, dict[str, str], Recorder, Any], None]) -> None:
    """Serve all sides in one process, and measure."""
    with Session(engine) as session, session.begin():
        wanted = Wanted("tax", f"bench {time.time_ns()}", SCOPES, requests_per_minute=1_000_000)
        headers = {"Authorization": f"Bearer {issue(session, wanted, SYSTEM).secret}"}
    settings = Settings(secret_key=SecretStr("x" * 40), pool_size=PLACES)
    serving = make_engine(engine.url.render_as_string(), settings, role=NOBODY)
    recorder, told = Recorder(serving), dict[str, Transactions]()
    host, name = str(engine.url.query["host"]), str(engine.url.database)
    conninfo = f"host={host} dbname={name} user=postgres options='-c jit=off -c role={NOBODY}'"
    with ConnectionPool(
        conninfo, min_size=PLACES, max_size=PLACES, kwargs={"row_factory": dict_row}
    ) as pool:
        django = WSGIMiddleware(django_side.application(host, name))
        with settled():  # as `tidu serve` does
            tidu = create_app(settings, serving)
        app = dispatching(api=tidu, bare=bare(pool, told), drf=django)
        with served(app) as url:
            what(url, headers, recorder, told)
    serving.dispose()


def main() -> None:
    """Print throughputs, p95 and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--firms", type=int, default=FIRMS)
    parser.add_argument("--only", choices=["firm", "list", "batches"])
    parser.add_argument("--keep", type=Path, help="a folder that keeps the register")
    given = parser.parse_args()
    with database(given.firms, given.keep) as engine, engine.connect() as connection:
        codes = list(connection.scalars(text(
            "select credit_code from firm where id % 430 = 0 order by id limit 200")))  # fmt: skip

        def all_of_it(url: str, headers: dict[str, str], recorder: Recorder, told: Any) -> None:
            if given.only != "batches":
                reads(url, headers, recorder, told, codes, given.only or "firm list")
            if given.only in (None, "batches"):
                batches(httpx.Client(base_url=url, headers=headers, timeout=120), 5_000)

        measure(engine, all_of_it)


def reads(
    url: str, headers: dict[str, str], recorder: Recorder, told: Any, codes: list[str], which: str
) -> None:
    """One firm, then a list."""
    one = f"/api/v1/firms/by-credit-code/{codes[0]}"
    many = "/api/v1/firms?" + LIST.format(day="2018-01-01", prefix="isw")
    told["firm"], told["list"] = (recorder.of(url, path, headers) for path in (one, many))
    port = urlsplit(url).port or 0
    if "firm" in which:
        print(f"one firm by credit code, {CONNECTIONS} connections:")
        compare(port, {"tidu": [f"/api/v1/firms/by-credit-code/{code}" for code in codes],
                       "bare": ["/bare/firm"], "drf": [f"/drf/firms/{code}" for code in codes]},
                headers)  # fmt: skip
    if "list" in which:
        print("50 firms of a filtered list:")
        drf = "/drf/firms?" + LIST.format(day="2018-01-01", prefix="startswith")
        compare(port, {"tidu": [many], "bare": ["/bare/list"], "drf": [drf]}, headers)


if __name__ == "__main__":
    main()
