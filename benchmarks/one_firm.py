"""One firm among 86,000: assessed, stored and explained against every set in force."""

import argparse

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core.clock import today
from app.firms.models import Firm
from app.pipeline.queries import explain
from app.pipeline.service import assess
from benchmarks.figures import milliseconds
from benchmarks.processor import of_call
from benchmarks.scratch import database


def main() -> None:
    """Print p50 and p95."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=86_000)
    with database(parser.parse_args().firms) as engine, Session(engine) as session:
        numbers = iter(range(1, 10_000))
        processor = of_call(session)

        def assessed() -> None:
            number = next(numbers)
            session.execute(
                text("update firm_year set rd_hnte = rd_hnte + 1000000 where firm_id = :n"),
                {"n": number},
            )
            assess(session, select(Firm.id).where(Firm.id == number), today())

        def whole() -> None:
            assessed()
            explain(session, 7, today(), codes=["hnte_2016"])

        for name, call in (
            ("assess and store", assessed),
            (
                "explain, the set of certification",
                lambda: explain(session, 7, today(), codes=["hnte_2016"]),
            ),
            ("explain, all sets", lambda: explain(session, 7, today())),
            ("assess, store and explain", whole),
        ):
            median, high = milliseconds(call, 100)
            usual, busy = milliseconds(call, 100, processor)
            print(f"{name}: p50 {median:.1f} ms, p95 {high:.1f} ms; "
                  f"of the processor p50 {usual:.1f}, p95 {busy:.1f} ms", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
