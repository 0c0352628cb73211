"""100,000 figure rows from a CSV file into the database: rows a second, peak memory."""

import csv
import resource
import tempfile
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.exchange.mapping import Mapping
from app.exchange.service import import_file
from app.firms.models import Firm
from app.firms.names import credit_code_fault
from benchmarks.figures import seconds
from benchmarks.scratch import database

ROWS, FIRMS = 100_000, 25_000


def main() -> None:
    """Print the figures; the firms' codes are made sound first."""
    with database(FIRMS) as engine, Session(engine) as session, tempfile.TemporaryDirectory() as d:
        from app.demo.names import credit_code

        codes = [credit_code(n) for n in range(FIRMS)]
        assert credit_code_fault(codes[-1]) is None
        session.execute(text("delete from firm_year"))
        for number, code in zip(session.scalars(select(Firm.id)).all(), codes, strict=True):
            session.execute(
                text("update firm set credit_code = :c where id = :n"), {"c": code, "n": number}
            )
        session.execute(text("update firm set registered_on = '2000-01-01'"))
        session.commit()
        path = Path(d) / "figures.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["credit_code", "year", "销售收入（万元）"])
            for n in range(ROWS):
                writer.writerow([codes[n % FIRMS], 2020 + n // FIRMS, f"{n}.5"])
        found = []
        taken = seconds(
            lambda: found.append(
                import_file(session, SYSTEM, path, "figures", Mapping(), dry_run=True)
            )
        )
        print(
            f"read, check and store (before assessment): {ROWS / taken:,.0f} rows/s; {found[0].created} created"
        )
        whole = seconds(lambda: import_file(session, SYSTEM, path, "figures", Mapping()))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"with the assessment of {FIRMS:,} firms: {ROWS / whole:,.0f} rows/s; peak {peak:.0f} MB"
        )


if __name__ == "__main__":
    main()
