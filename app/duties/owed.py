"""When a duty falls due, as SQL: `firm_id, due, period` of every firm that owes it.

The same text serves the list of duties and the flags, which set `{day}` and `{scope}` in their own
notation. `period` names what the duty is about: the year reported, or the day it counts from.
"""

from app.duties.catalogue import Duty

# What was owed longer ago is no work of today's.
DAYS_KEPT = 365

# Held at the turn of the year, and on the due day or, once it is over, still: with a title its
# duties end. One certificate may have followed another.
YEARLY = """
select held.firm_id, due, (extract(year from due)::int - 1)::text as period
from designation as held, make_date(extract(year from {day})::int, {month}, {on}) as due
where held.superseded_at is null and held.kind in ({titles}) and held.firm_id {scope}
  and held.valid @> make_date(extract(year from due)::int - 1, 12, 31)
  and exists (select from designation as still where still.firm_id = held.firm_id
    and still.kind = held.kind and still.kind in ({titles}) and still.superseded_at is null
    and still.valid @> greatest(due, {day}))"""
# Held when the last year ended, and not given anew for this one.
YEARLY_AGAIN = """
select held.firm_id, due, (extract(year from due)::int - 1)::text as period
from designation as held, make_date(extract(year from {day})::int, {month}, {on}) as due
where held.superseded_at is null and held.kind in ({titles}) and held.firm_id {scope}
  and held.valid @> make_date(extract(year from due)::int - 1, 12, 31)
  and not exists (select from designation as anew where anew.firm_id = held.firm_id
    and anew.kind = held.kind and anew.kind in ({titles}) and anew.superseded_at is null
    and anew.valid @> make_date(extract(year from due)::int, 12, 31))"""
# On the last day, unless another follows; a title that was taken or given back is not renewed.
BEFORE_END = """
select held.firm_id, upper(held.valid) - 1 as due, (upper(held.valid) - 1)::text as period
from designation as held
where held.superseded_at is null and held.kind in ({titles}) and held.firm_id {scope}
  and held.end_reason is null and upper(held.valid) is not null
  and not exists (select from designation as later where later.firm_id = held.firm_id
    and later.kind = held.kind and later.kind in ({titles}) and later.superseded_at is null
    and lower(later.valid) > lower(held.valid))"""
# So many months after the name changed while the title was held, as it is still.
AFTER_RENAME = """
select former.firm_id, (former.until + make_interval(months => {months}))::date as due,
       former.until::text as period
from former_name as former
join designation as held on held.firm_id = former.firm_id and held.superseded_at is null
  and held.kind in ({titles}) and held.valid @> former.until and held.valid @> {day}
where former.firm_id {scope} and former.until <= {day}"""
RULES = {
    "yearly": YEARLY,
    "yearly_again": YEARLY_AGAIN,
    "before_end": BEFORE_END,
    "after_rename": AFTER_RENAME,
}


def falling_due(duty: Duty, day: str, scope: str) -> str:
    """The select of one duty; `day` and `scope` are SQL."""
    titles = ", ".join(f"'{kind}'" for kind in duty.of)
    return RULES[duty.rule].format(
        day=day, scope=scope, titles=titles, month=duty.month, on=duty.day, months=duty.months
    )
