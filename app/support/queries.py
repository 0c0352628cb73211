"""Reads of cases: lists with filters, the board's counts, somebody's week."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import Grant, Organisation, User
from app.core.clock import today
from app.core.errors import NotFound
from app.core.fields import Field, Predicate, whole_number
from app.core.filters import Filters, Sort, Vocabulary, parse
from app.core.paging import Page, page
from app.firms.models import Firm
from app.firms.queries import visible
from app.incubation.models import ServiceRecord
from app.support.models import OPEN_STATES, STATES, Measure, SupportCase

Pairs = list[tuple[str, str]]
COLUMNS = (
    "id", "firm_id", "measure", "set_code", "criteria", "reason", "state", "organisation_id",
    "user_id", "opened_on", "opened_by", "due_on", "due_provisional", "closed_on", "result",
    "gap_closed_on", "rung_reached_on", "version",
)  # fmt: skip
NAMES = ("firm", "organisation", "organisation_en", "officer")
SOON = timedelta(days=7)


def is_open() -> Predicate:
    """A case that is not closed."""
    return SupportCase.state.in_(OPEN_STATES)


def vocabulary(session: Session, actor: Actor) -> Vocabulary:
    """What lists of cases can be filtered and ordered by."""
    bodies: dict[str, int] = {code: number for code, number in session.execute(
        select(Organisation.code, Organisation.id).order_by(Organisation.code))}  # fmt: skip
    measures = list(session.scalars(select(Measure.code).order_by(Measure.code)))
    own = partial(_mine, actor)
    fields = (
        Field("state", "choice", SupportCase.state, choices=STATES, label=_l("状态", "State")),
        Field("open", "bool", matches=_open, lookups=("",), label=_l("未办结", "Open")),
        Field("overdue", "bool", matches=_overdue, lookups=("",), label=_l("已逾期", "Overdue")),
        Field("mine", "bool", matches=own, lookups=("",), label=_l("我的", "Mine")),
        Field("measure", "choice", SupportCase.measure, choices=measures,
              label=_l("服务措施", "Measure")),
        Field("organisation", "choice", SupportCase.organisation_id, choices=bodies,
              convert=bodies.__getitem__, label=_l("承办单位", "Organisation")),
        Field("user_id", "number", SupportCase.user_id, convert=whole_number,
              label=_l("经办人", "Officer")),
        Field("firm_id", "number", SupportCase.firm_id, convert=whole_number,
              label=_l("企业", "Firm")),
        Field("due_on", "date", SupportCase.due_on, label=_l("期限", "Due on")),
        Field("opened_on", "date", SupportCase.opened_on, label=_l("发起日期", "Opened on")),
        Field("closed_on", "date", SupportCase.closed_on, label=_l("办结日期", "Closed on")),
        Field("gap_closed_on", "date", SupportCase.gap_closed_on,
              label=_l("短板补齐日期", "Gap closed on")),
        Field("rung_reached_on", "date", SupportCase.rung_reached_on,
              label=_l("晋级日期", "Rung reached on")),
    )  # fmt: skip
    return Vocabulary(
        fields={one.name: one for one in fields},
        sorts={"id": Sort(SupportCase.id), "due_on": Sort(SupportCase.due_on)},
        ordering="due_on", columns=(*COLUMNS, *NAMES),
    )  # fmt: skip


def _l(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _open(wanted: list[bool]) -> ColumnElement[bool]:
    return is_open() if all(wanted) else ~is_open()


def _overdue(wanted: list[bool]) -> ColumnElement[bool]:
    late = and_(is_open(), SupportCase.due_on < today())
    return late if all(wanted) else ~late


def _mine(actor: Actor, wanted: list[bool]) -> ColumnElement[bool]:
    own = SupportCase.user_id == (actor.user_id or 0)
    return own if all(wanted) else ~own


def listed(session: Session, actor: Actor, params: Pairs) -> Page:
    """A page of cases of the firms that the actor may know of."""
    return cases(session, actor, parse(params, vocabulary(session, actor)))


def rows(actor: Actor) -> Select[Any]:
    """Cases with their names, of the firms that the actor may know of."""
    return (
        select(*(getattr(SupportCase, name) for name in COLUMNS), Firm.name.label("firm"),
               Organisation.name.label("organisation"),
               Organisation.name_en.label("organisation_en"), User.name.label("officer"))
        .join(Firm, Firm.id == SupportCase.firm_id)
        .outerjoin(Organisation, Organisation.id == SupportCase.organisation_id)
        .outerjoin(User, User.id == SupportCase.user_id)
        .where(visible(actor))
    )  # fmt: skip


def cases(session: Session, actor: Actor, filters: Filters) -> Page:
    """The same by parsed filters; a constant number of statements."""
    found = page(session, rows(actor), filters, SupportCase.id)
    if filters.columns:
        for row in found.items:
            for name in set(row) - set(filters.columns):
                del row[name]
    return found


def of_firm(session: Session, actor: Actor, firm_id: int) -> list[dict[str, Any]]:
    """A firm's cases, newest first."""
    asked = [("firm_id", str(firm_id)), ("ordering", "-id"), ("limit", "100"), ("count", "none")]
    return listed(session, actor, asked).items


@dataclass(frozen=True)
class Week:
    """What somebody has before them: late, due within a week, not accepted yet; how many in all."""

    late: list[dict[str, Any]]
    due: list[dict[str, Any]]
    waiting: list[dict[str, Any]]
    open: int


def before(actor: Actor) -> ColumnElement[bool]:
    """An officer's own cases and those of the department that nobody has; an analyst's to route."""
    owned = SupportCase.user_id == (actor.user_id or 0)
    body = SupportCase.organisation_id
    loose = and_(SupportCase.user_id.is_(None), body == actor.organisation_id)
    if actor.role is Role.ANALYST:
        loose = body.is_(None)
    return owned | loose


def week(session: Session, actor: Actor, day: date) -> Week:
    """What lies before somebody within a week, and what is late."""
    mine = before(actor)
    parts = [
        (mine & (SupportCase.due_on < day)),
        (mine & SupportCase.due_on.between(day, day + SOON)),
        (mine & (SupportCase.state == "open") & (SupportCase.due_on > day + SOON)),
    ]
    late, due, waiting = (_some(session, actor, part) for part in parts)
    total = select(func.count()).select_from(SupportCase).where(is_open(), mine)
    return Week(late, due, waiting, session.scalar(total) or 0)


def workload(session: Session, actor: Actor, day: date) -> tuple[int, int]:
    """How many open cases lie before somebody, and how many of them are late."""
    late = func.count().filter(SupportCase.due_on < day)
    found = session.execute(select(func.count(), late).where(is_open(), before(actor))).one()
    return found[0], found[1]


def _some(session: Session, actor: Actor, wanted: Predicate, most: int = 50) -> list[Any]:
    filters = parse([("limit", str(most)), ("count", "none")], Vocabulary(
        fields={}, sorts={"due_on": Sort(SupportCase.due_on)}, ordering="due_on"))  # fmt: skip
    narrowed = replace(filters, where=(is_open(), wanted))
    return cases(session, actor, narrowed).items


def state_counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many cases stand in each state, within what the actor may know of."""
    query = (
        select(SupportCase.state, func.count())
        .join(Firm, Firm.id == SupportCase.firm_id)
        .where(visible(actor))
        .group_by(SupportCase.state)
    )
    found: dict[str, int] = {state: number for state, number in session.execute(query)}
    return {state: found.get(state, 0) for state in STATES}


def people_of(session: Session, organisation_id: int | None) -> list[User]:
    """Who acts for a body today."""
    if organisation_id is None:
        return []
    day = today()
    seated = exists().where(
        Grant.user_id == User.id, Grant.organisation_id == organisation_id,
        Grant.revoked_at.is_(None), Grant.since <= day,
        Grant.until.is_(None) | (Grant.until >= day),
    )  # fmt: skip
    query = select(User).where(seated, User.disabled_at.is_(None)).order_by(User.name, User.id)
    return list(session.scalars(query))


def seated(session: Session) -> list[User]:
    """Everybody who acts for some body today, by name."""
    day = today()
    held = exists().where(
        Grant.user_id == User.id, Grant.revoked_at.is_(None), Grant.since <= day,
        Grant.until.is_(None) | (Grant.until >= day),
        Grant.role.in_([Role.ANALYST.value, Role.OFFICER.value]),
    )  # fmt: skip
    query = select(User).where(held, User.disabled_at.is_(None)).order_by(User.name, User.id)
    return list(session.scalars(query))


def services(session: Session, case_id: int) -> list[ServiceRecord]:
    """What was done for the firm within a case, newest first."""
    query = select(ServiceRecord).where(
        ServiceRecord.case_id == case_id, ServiceRecord.superseded_at.is_(None)
    )
    return list(session.scalars(query.order_by(ServiceRecord.served_on.desc(),
                                               ServiceRecord.id.desc())))  # fmt: skip


def measures(session: Session) -> dict[str, Measure]:
    """Every measure by code."""
    return {one.code: one for one in session.scalars(select(Measure).order_by(Measure.code))}


def measure(session: Session, code: str) -> Measure:
    """One measure."""
    found = session.get(Measure, code)
    if found is None:
        raise NotFound(f"没有措施 {code[:60]}：请从措施库选择 (no such measure)")
    return found
