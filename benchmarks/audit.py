"""What the trail costs on an import of 100,000 figures: with it, and with it off.

At most 30 % of the time that it takes the processor; both are committed, in turns, on one register.
"""

import statistics
import tempfile
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.exchange.mapping import Mapping
from app.exchange.service import import_file
from benchmarks.figure_files import FIRMS, ROWS, clear, prepare
from benchmarks.figures import seconds
from benchmarks.processor import of_call
from benchmarks.scratch import database, vacuum

ROUNDS, MOST = 3, 1.3


def main() -> None:
    """Print medians and their ratio."""
    with database(FIRMS) as engine, Session(engine) as session, tempfile.TemporaryDirectory() as d:
        path = Path(d) / "figures.csv"
        prepare(session, path)
        processor = of_call(session)
        taken: dict[str, list[float]] = {"enable": [], "disable": []}
        for _ in range(ROUNDS):
            for switch, found in taken.items():
                clear(session)
                turn(session, switch)
                vacuum(engine)
                found.append(seconds(lambda: committed(session, path), processor))
        on, off = (statistics.median(taken[switch]) for switch in ("enable", "disable"))
        print(f"with the trail {on:.2f} s, without {off:.2f} s: {on / off:.2f} (at most {MOST})")
        print(f"{ROWS / on:,.0f} rows/s with the trail and the assessment of {FIRMS:,} firms")


def turn(session: Session, switch: str) -> None:
    """The triggers of every table on or off."""
    named = text(
        "select format('alter table %s ' || :switch || ' trigger %I', tgrelid::regclass, tgname) "
        "from pg_trigger where tgname like 'audit\\_%' and not tgisinternal"
    )
    for statement in session.scalars(named, {"switch": switch}).all():
        session.execute(text(statement))
    session.commit()


def committed(session: Session, path: Path) -> None:
    """The import as a command does it."""
    import_file(session, SYSTEM, path, "figures", Mapping())
    session.commit()


if __name__ == "__main__":
    main()
