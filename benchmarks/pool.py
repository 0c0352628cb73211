"""The pool's page at 86,000 firms, with each shipped filter and order."""

import argparse
from functools import partial

from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.core.clock import today
from app.pipeline import pool
from app.pipeline.service import evaluate
from benchmarks.figures import milliseconds
from benchmarks.processor import of_call
from benchmarks.scratch import database, vacuum

QUERIES = (
    "", "q=jizhunqiye77", "q=企业123", "rung=certified", "rung=none", "gap_count__lte=1",
    "gap_count__lte=2&ordering=gap_count,-readiness", "unmet=hnte.rd", "unknown=hnte.ip",
    "gap.hnte.rd__lte=500000", "outcome=met", "designation=hnte", "region_code=500114",
    "industry_code__isw=C27", "figure.revenue_sales__gte=50000000", "ordering=name",
    "registered_on__gte=2024-01-01", "readiness__gte=0.8", "set=srdi_2026&gap_count__lte=3",
    "any=rung:certified|gap_count__lte:1", "unmet=hnte.rd&ordering=name",
)  # fmt: skip


def main() -> None:
    """Print p50 and p95 of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=86_000)
    with database(parser.parse_args().firms) as engine, Session(engine) as session:
        evaluate(engine, today())
        vacuum(engine)  # as the server does by itself within a minute
        processor = of_call(session)
        worst = 0.0
        for query in QUERIES:
            pairs = [tuple(part.split("=", 1)) for part in query.split("&") if part]
            call = partial(pool.listing, session, SYSTEM, pairs)
            median, high = milliseconds(call, 40)
            _, busy = milliseconds(call, 40, processor)
            worst = max(worst, busy)
            print(f"{query or '(all)':50} p50 {median:6.1f} ms  p95 {high:6.1f} ms; "
                  f"of the processor p95 {busy:6.1f} ms", flush=True)  # fmt: skip
        print(f"worst p95 of the processor {worst:.1f} ms")


if __name__ == "__main__":
    main()
