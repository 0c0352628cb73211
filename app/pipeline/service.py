"""Assess firms: one statement, and only verdicts that changed are written."""

from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, delete, func, select, text, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.core.clock import now
from app.core.prepared import Prepared, as_sql, prepared, run
from app.criteria.compiler import Compiler, LoadedSet
from app.criteria.facts import best_known
from app.criteria.records import Scope
from app.criteria.store import mark_used, sets_in_force
from app.firms.models import Firm
from app.pipeline.models import Assessment, Evaluation

SCOPES: dict[str, Scope] = {
    "all": lambda _: true(),
    "one": lambda key: key == bindparam("firm_id", type_=Integer),
    "some": lambda key: key == func.any(bindparam("firm_ids", type_=ARRAY(Integer))),
}
VERDICT = ("outcome", "unmet_count", "unknown_count", "gap_count", "readiness", "outcomes", "gaps")
# Above this many firms their numbers cost more to send than the whole register to read.
FEW = 20_000

CHANGED = """
with verdict as materialized (
  select firm_id, set_id, outcome, unmet_count, unknown_count,
         (unmet_count + unknown_count)::smallint as gap_count,
         (readiness::numeric / 10000)::numeric(5, 4) as readiness, outcomes, gaps
  from ({summary}) as summary
)
select verdict.* from verdict
left join assessment as old using (firm_id, set_id)
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
def _statement(sets: _Key, scope: str) -> Prepared:
    """The statement for these sets: writing it takes longer than running it for one firm."""
    compiler = Compiler(list(sets), best_known())
    summary = compiler.summary(SCOPES[scope])
    kinds = {"as_of": "date", "firm_id": "int", "firm_ids": "int[]"}
    body = as_sql(summary)
    return prepared(STORE.replace("{changed}", CHANGED.replace("{summary}", body)), kinds)


def assess(session: Session, firms: Select[Any] | None, as_of: date) -> int:
    """Evaluate the given firms (all if None) against every set in force; returns rows written.

    A verdict that stands is not touched, so a second run writes nothing.
    """
    sets = sets_in_force(session, as_of)
    session.flush()  # what was reported in this transaction is read below
    ids = None if firms is None else list(session.scalars(firms))
    if not sets or ids == []:
        return 0
    mark_used(session, [s.id for s in sets])
    values: dict[str, Any] = {"as_of": as_of}
    scope = "all"
    if ids is not None and len(ids) == 1:
        scope, values["firm_id"] = "one", ids[0]
    elif ids is not None and len(ids) <= FEW:
        scope, values["firm_ids"] = "some", ids
    return run(session, _statement(_Key(sets), scope), values).rowcount


def evaluate(session: Session, as_of: date) -> Evaluation:
    """The whole register as of a day, recorded as a run; verdicts of sets not in force go."""
    session.execute(text("set local statement_timeout = 0"))
    run = Evaluation(as_of=as_of)
    session.add(run)
    in_force = [s.id for s in sets_in_force(session, as_of)]
    session.execute(delete(Assessment).where(Assessment.set_id.not_in(in_force)))
    run.changed = assess(session, None, as_of)
    run.firms = session.scalar(select(func.count()).select_from(Firm))
    run.finished_at = now()
    session.flush()  # the caller shows its number
    return run
