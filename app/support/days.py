"""Working days: weekdays, but for the holidays and the weekends worked instead that are recorded.

The State Council announces a year's holidays at the end of the year before; a date in a year that
nobody has recorded yet is reckoned by weekdays alone, and is provisional.
"""

from datetime import date, timedelta

import chinese_calendar
from sqlalchemy import extract, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.support.models import Holiday

FIRST_YEAR = 2023
SATURDAY = 5


class Calendar:
    """The recorded days, read once."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(select(Holiday.day, Holiday.works))
        self.known: dict[date, bool] = {day: works for day, works in rows}
        self.years = {day.year for day in self.known}

    def works(self, day: date) -> bool:
        """Whether one works on a day."""
        return self.known.get(day, day.weekday() < SATURDAY)

    def after(self, day: date, days: int) -> date:
        """The last of so many working days after a day."""
        found = day
        while days > 0:
            found += timedelta(days=1)
            days -= self.works(found)
        return found

    def between(self, first: date, last: date) -> int:
        """Working days after the first day up to the last; negative where it lies before."""
        if last < first:
            return -self.between(last, first)
        span = (last - first).days
        return sum(self.works(first + timedelta(days=n)) for n in range(1, span + 1))

    def provisional(self, day: date) -> bool:
        """Whether the holidays of its year are not recorded."""
        return day.year not in self.years


def load_shipped(session: Session) -> None:
    """Record the holidays of the years that the library knows; what is there stays as it is."""
    holidays, worked = chinese_calendar.constants.holidays, chinese_calendar.constants.workdays
    rows = [
        {"day": day, "works": False, "name": name}
        for day, name in holidays.items()
        if day.year >= FIRST_YEAR and day.weekday() < SATURDAY
    ] + [
        {"day": day, "works": True, "name": name}
        for day, name in worked.items()
        if day.year >= FIRST_YEAR and day.weekday() >= SATURDAY
    ]
    session.execute(insert(Holiday).values(rows).on_conflict_do_nothing())


def record(session: Session, who: str, day: date, *, works: bool, name: str) -> None:
    """Record that one works on a day, or does not."""
    if not name.strip():
        raise Invalid("请写明是什么日子 (say what day it is)",
                      errors=[{"pointer": "/name", "detail": "missing"}])  # fmt: skip
    row = {"day": day, "works": works, "name": name.strip()[:100], "changed_by": who}
    stmt = insert(Holiday).values(row)
    session.execute(stmt.on_conflict_do_update(index_elements=["day"], set_=row))


def of_year(session: Session, year: int) -> list[Holiday]:
    """What is recorded of a year."""
    query = select(Holiday).where(extract("year", Holiday.day) == year)
    return list(session.scalars(query.order_by(Holiday.day)))
