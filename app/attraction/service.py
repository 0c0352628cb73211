"""Leads are added, described and moved on; one that lands becomes a firm on record."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation
from app.attraction import queries
from app.attraction.models import Lead, LeadStep
from app.attraction.schemas import LeadIn, LeadKey, MoveIn, RowOut, RowsOut
from app.core.clock import today
from app.core.errors import AppError, Conflict, Forbidden, Invalid, Stale
from app.core.forms import checked
from app.firms import queries as firms
from app.firms import service as register
from app.firms.models import Firm, Location
from app.pipeline.service import assess

FIRST = "登记线索"
OUTCOMES = ("created", "updated", "unchanged", "rejected")


def check_writes(session: Session, actor: Actor) -> None:
    """Analysts, parks and the departments that answer for the task keep leads."""
    if actor.scopes is not None:
        actor.require("firms:write")
    keeper = actor.role in (Role.ANALYST, Role.PARK_OPERATOR) or (
        actor.role is Role.OFFICER and queries.is_responsible(session, actor)
    )
    if not keeper:
        raise Forbidden("招商线索由科技局、招商任务的责任部门和园区维护 (not kept by this role)")


def add(session: Session, actor: Actor, given: LeadIn) -> Lead:
    """A new lead at its first contact; a park's are meant for that park."""
    check_writes(session, actor)
    values = _placed(session, actor, given.model_dump())
    known = select(Lead.id).where(Lead.name == given.name, Lead.since == given.since,
                                  queries.visible(session, actor))  # fmt: skip
    if session.scalar(known) is not None:
        raise Conflict(f"{given.name} 自 {given.since} 的线索已有：请在其上继续 (on record)")
    found = Lead(**values, stage="contact", stage_on=given.since, recorded_by=actor.name)
    session.add(found)
    session.flush()
    _step(session, actor, found, given.since, given.description or FIRST)
    session.refresh(found)
    return found


def upsert(session: Session, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> RowsOut:
    """Add or describe leads by name and first contact; good rows stay, bad ones are named."""
    check_writes(session, actor)
    done = [_row(session, actor, index, row) for index, row in enumerate(rows)]
    counts = Counter[str](one.outcome for one in done)
    return RowsOut(**{name: counts[name] for name in OUTCOMES}, rows=done)


def _row(session: Session, actor: Actor, index: int, row: Mapping[str, Any]) -> RowOut:
    try:
        with session.begin_nested():
            outcome, number = put(session, actor, row)
            return RowOut(index=index, outcome=outcome, id=number)
    except AppError as error:
        faults = error.extra.get("errors") or [{"pointer": "/", "detail": error.detail}]
        return RowOut(index=index, outcome="rejected", errors=faults)


def put(session: Session, actor: Actor, row: Mapping[str, Any]) -> tuple[Any, int]:
    """Add a lead or describe the known one of that name and first contact; outcome and number.

    What a row leaves out stays as it is; null empties it.
    """
    named = checked(LeadKey, {name: row.get(name) for name in LeadKey.model_fields})
    known = session.scalar(
        select(Lead)
        .where(Lead.name == named.name, Lead.since == named.since, queries.visible(session, actor))
        .with_for_update()
    )
    if known is None:
        return "created", add(session, actor, checked(LeadIn, row)).id
    version = known.version
    kept = {name: getattr(known, name) for name in LeadIn.model_fields}
    found = describe(session, actor, known, checked(LeadIn, kept | dict(row)), version)
    return "unchanged" if found.version == version else "updated", found.id


def _placed(session: Session, actor: Actor, values: dict[str, Any]) -> dict[str, Any]:
    if actor.role is Role.PARK_OPERATOR:
        values["park_id"] = actor.organisation_id
    values["organisation_id"] = values["organisation_id"] or actor.organisation_id
    for name, kinds in (("park_id", ("park",)), ("organisation_id", ("department", "park"))):
        number = values[name]
        known = select(Organisation.id).where(
            Organisation.id == number, Organisation.kind.in_(kinds)
        )
        if number is not None and session.scalar(known) is None:
            raise wrong(
                name, f"没有编号为 {number} 的单位：请从单位名录选择 (no such organisation)"
            )
    return values


def describe(
    session: Session, actor: Actor, found: Lead, given: LeadIn, version: int
) -> Lead:  # fmt: skip
    """Say otherwise what it is and what is next; Stale if it is no longer the version read."""
    check_writes(session, actor)
    _check_version(found, version)
    values = _placed(session, actor, given.model_dump())
    if values["since"] > found.stage_on:
        raise wrong("since", f"首次接触晚于 {found.stage_on} 的进展：请核对日期 (too late)")
    changed = {n: v for n, v in values.items() if getattr(found, n) != v}
    for name, value in changed.items():
        setattr(found, name, value)
    found.version += 1 if changed else 0
    session.flush()
    session.refresh(found)
    return found


def _check_version(found: Lead, version: int) -> None:
    if found.version != version:
        raise stale(found)


def stale(found: Lead, _given: str = "") -> Stale:
    """Says that another version is the one that stands."""
    return Stale(f"线索已是第 {found.version} 版：请取回最新版再改 (changed meanwhile)",
                 current=found.version)  # fmt: skip


def move(session: Session, actor: Actor, found: Lead, given: MoveIn) -> Lead:
    """A step on the way; landing ties the firm to the lead and its history."""
    check_writes(session, actor)
    _check_move(session, found, given)
    if given.stage == "landed":
        found.firm_id = _firm(session, actor, found, given).id
    found.stage, found.stage_on, found.lost_reason = given.stage, given.day, given.lost_reason
    found.next_step, found.next_on = given.next_step, given.next_on
    found.version += 1
    session.flush()
    _step(session, actor, found, given.day, given.note)
    if found.firm_id is not None:
        assess(session, [found.firm_id], today())
    session.refresh(found)
    return found


def _check_move(session: Session, found: Lead, given: MoveIn) -> None:
    if found.stage == "landed":
        raise Conflict("该线索已落地：后续请在企业画像中记录服务 (has landed)")
    if given.day > today():
        raise wrong("day", f"日期 {given.day} 尚未到来：请在发生后登记，或填作下一步 (future)")
    latest = session.scalar(select(func.max(LeadStep.taken_on)).where(LeadStep.lead_id == found.id))
    last: date = latest or found.since
    if given.day < last:
        raise wrong("day", f"日期 {given.day} 早于上一步 {last}：请核对 (before the last step)")


def _firm(session: Session, actor: Actor, found: Lead, given: MoveIn) -> Firm:
    """The firm that the lead has become: one on record, or registered now."""
    if given.firm_id is not None:
        firm = firms.get(session, actor, given.firm_id)
    else:
        firm = _on_record(session, actor, found, given)
    taken = session.scalar(select(Lead.name).where(Lead.firm_id == firm.id))
    if taken is not None:
        raise Conflict(f"该企业已由线索“{taken}”落地：请核对企业 (tied to another lead)")
    return firm


def _on_record(session: Session, actor: Actor, found: Lead, given: MoveIn) -> Firm:
    code = register.check_credit_code(given.credit_code or "")
    known = firms.find_by_credit_code(session, actor, code)
    if known is not None:
        return known
    firm = register.register(
        session, actor, given.name or found.name, credit_code=code, chain=found.chain,
        registered_on=given.registered_on, origin="attracted",
    )  # fmt: skip
    if found.park_id is not None and actor.role is not Role.PARK_OPERATOR:
        session.add(Location(firm_id=firm.id, park_id=found.park_id, source=actor.source,
                             during=Range(given.day, None), recorded_by=actor.name))  # fmt: skip
        session.flush()
    return firm


def _step(session: Session, actor: Actor, found: Lead, day: date, note: str) -> None:
    session.add(LeadStep(lead_id=found.id, taken_on=day, stage=found.stage, note=note,
                         recorded_by=actor.name))  # fmt: skip
    session.flush()


def wrong(name: str, detail: str) -> Invalid:
    """Invalid that names the field."""
    return Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}])
