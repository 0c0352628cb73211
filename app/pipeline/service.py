"""Assess firms: one statement for verdicts, one for flags, and only what changed is written."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.accounts.acting import whole_district
from app.core.clock import now
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
KINDS = {"as_of": "date", "firm_id": "int", "firm_ids": "int[]", "first": "int", "last": "int"}
VERDICT = ("outcome", "unmet_count", "unknown_count", "gap_count", "readiness", "outcomes", "gaps")
# Above this many firms their numbers cost more to send than the whole register to read.
FEW = 20_000
# So many firms' verdicts are compared in memory, without spilling to disk; in parts, each of which
# one process of the server reads alone: of a whole, every process would group all the records.
CHUNK = 100_000
PARTS = 8

# One part of a range is what the server takes for too little to be worth a second process.
SHARED = """set local min_parallel_table_scan_size = 0;
set local min_parallel_index_scan_size = 0"""
UNSHARED = """set local min_parallel_table_scan_size to default;
set local min_parallel_index_scan_size to default"""

VERDICTS = """
select firm_id, set_id, outcome::smallint, unmet_count, unknown_count,
       (unmet_count + unknown_count)::smallint as gap_count,
       (readiness::numeric / 10000)::numeric(5, 4) as readiness, outcomes, gaps
from ({summary}) as summary
"""
CHANGED = """
select verdict.* from {verdicts} as verdict
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


class _Key(tuple[LoadedSet, ...]):
    """Sets as a cache key: their numbers and codes say all, the policies are large."""

    def __hash__(self) -> int:
        return hash(tuple((s.id, s.policy.code) for s in self))


@lru_cache(maxsize=64)
def _verdicts(sets: _Key, scope: str) -> str:
    """The verdicts of these sets: writing the statement takes longer than running it for one."""
    summary = as_sql(Compiler(list(sets), best_known()).summary(SCOPES[scope]))
    return VERDICTS.replace("{summary}", in_parts(summary) if scope == "range" else summary)


def in_parts(summary: str) -> str:
    """A statement over a range of firms as one over each of its parts."""
    parts = (
        summary.replace("%(first)s", f"%(first_{n})s").replace("%(last)s", f"%(last_{n})s")
        for n in range(PARTS)
    )
    return " union all ".join(f"({one})" for one in parts)


def ranges(top: int) -> Iterator[dict[str, int]]:
    """Firms 1 to `top` in chunks: the bounds of each, and those of its parts."""
    for first in range(1, top + 1, CHUNK):
        edges = [first + CHUNK * n // PARTS for n in range(PARTS + 1)]
        starts = {f"first_{n}": edge for n, edge in enumerate(edges[:-1])}
        ends = {f"last_{n}": edge - 1 for n, edge in enumerate(edges[1:])}
        yield {"first": first, "last": first + CHUNK - 1} | starts | ends


@lru_cache(maxsize=64)
def _statement(sets: _Key, scope: str) -> Prepared:
    """Assess few firms: one statement, kept prepared."""
    changed = CHANGED.replace("{verdicts}", f"({_verdicts(sets, scope)})")
    return prepared(STORE.replace("{changed}", changed.replace("{in_scope}", "true")), KINDS)


def assess(session: Session, firms: Sequence[int] | None, as_of: date) -> int:
    """Evaluate the given firms (all if None) against every set in force; returns verdicts written.

    Their flags follow, and the effects of support cases. What stands is not touched, so a second
    run writes nothing.
    """
    in_force = tuple(sets_in_force(session, as_of, purpose=None))
    sets = tuple(one for one in in_force if one.policy.purpose == "first")
    session.flush()  # what was reported in this transaction is read below
    with whole_district(session):
        ids = _all_of_few(session) if firms is None else list(firms)
        if not sets or ids == []:
            return 0
        mark_used(session, sets)
        written = _assess(session, ids, _Key(sets), as_of)
        few = None if ids is None or len(ids) > FEW else ids
        raise_flags(session, few, in_force, as_of)
        effects.measure(session, few, sets, as_of)
        return written


def _all_of_few(session: Session) -> list[int] | None:
    """The firms of a register so small that to plan for ranges of it takes the longest."""
    found = list(session.scalars(select(Firm.id).limit(SEVERAL + 1)))
    return None if len(found) > SEVERAL else found


def _assess(session: Session, ids: list[int] | None, sets: _Key, as_of: date) -> int:
    if ids is None or len(ids) > FEW:
        return store_all(session, sets, as_of)
    values: dict[str, Any] = {"as_of": as_of, "firm_ids": ids}
    if len(ids) == 1:
        values["firm_id"] = ids[0]
    scope = "one" if len(ids) == 1 else "some"
    afresh = len(ids) > SEVERAL
    return run(session, _statement(sets, scope), values, afresh=afresh).rowcount


def store_all(session: Session, sets: tuple[LoadedSet, ...], as_of: date) -> int:
    """Verdicts of the whole register, a range of firms at a time; how many were written.

    Each range is read into a temporary table, for only that can be done by several processes of
    the server at once; an insert cannot.
    """
    cursor = driver_cursor(session)
    cursor.execute(SHARED)
    changed = CHANGED.replace("{verdicts}", f"({_verdicts(_Key(sets), 'range')})").replace(
        "{in_scope}", "old.firm_id between %(first)s and %(last)s"
    )
    store = STORE.replace("{changed}", "table changed")
    written = 0
    top = session.scalar(select(func.max(Firm.id))) or 0
    for bounds in ranges(top):
        values = {"as_of": as_of, **bounds}
        cursor.execute(f"create temporary table changed on commit drop as {changed}", values)
        written += cursor.execute(store, values).rowcount
        cursor.execute("drop table changed")
    cursor.execute(UNSHARED)
    return written


def evaluate(session: Session, as_of: date) -> Evaluation:
    """The whole register as of a day, recorded as a run; verdicts of sets not in force go."""
    session.execute(text("set local statement_timeout = 0"))
    run = Evaluation(as_of=as_of)
    session.add(run)
    in_force = [s.id for s in sets_in_force(session, as_of)]
    session.execute(delete(Assessment).where(Assessment.set_id.not_in(in_force)))
    run.changed = assess(session, None, as_of)
    run.firms = session.scalar(select(func.count()).select_from(Firm))
    session.flush()  # what follows needs its number
    norms.keep(session, run)
    run.finished_at = now()
    session.flush()  # the caller shows its number
    return run
