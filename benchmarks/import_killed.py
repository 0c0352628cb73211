"""A worker killed ten times in the middle of a 100,000-row import: nothing is lost or doubled."""

import argparse
import tempfile
import time
from pathlib import Path
from random import Random

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.imports import service
from benchmarks.figure_files import FIRMS, ROWS, prepare
from benchmarks.scratch import database
from tests.jobs.working import start, stop

STATE = text("select state, created, rejected from import_batch where id = :n")
KEPT = text("""
select count(*), count(distinct (firm_id, year, indicator)),
  count(*) filter (where superseded_at is not null),
  (select count(*) from firm_year where revenue_sales is not null) from submission
""")


def main() -> None:
    """Print each death, and what is stored at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    times = parser.parse_args().times
    with database(FIRMS) as engine, tempfile.TemporaryDirectory() as folder:
        number = sent(engine, Path(folder))
        dice = Random(7)  # noqa: S311 - repeatable
        for death in range(1, times + 1):
            worker = start(engine, Path(folder))
            wait_for(engine, number, "running", busy=True)
            time.sleep(dice.uniform(0.2, 4))
            worker.kill()
            worker.wait()
            with engine.connect() as connection:
                stored = connection.execute(KEPT).one()
            print(f"death {death}: {tuple(stored)} stored", flush=True)
            assert stored[0] == 0, "something was left behind"
        worker = start(engine, Path(folder))
        found = wait_for(engine, number, "done", busy=False)
        stop(worker)
        with engine.connect() as connection:
            stored = connection.execute(KEPT).one()
        print(f"in the end: {found}; {tuple(stored)} stored")
        assert tuple(stored) == (ROWS, ROWS, 0, ROWS), stored


def sent(engine: Engine, folder: Path) -> int:
    """The file, on its way to be checked and imported."""
    path = folder / "figures.csv"
    with Session(engine) as session:
        prepare(session, path)
    with Session(engine) as session, session.begin(), path.open("rb") as file:
        how = service.Sent("figures", mode="skip", run=True)
        return service.send(session, SYSTEM, path.name, file, how, largest=50 * 1024**2).id


def wait_for(engine: Engine, number: int, state: str, *, busy: bool) -> tuple[object, ...]:
    """Until the import is so; `busy`: until a worker reads its rows."""
    reading = text("select done > 0 from import_progress where batch_id = :n")
    doing = text("select count(*) from procrastinate_jobs where status = 'doing' "
                 "and task_name = 'import_run'")  # fmt: skip
    while True:
        with engine.connect() as connection:
            found = tuple(connection.execute(STATE, {"n": number}).one())
            ready = not busy or (connection.scalar(doing) and connection.scalar(
                reading, {"n": number}))  # fmt: skip
        if found[0] == state and ready:
            return found
        assert found[0] in ("checking", "running", "done"), found
        time.sleep(0.2)


if __name__ == "__main__":
    main()
