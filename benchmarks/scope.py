"""What scope costs on the pool and the register at 86,000 firms: with it, and with it off.

Off, the same firms are asked for by a filter, so that both give the same rows. Requests with it and
without come in turns, each a transaction of its own that says who acts (for the trail; without
scope, with the owner's rights), on a connection of its own, and are timed by the processor: the
ratios are small, and other work on the machine is not.
"""

import argparse
import gc
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.accounts.acting import DECLARE, OWNER, act_as
from app.accounts.actor import SYSTEM, Actor, Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.core.db import plainly
from app.firms import listing
from app.pipeline import pool
from benchmarks.figures import seconds
from benchmarks.pages import evaluated
from benchmarks.processor import of_call
from benchmarks.scratch import database

Pairs = list[tuple[str, str]]
LISTS: dict[str, Callable[..., object]] = {"pool": pool.listing, "register": listing.register}
QUERIES = ("", "gap_count__lte=2", "registered_on__gte=2024-01-01")
ROUNDS, MOST = 150, 1.1
UNBOUND = {"acting": "{}", "day": today().isoformat(), "organisation": "", "role": OWNER,
           "reading": "on"}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """Somebody's list, and the filter that gives the same firms without scope."""

    who: str
    actor: Actor
    same: Pairs


def main() -> int:
    """Print the medians of each list and their ratio; the exit code is 1 where one is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=86_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--keep", type=Path, help="a folder that keeps the register for next time")
    given = parser.parse_args()
    ratios = []
    with database(given.firms, given.keep, evaluated) as engine:
        for asked in people(engine):
            for name, read in LISTS.items():
                for query in QUERIES if name == "pool" else QUERIES[::2]:
                    off, on = in_turns(engine, read, query, asked, given.rounds)
                    ratios.append(on / off)
                    print(f"{name:8} {query or '(all)':30} {asked.who:10} off {off:6.2f} ms, "
                          f"on {on:6.2f} ms: {on / off:.2f}", flush=True)  # fmt: skip
    print(f"at most {MOST}: highest {max(ratios):.2f}, middle {statistics.median(ratios):.2f}")
    return 1 if max(ratios) > MOST else 0


def people(engine: Engine) -> list[Asked]:
    """The analyst, a park of some 6,000 firms and an incubator of some 90."""
    with Session(engine) as session:
        numbers = {one.code: one.id for one in session.scalars(select(Organisation))}
    park, incubator = "bench_park_1", "bench_incubator_1"
    return [
        Asked("analyst", Actor(Role.ANALYST, None, "analyst"), []),
        Asked("park", Actor(Role.PARK_OPERATOR, numbers[park], "park"), [("park", park)]),
        Asked("incubator", Actor(Role.INCUBATOR_MANAGER, numbers[incubator], "incubator"),
              [("incubator", incubator)]),
    ]  # fmt: skip


def in_turns(
    engine: Engine, read: Callable[..., object], query: str, asked: Asked, rounds: int
) -> tuple[float, float]:
    """Median milliseconds of one list, without scope and with it."""
    pairs: Pairs = parse_qsl(query)
    with engine.connect() as one, engine.connect() as other:
        off, on = Session(one), Session(other)

        def without() -> None:
            plainly(off, DECLARE, UNBOUND)
            read(off, SYSTEM, pairs + asked.same)
            off.rollback()

        def scoped() -> None:
            act_as(on, asked.actor, reading=True)
            read(on, asked.actor, pairs)
            on.rollback()

        ways = ((without, of_call(off)), (scoped, of_call(on)))
        off.rollback()
        on.rollback()
        return medians(ways, rounds)


def medians(
    ways: tuple[tuple[Callable[[], None], Callable[[], float]], ...], rounds: int
) -> tuple[float, float]:
    """Of calls in turns, each by its own clock; which comes first changes from round to round."""
    taken: tuple[list[float], list[float]] = ([], [])
    for call, _ in ways * 3:
        call()
    gc.collect()
    gc.freeze()
    for turn in range(rounds):
        for way in (0, 1) if turn % 2 else (1, 0):
            call, clock = ways[way]
            taken[way].append(seconds(call, clock) * 1000)
    return statistics.median(taken[0]), statistics.median(taken[1])


if __name__ == "__main__":
    sys.exit(main())
