"""1,000 events a second written while ten readers follow over HTTP; none missed, none twice.

Then what the feed costs: reading back the 100,000 events of a bulk write, and the verdicts of a
whole evaluation. Writing costs nothing more than without it, for the feed reads the trail.
"""

import argparse
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.accounts.acting import NOBODY
from app.accounts.actor import SYSTEM
from app.accounts.tokens import SCOPES, Wanted, issue
from app.core.clock import today
from app.core.db import make_engine
from app.core.settings import Settings
from app.main import create_app
from app.pipeline.service import evaluate
from benchmarks.scratch import database
from tests.server import served

READERS, RATE, FIRMS = 10, 1_000, 25_000
PER_ACT = 25
WRITE = text("update firm set chain = :mark where id between :first and :last returning id")
FIGURES = text("""
insert into submission (firm_id, year, indicator, value, source, effective_at)
select id, y, 'revenue_sales', id * 100, 'import', now() from firm, generate_series(2001, 2004) as y
""")


@contextmanager
def serving(engine: Engine) -> Iterator[tuple[str, dict[str, str]]]:
    """The application, and a token of a department, which sees every firm."""
    with Session(engine) as session, session.begin():
        secret = issue(
            session, Wanted("tax", "feed", SCOPES, requests_per_minute=1_000_000), SYSTEM
        ).secret
    settings = Settings(secret_key=SecretStr("x" * 40))
    serving_engine = make_engine(engine.url.render_as_string(), settings, role=NOBODY)
    with served(create_app(settings, serving_engine)) as url:
        yield url, {"Authorization": f"Bearer {secret}"}
    serving_engine.dispose()


def follow(client: httpx.Client, after: int, seen: list[Any], done: threading.Event) -> None:
    """One reader, until all is quiet after the writers have ended."""
    while True:
        last = done.is_set()
        page = client.get(
            "/api/v1/events", params={"after": after, "limit": 1000, "wait": 2}
        ).json()
        now = time.time()
        seen += [(e["seq"], e["firm_id"], now) for e in page["items"]]
        after = page["next"]
        if last and not page["items"]:
            return


def write(engine: Engine, seconds: float, worker: int, written: list[tuple[int, float]]) -> None:
    """Half the rate: small transactions, as people and programs make them."""
    began, acts = time.time(), 0
    with Session(engine) as session:
        while (elapsed := time.time() - began) < seconds:
            ahead = acts * PER_ACT / (RATE / 2) - elapsed
            if ahead > 0:
                time.sleep(ahead)
            first = (acts * 2 + worker) * PER_ACT % (FIRMS - PER_ACT) + 1
            found = session.scalars(WRITE, {"mark": f"{worker}-{acts}", "first": first,
                                            "last": first + PER_ACT - 1}).all()  # fmt: skip
            session.commit()
            written += [(firm, time.time()) for firm in found]
            acts += 1


def main() -> None:
    """Print the figures; exit with 1 if an event was missed or came twice."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    seconds = parser.parse_args().seconds
    with database(FIRMS) as engine, serving(engine) as (url, headers):
        head = engine.connect().scalar(text("select feed_head()")) or 0
        start = (head << 24) + (1 << 24) - 1
        written: list[tuple[int, float]] = []
        seen: list[list[Any]] = [[] for _ in range(READERS)]
        done = threading.Event()
        clients = [httpx.Client(base_url=url, headers=headers, timeout=60) for _ in seen]
        readers = [
            threading.Thread(target=follow, args=(client, start, into, done))
            for client, into in zip(clients, seen, strict=True)
        ]
        writers = [
            threading.Thread(target=write, args=(engine, seconds, n, written)) for n in (0, 1)
        ]
        began = time.time()
        for thread in (*readers, *writers):
            thread.start()
        for thread in writers:
            thread.join()
        taken = time.time() - began
        done.set()
        for thread in readers:
            thread.join()
        missed = check(written, seen)
        late = max(one[-1][2] for one in seen) - max(at for _, at in written)
        rate = len(written) / taken
        print(
            f"{len(written):,} events written at {rate:,.0f}/s, {READERS} readers: {missed} missed "
            f"or doubled; the last reader was done {late:.1f} s later"
        )
        bulk(engine, clients[0])
    raise SystemExit(1 if missed else 0)


def check(written: list[tuple[int, float]], seen: list[list[Any]]) -> int:
    """How many events differ between what was written and what each reader saw."""
    expected = sorted(firm for firm, _ in written)
    wrong = 0
    for one in seen:
        places = [seq for seq, _, _ in one]
        assert places == sorted(set(places)), "out of order, or twice"
        found = sorted(firm for _, firm, _ in one)
        wrong += abs(len(found) - len(expected)) + (found != expected)
    return wrong


def bulk(engine: Engine, client: httpx.Client) -> None:
    """Reading what a bulk write and an evaluation left."""
    for name, act in (("100,000 figures", figures), ("an evaluation", verdicts)):
        head = engine.connect().scalar(text("select feed_head()")) or 0
        after, events = (head << 24) + (1 << 24) - 1, 0
        began = time.time()
        act(engine)
        taken, began = time.time() - began, time.time()
        while True:
            page = client.get("/api/v1/events", params={"after": after, "limit": 1000}).json()
            if not page["items"]:
                break
            events, after = events + len(page["items"]), page["next"]
        reading = time.time() - began
        print(f"{name}: written in {taken:.1f} s; {events:,} events read in {reading:.1f} s")


def figures(engine: Engine) -> None:
    """One statement, as an import makes them."""
    with engine.begin() as connection:
        connection.execute(FIGURES)


def verdicts(engine: Engine) -> None:
    """Every verdict of every firm."""
    with Session(engine) as session, session.begin():
        evaluate(session, today())


if __name__ == "__main__":
    main()
