"""100,000 figure rows from a CSV file into the database: rows a second, peak memory."""

import resource
import tempfile
import time
from pathlib import Path

from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.exchange.mapping import Mapping
from app.exchange.service import import_file
from benchmarks.figure_files import FIRMS, ROWS, prepare
from benchmarks.processor import of_call
from benchmarks.scratch import database


def main() -> None:
    """Print the figures; the firms' codes are made sound first."""
    with database(FIRMS) as engine, Session(engine) as session, tempfile.TemporaryDirectory() as d:
        path = Path(d) / "figures.csv"
        prepare(session, path)
        processor = of_call(session)
        for name, dry in (("read, check and store (before assessment)", True),
                          (f"with the assessment of {FIRMS:,} firms", False)):  # fmt: skip
            spent, start = processor(), time.perf_counter()
            found = import_file(session, SYSTEM, path, "figures", Mapping(), dry_run=dry)
            taken, busy = time.perf_counter() - start, processor() - spent
            assert found.created == ROWS
            print(f"{name}: {ROWS / taken:,.0f} rows/s by the clock, "
                  f"{ROWS / busy:,.0f} a second of the processor", flush=True)  # fmt: skip
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
