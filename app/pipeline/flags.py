"""Raise and close flags: one select per kind over the verdicts and facts of a day, one statement.

Each select gives `firm_id, subject, criterion, figures`. What is wanted and not open is opened,
what is open and no longer wanted is closed, and a flag that stands is not touched.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.prepared import SEVERAL, Prepared, driver_cursor, prepared, run
from app.criteria.compiler import LoadedSet
from app.duties.catalogue import DUTIES, Duty
from app.duties.owed import DAYS_KEPT, falling_due
from app.firms.flag_models import FLAG_KINDS, FlagRule
from app.firms.queries import RUNG_OF_DESIGNATION, RUNGS
from app.pipeline.fields import Place, places

# The rungs ahead of each step. The pool is the district's own: nobody must have been in it to be
# certified, so a tech-based firm has both before it.
AHEAD = {0: (2,), 1: (2,), 2: (3, 4), 3: (4,), 4: (5,)}
# A title that runs no longer than a year is always near its end: it counts in its last months.
YEARLY_MONTHS = 3
# How often the reader is told how near an end is.
STAGES = (12, 6, 3, 1)
SCOPES = {"one": "= %(firm_id)s", "some": "= any(%(firm_ids)s)", "all": "is not null"}
PARAMETERS = {"as_of": "date", "firm_id": "int", "firm_ids": "int[]"} | {
    kind: "int" for kind, one in FLAG_KINDS.items() if one.threshold is not None
}

# Who stands on which step, and the verdicts of the rungs ahead. A firm's verdicts lie together, a
# set's scattered over the table: `offset 0` has them looked up firm by firm, in their order.
COMMON = """
standing as materialized (
  select firm_id, max(step) as step from (
    select firm_id, case kind {steps} end as step from designation
    where superseded_at is null and valid @> %(as_of)s and kind in ({kinds}) and firm_id {scope}
    union all
    select firm_id, 1 from residency
    where superseded_at is null and during @> %(as_of)s and firm_id {scope}
  ) as held group by firm_id
), ahead as materialized (
  select firm.id as firm_id, coalesce(step, 0) as step, verdict.*
  from firm left join standing on standing.firm_id = firm.id
  cross join lateral (
    select set_id, outcome, unmet_count, unknown_count, gap_count, outcomes, gaps, since
    from assessment where firm_id = firm.id and set_id = any({ahead}) offset 0) as verdict
  where firm.id {scope} and firm.status = 'active'
)"""
READY = """
select firm_id, {title} as subject, null::text as criterion,
       jsonb_build_object('set', {code}) as figures
from ahead where outcome = 1"""
NEAR = """
select firm_id, {title}, coalesce({first_unmet}, {first_unknown}),
       jsonb_build_object('set', {code}, 'unmet', {unmet}, 'unknown', {unknown}, 'gaps', {gaps})
from ahead where gap_count between 1 and %(near)s"""
DATA_MISSING = """
select firm_id, {title}, {first_unknown}, jsonb_build_object('set', {code}, 'unknown', {unknown})
from ahead where step > 0 and unknown_count >= %(data_missing)s"""
STALLED = """
select firm_id, {title}, null, jsonb_build_object('set', {code}, 'since', since,
       'gap_count', gap_count)
from ahead where step > 0 and gap_count > 0
  and since <= %(as_of)s - make_interval(months => %(stalled)s)"""
# The latest year that is known of the last two; one without a predecessor tells nothing.
FAST_GROWING = """
select firm_id, 'revenue_sales', null, jsonb_build_object('year', year,
       'before', round(before / 100.0, 2)::text, 'after', round(after / 100.0, 2)::text)
from (
  select distinct on (later.firm_id) later.firm_id, later.year, earlier.revenue_sales as before,
         later.revenue_sales as after
  from firm_year as later
  left join firm_year as earlier
    on earlier.firm_id = later.firm_id and earlier.year = later.year - 1 and earlier.firm_id {scope}
  where later.firm_id {scope} and later.revenue_sales is not null
    and later.year between extract(year from %(as_of)s)::int - 2
                       and extract(year from %(as_of)s)::int - 1
  order by later.firm_id, later.year desc
) as grown join firm on firm.id = firm_id and status = 'active'
where before > 0 and after::numeric * 100 >= before::numeric * (100 + %(fast_growing)s)"""
EXPIRING = """
select firm_id, kind, null, jsonb_build_object('last', last, 'months', (
    select min(stage) from unnest(array[{stages}]) as stage
    where last < %(as_of)s + make_interval(months => stage)))
from (
  select firm_id, kind, upper(valid) - 1 as last, case when upper(valid) - lower(valid) <= 366
         then least(%(expiring)s, {yearly}) else %(expiring)s end as within
  from designation as ending
  where superseded_at is null and valid @> %(as_of)s and upper(valid) is not null and firm_id {scope}
    and not exists (select from designation as renewed where renewed.firm_id = ending.firm_id
      and renewed.kind = ending.kind and renewed.superseded_at is null
      and lower(renewed.valid) >= upper(ending.valid))
) as titles join firm on firm.id = firm_id and status = 'active'
where last < %(as_of)s + make_interval(months => within)"""  # noqa: E501
# From the titles that are held to their verdicts: of most verdicts nobody holds the title.
AT_RISK = """
select * from (select firm_id, kind as subject, {first_unmet} as criterion,
  jsonb_build_object('set', {code}, 'unmet', {unmet})
from designation as held
join (values {titles}) as titled (kind, set_id) using (kind)
join assessment as verdict using (firm_id, set_id)
join firm on firm.id = firm_id and firm.status = 'active'
where held.superseded_at is null and held.valid @> %(as_of)s and held.firm_id {scope}
  and verdict.firm_id {scope} and outcome = 0
) as lost where criterion is not null"""
# Of each duty the earliest that nobody has recorded as done.
DUTY_DUE = """
select * from (
  select distinct on (firm_id) firm_id, {code}, null::text as criterion,
         jsonb_build_object('due', due, 'period', period) as figures
  from ({falls}) as falls join firm on firm.id = firm_id and status = 'active'
  where due >= %(as_of)s - {kept}{within} and not exists (select from duty_done as done
    where done.firm_id = falls.firm_id and done.code = {code} and done.period = falls.period
      and done.superseded_at is null)
  order by firm_id, due
) as earliest"""
NOT_SERVED = """
select firm.id, 'service', null, jsonb_build_object('last', last)
from firm join standing on standing.firm_id = firm.id
left join (
  select firm_id, max(served_on) as last from service_record
  where superseded_at is null and firm_id {scope} group by firm_id
) as served on served.firm_id = firm.id
where firm.id {scope} and status = 'active'
  and (last is null or last <= %(as_of)s - make_interval(months => %(not_served)s))"""
KEEP = """
with {common}, wanted as materialized ({wanted}),
closed as (
  update flag set closed_on = greatest(%(as_of)s, since)
  where closed_on is null and firm_id {scope} and not exists (
    select from wanted where wanted.firm_id = flag.firm_id and wanted.kind = flag.kind
      and wanted.subject = flag.subject)
  returning 1
), raised as (
  insert into flag (firm_id, kind, subject, since, criterion, figures)
  select wanted.firm_id, wanted.kind, wanted.subject, coalesce(old.since, %(as_of)s),
         wanted.criterion, wanted.figures
  from wanted left join flag as old on old.firm_id = wanted.firm_id and old.kind = wanted.kind
    and old.subject = wanted.subject and old.closed_on is null and old.firm_id {scope}
  where old.firm_id is null
     or (old.criterion, old.figures) is distinct from (wanted.criterion, wanted.figures)
  on conflict (firm_id, kind, subject, since) do update set closed_on = null,
    criterion = excluded.criterion, figures = excluded.figures
  returning 1
)
select (select count(*) from closed) + (select count(*) from raised) as written"""


def thresholds(session: Session) -> dict[str, int]:
    """The threshold of every kind that has one: as shipped, or as somebody set it."""
    rules = select(FlagRule.kind, FlagRule.threshold)
    set_so: dict[str, int] = {kind: number for kind, number in session.execute(rules)}
    shipped = {k: one.threshold for k, one in FLAG_KINDS.items() if one.threshold is not None}
    return shipped | set_so


def raise_flags(
    session: Session, ids: list[int] | None, sets: tuple[LoadedSet, ...], as_of: date
) -> int:
    """Open and close the flags of these firms (all if None) on their verdicts; rows written.

    `sets` are those in force on the day, for a first grant and for a review.
    """
    values: dict[str, Any] = {"as_of": as_of, **thresholds(session)}
    first = tuple(one for one in sets if one.policy.purpose == "first")
    key = _Key(first, tuple(one for one in sets if one.policy.purpose == "review"))
    if ids is None:
        cursor = driver_cursor(session)
        cursor.execute("set local work_mem = '64MB'")  # the whole register's, in memory
        found = cursor.execute(_typed(_text(key, "all")), values).fetchone()
        cursor.execute("set local work_mem to default")
        return int(found[0]) if found else 0
    values |= {"firm_id": ids[0], "firm_ids": ids}
    scope = "one" if len(ids) == 1 else "some"
    statement = _statement(key, scope)
    row = run(session, statement, values, afresh=len(ids) > SEVERAL).fetchone()
    return int(row["written"]) if row else 0


class _Key:
    """Sets as a cache key, as in `service`: those of a first grant, and those of reviews."""

    def __init__(self, first: tuple[LoadedSet, ...], reviews: tuple[LoadedSet, ...]) -> None:
        self.first, self.reviews = first, reviews
        self.said = tuple((one.id, one.policy.code) for one in (*first, *reviews))

    def __hash__(self) -> int:
        return hash(self.said)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.said == other.said


@lru_cache(maxsize=64)
def _statement(key: _Key, scope: str) -> Prepared:
    return prepared(_text(key, scope), PARAMETERS)


def _typed(statement: str) -> str:
    """The day as a date where the driver writes it in as a literal."""
    return statement.replace("%(as_of)s", "%(as_of)s::date")


@lru_cache(maxsize=64)
def _text(key: _Key, scope: str) -> str:
    """The whole statement over these sets."""
    ahead = _ahead(key.first)
    common = COMMON.format(
        scope=SCOPES[scope], ahead=_sets_by("coalesce(step, 0)", ahead),
        kinds=_listed(RUNG_OF_DESIGNATION),
        steps=" ".join(f"when '{kind}' then {step}" for kind, step in RUNG_OF_DESIGNATION.items()),
    )  # fmt: skip
    parts = [
        f"select firm_id, '{kind}'::text as kind, subject, criterion, figures from ({found}) "
        f"as {kind}(firm_id, subject, criterion, figures)"
        for kind, found in _selects(key, [one for _, one in ahead], SCOPES[scope])
    ]
    wanted = " union all ".join(parts)
    return KEEP.format(common=common, wanted=wanted, scope=SCOPES[scope])


def _sets_by(word: str, pairs: Sequence[tuple[object, LoadedSet]]) -> str:
    """An array of the sets that go with each value of an expression."""
    found: dict[object, list[str]] = {}
    for value, one in pairs:
        found.setdefault(value, []).append(str(one.id))
    cases = " ".join(f"when {value} then array[{', '.join(ids)}]" for value, ids in found.items())
    return f"case {word} {cases} end"


def _ahead(sets: tuple[LoadedSet, ...]) -> list[tuple[int, LoadedSet]]:
    """Each step with the sets of the rungs before it."""
    return [
        (step, one)
        for step, rungs in AHEAD.items()
        for one in sets
        if one.policy.rung is not None and RUNGS.index(one.policy.rung) + 1 in rungs
    ]


def _selects(key: _Key, ahead: list[LoadedSet], scope: str) -> Iterator[tuple[str, str]]:
    """Each kind with the select that finds its firms."""
    spoken = {one.id: _Spoken(one) for one in ahead}
    for kind, query in (("ready", READY), ("near", NEAR), ("data_missing", DATA_MISSING),
                        ("stalled", STALLED)):  # fmt: skip
        yield kind, query.format(**_by_set(list(spoken.values())))
    yield "fast_growing", FAST_GROWING.format(scope=scope)
    stages = ", ".join(map(str, STAGES))
    yield "expiring", EXPIRING.format(scope=scope, stages=stages, yearly=YEARLY_MONTHS)
    reviews = {one.policy.title: one for one in key.reviews}
    held = [_Spoken(one, reviews.get(one.policy.title)) for one in key.first]
    lost = [one for one in held if one.places]
    titles = ", ".join(f"('{one.loaded.policy.title}', {one.loaded.id})" for one in lost)
    yield "at_risk", AT_RISK.format(scope=scope, titles=titles, **_by_set(lost))
    # The end of a title is a flag of its own.
    owed = [one for one in DUTIES.values() if one.rule != "before_end"]
    yield "duty_due", " union all ".join(_duty(one, scope) for one in owed)
    yield "not_served", NOT_SERVED.format(scope=scope)


def _duty(duty: Duty, scope: str) -> str:
    # A change is to be reported from the day it happened.
    within = "" if duty.rule == "after_rename" else " and due <= %(as_of)s + %(duty_due)s"
    falls = falling_due(duty, "%(as_of)s", scope)
    return DUTY_DUE.format(code=f"'{duty.code}'::text", falls=falls, within=within, kept=DAYS_KEPT)


class _Spoken:
    """One set's words as SQL over `outcomes` and `gaps`; of a review only what it still asks."""

    def __init__(self, loaded: LoadedSet, review: LoadedSet | None = None) -> None:
        self.loaded = loaded
        asked = None if review is None else {one.id for one in review.policy.criteria}
        self.places = [
            one for one in places(loaded)
            if one.outer and (asked is None or one.criterion.id in asked)
        ]  # fmt: skip

    def ids(self, outcome: int) -> str:
        """An array of the criteria with an outcome."""
        cases = [f"case when {_is(one, outcome)} then '{one.criterion.id}' end"
                 for one in self.places]  # fmt: skip
        return f"to_jsonb(array_remove(array[{', '.join(cases)}]::text[], null))"

    def first(self, test: Callable[[Place], str]) -> str:
        """The first criterion of which something is so."""
        cases = " ".join(f"when {test(one)} then '{one.criterion.id}'" for one in self.places)
        return f"case {cases} end"

    def gaps(self) -> str:
        """What closes each unmet criterion, as exact text in its unit."""
        pairs = []
        for one in self.places:
            if one.gap_unit is not None:
                amount = f"gaps[{one.index}]"
                if one.gap_unit in ("yuan", "percent"):
                    amount = f"round({amount} / 100.0, 2)"
                shown = f"case when {_is(one, 0)} then {amount} end"
                pairs.append(f"'{one.criterion.id}', ({shown})::text")
        return f"jsonb_strip_nulls(jsonb_build_object({', '.join(pairs)}))"


def _is(place: Place, outcome: int) -> str:
    return f"(outcomes >> {2 * (place.index - 1)}) & 3 = {outcome}"


def _by_set(sets: list[_Spoken]) -> dict[str, str]:
    """Each word as one expression over `set_id`."""

    def chosen(word: Callable[[_Spoken], str]) -> str:
        cases = " ".join(f"when {one.loaded.id} then {word(one)}" for one in sets)
        return f"case set_id {cases} end"

    return {
        "title": chosen(lambda one: f"'{one.loaded.policy.title}'::text"),
        "code": chosen(lambda one: f"'{one.loaded.policy.code}'::text"),
        "unmet": chosen(lambda one: one.ids(0)),
        "unknown": chosen(lambda one: one.ids(2)),
        "gaps": chosen(_Spoken.gaps),
        "first_unmet": chosen(lambda one: one.first(lambda place: _is(place, 0))),
        "first_unknown": chosen(lambda one: one.first(lambda place: _is(place, 2))),
    }


def _listed(words: Any) -> str:
    return ", ".join(f"'{word}'" for word in words)
