"""Firms by their records: whether there are any of a kind, how many, and what they add up to.

`has.<table>`, `count.<table>` and `sum.<table>` of all records that stand; `count.<table>.<year>`
and `sum.<table>.<year>` of those of one year.
"""

from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    exists,
    false,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy import type_coerce as coerced

from app.core.db import Base
from app.core.fields import Field, Predicate, whole_number
from app.firms.fields import OLDEST_YEAR, fen
from app.firms.models import Fact, Firm

# By what a record of a kind is dated; the kinds that say so otherwise are named here.
DAYS = ("happened_on", "granted_on", "awarded_on", "published_on", "served_on", "spun_off_on",
        "entered_on", "reached_on", "since")  # fmt: skip


@cache
def counted() -> dict[str, Any]:
    """The tables of records that have a day, by name."""
    models: list[Any] = [mapper.class_ for mapper in Base.registry.mappers]
    facts = [one for one in models if issubclass(one, Fact) and _day(one) is not None]
    return {one.__table__.name: one for one in facts}


def _day(model: Any) -> Any:
    return next((model.__table__.c[name] for name in DAYS if name in model.__table__.c), None)


def has_field(name: str, day: date) -> Field | None:
    """Has any record of a kind."""
    model = counted().get(name.partition(".")[2])
    if model is None:
        return None
    there = exists().where(_current(model, None))

    def matches(wanted: list[bool]) -> Predicate:
        return or_(*(there if yes else not_(there) for yes in wanted))

    return Field(name, "bool", matches=matches, lookups=("",), shown=False,
                 label={"zh": f"有记录：{model.__table__.name}", "en": name})  # fmt: skip


def count_field(name: str, day: date) -> Field | None:
    """How many records of a kind there are."""
    found = _asked(name, day)
    if found is None:
        return None
    model, year = found
    many = select(func.count()).where(_current(model, year)).scalar_subquery()
    return Field(name, "number", many, convert=whole_number, shown=False,
                 lookups=("", "n", "lt", "lte", "gt", "gte", "between"),
                 label={"zh": f"记录数：{model.__table__.name}", "en": name})  # fmt: skip


def sum_field(name: str, day: date) -> Field | None:
    """What the amounts of a kind's records add up to; without records it is unknown, not nought."""
    found = _asked(name, day)
    if found is None or "amount" not in found[0].__table__.c:
        return None
    model, year = found
    total = coerced(func.sum(coerced(model.__table__.c.amount, BigInteger)), BigInteger)

    def adding_up(condition: Predicate) -> Predicate:
        """The firms of which it holds, added up once for all: firm by firm takes twice as long.

        It is no join, which would be sorted whole: the list is read in its order and looked up.
        """
        standing = and_(*_standing(model, year), model.firm_id.is_not(None))
        summed = select(model.firm_id).where(standing).group_by(model.firm_id)
        return func.coalesce(Firm.id.in_(summed.having(condition)), false())

    return Field(name, "number", total, convert=fen, unit="yuan", shown=False, wrap=adding_up,
                 label={"zh": f"金额合计：{model.__table__.name}", "en": name})  # fmt: skip


FAMILIES = {"has": has_field, "count": count_field, "sum": sum_field}


def _asked(name: str, day: date) -> tuple[Any, int | None] | None:
    """The kind and year of `<family>.<table>[.<year>]`."""
    _, table, *rest = name.split(".")[:3] if name.count(".") in (1, 2) else ("", "")
    model = counted().get(table)
    if model is None:
        return None
    if not rest:
        return model, None
    sound = len(rest[0]) == 4 and rest[0].isascii() and rest[0].isdigit()
    if not sound or not OLDEST_YEAR <= int(rest[0]) <= day.year:
        return None
    return model, int(rest[0])


def _current(model: Any, year: int | None) -> ColumnElement[bool]:
    return and_(model.firm_id == Firm.id, *_standing(model, year))


def _standing(model: Any, year: int | None) -> list[ColumnElement[bool]]:
    tests = [model.superseded_at.is_(None)]
    if year is not None:
        tests.append(_day(model).between(date(year, 1, 1), date(year, 12, 31)))
    return tests
