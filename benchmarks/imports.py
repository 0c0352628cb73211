"""100,000 figures from upload to stored by a real worker, while the server answers others.

Then 20,000 rows as a workbook, whose every request is timed, and 10,000 rows as a workbook beside
the usual way: openpyxl, and an ORM row by row.
"""

import os
import tempfile
import threading
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
import openpyxl
import xlsxwriter
from pydantic import SecretStr
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.accounts.acting import NOBODY
from app.accounts.actor import SYSTEM
from app.accounts.tokens import SCOPES, Wanted, issue
from app.core.clock import now
from app.core.db import make_engine
from app.core.settings import Settings
from app.exchange.mapping import Mapping
from app.exchange.service import import_file
from app.firms.models import Firm, FirmYear, Submission
from app.main import create_app
from benchmarks.figure_files import FIRMS, ROWS, clear, prepare
from benchmarks.scratch import database, vacuum
from tests.jobs.working import start, stop
from tests.server import served

SECONDS, P95, MEGABYTES, HELD, TIMES = 15, 200, 400, 2, 10
WORKBOOK, USUAL = 20_000, 10_000
ENDED = ("done", "refused", "failed", "unreadable", "mapping")


def main() -> None:
    """Print each figure and whether it keeps its limit."""
    with database(FIRMS) as engine, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.csv"
        with Session(engine) as session:
            prepare(session, path)
            secret = issue(session, Wanted("tax", "bench", SCOPES, requests_per_minute=10**6),
                           SYSTEM).secret  # fmt: skip
            session.commit()
        vacuum(engine)
        settings = Settings(secret_key=SecretStr("x" * 40))
        serving = make_engine(engine.url.render_as_string(), settings, role=NOBODY)
        worker = start(engine, Path(folder), TIDU_SECRET_KEY="x" * 40)
        try:
            with (
                served(create_app(settings, serving)) as url,
                httpx.Client(
                    base_url=url, headers={"Authorization": f"Bearer {secret}"}, timeout=60
                ) as client,
            ):
                large(client, path, worker.pid)
                held(engine, client, Path(folder))
        finally:
            stop(worker)
            serving.dispose()
        usual(engine, Path(folder))


def told(what: str, value: float, limit: float, unit: str) -> None:
    """One figure beside its limit."""
    verdict = "" if value <= limit else f"  OVER {limit:g} {unit}"
    print(f"{what:52} {value:8.2f} {unit}{verdict}", flush=True)


def sent(client: httpx.Client, path: Path, **fields: str) -> tuple[int, list[float]]:
    """A file sent; its number, and how long the request was held."""
    began = time.monotonic()
    with path.open("rb") as file:
        answer = client.post("/api/v1/imports", files={"file": (path.name, file)},
                             data={"kind": "figures", "mode": "skip"} | fields)  # fmt: skip
    assert answer.status_code == 202, answer.text
    return answer.json()["id"], [time.monotonic() - began]


def followed(client: httpx.Client, number: int, *ends: str) -> dict[str, Any]:
    """Until it has come to an end."""
    while True:
        found: dict[str, Any] = client.get(f"/api/v1/imports/{number}").json()
        if found["state"] in (ends or ENDED):
            return found
        time.sleep(0.1)


def large(client: httpx.Client, path: Path, worker: int) -> None:
    """100,000 rows checked, then stored, while others ask for lists."""
    times: list[float] = []
    ended = threading.Event()

    def ask() -> None:
        paths = ("/api/v1/firms?limit=50", "/api/v1/pool?limit=50", "/api/v1/funnel")
        turn = 0
        while not ended.is_set():
            began = time.monotonic()
            answer = client.get(paths[turn % len(paths)])
            assert answer.status_code == 200, answer.text
            times.append(1000 * (time.monotonic() - began))
            turn += 1
            ended.wait(0.05)

    number, _ = sent(client, path, run="false")
    began = time.monotonic()
    assert followed(client, number, "checked")["rows"] == ROWS
    print(f"checked: {time.monotonic() - began:.1f} s")
    asking = threading.Thread(target=ask)
    asking.start()
    began = time.monotonic()
    client.post(f"/api/v1/imports/{number}/run", json={"mode": "skip"})
    found = followed(client, number)
    taken = time.monotonic() - began
    ended.set()
    asking.join()
    assert (found["state"], found["created"]) == ("done", ROWS), found
    told("100,000 rows validated, stored and assessed", taken, SECONDS, "s")
    told(f"others' requests meanwhile ({len(times)}), p95", quantiles(times, n=20)[-1], P95, "ms")
    told("peak memory of the worker", peak(worker), MEGABYTES, "MB")
    began = time.monotonic()
    client.post(f"/api/v1/imports/{number}/undo", json={})
    assert followed(client, number, "undone")["left_alone"] == 0
    print(f"undone: {time.monotonic() - began:.1f} s")


def peak(pid: int) -> float:
    """The most memory that a process has taken."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def workbook(path: Path, codes: list[str], rows: int) -> Path:
    """A workbook of figures, as people send it."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["统一社会信用代码", "年度", "销售收入（万元）", "职工总数"])
        for n in range(rows):
            sheet.write_row(n + 1, 0, [codes[n % len(codes)], 2010 + n // len(codes), n + 0.5, 9])
    return path


def codes_of(engine: Engine, most: int) -> list[str]:
    """Credit codes of so many firms."""
    with Session(engine) as session:
        return [str(c) for c in session.scalars(select(Firm.credit_code).limit(most))]


def held(engine: Engine, client: httpx.Client, folder: Path) -> None:
    """A workbook of 20,000 rows: the longest request of its whole way."""
    path = workbook(folder / "w.xlsx", codes_of(engine, 10_000), WORKBOOK)
    number, times = sent(client, path, run="false")
    followed(client, number, "checked")
    for method, address, body in (
        ("GET", "", None), ("GET", "/faults", None), ("POST", "/run", {"mode": "skip"}),
    ):  # fmt: skip
        began = time.monotonic()
        answer = client.request(method, f"/api/v1/imports/{number}{address}", json=body)
        assert answer.is_success, answer.text
        times.append(time.monotonic() - began)
    assert followed(client, number)["state"] == "done"
    told("20,000 rows: the longest that a request was held", max(times), HELD, "s")


def usual(engine: Engine, folder: Path) -> None:
    """The same 10,000 rows the usual way and ours, in turn."""
    path = workbook(folder / "u.xlsx", codes_of(engine, 5_000), USUAL)
    with Session(engine) as session:
        clear(session)
        began = time.monotonic()
        row_by_row(session, path)
        theirs = time.monotonic() - began
        clear(session)
        began = time.monotonic()
        report = import_file(session, SYSTEM, path, "figures", Mapping())
        session.commit()
        ours = time.monotonic() - began
    assert report.created == USUAL, report
    print(f"10,000 rows: openpyxl and ORM {theirs:.1f} s, ours with its assessment {ours:.1f} s")
    told("times slower than ours (at least 10)", -theirs / ours, -TIMES, "×")


def row_by_row(session: Session, path: Path) -> None:
    """As it is usually written: look each firm up, each of its rows, add or change, and save."""
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    for code, year, revenue, staff in sheet.iter_rows(min_row=2, values_only=True):
        firm = session.scalars(select(Firm).where(Firm.credit_code == code)).one()
        figures = session.get(FirmYear, (firm.id, year)) or FirmYear(firm_id=firm.id, year=year)
        for name, value in (("revenue_sales", float(revenue) * 10_000), ("staff_avg", staff)):
            stored = int(value * 100) if name == "revenue_sales" else value
            best = session.scalars(select(Submission).where(
                Submission.firm_id == firm.id, Submission.year == year,
                Submission.indicator == name, Submission.superseded_at.is_(None),
            )).one_or_none()  # fmt: skip
            if best is not None:
                best.superseded_at = now()
            session.add(Submission(firm_id=firm.id, year=year, indicator=name, value=stored,
                                   source="import", effective_at=now()))  # fmt: skip
            setattr(figures, name, value)
        session.add(figures)
        session.flush()
    session.commit()


if __name__ == "__main__":
    os.environ.setdefault("TIDU_DURABLE", "false")
    main()
