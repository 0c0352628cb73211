"""A firm in a carrier: it enters, moves up the chain, graduates or leaves.

Rules suggest and a person decides: a graduation keeps the assessment that it rests on. Nothing
here commits; the firm is held against the criteria anew in the same transaction.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation
from app.carriers.queries import stay as stay_of
from app.core.clock import now, today
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.criteria.schemas import SetExplanation
from app.criteria.store import sets_in_force
from app.firms import queries
from app.firms import service as firms
from app.firms.models import Firm, Residency
from app.incubation.models import CARRIER_KINDS, Carrier, Promotion
from app.pipeline.moving import kept
from app.pipeline.queries import explain
from app.pipeline.service import assess

LEFT_REASONS = ("promoted", "time_is_up", "moved_away", "closed", "rent", "other")
GRADUATION = "graduation"
LONGEST_STAY = 120


@dataclass(frozen=True)
class Entry:
    """How a firm enters: from which day, whether its seat is inside, for how long at most."""

    since: date
    premises_inside: bool | None = None
    field: str | None = None
    limit_months: int = 48


@dataclass(frozen=True)
class Team:
    """Who enters without being on record yet; a team has no credit code."""

    name: str
    credit_code: str | None = None
    registered_on: date | None = None
    chain: str | None = None
    # Another team, though one of this name is on record.
    despite_namesake: bool = False


@dataclass(frozen=True)
class Graduation:
    """The day, why, and whether to graduate though the rules are not met."""

    day: date
    reason: str
    despite: bool = False


def carrier(session: Session, number: int) -> Organisation:
    """A body that houses firms."""
    found = session.scalar(
        select(Organisation).where(Organisation.id == number, Organisation.kind == "incubator")
    )
    if found is None:
        raise NotFound("没有这个孵化载体：请从列表中选择 (no such carrier)")
    return found


def check_keeps(actor: Actor, carrier_id: int) -> None:
    """Analysts keep every carrier's residents, a manager those of the own one."""
    actor.require("firms:write")
    own = actor.role is Role.INCUBATOR_MANAGER and actor.organisation_id == carrier_id
    if not own and actor.role is not Role.ANALYST:
        raise Forbidden("只能办理本载体的在孵企业：请联系该载体或科技局 (another carrier's)")


def last_day(during: Range[date]) -> date | None:
    """The last day inside, if there is one."""
    return None if during.upper is None else during.upper - timedelta(days=1)


# --- entering -----------------------------------------------------------------------------------


def enter(
    session: Session, actor: Actor, body: Organisation, firm: Firm, entry: Entry
) -> Residency:
    """A firm on record moves in; Conflict where it is a resident somewhere at the time."""
    check_keeps(actor, body.id)
    _check_entry(entry)
    _refuse_overlap(session, firm.id, entry.since)
    found = Residency(
        firm_id=firm.id, incubator_id=body.id, source=actor.source, recorded_by=actor.name,
        **_stay(entry),
    )  # fmt: skip
    session.add(found)
    session.flush()
    _assess(session, firm.id)
    return found


def enter_new(
    session: Session, actor: Actor, body: Organisation, team: Team, entry: Entry
) -> Residency:
    """A team or firm that is not on record is registered and moves in."""
    check_keeps(actor, body.id)
    _check_entry(entry)
    given = {"credit_code": team.credit_code, "registered_on": team.registered_on,
             "chain": team.chain, "origin": "incubated",
             "despite_namesake": team.despite_namesake}  # fmt: skip
    firm = firms.register(session, actor, team.name, **given)
    if actor.role is not Role.INCUBATOR_MANAGER:
        return enter(session, actor, body, firm, entry)
    # Whoever registers a firm houses it, from today: the stay is told as it was.
    found = session.scalars(select(Residency).where(Residency.firm_id == firm.id)).one()
    for name, value in _stay(entry).items():
        setattr(found, name, value)
    session.flush()
    _assess(session, firm.id)
    return found


def _stay(entry: Entry) -> dict[str, Any]:
    return {"during": Range(entry.since, None), "premises_inside": entry.premises_inside,
            "field": entry.field, "limit_months": entry.limit_months}  # fmt: skip


def _check_entry(entry: Entry) -> None:
    if entry.since > today():
        raise wrong("since", f"入驻日期 {entry.since} 尚未到来：请在入驻后登记 (in the future)")
    if not 1 <= entry.limit_months <= LONGEST_STAY:
        raise wrong("limit_months", f"在孵时限应为 1 至 {LONGEST_STAY} 个月：请核对 (limit)")


def _refuse_overlap(session: Session, firm_id: int, since: date) -> None:
    row = session.execute(
        select(Residency.during, Organisation.name)
        .join(Organisation, Organisation.id == Residency.incubator_id)
        .where(
            Residency.firm_id == firm_id,
            Residency.superseded_at.is_(None),
            Residency.during.op("&&")(Range(since, None)),
        )
        .order_by(func.lower(Residency.during))
    ).first()
    if row is not None:
        end = last_day(row.during)
        span = f"自 {row.during.lower} 起" if end is None else f"{row.during.lower} 至 {end} "
        raise Conflict(
            f"该企业{span}已在{row.name}在孵，与自 {since} 入驻重叠：请先办理离开或晋级，"
            "或更正日期 (a resident elsewhere at the time: let it leave or move up first, "
            "or correct the day)"
        )


def register_team(
    session: Session, actor: Actor, firm: Firm, given: Team, version: int
) -> Firm:  # fmt: skip
    """A team has become a firm: it is given its code and keeps its history."""
    if firm.credit_code is not None:
        raise Conflict(f"该企业已登记，信用代码 {firm.credit_code} (is a registered firm)")
    if given.credit_code is None or given.registered_on is None:
        raise wrong("credit_code", "请填写统一社会信用代码和成立日期 (code and date are needed)")
    if given.registered_on > today():
        raise wrong("registered_on", "成立日期尚未到来：请核对营业执照 (in the future)")
    changes = {"name": given.name, "credit_code": given.credit_code.strip().upper(),
               "registered_on": given.registered_on}  # fmt: skip
    found = firms.update(session, actor, firm, changes, version)
    _assess(session, firm.id)
    return found


# --- leaving ------------------------------------------------------------------------------------


def stay(session: Session, actor: Actor, number: int) -> Residency:
    """A residency that stands, to be changed by who keeps it."""
    actor.require("firms:write")
    found = stay_of(session, actor, number, lock=True)
    check_keeps(actor, found.incubator_id)
    return found


def leave(
    session: Session, actor: Actor, found: Residency, last: date, reason: str
) -> Residency:  # fmt: skip
    """The last day inside, and why: a code of the closed list, perhaps with more words."""
    code = reason.partition(": ")[0]
    if code not in LEFT_REASONS:
        raise wrong("reason", "请选择离开原因 (choose the reason)")
    return _close(session, actor, found, last, left_reason=reason)


def _close(
    session: Session, actor: Actor, found: Residency, last: date, **said: Any
) -> Residency:  # fmt: skip
    since = found.during.lower
    if found.during.upper is not None:
        raise Conflict(
            f"该企业已于 {last_day(found.during)} 离开：请刷新 (it has left: reload the page)"
        )
    if since is not None and last < since:
        raise wrong("day", f"日期 {last} 早于入驻日期 {since}：请核对日期 "
                           f"({last} is before it entered on {since}: check the day)")  # fmt: skip
    if last > today():
        raise wrong("day", f"日期 {last} 尚未到来：请在离开后登记 "
                           f"({last} lies in the future: enter it once it has come)")  # fmt: skip
    _withdraw_proposal(session, found.firm_id)
    closed = firms.correct(session, actor, found, **_until(found, last), **said)
    _assess(session, found.firm_id)
    return closed


def _until(found: Residency, last: date) -> dict[str, Any]:
    return {"during": Range(found.during.lower, last + timedelta(days=1))}


def graduation_rules(session: Session, firm_id: int, day: date) -> SetExplanation | None:
    """The rules of graduation in force on a day, held against the firm."""
    codes = [one.policy.code for one in sets_in_force(session, day)
             if one.policy.title == GRADUATION]  # fmt: skip
    return next(iter(explain(session, firm_id, day, codes=codes)), None) if codes else None


def graduate(
    session: Session, actor: Actor, found: Residency, given: Graduation
) -> Residency:  # fmt: skip
    """The firm has outgrown the carrier; against the rules only an analyst says so, with a why."""
    rules = graduation_rules(session, found.firm_id, given.day)
    if rules is not None and rules.outcome != "met":
        if actor.role is not Role.ANALYST:
            raise Forbidden("毕业条件未达标或缺数据：请先补齐，或由科技局分析员认定 (not met)")
        if not given.despite:
            raise wrong("despite", "毕业条件未达标或缺数据：如仍要毕业，请勾选确认 (not met)")
    if not given.reason.strip():
        raise wrong("reason", "请写明理由 (say why)")
    return _close(
        session, actor, found, given.day, graduated_on=given.day,
        decided_reason=given.reason.strip(), basis=None if rules is None else kept(rules),
    )  # fmt: skip


# --- up the chain -------------------------------------------------------------------------------


def propose(
    session: Session, actor: Actor, found: Residency, to: Organisation, starts_on: date,
    reason: str,
) -> Promotion:  # fmt: skip
    """Propose that a resident moves to a carrier further up; an analyst decides at once."""
    _check_upward(session, found.incubator_id, to)
    if not reason.strip():
        raise wrong("reason", "请写明理由 (say why)")
    if found.during.lower is not None and starts_on <= found.during.lower:
        raise wrong("day", f"晋级日期须晚于入驻日期 {found.during.lower}：请核对 (too early)")
    open_one = select(Promotion.id).where(Promotion.firm_id == found.firm_id, *_open())
    if session.scalar(open_one) is not None:
        raise Conflict("该企业已有待定的晋级建议：请先处理 (a proposal is waiting)")
    proposal = Promotion(
        firm_id=found.firm_id, from_id=found.incubator_id, to_id=to.id, starts_on=starts_on,
        reason=reason.strip(), source=actor.source, recorded_by=actor.name,
    )  # fmt: skip
    session.add(proposal)
    session.flush()
    if actor.role is Role.ANALYST:
        return decide(session, actor, proposal, accepted=True, reason=reason)
    return proposal


def _open() -> tuple[Any, ...]:
    return Promotion.superseded_at.is_(None), Promotion.accepted.is_(None)


def _check_upward(session: Session, from_id: int, to: Organisation) -> None:
    rows = session.execute(select(Carrier.organisation_id, Carrier.kind))
    kinds = {number: kind for number, kind in rows}
    here, there = kinds.get(from_id), kinds.get(to.id)
    if here is None or there is None:
        raise wrong("to", "请先在载体页填写两个载体的类型 (say which kinds of carrier they are)")
    if CARRIER_KINDS.index(there) <= CARRIER_KINDS.index(here):
        raise wrong("to", "晋级只能沿众创空间、孵化器、加速器向上：请另选载体 (not upward)")


def proposal(session: Session, actor: Actor, number: int) -> Promotion:
    """A proposal that waits for its decision."""
    found = session.scalar(
        select(Promotion)
        .join(Firm, Firm.id == Promotion.firm_id)
        .where(Promotion.id == number, *_open(), queries.visible(actor))
        .with_for_update(of=Promotion)
    )
    if found is None:
        raise NotFound("没有这条待定的晋级建议：请刷新 (no such proposal)")
    return found


def decide(
    session: Session, actor: Actor, found: Promotion, *, accepted: bool, reason: str
) -> Promotion:
    """Accept, and the firm moves on the day proposed; or decline, and it stays."""
    actor.require("firms:write")
    if actor.role is not Role.ANALYST:
        raise Forbidden("晋级由科技局分析员决定 (only analysts decide)")
    if not reason.strip():
        raise wrong("reason", "请写明理由 (say why)")
    if accepted:
        _move(session, actor, found)
    return firms.correct(session, actor, found, accepted=accepted, decided_on=today(),
                         decided_by=actor.name, decided_reason=reason.strip())  # fmt: skip


def _move(session: Session, actor: Actor, found: Promotion) -> None:
    old = session.scalar(
        select(Residency).where(
            Residency.firm_id == found.firm_id,
            Residency.incubator_id == found.from_id,
            Residency.superseded_at.is_(None),
            Residency.during.contains(found.starts_on - timedelta(days=1)),
            func.upper_inf(Residency.during),
        )
    )
    if old is None:
        raise Conflict("该企业已不在原载体：请驳回这条建议 (has left meanwhile)")
    last = found.starts_on - timedelta(days=1)
    firms.correct(session, actor, old, **_until(old, last), left_reason="promoted")
    session.add(Residency(
        firm_id=found.firm_id, incubator_id=found.to_id, during=Range(found.starts_on, None),
        premises_inside=old.premises_inside, field=old.field, limit_months=old.limit_months,
        source=actor.source, recorded_by=actor.name,
    ))  # fmt: skip
    session.flush()
    _assess(session, found.firm_id)


def _withdraw_proposal(session: Session, firm_id: int) -> None:
    """Whoever leaves needs no promotion any more."""
    for one in session.scalars(select(Promotion).where(Promotion.firm_id == firm_id, *_open())):
        one.superseded_at = now()


def _assess(session: Session, firm_id: int) -> None:
    assess(session, select(Firm.id).where(Firm.id == firm_id), today())


def wrong(name: str, detail: str) -> Invalid:
    """Invalid that names the field."""
    return Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}])
