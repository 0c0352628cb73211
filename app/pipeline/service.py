"""Assess firms: one statement, and only verdicts that changed are written."""

from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, cast, delete, func, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from app.core.clock import now
from app.criteria.compiler import Compiler, LoadedSet, everybody
from app.criteria.facts import best_known
from app.criteria.store import mark_used, sets_in_force
from app.firms.models import Firm
from app.pipeline.models import Assessment, Evaluation

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
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
select firm_id, set_id, %(as_of)s, {", ".join(VERDICT)} from ({{changed}}) as changed
on conflict (firm_id, set_id) do update set since = excluded.since,
  {", ".join(f"{name} = excluded.{name}" for name in VERDICT)}
"""  # noqa: S608 - made of our own column names


@lru_cache(maxsize=64)
def _statement(sets: tuple[int, ...], scope: str, policies: "Frozen") -> str:
    """The statement's text for these sets: compiling takes longer than running it for one firm."""
    compiler = Compiler(list(policies.sets), best_known())
    chosen = {
        "all": everybody,
        "one": lambda key: key == bindparam("firm_id", type_=Integer),
        "some": lambda key: key == func.any(bindparam("firm_ids", type_=postgresql.ARRAY(Integer))),
    }[scope]
    summary = compiler.summary(chosen).compile(dialect=DIALECT)
    changed = CHANGED.replace("{summary}", inlined(summary))
    return STORE.replace("{changed}", changed)


class Frozen:
    """Sets as one hashable key."""

    def __init__(self, sets: list[LoadedSet]) -> None:
        self.sets = tuple(sets)

    def __hash__(self) -> int:
        return hash(tuple((s.id, s.policy.code) for s in self.sets))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frozen) and self.sets == other.sets


def inlined(compiled: Any) -> str:
    """The text with the policy's constants written in; only named parameters remain."""
    named = {"as_of", "firm_id", "firm_ids"}
    sql = str(compiled)
    for name, value in compiled.params.items():
        if name not in named:
            placeholder = f"%({name})s"
            start = sql.index(placeholder)
            end = start + len(placeholder)
            if sql.startswith("::", end):
                end += len("::") + len(sql[end + 2 :].split(maxsplit=1)[0].rstrip(",)"))
            sql = sql[:start] + str(int(value)) + sql[end:]
    return sql


def assess(session: Session, firms: Select[Any] | None, as_of: date) -> int:
    """Evaluate the given firms (all if None) against every set in force; returns rows written.

    A verdict that stands is not touched, so a second run writes nothing.
    """
    sets = sets_in_force(session, as_of)
    if not sets:
        return 0
    ids = None if firms is None else list(session.scalars(firms))
    if ids == []:
        return 0
    parameters: dict[str, Any] = {"as_of": as_of}
    scope = "all"
    if ids is not None and len(ids) == 1:
        scope, parameters["firm_id"] = "one", ids[0]
    elif ids is not None and len(ids) <= FEW:
        scope, parameters["firm_ids"] = "some", ids
    key = tuple(s.id for s in sets)
    sql = _statement(key, scope, Frozen(sets))
    session.flush()  # the statement below reads what was reported in this transaction
    mark_used(session, list(key))
    cursor = session.connection().exec_driver_sql(sql, parameters)
    return int(cursor.rowcount)


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


def firm_ids(condition: ColumnElement[bool]) -> Select[Any]:
    """Numbers of the firms that match, for `assess`."""
    return select(cast(Firm.id, Integer)).where(condition)
