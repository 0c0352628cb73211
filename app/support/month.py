"""A month of cases: what is due on each day, and whether one works on it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.errors import Invalid
from app.core.filters import parse
from app.support import days, queries
from app.support.models import Holiday, SupportCase

SHOWN = 4
WEEK = 7


@dataclass(frozen=True)
class Day:
    """One day: its cases, the first ones of them, and what day it is."""

    day: date
    inside: bool
    works: bool
    name: str | None
    count: int
    cases: list[dict[str, Any]]


@dataclass(frozen=True)
class Month:
    """Whole weeks from Monday, and whether the year's holidays are recorded."""

    first: date
    weeks: list[list[Day]]
    provisional: bool

    @property
    def before(self) -> str:
        """The month before, as an address names it."""
        return f"{self.first - timedelta(days=1):%Y-%m}"

    @property
    def after(self) -> str:
        """The month after."""
        return f"{_next(self.first):%Y-%m}"

    @property
    def days(self) -> list[Day]:
        """The days of the month itself."""
        return [one for week in self.weeks for one in week if one.inside]


def first_of(raw: str) -> date:
    """The first day of a month as an address names it; Invalid where it names none."""
    try:
        return date.fromisoformat(f"{raw}-01")
    except ValueError:
        raise Invalid(f"{raw[:20]} 不是月份：例如 2026-11 (a month, such as 2026-11)") from None


def _next(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def month(session: Session, actor: Actor, params: queries.Pairs, first: date) -> Month:
    """The month's cases by day, by the same filters as lists; a constant number of statements."""
    start = first - timedelta(days=first.weekday())
    last = _next(first) - timedelta(days=1)
    until = last + timedelta(days=WEEK - 1 - last.weekday())
    calendar = days.Calendar(session)
    recorded = select(Holiday.day, Holiday.name).where(Holiday.day.between(start, until))
    named: dict[date, str | None] = {day: name for day, name in session.execute(recorded)}
    due: dict[date, list[dict[str, Any]]] = {}
    for row in _some_of_each_day(session, actor, params, (start, until)):
        due.setdefault(row["due_on"], []).append(row)
    span = [start + timedelta(days=n) for n in range((until - start).days + 1)]
    found = [
        Day(day, day.month == first.month, calendar.works(day), named.get(day),
            due[day][0]["on_day"] if day in due else 0, due.get(day, []))
        for day in span
    ]  # fmt: skip
    weeks = [found[n : n + WEEK] for n in range(0, len(found), WEEK)]
    return Month(first, weeks, calendar.provisional(first))


def _some_of_each_day(
    session: Session, actor: Actor, params: queries.Pairs, span: tuple[date, date]
) -> list[dict[str, Any]]:
    """The first cases of each day, each with how many there are on it."""
    filters = parse(params, queries.vocabulary(session, actor))
    day = SupportCase.due_on
    numbered = (
        queries.rows(actor)
        .add_columns(
            func.count().over(partition_by=day).label("on_day"),
            func.row_number().over(partition_by=day, order_by=SupportCase.id).label("place"),
        )
        .where(day.between(*span), *filters.where)
        .subquery()
    )
    query = select(numbered).where(numbered.c.place <= SHOWN)
    found = session.execute(query.order_by(numbered.c.due_on, numbered.c.place)).mappings()
    return [dict(row) for row in found]
