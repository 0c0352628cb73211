"""All criteria sets over a million firms: ours, stored, against a query by hand for DuckDB.

Reading may take five times as long as DuckDB, storing changed verdicts ten times, and where nothing
changed nothing is written. Both must agree on every firm, set and criterion; else the exit is 1.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.core.clock import today
from app.core.prepared import as_sql, driver_cursor
from app.criteria.compiler import Compiler
from app.criteria.facts import best_known
from app.criteria.store import sets_in_force
from app.pipeline.service import AT_ONCE, RANGE, SCOPES, store_all
from benchmarks import agreement, reference
from benchmarks.audit import turn
from benchmarks.engines import Engines
from benchmarks.processor import of_server
from benchmarks.scratch import UNRECORDED, YEARS, database, vacuum

ROUNDS = 3
# What is changed for every firm: a figure that two sets read, and the one that most sets read; that
# one also without the trail, for DuckDB keeps none. `benchmarks.audit` measures the trail.
CHANGES = (("rd_hnte", "enable"), ("revenue_operating", "enable"), ("revenue_operating", "disable"))
READING, STORING = 5, 10
# Everything a verdict holds, so that nothing is optimised away; lists by their hash.
NUMBERS = ("set_id", "outcome", "unmet_count", "unknown_count", "readiness")
SUMS = ", ".join(f"sum({name})" for name in NUMBERS)
OURS = f"""select count(*), sum(firm_id), {SUMS}, bit_xor(outcomes),
  bit_xor(hash_array_extended(gaps, 0)) from ({{query}}) as summary"""
THEIRS = f"""select count(*), sum(firm_id), {SUMS}, bit_xor(hash(outcomes)), bit_xor(hash(gaps))
  from ({{query}})"""

WRITTEN = text("""select n_tup_ins + n_tup_upd + n_tup_del
from pg_stat_user_tables where relname = 'assessment'""")


@dataclass
class Taken:
    """Seconds of each run, by the clock and of the processor."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @contextmanager
    def measured(self, processor: Callable[[], float]) -> Iterator[None]:
        """One run."""
        spent, start = processor(), time.perf_counter()
        yield
        self.clock.append(time.perf_counter() - start)
        self.processor.append(processor() - spent)


def main() -> None:
    """Time both, compare them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="runs of what can be repeated")
    parser.add_argument("--keep", type=Path, help="a folder that keeps the register")
    given = parser.parse_args()
    say(
        f"{given.firms:,} firms × {YEARS} years; DuckDB with {AT_ONCE} threads, PostgreSQL "
        f"with as many processes; load before {os.getloadavg()[0]:.1f}"
    )
    with database(given.firms, given.keep) as engine, tempfile.TemporaryDirectory() as folder:
        limit_workers(engine, AT_ONCE)
        with engine.begin() as connection:
            connection.execute(text("truncate assessment"))  # of a run before, where it is kept
        as_of = today()
        with Session(engine) as session:
            sets = sets_in_force(session, as_of)
        theirs = reference.connect(Path(folder), as_of, AT_ONCE)
        engines = Engines(engine, theirs, Path(folder), as_of, sets)
        engines.copy(*reference.COPIED)
        say(f"generated and copied; {len(sets)} sets in force on {as_of}")
        differing = measure(engines, given.firms, given.rounds)
    say(f"load after {os.getloadavg()[0]:.1f}")
    sys.exit(1 if differing else 0)


def say(line: str) -> None:
    """At once, for the run is long."""
    print(line, flush=True)


def limit_workers(engine: Engine, cores: int) -> None:
    """As many processes for a query of the comparison; the leader is one of them."""
    with engine.begin() as connection:
        connection.execute(
            text(f"alter database tidu set max_parallel_workers_per_gather = {cores - 1}")
        )
    engine.dispose()


def measure(engines: Engines, firms: int, rounds: int) -> int:
    """All figures, each compared with theirs; returns how many verdicts differ."""
    theirs = {"reading": Taken(), "storing": Taken()}
    run_theirs(engines, theirs, rounds)
    read = our_reading(engines, rounds, firms)
    _, first = our_storing(engines, firms)
    differing = agreement.differences(engines)
    vacuum(engines.ours)
    written, unchanged = our_storing(engines, firms)
    assert written == 0, f"nothing had changed, and {written} verdicts were written"
    changed = []
    for figure, trail in CHANGES:
        change(engines, figure)
        with Session(engines.ours) as session:
            turn(session, trail)
        written, taken = our_storing(engines, firms)
        told = "" if trail == "enable" else ", no trail"
        changed.append((f"{figure}: {written:,} rows{told}", taken))
        run_theirs(engines, theirs, 1)
        differing += agreement.differences(engines)
        vacuum(engines.ours)
    say(f"\n{'':46}{'ours, s':>18}{'DuckDB, s':>18}{'ratio':>16}")
    say(f"{'':46}{'clock processor':>18}{'clock processor':>18}{'clock processor':>16}")
    say(line("reading", read, theirs["reading"], READING))
    for name, taken in (("first storing", first), ("nothing changed: 0 rows", unchanged)):
        say(line(name, taken, theirs["storing"]))
    for name, taken in changed:
        say(line(name, taken, theirs["storing"], STORING))
    return differing


def line(name: str, ours: Taken, theirs: Taken, limit: int | None = None) -> str:
    """Best runs and their ratios, by the clock and of the processor."""
    found = [(min(t.clock), min(t.processor)) for t in (ours, theirs)]
    (clock, processor), (their_clock, their_processor) = found
    return (
        f"{name:46}" + "".join(f"{c:9.1f}{p:9.1f}" for c, p in found)
        + f"{clock / their_clock:8.1f}{processor / their_processor:8.1f}"
        + (f"  (at most {limit})" if limit else "")
    )  # fmt: skip


def report(name: str, taken: Taken) -> None:
    """Minimum and median of the runs so far."""
    say(
        f"{name}: min {min(taken.clock):.1f} s, median {statistics.median(taken.clock):.1f} s, "
        f"processor {min(taken.processor):.1f} s ({len(taken.clock)} runs)"
    )


# --- DuckDB ---------------------------------------------------------------------------------------


def run_theirs(engines: Engines, taken: dict[str, Taken], rounds: int) -> None:
    """Reading, and storing as a table, which is kept; added to the runs before."""
    verdicts = reference.verdicts(engines.numbers)
    for _ in range(rounds):
        with taken["reading"].measured(time.process_time):
            engines.theirs.execute(reference.measure())
            engines.theirs.execute(THEIRS.format(query=verdicts)).fetchall()
        engines.theirs.execute("drop table if exists verdict")
        with taken["storing"].measured(time.process_time):
            engines.theirs.execute(reference.measure())
            engines.theirs.execute(f"create table verdict as {verdicts}")
    for name, found in taken.items():
        report(f"DuckDB, {name}", found)


# --- ours -----------------------------------------------------------------------------------------


def our_reading(engines: Engines, rounds: int, firms: int) -> Taken:
    """The summary statement, consumed inside the server; by ranges of firms, as it is stored."""
    summary = as_sql(Compiler(engines.sets, best_known()).summary(SCOPES["range"]))
    statement = OURS.format(query=summary)
    reading = Taken()

    def read(n: int) -> None:
        values = {"as_of": engines.as_of, "first": n * RANGE + 1, "last": (n + 1) * RANGE}
        with Session(engines.ours) as session:
            session.execute(text("set local max_parallel_workers_per_gather = 0"))
            driver_cursor(session).execute(statement, values).fetchall()

    with Session(engines.ours) as session, of_server(session) as processor:
        for _ in range(rounds):
            with reading.measured(processor), ThreadPoolExecutor(AT_ONCE) as threads:
                list(threads.map(read, ranges(firms)))
    report("ours, reading", reading)
    return reading


def our_storing(engines: Engines, firms: int) -> tuple[int, Taken]:
    """Verdicts of the register, committed; how many were written, as the server counts them.

    As theirs: without the flags that follow, which `benchmarks.flags` measures.
    """
    taken = Taken()
    with (
        Session(engines.ours) as session,
        of_server(session) as processor,
    ):
        before = session.scalar(WRITTEN)
        session.rollback()
        with taken.measured(processor):
            store_all(engines.ours, tuple(engines.sets), engines.as_of, ranges(firms))
        engines.ours.dispose()  # a server's process tells what it did when it ends
        written: int = session.scalar(WRITTEN) - before
    report(f"ours, stored, {written:,} rows", taken)
    return written, taken


def ranges(firms: int) -> range:
    """The numbers of all ranges of firms."""
    return range((firms + RANGE - 1) // RANGE)


def change(engines: Engines, figure: str) -> None:
    """A tenth more of one figure of the last year for every firm, in both."""
    with engines.ours.begin() as connection:
        connection.execute(text(UNRECORDED))
        connection.execute(
            text(
                f"update firm_year set {figure} = ({figure} * 1.1)::bigint where year = :year"
            ).bindparams(year=engines.as_of.year - 1)
        )
    vacuum(engines.ours)
    engines.copy("firm_year")


if __name__ == "__main__":
    main()
