"""The parts of the high-tech zone are kept by analysts."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation
from app.chains.schemas import ZoneIn
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.leading.models import Zone


def _demand_analyst(actor: Actor) -> None:
    actor.require("firms:write")
    if actor.role is not Role.ANALYST:
        raise Forbidden("高新区布局由科技局分析员维护 (for analysts)")


def add_zone(session: Session, actor: Actor, given: ZoneIn) -> Zone:
    """A core, an area, or a park among the organisations, which may lie in either."""
    _demand_analyst(actor)
    park, within = given.park_id, given.within_id
    if (given.kind == "park") != (park is not None):
        raise _wrong("park_id", "园区须选择所指的单位，核心区和片区不选 (only a park has one)")
    known = select(Organisation.id).where(Organisation.id == park, Organisation.kind == "park")
    if park is not None and session.scalar(known) is None:
        raise _wrong("park_id", "没有这个园区单位：请从列表选择 (no such park)")
    if within is not None:
        _check_within(session, given.kind, within)
    same = Zone.name == given.name
    taken = select(Zone.id).where(same if park is None else or_(same, Zone.park_id == park))
    if session.scalar(taken) is not None:
        raise Conflict("该名称或园区已在布局中：请刷新 (on record already)")
    found = Zone(**given.model_dump())
    session.add(found)
    session.flush()
    return found


def _check_within(session: Session, kind: str, within: int) -> None:
    if kind != "park":
        raise _wrong("within_id", "核心区和片区不属于其他部分：请留空 (only a park lies in one)")
    whole = select(Zone.id).where(Zone.id == within, Zone.kind != "park")
    if session.scalar(whole) is None:
        raise _wrong("within_id", "没有这个核心区或片区：请从列表选择 (no such core or area)")


def place_zone(session: Session, actor: Actor, number: int, within: int | None) -> Zone:
    """Say in which core or area a park lies; None: in none."""
    found = _get(session, actor, number)
    if within is not None:
        _check_within(session, found.kind, within)
    found.within_id = within
    session.flush()
    return found


def remove_zone(session: Session, actor: Actor, number: int) -> None:
    """No longer a part of the zone; the parks in it lie in none, and stay."""
    session.delete(_get(session, actor, number))
    session.flush()


def _get(session: Session, actor: Actor, number: int) -> Zone:
    _demand_analyst(actor)
    found = session.get(Zone, number, with_for_update=True)
    if found is None:
        raise NotFound("布局中没有这一部分：请刷新 (no such part)")
    return found


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}])
