"""Flags of a whole register: raised anew, raised again with nothing to write, and after a change.

Recomputing them must take less than five seconds, and where nothing changed nothing is written.
"""

import argparse
import statistics
import sys
import time
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.clock import today
from app.criteria.store import sets_in_force
from app.pipeline.flags import raise_flags
from app.pipeline.service import evaluate
from benchmarks.scratch import database, vacuum

LIMIT, ROUNDS = 5.0, 3
# Each tenth firm sells half as much again.
CHANGE = text("""
update firm_year set revenue_sales = revenue_sales * 3 / 2
where year = :year and firm_id % 10 = 0 and revenue_sales is not null
""")


def timed(session: Session, day: date) -> tuple[float, int]:
    """Seconds, and rows written."""
    sets = tuple(sets_in_force(session, day, purpose=None))
    start = time.perf_counter()
    written = raise_flags(session, None, sets, day)
    return time.perf_counter() - start, written


def main() -> None:
    """Raise, repeat, change, raise; the exit is 1 beyond the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=86_000)
    given = parser.parse_args()
    day = today()
    with database(given.firms) as engine:
        evaluate(engine, day)
        with Session(engine) as session:
            open_now = session.execute(text(
                "select kind, count(*) from flag where closed_on is null group by 1 order by 1"
            )).all()  # fmt: skip
        print(f"{given.firms:,} firms; open: " + ", ".join(f"{k} {n:,}" for k, n in open_now))
        vacuum(engine)
        again = []
        for _ in range(ROUNDS):
            with Session(engine) as session, session.begin():
                seconds, written = timed(session, day)
                assert written == 0, f"nothing had changed, and {written} flags were written"
                again.append(seconds)
        print(f"again, nothing written: {statistics.median(again):.2f} s")
        with Session(engine) as session, session.begin():
            session.execute(CHANGE, {"year": day.year - 1})
            changed, written = timed(session, day)
        print(f"a tenth of the firms sells more: {written:,} rows, {changed:.2f} s")
    sys.exit(1 if max(statistics.median(again), changed) > LIMIT else 0)


if __name__ == "__main__":
    main()
