"""Working days: weekdays, but for the holidays and the weekends worked instead that are recorded.

The State Council announces a year's holidays at the end of the year before; a date in a year that
nobody has recorded yet is reckoned by weekdays alone, and is provisional.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar
from sqlalchemy import extract, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.acting import whole_district
from app.accounts.actor import Actor, Role
from app.core.clock import now
from app.core.errors import Forbidden, Invalid, NotFound
from app.support.models import OPEN_STATES, CaseEntry, Holiday, SupportCase

FIRST_YEAR, LAST_YEAR = 2023, 2100
LONGEST = 31
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


def demand_keeper(actor: Actor) -> None:
    """Forbidden unless this actor keeps the working days and the clock."""
    if actor.scopes is not None or actor.role not in (Role.ANALYST, Role.ADMIN):
        raise Forbidden("工作日和提醒规则由科技局分析员或系统管理员维护 (analysts, administrators)")


@dataclass(frozen=True)
class Wanted:
    """One works on these days, or does not; what days they are."""

    first: date
    last: date
    works: bool
    name: str


def record(session: Session, actor: Actor, wanted: Wanted) -> int:
    """Record days that are not what their weekday says; how many open cases moved.

    No case stays due on a day off: it moves to the next working day, and says so.
    """
    demand_keeper(actor)
    _check(wanted)
    span = (wanted.last - wanted.first).days + 1
    days = [wanted.first + timedelta(days=n) for n in range(span)]
    known = set(session.scalars(select(Holiday.day).where(Holiday.day.in_(days))))
    rows = [
        {"day": day, "works": wanted.works, "name": wanted.name.strip()[:100],
         "changed_by": actor.name}
        for day in days if day in known or (day.weekday() < SATURDAY) != wanted.works
    ]  # fmt: skip
    if not rows:
        raise Invalid("这些日子本来就是这样，无需登记 (what their weekdays say anyway)")
    stmt = insert(Holiday).values(rows)
    changed = {name: stmt.excluded[name] for name in ("works", "name", "changed_by")}
    session.execute(stmt.on_conflict_do_update(index_elements=["day"], set_=changed))
    with whole_district(session):  # an administrator, too, may say what a day is
        return _settle(session, actor, wanted.name.strip()[:100])


def forget(session: Session, actor: Actor, day: date) -> int:
    """A day is what its weekday says again; how many open cases moved."""
    demand_keeper(actor)
    found = session.get(Holiday, day)
    if found is None:
        raise NotFound(f"{day} 没有登记 (nothing is recorded of it)")
    session.delete(found)
    session.flush()
    with whole_district(session):
        return _settle(session, actor, found.name or "")


def _check(wanted: Wanted) -> None:
    if not wanted.name.strip():
        raise _wrong("name", "请写明是什么日子 (say what day it is)")
    if not FIRST_YEAR <= wanted.first.year <= wanted.last.year <= LAST_YEAR:
        raise _wrong("first", f"年份应在 {FIRST_YEAR} 至 {LAST_YEAR} 之间 (out of range)")
    if not 0 <= (wanted.last - wanted.first).days < LONGEST:
        raise _wrong("last", f"至少 1 天、至多 {LONGEST} 天 (1 to {LONGEST} days)")


def _settle(session: Session, actor: Actor, name: str) -> int:
    """Move what is due on a day off, and take for certain what lies in a year that is known."""
    calendar = Calendar(session)
    is_open = SupportCase.state.in_(OPEN_STATES)
    due = session.scalars(select(SupportCase.due_on).where(is_open).distinct()).all()
    moved = 0
    for day in (day for day in due if not calendar.works(day)):
        later = calendar.after(day, 1)
        cases = session.execute(
            update(SupportCase).where(is_open, SupportCase.due_on == day)
            .values(due_on=later, version=SupportCase.version + 1, updated_at=now())
            .returning(SupportCase.id, SupportCase.firm_id)
        ).all()  # fmt: skip
        session.execute(insert(CaseEntry), [
            {"case_id": case, "firm_id": firm, "kind": "due", "recorded_by": actor.name,
             "text": f"{day} {name} → {later}"} for case, firm in cases
        ])  # fmt: skip
        moved += len(cases)
    known = extract("year", SupportCase.due_on).in_(calendar.years)
    for provisional in (True, False):
        session.execute(
            update(SupportCase)
            .where(is_open, SupportCase.due_provisional != provisional,
                   ~known if provisional else known)
            .values(due_provisional=provisional, version=SupportCase.version + 1)
        )  # fmt: skip
    return moved


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}])


def of_year(session: Session, year: int) -> list[Holiday]:
    """What is recorded of a year."""
    query = select(Holiday).where(extract("year", Holiday.day) == year)
    return list(session.scalars(query.order_by(Holiday.day)))
