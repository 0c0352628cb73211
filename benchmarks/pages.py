"""Every page and part of the workbench at 86,000 firms, as one server process answers them."""

import argparse
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.accounts.auth import COOKIE
from app.accounts.models import Grant, Organisation, User, UserSession
from app.accounts.secrets import digest
from app.core.clock import now, today
from app.core.heap import settled
from app.core.settings import Settings
from app.main import create_app
from app.pipeline.service import evaluate
from app.plans import cockpit
from benchmarks.figures import milliseconds
from benchmarks.scratch import database, vacuum

# Milliseconds that 95 of 100 answers stay under, by the first word of a name; a part comes after
# its page stands, and counts the whole register.
LIMITS = {"list": 150, "board": 150, "portrait": 150, "cockpit": 300, "what-if": 100, "search": 100,
          "home": 150, "entry": 150, "criteria": 150, "filter": 150, "part": 1000}  # fmt: skip
YEAR = today().year - 1
NEAR = "gap_count=1&gap.hnte.rd__lte=500000&hightech_field__isw=4."
START = cockpit.start_of_year(today())
# What a browser that comes for the first time fetches, in bytes: the page and what it links to.
LIGHT, WITH_CHARTS = 300_000, 800_000
LINKED = re.compile(r'(?:src|href)="(/static/[^"]+\.(?:js|css)[^"]*)"')
Paths = dict[str, Callable[[], str]]


def main() -> int:
    """Print p50 and p95 of each page; the exit code is 1 where one is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=86_000)
    parser.add_argument("--times", type=int, default=60)
    parser.add_argument("--only", default="", help="pages whose name contains this")
    parser.add_argument("--keep", type=Path, help="a folder that keeps the register for next time")
    given = parser.parse_args()
    slow = []
    with database(given.firms, given.keep, evaluated) as engine:
        client = signed_in(engine)
        for name, path in paths(given.firms).items():
            if given.only in name and not _timed(client, name, path, given.times):
                slow.append(name)
    return 1 if slow else 0


def evaluated(engine: Engine) -> None:
    """Every firm assessed, and the tables as the server itself leaves them within a minute."""
    evaluate(engine, today())
    vacuum(engine)


def _timed(client: TestClient, name: str, path: Callable[[], str], times: int) -> bool:
    """Whether the page stays under its limits of time, if it has one, and of weight."""
    size, lightest = first_load(client, path())
    median, high = milliseconds(lambda: fetched(client, path()), times)
    limit = LIMITS.get(name.split(",", maxsplit=1)[0])
    verdict = f"  OVER {limit} ms" if limit is not None and high > limit else ""
    verdict += f"  OVER {lightest / 1000:.0f} kB" if size > lightest else ""
    print(f"{name:28} p50 {median:6.1f} ms  p95 {high:6.1f} ms {size / 1000:7.1f} kB{verdict}",
          flush=True)  # fmt: skip
    return not verdict


def first_load(client: TestClient, path: str) -> tuple[int, int]:
    """Bytes that a first visit fetches, compressed where there is a compressed copy; the limit."""
    page = fetched(client, path)
    linked = set(LINKED.findall(page.text))
    size = len(page.content) + sum(_sent(client, address) for address in linked)
    return size, WITH_CHARTS if any("echarts" in address for address in linked) else LIGHT


def _sent(client: TestClient, address: str) -> int:
    """Bytes on the wire."""
    with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
        return sum(len(part) for part in answer.iter_raw())


def paths(firms: int) -> Paths:
    """What is asked for; each call another firm, so that none is remembered."""
    numbers = iter(range(11, 10**9, 7))

    def portrait() -> str:
        return f"/firms/{next(numbers) % firms + 1}"

    fixed = {
        "list, pool": "/pool",
        "list, near": f"/pool?{NEAR}",
        "list, wide": f"/pool?fields=name,rung,readiness,unmet,gap.hnte.rd,figure.rd_hnte.{YEAR}",
        "list, by gap": f"/pool?{NEAR}&ordering=gap.hnte.rd",
        "list, by figure": f"/pool?{NEAR}&ordering=-figure.revenue_sales.{YEAR}",
        "list, any": "/pool?any=rung:certified|gap_count__lte:1",
        "list, heat map": "/pool?display=heat",
        "list, compare": "/pool?display=compare&id__in=11,22,33,44,55",
        "list, register": "/firms",
        "list, register by figure": (
            f"/firms?industry_code__isw=C27&rung=certified&ordering=-figure.rd_hnte.{YEAR}"
        ),
        "list, moved": f"/firms?moved.{START}=up",
        "list, duties": "/duties",
        "part, facets": "/lists/pool/facets?on=",
        "part, facets near": "/lists/pool/facets?on=gap_count%3D1",
        "part, facets register": "/lists/firms/facets?on=",
        "part, totals": f"/lists/pool/totals?on=fields%3Dname,figure.rd_hnte.{YEAR}",
        "filter": "/lists/pool/filter?on=&field=figure.rd_hnte",
        "filter, fields": "/lists/pool/filter?on=&field=%E7%A0%94%E5%8F%91",
        "filter, columns": "/lists/pool/columns?on=gap_count%3D1",
        "board": "/board",
        "board, one gap": "/board?gap_count__lte=1",
        "board, R&D gap": "/board?gap.hnte.rd__lte=500000&industry_code__isw=C27",
        "board, every gap": "/board?gap.hnte.rd__lte=500000",
        "part, board's totals": "/board/totals",
        "board, search": "/board?q=jizhunqiye77",
        "board, more": "/board/none?set=hnte_2016",
        "cockpit": "/cockpit",
        "part, cockpit's stays": "/cockpit/stay",
        "part, cockpit's targets": "/cockpit/targets",
        "part, cockpit's readiness": "/cockpit/readiness",
        "home": "/",
        "list, waiting": "/waiting",
        "part, waiting's further": "/waiting/further",
        "entry": f"/entry?year={YEAR}&columns=rd_hnte,rd_hnte_domestic,staff_avg",
        "criteria": "/criteria/hnte_2016",
        "search": "/search/suggestions?q=jizhun777",
        "search, everything": "/search/suggestions?q=%E4%BC%81%E4%B8%9A",
        "search, code": "/search/suggestions?q=0000012345",
    }
    moving: Paths = {
        "portrait": portrait,
        "what-if, page": lambda: f"{portrait()}/what-if?set=hnte_2016",
        "what-if, answer": lambda: (
            f"{portrait()}/what-if?part=answer&set=hnte_2016"
            f"&try.rd_hnte.{YEAR}={next(numbers) % 900}"
        ),
    }
    return {name: lambda path=path: path for name, path in fixed.items()} | moving  # type: ignore[misc]


def fetched(client: TestClient, path: str) -> Any:
    """A page that came, and not another in its place."""
    found = client.get(path, headers={"Accept": "text/html"}, follow_redirects=False)
    assert found.status_code == 200, (path, found.status_code)
    return found


def signed_in(engine: Engine) -> TestClient:
    """An analyst's browser, without the network between."""
    with settled():  # as the server itself does
        app = create_app(Settings(database_url=None), engine)
    client = TestClient(app, cookies={COOKIE: "bench"}, headers={"Sec-Fetch-Site": "same-origin"})
    with Session(engine) as session, session.begin():
        known = session.get(UserSession, digest("bench"))
        if known is not None:  # in a register that was kept; an idle session ends
            known.seen_at, known.expires_at = now(), now() + timedelta(hours=8)
            return client
        body = Organisation(code="bench_bureau", name="局", kind="department")
        user = User(username="bench", name="bench", locale="zh")
        session.add_all([body, user])
        session.flush()
        grant = Grant(user_id=user.id, role="analyst", organisation_id=body.id, since=today())
        session.add(grant)
        session.flush()
        session.add(UserSession(token_hash=digest("bench"), user_id=user.id, grant_id=grant.id,
                                expires_at=now() + timedelta(hours=8)))  # fmt: skip
    return client


if __name__ == "__main__":
    sys.exit(main())
