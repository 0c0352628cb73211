"""1,000 events a second written while ten readers follow over HTTP; none missed, none twice.

Server, writers and readers are a process each. Then what the feed costs: reading back the 100,000
events of a bulk write, and the verdicts of a
whole evaluation. Writing costs nothing more than without it, for the feed reads the trail.
"""

import argparse
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import synchronize
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


def follow(client: httpx.Client, after: int, seen: list[Any], done: synchronize.Event) -> None:
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


def readers(url: str, headers: dict[str, str], after: int, done: Any, into: Any) -> None:
    """All readers, in a process of their own."""
    seen: list[list[Any]] = [[] for _ in range(READERS)]
    clients = [httpx.Client(base_url=url, headers=headers, timeout=60) for _ in seen]
    with ThreadPoolExecutor(READERS) as pool:
        told = [pool.submit(follow, client, after, one, done)
                for client, one in zip(clients, seen, strict=True)]  # fmt: skip
    for one in told:
        one.result()
    into.put(seen)


def write(engine: Engine, seconds: float, worker: int) -> list[tuple[int, float]]:
    """Half the rate: small transactions, as people and programs make them."""
    began, acts, written = time.time(), 0, []
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
    return written


def writers(url: str, seconds: float, into: Any) -> None:
    """Both writers, in a process of their own."""
    engine = make_engine(url, Settings())
    with ThreadPoolExecutor(2) as pool:
        told = [pool.submit(write, engine, seconds, n) for n in (0, 1)]
    into.put([one for each in told for one in each.result()])


def run(engine: Engine, seconds: float, url: str, headers: dict[str, str]) -> tuple[Any, Any]:
    """What was written, and what each reader saw."""
    apart = multiprocessing.get_context("spawn")
    done, seen, written = apart.Event(), apart.Queue(), apart.Queue()
    head = engine.connect().scalar(text("select feed_head()")) or 0
    start = (head << 24) + (1 << 24) - 1
    reading = apart.Process(target=readers, args=(url, headers, start, done, seen))
    reading.start()
    address = engine.url.render_as_string()
    writing = apart.Process(target=writers, args=(address, seconds, written))
    writing.start()
    ours = written.get()
    done.set()
    return ours, seen.get()


def main() -> None:
    """Print the figures; exit with 1 if an event was missed or came twice."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--no-bulk", action="store_true")
    given = parser.parse_args()
    with database(FIRMS) as engine, serving(engine) as (url, headers):
        written, seen = run(engine, given.seconds, url, headers)
        missed = check(written, seen)
        times = [at for _, at in written]
        late = max(one[-1][2] for one in seen) - max(times)
        print(
            f"{len(written):,} events written at {len(written) / given.seconds:,.0f}/s, "
            f"{READERS} readers: {missed} missed or doubled; "
            f"the last reader was done {late:.1f} s later", flush=True,
        )  # fmt: skip
        if not given.no_bulk:
            bulk(engine, httpx.Client(base_url=url, headers=headers, timeout=60))
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
    evaluate(engine, today())


if __name__ == "__main__":
    main()
