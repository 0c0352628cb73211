"""A file of 100,000 figures, and the firms that they are of."""

import csv
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.demo.names import credit_code
from app.firms.names import credit_code_fault
from benchmarks.scratch import UNRECORDED

ROWS, FIRMS = 100_000, 25_000
RENAME = text("""
update firm set credit_code = given.code, registered_on = '2000-01-01'
from unnest(cast(:codes as text[])) with ordinality as given (code, number)
where firm.id = given.number
""")


def prepare(session: Session, path: Path) -> None:
    """Firms with sound codes and no figures; a file with figures of four years for each."""
    codes = [credit_code(n) for n in range(FIRMS)]
    assert credit_code_fault(codes[-1]) is None
    clear(session)
    session.execute(text(UNRECORDED))
    session.execute(RENAME, {"codes": codes})
    session.commit()
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["credit_code", "year", "销售收入（万元）"])
        for n in range(ROWS):
            writer.writerow([codes[n % FIRMS], 2020 + n // FIRMS, f"{n}.5"])


def clear(session: Session) -> None:
    """No figure, and no verdict that rests on one."""
    session.execute(text(UNRECORDED))
    session.execute(text("truncate submission, firm_year, assessment"))
    session.commit()
