"""What scope costs on the pool and the register at 86,000 firms: with it, and with it off.

Off, the same firms are asked for by a filter, so that both give the same rows. By the processor's
time, for the ratios are small and other work on the machine is not.
"""

import argparse
from collections.abc import Callable
from functools import partial

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.accounts.acting import act_as
from app.accounts.actor import SYSTEM, Actor, Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.firms import listing
from app.pipeline import pool
from app.pipeline.service import evaluate
from benchmarks.figures import milliseconds
from benchmarks.processor import of_call
from benchmarks.scratch import database, vacuum

LISTS: dict[str, Callable[..., object]] = {"pool": pool.listing, "register": listing.register}
QUERIES = ("", "gap_count__lte=2", "registered_on__gte=2024-01-01")


def main() -> None:
    """Print the median of each list without scope and with it, for each actor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=86_000)
    with database(parser.parse_args().firms) as engine:
        evaluate(engine, today())
        with Session(engine) as session:
            bodies = {
                kind: session.scalar(select(Organisation.id).where(Organisation.code == code))
                for kind, code in (("park", "bench_park_1"), ("incubator", "bench_incubator_1"))
            }
        vacuum(engine)
        actors = {
            "analyst": (Actor(Role.ANALYST, None, "analyst"), []),
            "park": (Actor(Role.PARK_OPERATOR, bodies["park"], "park"),
                     [("park", "bench_park_1")]),
            "incubator": (Actor(Role.INCUBATOR_MANAGER, bodies["incubator"], "incubator"),
                          [("incubator", "bench_incubator_1")]),
        }  # fmt: skip
        for name, read in LISTS.items():
            for query in QUERIES if name == "pool" else QUERIES[::2]:
                pairs = [tuple(part.split("=", 1)) for part in query.split("&") if part]
                for who, (actor, same) in actors.items():
                    off = median(engine, read, SYSTEM, pairs + same)
                    scoped = median(engine, read, actor, pairs)
                    print(f"{name} {query or '(all)':32} {who:10} {off:6.1f} {scoped:6.1f} ms "
                          f"{scoped / off:5.2f}x")  # fmt: skip


def median(
    engine: Engine, read: Callable[..., object], actor: Actor, pairs: list[tuple[str, str]]
) -> float:
    """Milliseconds of the processor for one reading of a list by somebody."""
    with Session(engine) as session:
        if actor is not SYSTEM:
            act_as(session, actor)
        found, _ = milliseconds(partial(read, session, actor, pairs), 60, of_call(session))
    return found


if __name__ == "__main__":
    main()
