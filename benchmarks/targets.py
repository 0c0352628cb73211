"""Targets on any day, their parts, forecasts, rankings and analyses, at 86,000 firms."""

import argparse
from datetime import date, timedelta

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.analyses.cubes import ANALYSES
from app.analyses.queries import opened
from app.analyses.views import Maker
from app.core.clock import today
from app.forecasts.service import forecasts
from app.pipeline.service import evaluate
from app.plans import store
from app.plans.measuring import Asked
from app.plans.parts import parts
from app.plans.progress import Board
from app.rankings.models import KINDS
from app.rankings.service import ranking
from app.target_lists import service as lists
from app.target_lists.models import TargetList
from benchmarks.figures import milliseconds
from benchmarks.scratch import database, vacuum

# The generated register has no years behind it: titles of earlier years, which have ended.
EARLIER = """
insert into designation (firm_id, kind, valid)
select id, 'hnte', daterange(current_date - 600 - (die(id, 401) * 1500)::int, current_date - 401)
from firm where die(id, 400) < 0.1
"""
DAYS = (today(), today() - timedelta(days=90), date(today().year - 2, 12, 31))


def main() -> None:
    """Print p50 and p95 of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=86_000)
    with database(parser.parse_args().firms) as engine, Session(engine) as session:
        session.execute(text(EARLIER))
        session.commit()
        evaluate(engine, today())
        vacuum(engine)
        for day in DAYS:
            _targets(session, day)
        _say("forecast of all targets, 10,000 draws",
             *milliseconds(lambda: forecasts(_board(session, today())), 5))  # fmt: skip
        _rankings(session)
        for name in ANALYSES:
            _say(f"analysis: {name}", *milliseconds(lambda n=name: _analysis(session, n), 5))


def _board(session: Session, day: date) -> Board:
    return Board(session, Asked(SYSTEM, day), store.in_force(session, day))


def _targets(session: Session, day: date) -> None:
    _say(f"{day}: all targets", *milliseconds(lambda: _board(session, day).all(), 10))
    slowest = ("", 0.0, 0.0)
    for target in store.in_force(session, day).file.targets:
        median, high = milliseconds(lambda t=target: _board(session, day).of(t), 10)
        slowest = max(slowest, (target.code, median, high), key=lambda one: one[1])
    _say(f"{day}: slowest target, {slowest[0]}", *slowest[1:])
    code = "tech_based_count"
    target = store.target_of(store.in_force(session, day).file, code)
    for by in ("park", "department"):
        _say(f"{day}: {code} by {by}",
             *milliseconds(lambda b=by: parts(_board(session, day), target, b), 10))  # fmt: skip


def _rankings(session: Session) -> None:
    """Of lists that are drafted and issued for it."""
    day = today()
    for kind in KINDS:
        lists.draft(session, SYSTEM, store.in_force(session, day), day.year, kind)
    session.execute(update(TargetList).values(status="issued"))
    for kind in KINDS:
        call = lambda k=kind: ranking(session, SYSTEM, day.year, k)  # noqa: E731
        _say(f"ranking of {kind}s", *milliseconds(call, 30))


def _analysis(session: Session, name: str) -> object:
    return Maker(session, opened(session, SYSTEM, name, []), "zh").view()


def _say(what: str, median: float, high: float) -> None:
    print(f"{what:60} p50 {median:7.1f} ms  p95 {high:7.1f} ms", flush=True)


if __name__ == "__main__":
    main()
