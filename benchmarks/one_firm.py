"""One firm among 86,000: assessed, stored and explained against every set in force.

As a firm is whose figure changes, which has its verdicts, and as one is that has none yet.
"""

import argparse
from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.clock import today
from app.pipeline.queries import explain
from app.pipeline.service import assess
from benchmarks.figures import milliseconds
from benchmarks.processor import of_call
from benchmarks.scratch import database, vacuum

# So many firms have their verdicts before.
ASSESSED = 2_000
TIMES = 100


def main() -> None:
    """Print p50 and p95."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=86_000)
    with database(parser.parse_args().firms) as engine, Session(engine) as session:
        assess(session, range(1, ASSESSED + 1), today())
        session.commit()
        vacuum(engine)
        old, new = iter(range(1, ASSESSED)), iter(range(ASSESSED + 1, 2 * ASSESSED))
        processor = of_call(session)

        def assessed(numbers: Iterator[int]) -> None:
            number = next(numbers)
            session.execute(
                text("update firm_year set rd_hnte = rd_hnte + 1000000 where firm_id = :n"),
                {"n": number},
            )
            assess(session, [number], today())

        def explained() -> None:
            explain(session, 7, today(), codes=["hnte_2016"])

        def whole() -> None:
            assessed(old)
            explained()

        for name, call in (
            ("a figure changes: assess and store", lambda: assessed(old)),
            ("explain, the set of certification", explained),
            ("a figure changes: assess, store and explain", whole),
            ("explain, all sets", lambda: explain(session, 7, today())),
            ("a firm without verdicts: assess and store", lambda: assessed(new)),
        ):
            median, high = milliseconds(call, TIMES)
            usual, busy = milliseconds(call, TIMES, processor)
            print(f"{name}: p50 {median:.1f} ms, p95 {high:.1f} ms; "
                  f"of the processor p50 {usual:.1f}, p95 {busy:.1f} ms", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
