"""100,000 figure rows from a CSV file into the database: rows a second, peak memory."""

import resource
import tempfile
from pathlib import Path

from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.exchange.mapping import Mapping
from app.exchange.service import import_file
from benchmarks.figure_files import FIRMS, ROWS, prepare
from benchmarks.figures import seconds
from benchmarks.scratch import database


def main() -> None:
    """Print the figures; the firms' codes are made sound first."""
    with database(FIRMS) as engine, Session(engine) as session, tempfile.TemporaryDirectory() as d:
        path = Path(d) / "figures.csv"
        prepare(session, path)
        found = []
        taken = seconds(
            lambda: found.append(
                import_file(session, SYSTEM, path, "figures", Mapping(), dry_run=True)
            )
        )
        print(
            f"read, check and store (before assessment): {ROWS / taken:,.0f} rows/s; "
            f"{found[0].created} created"
        )
        whole = seconds(lambda: import_file(session, SYSTEM, path, "figures", Mapping()))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"with the assessment of {FIRMS:,} firms: {ROWS / whole:,.0f} rows/s; peak {peak:.0f} MB"
        )


if __name__ == "__main__":
    main()
