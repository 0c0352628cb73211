"""Support cases: opening a thousand at once, and one's week where a hundred thousand stand."""

import argparse
import statistics
import sys
import time

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.core.clock import today
from app.firms.models import Firm
from app.pipeline.service import evaluate
from app.support import clock, days, opening, playbooks, queries
from benchmarks.scratch import UNRECORDED, database, vacuum

OPENED, STANDING, ROUNDS = 1_000, 100_000, 20
OPENING_LIMIT, WEEK_LIMIT = 3.0, 0.1
FILL = text("""
insert into support_case (firm_id, measure, criteria, reason, state, organisation_id, opened_on,
                          opened_by, due_on, closed_on)
select 1 + n % (select max(id) from firm), measure.code, '{}', 'x',
       case when n % 4 = 0 then 'open' else 'done' end,
       (select min(id) + n % 20 from organisation), current_date - (n % 300)::int, 'x',
       current_date - (n % 300)::int + 20, case when n % 4 <> 0 then current_date end
from generate_series(1, :cases) as n, lateral (
  select code from measure order by code offset n / (select max(id) from firm) limit 1) as measure
""")


def main() -> None:
    """Time both; the exit is 1 beyond a limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=20_000)
    given = parser.parse_args()
    with database(given.firms) as engine:
        with Session(engine) as session, session.begin():
            for load in (days.load_shipped, playbooks.load_shipped, clock.load_shipped):
                load(session)
        evaluate(engine, today())
        with Session(engine) as session, session.begin():
            session.execute(text(UNRECORDED))
            session.execute(FILL, {"cases": STANDING})
        vacuum(engine)
        with Session(engine) as session, session.begin():
            analyst = Actor(Role.ANALYST, None, "analyst")
            firms = opening.Selected(select(Firm.id, Firm.name).where(Firm.id <= OPENED))
            start = time.perf_counter()
            seen = opening.preview(session, firms, "management.system")
            wanted = opening.Wanted("management.system", len(seen.cases), remark="x")
            made = opening.open_cases(session, analyst, firms, wanted)
        opened = time.perf_counter() - start
        print(f"{len(made):,} cases previewed and opened in {opened:.2f} s")
        week = []
        with Session(engine) as session:
            body = session.scalar(text("select min(id) from organisation"))
            officer = Actor(Role.OFFICER, body, "officer", user_id=1)
            for _ in range(ROUNDS):
                start = time.perf_counter()
                found = queries.week(session, officer, today())
                week.append(time.perf_counter() - start)
        median = statistics.median(week)
        print(f"one's week of {found.open:,} open cases among {STANDING:,}: {median * 1000:.1f} ms")
    sys.exit(1 if opened > OPENING_LIMIT or median > WEEK_LIMIT else 0)


if __name__ == "__main__":
    main()
