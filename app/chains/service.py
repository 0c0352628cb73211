"""The parts of the high-tech zone are kept by analysts."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation
from app.core.errors import Conflict, Forbidden, Invalid
from app.leading.models import ZONE_KINDS, Zone

LONGEST = 64


def add_zone(
    session: Session, actor: Actor, name: str, name_en: str, kind: str, park: int | None
) -> Zone:
    """A core, an area, or a park among the organisations."""
    actor.require("firms:write")
    if actor.role is not Role.ANALYST:
        raise Forbidden("高新区布局由科技局分析员维护 (for analysts)")
    if kind not in ZONE_KINDS:
        raise _wrong("kind", "请选择类别：核心区、片区或园区 (choose the kind)")
    if not 1 <= len(name.strip()) <= LONGEST:
        raise _wrong("name", f"名称应为 1 至 {LONGEST} 个字：请核对 (name)")
    if (kind == "park") != (park is not None):
        raise _wrong("park_id", "园区须选择所指的单位，核心区和片区不选 (only a park has one)")
    known = select(Organisation.id).where(Organisation.id == park, Organisation.kind == "park")
    if park is not None and session.scalar(known) is None:
        raise _wrong("park_id", "没有这个园区单位：请从列表选择 (no such park)")
    same = Zone.name == name.strip()
    taken = select(Zone.id).where(same if park is None else or_(same, Zone.park_id == park))
    if session.scalar(taken) is not None:
        raise Conflict("该名称或园区已在布局中：请刷新 (on record already)")
    found = Zone(name=name.strip(), name_en=name_en.strip() or None, kind=kind, park_id=park)
    session.add(found)
    session.flush()
    return found


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}])
