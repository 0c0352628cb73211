"""What scope costs on the pool and the register at 86,000 firms: with it, and with it off.

By the processor's time, for the ratios are small and other work on the machine is not.
"""

import argparse
from collections.abc import Callable
from functools import partial

from sqlalchemy import select
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
    """Print the median of each list for each actor, and its ratio to the list without scope."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=86_000)
    with database(parser.parse_args().firms) as engine:
        with Session(engine) as session:
            evaluate(session, today())
            session.commit()
            bodies = {
                kind: session.scalar(select(Organisation.id).where(Organisation.code == code))
                for kind, code in (("park", "bench_park_1"), ("incubator", "bench_incubator_1"))
            }
        vacuum(engine)
        actors = {
            "off": SYSTEM,
            "analyst": Actor(Role.ANALYST, None, "analyst"),
            "park": Actor(Role.PARK_OPERATOR, bodies["park"], "park"),
            "incubator": Actor(Role.INCUBATOR_MANAGER, bodies["incubator"], "incubator"),
        }
        for name, read in LISTS.items():
            for query in QUERIES if name == "pool" else QUERIES[::2]:
                pairs = [tuple(part.split("=", 1)) for part in query.split("&") if part]
                off = 0.0
                for who, actor in actors.items():
                    with Session(engine) as session:
                        if who != "off":
                            act_as(session, actor)
                        call = partial(read, session, actor, pairs)
                        median, _ = milliseconds(call, 60, of_call(session))
                    off = off or median
                    print(f"{name} {query or '(all)':32} {who:10} {median:6.1f} ms "
                          f"{median / off:5.2f}x")  # fmt: skip


if __name__ == "__main__":
    main()
