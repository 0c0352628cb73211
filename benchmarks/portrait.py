"""Portrait, what-if and board at 86,000 firms, as one server process answers them."""

import argparse
from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.accounts.auth import COOKIE
from app.accounts.models import Grant, Organisation, User, UserSession
from app.accounts.secrets import digest
from app.core.clock import now, today
from app.core.settings import Settings
from app.main import create_app
from app.pipeline.service import evaluate
from benchmarks.figures import milliseconds
from benchmarks.scratch import database, vacuum

LIMITS = {"portrait": 150, "board": 150, "what-if": 100}


def main() -> None:
    """Print p50 and p95 of each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=86_000)
    parser.add_argument("--times", type=int, default=60)
    given = parser.parse_args()
    with database(given.firms) as engine:
        with Session(engine) as session, session.begin():
            evaluate(session, today())
        vacuum(engine)  # as the server does by itself within a minute
        client = signed_in(engine)
        year = today().year - 1
        firms = iter(range(11, 10**9, 7))

        def portrait() -> str:
            return f"/firms/{next(firms) % given.firms + 1}"

        tries = {
            "portrait": portrait,
            "what-if, page": lambda: f"{portrait()}/what-if?set=hnte_2016",
            "what-if, answer": lambda: (
                f"{portrait()}/what-if?part=answer&set=hnte_2016"
                f"&try.rd_hnte.{year}={next(firms) % 900}"
            ),
            "board": lambda: "/board",
            "board, one gap": lambda: "/board?gap_count__lte=1",
            "board, R&D gap": lambda: "/board?gap.hnte.rd__lte=500000&industry_code__isw=C27",
            "board, search": lambda: "/board?q=jizhunqiye77",
            "board, more": lambda: "/board/none?set=hnte_2016",
        }
        for name, path in tries.items():
            median, high = milliseconds(lambda p=path: fetched(client, p()), given.times)  # type: ignore[misc]
            limit = LIMITS[name.split(",")[0]]
            verdict = "" if high <= limit else f"  OVER {limit} ms"
            print(f"{name:20} p50 {median:6.1f} ms  p95 {high:6.1f} ms{verdict}", flush=True)


def fetched(client: TestClient, path: str) -> Any:
    """A page that came."""
    found = client.get(path, headers={"Accept": "text/html"})
    assert found.status_code == 200, (path, found.status_code)
    return found


def signed_in(engine: Engine) -> TestClient:
    """An analyst's browser, without the network between."""
    with Session(engine) as session, session.begin():
        body = Organisation(code="bench_bureau", name="局", kind="department")
        user = User(username="bench", name="bench", locale="zh")
        session.add_all([body, user])
        session.flush()
        grant = Grant(user_id=user.id, role="analyst", organisation_id=body.id, since=today())
        session.add(grant)
        session.flush()
        session.add(UserSession(token_hash=digest("bench"), user_id=user.id, grant_id=grant.id,
                                expires_at=now() + timedelta(hours=8)))  # fmt: skip
    app = create_app(Settings(database_url=None), engine)
    return TestClient(app, cookies={COOKIE: "bench"}, headers={"Sec-Fetch-Site": "same-origin"})


if __name__ == "__main__":
    main()
