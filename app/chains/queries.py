"""Chains with their leaders and members, zones with their firms, and who climbs to a listing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Organisation
from app.firms.models import Firm, Location
from app.firms.queries import rung_on, visible
from app.leading.models import LISTING_STEPS, ZONE_KINDS, ChainMember, ListingStep, Zone

SHOWN = 500


def _held(day: date) -> Any:
    return and_(
        ChainMember.superseded_at.is_(None), ChainMember.since <= day,
        func.coalesce(ChainMember.ended_on, day) >= day,
    )  # fmt: skip


def chains(session: Session, actor: Actor, day: date) -> Sequence[Any]:
    """Each chain with how many lead it and belong to it, and its certified and tech-based firms."""
    rungs = rung_on(day)
    led = ChainMember.role == "leader"
    leaders = func.string_agg(Firm.name, aggregate_order_by(literal("、"), Firm.name)).filter(led)
    return session.execute(
        select(
            ChainMember.chain, leaders.label("leaders"),
            func.count().filter(ChainMember.role == "member").label("members"),
            func.count().filter(rungs.c.rung.in_(("certified", "little_giant"))).label("certified"),
            func.count().filter(rungs.c.rung == "tech_based").label("tech_based"),
        )
        .join(Firm, Firm.id == ChainMember.firm_id)
        .outerjoin(rungs, rungs.c.firm_id == Firm.id)
        .where(visible(actor), _held(day)).group_by(ChainMember.chain).order_by(ChainMember.chain)
    ).all()  # fmt: skip


def firms_of(session: Session, actor: Actor, chain: str, day: date) -> Sequence[Any]:
    """The firms of a chain, its leaders first."""
    rungs = rung_on(day)
    return session.execute(
        select(Firm.id, Firm.name, ChainMember.role, ChainMember.link, ChainMember.since,
               rungs.c.rung)
        .join(ChainMember, ChainMember.firm_id == Firm.id)
        .outerjoin(rungs, rungs.c.firm_id == Firm.id)
        .where(visible(actor), _held(day), ChainMember.chain == chain)
        .order_by(ChainMember.role, Firm.name).limit(SHOWN)
    ).all()  # fmt: skip


@dataclass
class Part:
    """A part of the zone; what a core or an area counts are the firms of the parks in it."""

    id: int
    within_id: int | None
    name: str
    name_en: str | None
    kind: str
    park: str | None
    firms: int
    certified: int


def zones(session: Session, actor: Actor, day: date) -> list[Part]:
    """The core and the areas, each followed by its parks; then parks that lie in none."""
    here = and_(
        Location.park_id == Zone.park_id, Location.superseded_at.is_(None),
        Location.during.contains(day),
    )  # fmt: skip
    rungs = rung_on(day)
    seen = and_(Firm.id == Location.firm_id, visible(actor))
    rows = session.execute(
        select(
            Zone.id, Zone.within_id, Zone.name, Zone.name_en, Zone.kind, Organisation.code,
            func.count(Firm.id),
            func.count().filter(rungs.c.rung.in_(("certified", "little_giant"))),
        )
        .outerjoin(Organisation, Organisation.id == Zone.park_id)
        .outerjoin(Location, here).outerjoin(Firm, seen)
        .outerjoin(rungs, rungs.c.firm_id == Firm.id)
        .group_by(Zone.id, Organisation.code).order_by(Zone.name)
    ).all()  # fmt: skip
    parts = [Part(*row) for row in rows]
    wholes = {one.id: one for one in parts if one.kind != "park"}
    for one in parts:
        if one.within_id is not None:
            wholes[one.within_id].firms += one.firms
            wholes[one.within_id].certified += one.certified
    return sorted(parts, key=lambda one: _place(one, wholes))


def _place(one: Part, wholes: Mapping[int, Part]) -> tuple[int, str, int, str]:
    whole = one if one.within_id is None else wholes[one.within_id]
    return ZONE_KINDS.index(whole.kind), whole.name, int(one is not whole), one.name


def climbers(session: Session, actor: Actor) -> dict[str, list[Any]]:
    """Firms by the highest step to a listing that they have reached, with all their steps."""
    place = case({step: n for n, step in enumerate(LISTING_STEPS)}, value=ListingStep.step)
    rows = session.execute(
        select(Firm.id, Firm.name, ListingStep.step, ListingStep.reached_on, ListingStep.board)
        .join(ListingStep, ListingStep.firm_id == Firm.id)
        .where(visible(actor), ListingStep.superseded_at.is_(None))
        .order_by(Firm.name, Firm.id, place)
        .limit(SHOWN)
    ).all()
    of_firm: dict[int, list[Any]] = {}
    for row in rows:
        of_firm.setdefault(row.id, []).append(row)
    found: dict[str, list[Any]] = {step: [] for step in LISTING_STEPS}
    for steps in of_firm.values():
        found[steps[-1].step].append(steps)
    return {step: firms for step, firms in found.items() if firms}
