"""What is kept of carriers themselves, and of what they earn."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation
from app.carriers.schemas import CarrierIn, RateIn
from app.carriers.service import carrier, check_keeps
from app.core.clock import today
from app.core.errors import Conflict, Forbidden, Invalid, Stale
from app.core.forms import checked
from app.incubation.models import Carrier, RewardRate

# A manager keeps what the house can do; its standing is the bureau's to say.
MANAGERS = frozenset({"area_m2", "seats", "opened_on", "field", "operator"})


def describe(
    session: Session, actor: Actor, body: Organisation, given: CarrierIn, version: int
) -> Carrier:
    """Record what a carrier is; Stale if it is no longer the version that was read (0: none)."""
    check_keeps(actor, body.id)
    found = session.get(Carrier, body.id, with_for_update=True)
    known = 0 if found is None else found.version
    if known != version:
        raise stale(known)
    values = given.model_dump()
    if actor.role is not Role.ANALYST:
        _refuse_standing(found, values)
    if found is None:
        found = Carrier(organisation_id=body.id, version=1, **values)
        session.add(found)
    elif any(getattr(found, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(found, name, value)
        found.version += 1
    session.flush()
    return found


def check_writes(_session: Session, actor: Actor) -> None:
    """Analysts describe every carrier, a manager the own one."""
    actor.require("firms:write")
    if actor.role not in (Role.ANALYST, Role.INCUBATOR_MANAGER):
        raise Forbidden("载体资料由科技局和载体维护 (kept by the bureau and carriers)")


def put(session: Session, actor: Actor, row: Mapping[str, Any]) -> tuple[str, int]:
    """Describe a carrier by `organisation_id` and what else a row says; outcome and number.

    What a row leaves out stays as it is; null empties it.
    """
    body = carrier(session, _number(row))
    known = session.get(Carrier, body.id)
    version = 0 if known is None else known.version
    names = CarrierIn.model_fields
    kept = {} if known is None else {name: getattr(known, name) for name in names}
    given = {name: value for name, value in row.items() if name != "organisation_id"}
    found = describe(session, actor, body, checked(CarrierIn, kept | given), version)
    if known is None:
        return "created", body.id
    return "unchanged" if found.version == version else "updated", body.id


def _number(row: Mapping[str, Any]) -> int:
    number = row.get("organisation_id")
    if not isinstance(number, int):
        wrong = "请填写孵化载体的名称或代码 (name the carrier)"
        raise Invalid(wrong, errors=[{"pointer": "/organisation_id", "detail": wrong}])
    return number


def stale(known: int) -> Stale:
    """Says that another version is the one that stands."""
    return Stale(f"载体资料已是第 {known} 版：请取回最新版再改 (changed meanwhile)", current=known)


def _refuse_standing(found: Carrier | None, values: dict[str, Any]) -> None:
    before = {name: None if found is None else getattr(found, name) for name in values}
    if any(values[name] != before[name] for name in values if name not in MANAGERS):
        raise Forbidden("载体类型、级别和平台位次由科技局分析员填写 (for analysts)")


def set_rate(session: Session, actor: Actor, given: RateIn) -> RewardRate:
    """What one unit of a measure earns from a day on; an earlier rate holds until then."""
    actor.require("firms:write")
    if actor.role is not Role.ANALYST:
        raise Forbidden("奖励标准由科技局分析员填写 (for analysts)")
    found = session.scalar(
        select(RewardRate)
        .where(RewardRate.measure == given.measure, RewardRate.since == given.since)
        .with_for_update()
    )
    if found is None:
        found = RewardRate(**given.model_dump())
        session.add(found)
    elif found.since.year < today().year:
        raise Conflict("往年的奖励标准不能改动：请从新的日期起另设 (a past year's rate stands)")
    else:
        found.amount, found.basis = given.amount, given.basis
    session.flush()
    return found
