"""86,000 firms with 30 columns written as XLSX and CSV by the job: seconds, and peak memory."""

import argparse
import resource
import time
from time import process_time
from urllib.parse import urlencode

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.core.clock import today
from app.exports import running, service
from app.exports.models import ExportFile
from app.pipeline.service import evaluate
from benchmarks.scratch import database, vacuum

FIRMS = 86_000
YEAR = today().year - 1
FIGURES = ("revenue_sales", "rd_hnte", "net_profit", "staff_avg", "st_staff_avg", "profit_total")
COLUMNS = (
    "name", "credit_code", "rung", "outcome", "readiness", "gap_count", "unmet", "unknown",
    "registered_on", "region_code", "industry_code", "hightech_field", "park", "incubator", "chain",
    "address", "legal_form", "status",
    *(f"figure.{code}.{year}" for code in FIGURES for year in (YEAR, YEAR - 1)),
)  # fmt: skip
ANALYST = Actor(Role.ANALYST, None, "benchmark")


def main() -> None:
    """Print the time of each kind; memory is the process's own peak before and after."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=FIRMS)
    firms = parser.parse_args().firms
    assert len(COLUMNS) == 30
    with database(firms) as engine:
        evaluate(engine, today())
        vacuum(engine)
        for kind in ("csv", "xlsx"):
            _written(engine, kind, firms)


def _written(engine: Engine, kind: str, firms: int) -> None:
    with Session(engine) as session, session.begin():
        query = urlencode({"fields": ",".join(COLUMNS), "ordering": "name"})
        wanted, _ = service.ask(session, ANALYST, "pool", query, kind, "zh")
        number = wanted.id
    before, start, spent = _peak(), time.perf_counter(), process_time()
    running.write(engine, number)
    taken, busy = time.perf_counter() - start, process_time() - spent
    with Session(engine) as session:
        found = session.get_one(ExportFile, number)
        assert (found.state, found.rows) == ("ready", firms), (found.state, found.problem)
        size = (found.size or 0) / 1024**2
    print(f"{kind}: {firms:,} firms x {len(COLUMNS)} columns in {taken:.1f} s ({busy:.1f} s of "
          f"this process), {size:.1f} MB; peak {before:.0f} MB before, {_peak():.0f} MB after",
          flush=True)  # fmt: skip


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
