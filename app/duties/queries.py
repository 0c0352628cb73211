"""Duties as rows: one for each firm, duty and due day, worked out from titles and names.

A row is there from the first notice until a year after the due day; `stage` says how near it is:
the smallest notice (in months) that has been reached, 0 once the day is over.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from app.accounts.actor import Actor
from app.core.fields import Field
from app.core.filters import Filters, Sort, Vocabulary, parse
from app.core.paging import Page, page
from app.duties.catalogue import DUTIES, Duty
from app.duties.models import DutyDone
from app.firms import listing
from app.firms.fields import families, firm_fields
from app.firms.models import Designation, Firm, FormerName
from app.firms.queries import visible

OVERDUE = 0
STAGES = (OVERDUE, 1, 3, 6, 12)
# What was owed longer ago is no work of today's.
KEPT = timedelta(days=365)
OF_FIRM = ("name", "credit_code", "rung", "park", "incubator")
COLUMNS = ("id", "firm_id", "duty", "due", "stage", "done_on", "done_id", *OF_FIRM)
# Firm, duty and day in one number: the row's own.
DUTIES_ROOM, DAYS_ROOM = 100, 100_000
EPOCH = date(2000, 1, 1)


def candidates(day: date) -> Subquery:
    """`firm_id`, `duty`, `due`, `stage` of every duty near a day, whether done or not."""
    found = union_all(*(_owed(duty, day) for duty in DUTIES.values())).subquery()
    return select(found).distinct().subquery("duties")


def open_duties(actor: Actor, day: date) -> Select[Any]:
    """The duties of active firms within the actor's scope that nobody has recorded as done."""
    owed = candidates(day)
    done = exists().where(_is_of(owed), DutyDone.superseded_at.is_(None))
    return (
        select(owed.c.firm_id, owed.c.duty, owed.c.due, owed.c.stage)
        .join(Firm, Firm.id == owed.c.firm_id)
        .where(Firm.status == "active", visible(actor, day), not_(done))
    )


def _is_of(owed: Subquery) -> Any:
    return and_(
        DutyDone.firm_id == owed.c.firm_id,
        DutyDone.duty_code == owed.c.duty,
        DutyDone.due_on == owed.c.due,
    )


# --- when a duty falls due ------------------------------------------------------------------------


def _owed(duty: Duty, day: date) -> Select[Any]:
    rows = {
        "yearly": _yearly,
        "yearly_again": _yearly_again,
        "before_end": _before_end,
        "after_rename": _after_rename,
    }[duty.rule](duty, day).subquery()
    reached = [(rows.c.due < day, OVERDUE)]
    reached += [(rows.c.due - func.make_interval(0, n) <= day, n) for n in sorted(duty.notice)]
    stage = case(*reached)
    return select(
        rows.c.firm_id,
        literal(duty.code).label("duty"),
        rows.c.due,
        cast(stage, Integer).label("stage"),
    ).where(rows.c.due >= day - KEPT, stage.is_not(None))


def _titles(duty: Duty) -> list[Any]:
    return [Designation.kind == duty.of, Designation.superseded_at.is_(None)]


def _due_days(duty: Duty, day: date) -> list[date]:
    """The days of three years, one of which is over and one to come."""
    assert duty.month is not None and duty.day is not None
    return [date(year, duty.month, duty.day) for year in range(day.year - 1, day.year + 2)]


def _row(holder: Any, due: Any) -> Select[Any]:
    return select(holder.firm_id, due.label("due"))


def _any_of(parts: Iterator[Select[Any]]) -> Select[Any]:
    found = union_all(*parts).subquery()
    return select(found.c.firm_id, found.c.due)


def _yearly(duty: Duty, day: date) -> Select[Any]:
    """Held through the turn of the year, on the due day, and still: with a title its duties end."""
    return _any_of(
        _row(Designation, cast(literal(due), Date)).where(
            *_titles(duty),
            Designation.valid.contains(date(due.year - 1, 12, 31)),
            Designation.valid.contains(due),
            Designation.valid.contains(day),
        )
        for due in _due_days(duty, day)
    )


def _yearly_again(duty: Duty, day: date) -> Select[Any]:
    """Held when the last year ended, and not given anew for this one."""
    anew = aliased(Designation)
    return _any_of(
        _row(Designation, cast(literal(due), Date)).where(
            *_titles(duty),
            Designation.valid.contains(date(due.year - 1, 12, 31)),
            not_(exists().where(
                anew.firm_id == Designation.firm_id,
                anew.kind == duty.of,
                anew.superseded_at.is_(None),
                anew.valid.contains(date(due.year, 12, 31)),
            )),
        )
        for due in _due_days(duty, day)
    )  # fmt: skip


def _before_end(duty: Duty, _day: date) -> Select[Any]:
    """On the last day, unless another of the kind follows."""
    later = aliased(Designation)
    follows = exists().where(
        later.firm_id == Designation.firm_id,
        later.kind == duty.of,
        later.superseded_at.is_(None),
        func.lower(later.valid) >= func.upper(Designation.valid),
    )
    last = cast(func.upper(Designation.valid) - 1, Date)
    # A title that was taken away, or given back, is not renewed.
    return _row(Designation, last).where(
        *_titles(duty), Designation.end_reason.is_(None), not_(func.upper_inf(Designation.valid)),
        not_(follows),
    )  # fmt: skip


def _after_rename(duty: Duty, _day: date) -> Select[Any]:
    """So many months after the firm's name changed while it held the title."""
    assert duty.months is not None
    due = cast(FormerName.until + func.make_interval(0, duty.months), Date)
    return (
        _row(FormerName, due)
        .join(Designation, Designation.firm_id == FormerName.firm_id)
        .where(*_titles(duty), Designation.valid.op("@>")(FormerName.until))
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
        "stage": owed.c.stage,
        "done_on": DutyDone.done_on,
        "done_id": DutyDone.id,
    }
    query = (
        select(owed.c.firm_id, *(column.label(name) for name, column in columns.items()),
               Firm.name, Firm.credit_code)
        .join(Firm, Firm.id == owed.c.firm_id)
        .outerjoin(DutyDone, and_(_is_of(owed), DutyDone.superseded_at.is_(None)))
        .where(Firm.status == "active", visible(actor, day))
    )  # fmt: skip
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
        families=families(day),
    )


def listed(session: Session, actor: Actor, params: list[tuple[str, str]], day: date) -> Page:
    """A page of duties, the earliest due first; those that were done only if they are asked for."""
    query, columns = _rows(actor, day)
    filters = parse(params, vocabulary(session, day, columns))
    if not any(name.startswith("done_on") for name, _ in params):
        query = query.where(DutyDone.id.is_(None))
    found = page(session, query, filters, columns["id"])
    _with_firms(session, found, filters, day)
    return found


def _with_firms(session: Session, found: Page, filters: Filters, day: date) -> None:
    firms = [{"id": row["firm_id"]} for row in found.items]
    listing.decorate(session, firms, OF_FIRM, day)
    wanted = filters.columns or COLUMNS
    for row, firm in zip(found.items, firms, strict=True):
        row |= {name: firm[name] for name in ("rung", "park", "incubator")}
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
    owed = open_duties(actor, day).subquery()
    query = select(owed).where(owed.c.firm_id == firm_id).order_by(owed.c.due, owed.c.duty)
    return list(session.execute(query))
