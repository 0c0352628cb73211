"""Duties as rows: one for each firm, duty and due day, worked out from titles and names.

A row is there from the first notice until a year after the due day; `stage` says how near it is:
the smallest notice (in months) that has been reached, 0 once the day is over.
"""

from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    not_,
    select,
    text,
)
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.fields import Field
from app.core.filters import Filters, Sort, Vocabulary, parse
from app.core.paging import Page, page
from app.duties.catalogue import DUTIES, Duty
from app.duties.owed import DAYS_KEPT, falling_due
from app.firms import listing
from app.firms.fields import families, firm_fields
from app.firms.flag_models import DutyDone
from app.firms.models import Firm
from app.firms.queries import among, gone

OVERDUE = 0
STAGES = (OVERDUE, 1, 3, 6, 12)
OF_FIRM = ("name", "credit_code", "rung", "park", "incubator")
COLUMNS = ("id", "firm_id", "duty", "due", "period", "stage", "done_on", "done_id", *OF_FIRM)
# Firm, duty and day in one number: the row's own.
DUTIES_ROOM, DAYS_ROOM = 100, 100_000
EPOCH = date(2000, 1, 1)
DAY = "cast(:day as date)"
NEAR = """
select distinct firm_id, '{code}' as duty, due, period,
  case when due < {day} then 0 {reached} end as stage
from ({falls}) as falls
where due >= {day} - {kept} and due - make_interval(months => {first}) <= {day}"""


def candidates(day: date, firm_id: int | None = None) -> Subquery:
    """`firm_id, duty, due, period, stage` of every duty near a day, whether done or not."""
    scope = "is not null" if firm_id is None else f"= {int(firm_id)}"
    found = text(" union all ".join(_near(duty, scope) for duty in DUTIES.values()))
    typed = found.bindparams(day=day).columns(
        firm_id=Integer, duty=Text, due=Date, period=Text, stage=Integer
    )
    return typed.subquery("duties")


def _near(duty: Duty, scope: str) -> str:
    reached = (f"when due - make_interval(months => {n}) <= {DAY} then {n}"
               for n in sorted(duty.notice))  # fmt: skip
    return NEAR.format(
        code=duty.code,
        day=DAY,
        reached=" ".join(reached),
        kept=DAYS_KEPT,
        first=max(duty.notice),
        falls=falling_due(duty, DAY, scope),
    )


def open_duties(actor: Actor, day: date, firm_id: int | None = None) -> Select[Any]:
    """The duties of active firms within the actor's scope that nobody has recorded as done."""
    owed = candidates(day, firm_id)
    done = exists().where(_is_of(owed), DutyDone.superseded_at.is_(None))
    return select(owed.c.firm_id, owed.c.duty, owed.c.due, owed.c.period, owed.c.stage).where(
        not_(gone(owed.c.firm_id)), among(owed.c.firm_id, actor, day), not_(done)
    )


def _is_of(owed: Subquery) -> Any:
    return and_(
        DutyDone.firm_id == owed.c.firm_id,
        DutyDone.code == owed.c.duty,
        DutyDone.period == owed.c.period,
    )


# --- the list -------------------------------------------------------------------------------------


def _rows(actor: Actor, day: date) -> tuple[Select[Any], dict[str, Any]]:
    """The list's statement, and its columns by name."""
    owed = candidates(day)
    order = case({code: n for n, code in enumerate(DUTIES)}, value=owed.c.duty)
    number = (cast(owed.c.firm_id, BigInteger) * DUTIES_ROOM + order) * DAYS_ROOM
    columns = {
        "id": number + (owed.c.due - EPOCH),
        "duty": owed.c.duty,
        "due": owed.c.due,
        "period": owed.c.period,
        "stage": owed.c.stage,
        "done_on": DutyDone.done_on,
        "done_id": DutyDone.id,
    }
    query = (
        select(owed.c.firm_id, *(column.label(name) for name, column in columns.items()))
        # Where nothing asks about the firm itself, the planner leaves an outer join of it out.
        .outerjoin(Firm, Firm.id == owed.c.firm_id)
        .outerjoin(DutyDone, and_(_is_of(owed), DutyDone.superseded_at.is_(None)))
        .where(not_(gone(owed.c.firm_id)), among(owed.c.firm_id, actor, day))
    )
    return query, columns


def _label(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def vocabulary(session: Session, day: date, columns: dict[str, Any]) -> Vocabulary:
    """What the list of duties understands: everything about firms, and about duties."""
    own = [
        Field("duty", "choice", columns["duty"], choices=tuple(DUTIES),
              label=_label("事项", "Duty")),
        Field("stage", "choice", columns["stage"], choices=tuple(map(str, STAGES)), convert=int,
              label=_label("临近程度（月）", "How near, in months")),
        Field("due", "date", columns["due"], label=_label("截止日期", "Due")),
        Field("done_on", "date", columns["done_on"], label=_label("完成日期", "Done on")),
    ]  # fmt: skip
    return Vocabulary(
        fields=firm_fields(session, day) | {one.name: one for one in own},
        sorts={"due": Sort(columns["due"])},
        ordering="due",
        columns=COLUMNS,
        families=families(session, day),
    )


def listed(session: Session, actor: Actor, params: list[tuple[str, str]], day: date) -> Page:
    """A page of duties, the earliest due first; those that were done only if they are asked for."""
    query, columns = _rows(actor, day)
    filters = parse(params, vocabulary(session, day, columns))
    if not any(name.startswith("done_on") for name, _ in params):
        query = query.where(DutyDone.firm_id.is_(None))
    found = page(session, query, filters, columns["id"])
    _with_firms(session, found, filters, day)
    return found


def _with_firms(session: Session, found: Page, filters: Filters, day: date) -> None:
    firms = [{"id": row["firm_id"]} for row in found.items]
    listing.decorate(session, firms, OF_FIRM, day)
    wanted = filters.columns or COLUMNS
    ids = {firm["id"] for firm in firms}
    called = {
        number: {"name": name, "credit_code": code}
        for number, name, code in session.execute(
            select(Firm.id, Firm.name, Firm.credit_code).where(Firm.id.in_(ids))
        )
    }
    for row, firm in zip(found.items, firms, strict=True):
        row.update(called[firm["id"]])
        row.update((name, firm[name]) for name in ("rung", "park", "incubator"))
        listing.keep(row, wanted)


def by_duty(session: Session, actor: Actor, day: date) -> dict[str, dict[int, int]]:
    """How many open duties there are of each kind, by stage."""
    owed = open_duties(actor, day).subquery()
    query = select(owed.c.duty, owed.c.stage, func.count()).group_by(owed.c.duty, owed.c.stage)
    counted = list(session.execute(query))
    return {
        code: dict.fromkeys(STAGES, 0) | {stage: n for duty, stage, n in counted if duty == code}
        for code in DUTIES
        if any(duty == code for duty, _, _ in counted)
    }


def of_firm(session: Session, actor: Actor, firm_id: int, day: date) -> list[Any]:
    """One firm's open duties, the earliest due first."""
    owed = open_duties(actor, day, firm_id).subquery()
    return list(session.execute(select(owed).order_by(owed.c.due, owed.c.duty)))
