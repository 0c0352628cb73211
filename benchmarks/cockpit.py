"""The cockpit and the search box at 86,000 firms, and the lists that the cockpit's numbers open."""

import argparse
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.core.clock import today
from app.criteria.store import get_sets
from app.firms import listing, search
from app.pipeline.service import evaluate
from app.plans import cockpit
from app.plans.progress import progress
from benchmarks.figures import milliseconds
from benchmarks.scratch import database, vacuum

FORMER = """
insert into former_name (firm_id, name, name_search)
select id, '旧名' || id, '旧名' || id || ' jiuming' || id || ' jm' || id from firm where id % 10 = 0
"""
WORDS = ("基准企业12345", "业777", "企业", "业", "jizhunqiye8", "jzqy4242", "jz", "0000012345",
         "9150", "旧名40", "jm70", "绝无此名", "没有", "zzz")  # fmt: skip
START, WEEK = cockpit.start_of_year(today()), today() - timedelta(days=7)
LISTS = (
    f"moved.{START}=tech_based..candidate", f"moved.{START}=up", f"moved.{WEEK}=down",
    f"rung.{START}=certified", "expires.hnte__lte=2030-01-01",
    "industry_code__isw=C&rung=certified", "park=bench_park_1&rung=none", "park__empty=true",
)  # fmt: skip


def main() -> None:
    """Print p50 and p95 of each part and of the whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=86_000)
    with database(parser.parse_args().firms) as engine, Session(engine) as session:
        evaluate(engine, today())
        session.execute(text(FORMER))
        session.commit()
        vacuum(engine)
        _cockpit(session)
        slowest = max(_search(session, words) for words in WORDS)
        print(f"worst search p95 {slowest:.1f} ms")
        slowest = max(_list(session, query) for query in LISTS)
        print(f"worst list p95 {slowest:.1f} ms")


def _cockpit(session: Session) -> None:
    day = today()
    loaded = get_sets(session, ["hnte_2016"])[0]
    parts = {
        "standing": lambda: cockpit.standing(session, SYSTEM, day),
        "targets": lambda: progress(session, SYSTEM, day),
    }
    for name, part in parts.items():
        _say(f"cockpit: {name}", *milliseconds(part, 30))
    _say("cockpit: readiness, which comes after it",
         *milliseconds(lambda: cockpit.readiness(session, SYSTEM, loaded, day), 30))  # fmt: skip
    _say("cockpit: stays, which come after it",
         *milliseconds(lambda: cockpit.dwell(session, SYSTEM, day), 30))  # fmt: skip
    _say("cockpit: whole", *milliseconds(lambda: [part() for part in parts.values()], 30))


def _search(session: Session, words: str) -> float:
    median, high = milliseconds(lambda: search.find(session, SYSTEM, words, 8), 40)
    _say(f"search: {words}", median, high)
    return high


def _list(session: Session, query: str) -> float:
    pairs = [(name, value) for name, value in (part.split("=", 1) for part in query.split("&"))]
    median, high = milliseconds(lambda: listing.register(session, SYSTEM, pairs), 40)
    _say(f"list: {query}", median, high)
    return high


def _say(what: str, median: float, high: float) -> None:
    print(f"{what:55} p50 {median:6.1f} ms  p95 {high:6.1f} ms", flush=True)


if __name__ == "__main__":
    main()
