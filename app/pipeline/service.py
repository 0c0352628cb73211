"""Assess firms: one statement for verdicts, one for flags, and only what changed is written."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from functools import lru_cache, partial
from typing import Any

from psycopg.errors import DeadlockDetected, ForeignKeyViolation
from sqlalchemy import Engine, Integer, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.accounts.acting import whole_district
from app.core.clock import now
from app.core.db import without_time_limit
from app.core.prepared import SEVERAL, Prepared, as_sql, driver_cursor, prepared, run
from app.criteria.compiler import Compiler, LoadedSet
from app.criteria.facts import best_known
from app.criteria.records import Scope
from app.criteria.store import mark_used, sets_in_force
from app.firms.models import Firm
from app.pipeline import effects, norms
from app.pipeline.flags import raise_flags
from app.pipeline.models import Assessment, Evaluation

SCOPES: dict[str, Scope] = {
    "one": lambda key: key == bindparam("firm_id", type_=Integer),
    "some": lambda key: key == func.any(bindparam("firm_ids", type_=ARRAY(Integer))),
    "range": lambda key: key.between(
        bindparam("first", type_=Integer), bindparam("last", type_=Integer)
    ),
}
KINDS = {"as_of": "date", "firm_id": "int", "firm_ids": "int[]"}
VERDICT = ("outcome", "unmet_count", "unknown_count", "gap_count", "readiness", "outcomes", "gaps")
# Above this many firms their numbers cost more to send than the ranges that hold them to read.
FEW = 20_000
# So many firms' verdicts are compared in memory, and nobody's edit waits long for them.
RANGE = 12_500
# A server seldom has fewer processors, and other work there needs its own.
AT_ONCE = min(os.cpu_count() or 1, 4)
ATTEMPTS = 5
# Who edits firms in another order meanwhile, or deletes one, was first.
PASSING = (DeadlockDetected, ForeignKeyViolation)

VERDICTS = """
select firm_id, set_id, outcome::smallint, unmet_count, unknown_count,
       (unmet_count + unknown_count)::smallint as gap_count,
       (readiness::numeric / 10000)::numeric(5, 4) as readiness, outcomes, gaps
from ({summary}) as summary
"""
CHANGED = """
select verdict.*, old.xmin as stored_by from ({verdicts}) as verdict
left join assessment as old on old.firm_id = verdict.firm_id and old.set_id = verdict.set_id
  and {in_scope}
where old.firm_id is null
   or (old.outcomes, old.gaps, old.readiness) is distinct from
      (verdict.outcomes, verdict.gaps, verdict.readiness)
"""
STORE = f"""
insert into assessment (firm_id, set_id, since, {", ".join(VERDICT)})
select firm_id, set_id, %(as_of)s::date, {", ".join(VERDICT)} from ({{changed}}) as changed
on conflict (firm_id, set_id) do update set since = excluded.since,
  {", ".join(f"{name} = excluded.{name}" for name in VERDICT)}
"""  # noqa: S608 - made of our own column names
# What somebody else has stored since these were read stands: it was made of later facts.
STORE_RANGE = f"""
with changed as ({{changed}}), added as (
  insert into assessment (firm_id, set_id, since, {", ".join(VERDICT)})
  select firm_id, set_id, %(as_of)s::date, {", ".join(VERDICT)} from changed
  where stored_by is null
  on conflict do nothing returning 1
), mended as (
  update assessment set since = %(as_of)s::date,
    {", ".join(f"{name} = changed.{name}" for name in VERDICT)}
  from changed
  where assessment.firm_id between %(first)s and %(last)s
    and assessment.firm_id = changed.firm_id and assessment.set_id = changed.set_id
    and assessment.xmin = changed.stored_by
  returning 1
)
select (select count(*) from added) + (select count(*) from mended) as written
"""  # noqa: S608 - likewise


class _Key(tuple[LoadedSet, ...]):
    """Sets as a cache key: their numbers and codes say all, the policies are large."""

    def __hash__(self) -> int:
        return hash(tuple((s.id, s.policy.code) for s in self))


@lru_cache(maxsize=64)
def _changed(sets: _Key, scope: str) -> str:
    """The verdicts that differ: writing the statement takes longer than running it for one."""
    summary = as_sql(Compiler(list(sets), best_known()).summary(SCOPES[scope]))
    in_scope = "old.firm_id between %(first)s and %(last)s" if scope == "range" else "true"
    verdicts = VERDICTS.replace("{summary}", summary)
    return CHANGED.replace("{verdicts}", verdicts).replace("{in_scope}", in_scope)


@lru_cache(maxsize=64)
def _statement(sets: _Key, scope: str) -> Prepared:
    """Assess few firms: one statement, kept prepared."""
    return prepared(STORE.replace("{changed}", _changed(sets, scope)), KINDS)


def assess(session: Session, firms: Sequence[int] | None, as_of: date) -> int:
    """Evaluate the given firms (all if None) against every set in force; returns verdicts written.

    Their flags follow, and the effects of support cases. What stands is not touched, so a second
    run writes nothing.
    """
    in_force, sets = _in_force(session, as_of)
    session.flush()  # what was reported in this transaction is read below
    with whole_district(session):
        ids = _all_of_few(session) if firms is None else list(firms)
        if not sets or ids == []:
            return 0
        mark_used(session, sets)
        if ids is None or len(ids) > FEW:
            written = sum(store_range(session, sets, as_of, n) for n in _ranges(session, ids))
        else:
            written = _store(session, ids, sets, as_of)
        _follow(session, ids, in_force, as_of)
        return written


def evaluate(engine: Engine, as_of: date) -> Evaluation:
    """The whole register as of a day, recorded as a run; verdicts of sets not in force go.

    Each range of firms is a transaction of its own, and several run at once: nobody's edit waits
    for the whole. A run that is broken off leaves what it stored, and the next one does the rest.
    """
    began = now()
    with Session(engine, expire_on_commit=False) as session:
        with session.begin(), without_time_limit(session):
            in_force, sets = _in_force(session, as_of)
            mark_used(session, sets)
            ids = [s.id for s in sets]
            session.execute(delete(Assessment).where(Assessment.set_id.not_in(ids)))
            ranges = _ranges(session, None) if sets else []
        changed = store_all(engine, sets, as_of, ranges)
        with session.begin(), without_time_limit(session):
            if sets:
                _follow(session, None, in_force, as_of)
            firms = session.scalar(select(func.count()).select_from(Firm))
            run = Evaluation(as_of=as_of, started_at=began, firms=firms, changed=changed)
            session.add(run)
            session.flush()  # what follows needs its number
            norms.keep(session, run)
            run.finished_at = now()
    return run


def store_all(
    engine: Engine, sets: tuple[LoadedSet, ...], as_of: date, ranges: Sequence[int]
) -> int:
    """The verdicts of ranges of firms, several at once; how many were written."""
    store = partial(_store_alone, engine, sets, as_of)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return sum(threads.map(store, ranges))


def store_range(session: Session, sets: tuple[LoadedSet, ...], as_of: date, n: int) -> int:
    """The verdicts of the n-th range of firms, counted from 0; how many were written."""
    changed = _changed(_Key(sets), "range")
    values = {"as_of": as_of, "first": n * RANGE + 1, "last": (n + 1) * RANGE}
    found = driver_cursor(session).execute(STORE_RANGE.replace("{changed}", changed), values)
    [written] = found.fetchone() or [0]
    return int(written)


def _store_alone(engine: Engine, sets: tuple[LoadedSet, ...], as_of: date, n: int) -> int:
    """One range, again where somebody else was first."""
    for _ in range(ATTEMPTS - 1):
        with suppress(*PASSING):
            return _in_a_transaction(engine, sets, as_of, n)
    return _in_a_transaction(engine, sets, as_of, n)


def _in_a_transaction(engine: Engine, sets: tuple[LoadedSet, ...], as_of: date, n: int) -> int:
    with Session(engine) as session, session.begin(), without_time_limit(session):
        return store_range(session, sets, as_of, n)


def _store(session: Session, ids: list[int], sets: tuple[LoadedSet, ...], as_of: date) -> int:
    """The verdicts of few firms; how many were written."""
    values: dict[str, Any] = {"as_of": as_of, "firm_ids": ids}
    if len(ids) == 1:
        values["firm_id"] = ids[0]
    statement = _statement(_Key(sets), "one" if len(ids) == 1 else "some")
    return run(session, statement, values, afresh=len(ids) > SEVERAL).rowcount


def _follow(
    session: Session, ids: list[int] | None, in_force: tuple[LoadedSet, ...], as_of: date
) -> None:
    """Flags, and the effects of support cases, of some firms or all, once verdicts are stored."""
    few = None if ids is None or len(ids) > FEW else ids
    raise_flags(session, few, in_force, as_of)
    effects.measure(session, few, _first(in_force), as_of)


def _in_force(session: Session, as_of: date) -> tuple[tuple[LoadedSet, ...], tuple[LoadedSet, ...]]:
    """The sets in force on a day, and those of them that firms are held against."""
    in_force = tuple(sets_in_force(session, as_of, purpose=None))
    return in_force, _first(in_force)


def _first(in_force: tuple[LoadedSet, ...]) -> tuple[LoadedSet, ...]:
    return tuple(one for one in in_force if one.policy.purpose == "first")


def _all_of_few(session: Session) -> list[int] | None:
    """The firms of a register so small that to plan for ranges of it takes the longest."""
    found = list(session.scalars(select(Firm.id).limit(SEVERAL + 1)))
    return None if len(found) > SEVERAL else found


def _ranges(session: Session, ids: Sequence[int] | None) -> list[int]:
    """The ranges that hold these firms, or any firm."""
    if ids is not None:
        return sorted({(one - 1) // RANGE for one in ids})
    top = session.scalar(select(func.max(Firm.id))) or 0
    return list(range((top + RANGE - 1) // RANGE))
