"""Which firms a case is read beside: chosen when it is opened, so that nobody chooses afterwards.

Alike are active firms with the same gap in the same criteria set, on the same rung, in the same
section of industry and with as many gaps (three or more count as three), that have had no case of
the measure. Each case gets up to three; no firm stands twice beside the cases of one opening.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.criteria.store import sets_in_force
from app.firms.queries import RUNG_OF_DESIGNATION
from app.pipeline.fields import places
from app.support.models import SupportCase

EACH = 3
MATCH = text("""
with known as materialized (
  select * from unnest(cast(:names as text[]), cast(:places as int[])) as k (criterion, place)),
held as materialized (
  select firm_id, max(step) as step from (
    select firm_id, step from designation
    join unnest(cast(:kinds as text[]), cast(:steps as int[])) as k (kind, step) using (kind)
    where valid @> cast(:day as date) and superseded_at is null
    union all
    select firm_id, 1 from residency where during @> cast(:day as date) and superseded_at is null
  ) as each group by firm_id),
judged as materialized (
  select firm.id as firm_id, verdict.outcomes, least(verdict.gap_count, 3) as gaps,
         coalesce(held.step, 0) as step, coalesce(left(firm.industry_code, 1), '') as section
  from assessment as verdict join firm on firm.id = verdict.firm_id
  left join held on held.firm_id = firm.id
  where verdict.set_id = :set_id and verdict.gap_count > 0 and firm.status = 'active'),
asked as materialized (
  select one.id, one.measure, place, (outcomes >> 2 * (place - 1)) & 3 as outcome, gaps, step,
         section, row_number() over (partition by one.measure, place,
           (outcomes >> 2 * (place - 1)) & 3, gaps, step, section order by one.id) as n
  from support_case as one join known on criterion = one.criteria[1]
  join judged on judged.firm_id = one.firm_id
  where one.id = any(cast(:cases as int[])) and one.set_code = :set_code),
cells as materialized (
  select distinct measure, place, outcome, gaps, step, section from asked),
alike as materialized (
  select firm_id, measure, place, outcome, gaps, step, section,
         row_number() over (partition by measure, place, outcome, gaps, step, section
                            order by md5(firm_id::text)) as n
  from judged join cells using (gaps, step, section)
  where (outcomes >> 2 * (place - 1)) & 3 = outcome
    and not exists (select from support_case as had
                    where had.firm_id = judged.firm_id and had.measure = cells.measure))
insert into case_peer (case_id, firm_id)
select asked.id, alike.firm_id
from asked join alike using (measure, place, outcome, gaps, step, section)
where alike.n between :each * (asked.n - 1) + 1 and :each * asked.n
""")


def match(session: Session, cases: Sequence[int], day: date) -> None:
    """Put beside each of these new cases the firms that are like its own; a statement a set."""
    of_sets = select(SupportCase.set_code).where(SupportCase.id.in_(cases)).distinct()
    wanted = set(session.scalars(of_sets)) - {None}
    for loaded in sets_in_force(session, day):
        if loaded.policy.code not in wanted:
            continue
        spots = places(loaded)
        session.execute(MATCH, {
            "cases": list(cases), "set_id": loaded.id, "set_code": loaded.policy.code,
            "names": [one.criterion.id for one in spots], "places": [one.index for one in spots],
            "kinds": list(RUNG_OF_DESIGNATION), "steps": list(RUNG_OF_DESIGNATION.values()),
            "day": day, "each": EACH,
        })  # fmt: skip
