"""Counting rules as SQL: what each firm adds above and below the line on a day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    any_,
    case,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)

from app.criteria.facts import Facts
from app.criteria.grammar import Node
from app.firms.models import Designation, Location, RecordCheck, Residency
from app.firms.queries import RUNG_OF_DESIGNATION, RUNGS
from app.plans import grammar
from app.plans.records import RECORDS, Recorded

Sql = ColumnElement[Any]
# Who answers for a firm on a day; None stands for the whole district.
DIVISIONS = ("park", "incubator", "department")
ONE: Sql = literal_column("1", BigInteger)
ZERO: Sql = literal_column("0", BigInteger)
NONE: Sql = literal_column("null::bigint", BigInteger)
NO: Sql = literal_column("false", Boolean)


@dataclass(frozen=True)
class When:
    """The day, and the first day of the period that a flow counts from."""

    day: date
    since: date


def figure_year(day: date) -> int:
    """The last year that is over: figures are those of a whole year."""
    return day.year if (day.month, day.day) == (12, 31) else day.year - 1


def contributions(rule: Node, when: When, facts: Facts) -> Select[Any]:
    """`firm_id`, `part`, `whole` and `unknown`, one row for each firm that the rule reads.

    `whole` is null where nothing stands below the line; `unknown` marks a firm of which it is not
    known whether, or how much, it adds.
    """
    match rule:
        case grammar.Stock(stock=who):
            return _each(_who(who, when.day, facts))
        case grammar.Gained(gained=who):
            return _each(_gained(who, when, facts))
        case grammar.Flow(flow=records):
            return _summed(records, _count, _within(records, when, facts))
        case grammar.Sum(sum=records, amount=amount):
            return _summed(records, _amounts(amount), _within(records, when, facts))
        case grammar.PerPopulation(per_population=records):
            return _summed(records, _count, _in_force(records, when.day, facts))
        case grammar.Ratio():
            return _ratio(rule, when.day, facts)
        case grammar.Coverage():
            return _coverage(rule, when.day, facts)
    raise TypeError(f"no SQL for {rule!r}")


def divided(
    found: Select[Any], by: str | None, day: date, facts: Facts
) -> tuple[FromClause, Sql, FromClause]:
    """The contributions joined to who answers for each firm: source, key and contributions.

    The key is a number of an organisation, or for departments a section of GB/T 4754.
    """
    rows = found.subquery("counted")
    if by is None:
        return rows, literal_column("null::int"), rows
    if by == "department":
        firm = facts.firm
        key: Sql = func.left(firm.c.industry_code, 1)
        return rows.outerjoin(firm, firm.c.id == rows.c.firm_id), key, rows
    model: Any = Location if by == "park" else Residency
    places = facts.records(model).alias("places")
    here = and_(places.c.firm_id == rows.c.firm_id, places.c.during.op("@>")(literal(day)))
    key = places.c.park_id if by == "park" else places.c.incubator_id
    return rows.outerjoin(places, here), key, rows


# --- firms --------------------------------------------------------------------------------------


def _each(firms: Select[Any]) -> Select[Any]:
    rows = firms.subquery()
    return select(rows.c.firm_id, ONE.label("part"), NONE.label("whole"), NO.label("unknown"))


def _who(who: grammar.Who, day: date, facts: Facts) -> Select[Any]:
    """`firm_id` of each of these firms on a day, once."""
    held = facts.records(Designation)
    wanted = kinds_of(who)
    on = and_(_among(held.c.kind, wanted), held.c.valid.op("@>")(literal(day)))
    firms = select(held.c.firm_id).where(on)
    if len(wanted) > 1:
        firms = firms.distinct()
    if who.rung_at_least == RUNGS[0]:
        stays = facts.records(Residency)
        inside = select(stays.c.firm_id).where(stays.c.during.op("@>")(literal(day)))
        both = union_all(firms, inside).subquery()
        firms = select(both.c.firm_id).distinct()
    return _in_sections(firms, who.industry, facts)


def kinds_of(who: grammar.Who) -> list[str]:
    """The designations by which one is among these firms."""
    if who.rung_at_least is None:
        return list(who.designation)
    least = RUNGS.index(who.rung_at_least) + 1
    return [kind for kind, step in RUNG_OF_DESIGNATION.items() if step >= least]


def _gained(who: grammar.Who, when: When, facts: Facts) -> Select[Any]:
    """Certified, lapsed and certified again is one gain, and none where it was held before."""
    held = facts.records(Designation)
    wanted = _among(held.c.kind, kinds_of(who))
    begins = func.lower(held.c.valid)
    eve = literal(when.since) - 1
    firms = (
        select(held.c.firm_id)
        .where(wanted, begins <= when.day)
        .group_by(held.c.firm_id)
        .having(func.bool_or(begins >= when.since))
        .having(func.not_(func.bool_or(held.c.valid.op("@>")(eve))))
    )
    return _in_sections(firms, who.industry, facts)


def _among(column: Any, values: Sequence[str]) -> Sql:
    # An array even for one: the B-tree index knows what to do with it, the other does not.
    found: Sql = column == any_(literal(list(values), ARRAY(Text)))
    return found


def _in_sections(firms: Select[Any], sections: Sequence[str], facts: Facts) -> Select[Any]:
    if not sections:
        return firms
    rows = firms.subquery()
    firm = facts.firm
    return (
        select(rows.c.firm_id)
        .join(firm, firm.c.id == rows.c.firm_id)
        .where(func.left(firm.c.industry_code, 1).in_(sections))
    )


# --- records ------------------------------------------------------------------------------------


Measured = Callable[[FromClause], tuple[Sql, Sql]]


def _count(_rows: FromClause) -> tuple[Sql, Sql]:
    return func.count(), NO


def _amounts(amount: str) -> Measured:
    """The sum of what is known; a record without an amount makes its firm's part unknown."""

    def measured(rows: FromClause) -> tuple[Sql, Sql]:
        column = rows.c[amount]
        return func.sum(type_coerce(column, BigInteger)), func.bool_or(column.is_(None))

    return measured


def _summed(
    records: grammar.Records, measured: Measured, found: tuple[FromClause, Sql]
) -> Select[Any]:
    rows, passed = found
    part, unknown = measured(rows)
    return (
        select(rows.c.firm_id, part.label("part"), NONE.label("whole"), unknown.label("unknown"))
        .where(passed, _passes(records, rows))
        .group_by(rows.c.firm_id)
    )


def _within(records: grammar.Records, when: When, facts: Facts) -> tuple[FromClause, Sql]:
    kind = RECORDS[records.record]
    rows = facts.records(kind.model)
    day = _day(kind, rows)
    return rows, and_(day >= when.since, day <= when.day)


def _in_force(records: grammar.Records, day: date, facts: Facts) -> tuple[FromClause, Sql]:
    kind = RECORDS[records.record]
    rows = facts.records(kind.model)
    if kind.period is not None:
        return rows, rows.c[kind.period].op("@>")(literal(day))
    begun = _day(kind, rows) <= day
    if kind.ended is None:
        return rows, begun
    return rows, and_(begun, or_(rows.c[kind.ended].is_(None), rows.c[kind.ended] > day))


def _day(kind: Recorded, rows: FromClause) -> Sql:
    if kind.period is not None:
        return func.lower(rows.c[kind.period])
    assert kind.day is not None
    return rows.c[kind.day]


def _passes(records: grammar.Records, rows: FromClause) -> Sql:
    tests: list[Any] = []
    for name, values in records.where.items():
        column = rows.c[name]
        listed = isinstance(column.type, ARRAY)
        if not values:
            tests.append(func.cardinality(column) > 0 if listed else column.is_not(None))
        elif listed:
            tests.append(column.op("&&")(literal(list(values), ARRAY(Text))))
        else:
            tests.append(column.in_(values))
    return and_(true(), *tests)


# --- ratios -------------------------------------------------------------------------------------


def _ratio(rule: grammar.Ratio, day: date, facts: Facts) -> Select[Any]:
    firms = _who(rule.among, day, facts).subquery("among")
    years = facts.firm_year.alias("figures")
    over, under = (type_coerce(years.c[name], BigInteger) for name in (rule.over, rule.under))
    there = and_(over.is_not(None), under.is_not(None))
    return select(
        firms.c.firm_id,
        case((there, over), else_=ZERO).label("part"),
        case((there, under), else_=ZERO).label("whole"),
        func.coalesce(func.not_(there), true()).label("unknown"),
    ).select_from(
        firms.outerjoin(
            years, and_(years.c.firm_id == firms.c.firm_id, years.c.year == figure_year(day))
        )
    )


def _coverage(rule: grammar.Coverage, day: date, facts: Facts) -> Select[Any]:
    firms = _who(rule.among, day, facts).subquery("among")
    rows, in_force = _in_force(rule.having, day, facts)
    having = exists().where(rows.c.firm_id == firms.c.firm_id, in_force, _passes(rule.having, rows))
    check = RECORDS[rule.having.record].check
    checks = facts.records(RecordCheck)
    complete: Any = false()
    if check is not None:
        complete = exists().where(checks.c.firm_id == firms.c.firm_id, checks.c.kind == check)
    # Behind a fence, or each firm's records would be looked for once for every use of the answer.
    told = select(firms.c.firm_id, having.label("has"), complete.label("complete")).offset(0)
    found = told.subquery("told")
    return select(
        found.c.firm_id,
        case((found.c.has, ONE), else_=ZERO).label("part"),
        ONE.label("whole"),
        and_(~found.c.has, ~found.c.complete).label("unknown"),
    )
