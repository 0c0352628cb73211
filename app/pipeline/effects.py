"""What came of support cases, measured by the evaluation itself: gap closed on, rung reached on.

The firms that stand beside a case are measured alike. Cases belong to `app.support`, above; the
evaluation knows only what it writes into them.
"""

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.criteria.compiler import LoadedSet
from app.firms.queries import RUNG_OF_DESIGNATION, RUNGS
from app.pipeline.fields import places

WAITING = """
select set_code from support_case as one
where (gap_closed_on is null or rung_reached_on is null) and set_code is not null
  and one.firm_id {scope}
union
select set_code from case_peer as peer join support_case as one on one.id = case_id
where (peer.gap_closed_on is null or peer.rung_reached_on is null) and set_code is not null
  and peer.firm_id {scope}
"""
# Apart, for one plan that fits both would be made anew each time.
WAITING_OF_ALL = text(WAITING.format(scope="is not null"))
WAITING_OF_SOME = text(WAITING.format(scope="= any(:ids)"))
# The tables that are measured, each with the case that says what is waited for.
MEASURED = (("support_case", "one.id = mine.id"), ("case_peer", "one.id = mine.case_id"))
# A gap is closed when every criterion of the case is met in the set it was opened for.
CLOSE = """
update {table} as mine set gap_closed_on = :as_of
from support_case as one, assessment as verdict
where {same} and mine.gap_closed_on is null and one.set_code = :code
  and (:every or mine.firm_id = any(:ids)) and verdict.firm_id = mine.firm_id
  and verdict.set_id = :set_id and cardinality(one.criteria) > 0 and one.opened_on <= :as_of
  and not exists (
    select from unnest(one.criteria) as wanted
    left join unnest(cast(:names as text[]), cast(:places as int[])) as known (name, place)
      on name = wanted
    where place is null or (outcomes >> 2 * (place - 1)) & 3 not in (1, 3))
"""
REACHED = """
update {table} as mine set rung_reached_on = :as_of
from support_case as one
where {same} and mine.rung_reached_on is null and one.set_code = :code
  and (:every or mine.firm_id = any(:ids))
  and exists (select from designation as held
    where held.firm_id = mine.firm_id and superseded_at is null and valid @> :as_of
      and kind = any(cast(:kinds as text[])))
"""
CLOSES = tuple(text(CLOSE.format(table=table, same=same)) for table, same in MEASURED)
REACHES = tuple(text(REACHED.format(table=table, same=same)) for table, same in MEASURED)


def measure(
    session: Session, ids: list[int] | None, sets: tuple[LoadedSet, ...], as_of: date
) -> None:
    """Write the day on which a case's gaps were first seen closed, and its rung first held."""
    scope = {"every": ids is None, "ids": ids or []}
    waiting = set(
        session.scalars(WAITING_OF_ALL)
        if ids is None
        else session.scalars(WAITING_OF_SOME, {"ids": ids})
    )
    for loaded in sets:
        if loaded.policy.code not in waiting:
            continue
        spots = places(loaded)
        given = scope | {
            "as_of": as_of, "code": loaded.policy.code, "set_id": loaded.id,
            "names": [one.criterion.id for one in spots], "places": [one.index for one in spots],
        }  # fmt: skip
        for statement in CLOSES:
            session.execute(statement, given)
        if loaded.policy.rung is not None:
            _reached(session, scope, loaded, as_of)


def _reached(session: Session, scope: dict[str, object], loaded: LoadedSet, as_of: date) -> None:
    step = RUNGS.index(str(loaded.policy.rung)) + 1
    kinds = [kind for kind, at in RUNG_OF_DESIGNATION.items() if at >= step]
    given = scope | {"as_of": as_of, "code": loaded.policy.code, "kinds": kinds}
    for statement in REACHES:
        session.execute(statement, given)
