"""Recording that a duty was done, and taking it back."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import now, today
from app.core.errors import Conflict, Invalid, NotFound
from app.duties import queries
from app.duties.catalogue import DUTIES
from app.duties.models import DutyDone
from app.firms import queries as firms
from app.firms.models import Firm

# As many as one person can answer for at once.
MOST_TOGETHER = 300


@dataclass(frozen=True)
class Done:
    """A duty that was done: which one, when it was due, when it was done, and what shows it."""

    duty: str
    due: date
    done_on: date
    note: str | None = None


def done(session: Session, actor: Actor, firm_id: int, given: Done) -> DutyDone:
    """Record it; Invalid names what is wrong, Conflict where it has been recorded already."""
    actor.require("firms:write")
    firm = firms.get(session, actor, firm_id)
    if given.duty not in DUTIES:
        raise _wrong("duty", f"没有事项 {given.duty} (no such duty)")
    if given.done_on > today():
        raise _wrong(
            "done_on", f"完成日期 {given.done_on} 尚未到来：请填写已完成的日期 (lies ahead)"
        )
    # Whoever records the same at the same time waits here.
    session.refresh(firm, with_for_update=True)
    owed = queries.of_firm(session, actor, firm_id, today())
    if not any((row.duty, row.due) == (given.duty, given.due) for row in owed):
        raise Conflict(
            "这家企业此时没有这一事项，或已记为完成：请刷新列表 (not owed, or done already)"
        )
    found = DutyDone(
        firm_id=firm_id, duty_code=given.duty, due_on=given.due, done_on=given.done_on,
        note=given.note, source=actor.source, recorded_by=actor.name,
    )  # fmt: skip
    session.add(found)
    session.flush()
    return found


def all_done(session: Session, actor: Actor, given: list[tuple[int, Done]]) -> int:
    """Record several, all or none; how many. A fault names the firm."""
    actor.require("firms:write")
    if not given:
        raise Invalid("还没有选择事项：请先勾选 (select some first)")
    if len(given) > MOST_TOGETHER:
        raise Invalid(f"一次最多记录 {MOST_TOGETHER} 项：请分批 (at most {MOST_TOGETHER} at once)")
    # In one order whoever records, so that two never wait for each other.
    for firm_id, one in sorted(given, key=lambda pair: (pair[0], pair[1].duty, pair[1].due)):
        try:
            done(session, actor, firm_id, one)
        except (Conflict, Invalid) as error:
            name = firms.get(session, actor, firm_id).name
            raise type(error)(f"{name}: {error.detail}") from None
    return len(given)


def take_back(session: Session, actor: Actor, number: int) -> DutyDone:
    """A record that should not stand; the history keeps it."""
    actor.require("firms:write")
    query = select(DutyDone).join(Firm, Firm.id == DutyDone.firm_id)
    query = query.where(DutyDone.id == number, DutyDone.superseded_at.is_(None))
    found = session.scalar(query.where(firms.visible(actor)).with_for_update(of=DutyDone))
    if found is None:
        raise NotFound(f"没有编号为 {number} 的完成记录 (no such record)")
    found.superseded_at = now()
    session.flush()
    return found


def _wrong(field: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{field}", "detail": detail}])
