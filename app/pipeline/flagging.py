"""What people do about flags: put one off, set a threshold, say that a duty was done."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.core.clock import now, today
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.fields import nearest
from app.duties.catalogue import DUTIES
from app.firms import queries
from app.firms.flag_models import FLAG_KINDS, DutyDone, Flag, FlagRule
from app.firms.models import Firm
from app.pipeline.service import assess

LONGEST_SNOOZE = timedelta(days=366)
LONGEST_REASON = 500
# As many duties as one person can answer for at once.
MOST_TOGETHER = 300


def snooze(
    session: Session, actor: Actor, firm_id: int, which: tuple[str, str], until: date, reason: str
) -> Flag:
    """Put a flag off until a day, with a reason; it comes back by itself on that day."""
    found = _open(session, actor, firm_id, which)
    if not today() < until <= today() + LONGEST_SNOOZE:
        raise _wrong("until", "请填写今天之后、一年以内的日期 (a day within a year from now)")
    if not reason.strip():
        raise _wrong("reason", "请写明暂缓的理由 (say why)")
    found.snoozed_until, found.snooze_reason = until, reason.strip()[:LONGEST_REASON]
    found.snoozed_by = actor.name
    session.flush()
    return found


def wake(session: Session, actor: Actor, firm_id: int, which: tuple[str, str]) -> Flag:
    """End a delay before its day."""
    found = _open(session, actor, firm_id, which)
    found.snoozed_until = found.snooze_reason = found.snoozed_by = None
    session.flush()
    return found


def _open(session: Session, actor: Actor, firm_id: int, which: tuple[str, str]) -> Flag:
    queries.get(session, actor, firm_id)
    if actor.role is not Role.ANALYST:
        raise Forbidden("只有科技局分析员可以暂缓标记 (analysts decide)")
    actor.require("firms:write")
    kind, subject = which
    query = select(Flag).where(
        Flag.firm_id == firm_id, Flag.kind == kind, Flag.subject == subject,
        Flag.closed_on.is_(None),
    )  # fmt: skip
    found = session.scalar(query.with_for_update())
    if found is None:
        raise NotFound("该企业没有这个标记，或它刚刚关闭：请刷新 (no such open flag)")
    return found


def set_threshold(session: Session, actor: Actor, kind: str, threshold: int) -> None:
    """Set a kind's threshold; every firm is flagged by it at the next evaluation."""
    if actor.role is not Role.ANALYST:
        raise Forbidden("只有科技局分析员可以修改阈值 (analysts decide)")
    actor.require("firms:write")
    known = FLAG_KINDS.get(kind)
    if known is None or known.threshold is None:
        open_ones = [name for name, one in FLAG_KINDS.items() if one.threshold is not None]
        raise NotFound(f"标记 {kind} 没有阈值 (no threshold)" + nearest(kind, open_ones))
    if not known.least <= threshold <= known.most:
        raise _wrong(
            "threshold", f"{known.label.zh}的阈值应在 {known.least} 至 {known.most} 之间 "
            f"(from {known.least} to {known.most})",
        )  # fmt: skip
    row = {"kind": kind, "threshold": threshold, "changed_by": actor.name, "changed_at": now()}
    stmt = insert(FlagRule).values(row)
    session.execute(stmt.on_conflict_do_update(
        index_elements=["kind"], set_=row, where=FlagRule.threshold != threshold,
    ))  # fmt: skip


def record_duty(
    session: Session, actor: Actor, firm_id: int, duty: str, period: str, done: tuple[date, str]
) -> DutyDone:
    """A statutory duty of a period was done on a day; its flag closes with this."""
    firm = queries.get(session, actor, firm_id)
    actor.require("firms:write")
    if duty not in DUTIES:
        raise NotFound(f"没有法定事项 {duty} (no such duty)" + nearest(duty, DUTIES))
    day, evidence = done
    if day > today():
        raise _wrong("done_on", "完成日不能晚于今天 (not in the future)")
    if not (period.isascii() and 4 <= len(period) <= 10):
        raise _wrong("period", "期间应为年份或日期，例如 2025 (a year or a date)")
    there = select(DutyDone.id).where(
        DutyDone.firm_id == firm.id, DutyDone.code == duty, DutyDone.period == period,
        DutyDone.superseded_at.is_(None),
    )  # fmt: skip
    if session.scalar(there) is not None:
        raise Conflict("这一期已经登记完成：请刷新 (recorded already)")
    found = DutyDone(firm_id=firm.id, code=duty, period=period, done_on=day,
                     evidence=evidence.strip()[:LONGEST_REASON] or None, source=actor.source,
                     recorded_by=actor.name)  # fmt: skip
    session.add(found)
    session.flush()
    assess(session, [firm.id], today())
    return found


def record_duties(
    session: Session, actor: Actor, which: list[tuple[int, str, str]], done: tuple[date, str]
) -> int:
    """Several were done on one day: all are recorded or none; how many. A fault names the firm."""
    actor.require("firms:write")
    if not 1 <= len(which) <= MOST_TOGETHER:
        raise Invalid(f"请勾选 1 至 {MOST_TOGETHER} 项 (select 1 to {MOST_TOGETHER})")
    for firm_id, duty, period in sorted(which):  # in one order, so that two never wait in a ring
        try:
            record_duty(session, actor, firm_id, duty, period, done)
        except (Conflict, Invalid) as error:
            name = queries.get(session, actor, firm_id).name
            raise type(error)(f"{name}: {error.detail}") from None
    return len(which)


def take_back_duty(session: Session, actor: Actor, number: int) -> DutyDone:
    """It was not done after all: the record no longer stands, and the duty is owed again."""
    actor.require("firms:write")
    query = select(DutyDone).join(Firm, Firm.id == DutyDone.firm_id)
    query = query.where(DutyDone.id == number, DutyDone.superseded_at.is_(None))
    found = session.scalar(query.where(queries.visible(actor)).with_for_update(of=DutyDone))
    if found is None:
        raise NotFound(f"没有编号为 {number} 的完成记录 (no such record)")
    found.superseded_at = now()
    session.flush()
    assess(session, [found.firm_id], today())
    return found


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}])
