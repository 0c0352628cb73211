"""Chains with their leaders and members, zones with their firms, and who climbs to a listing."""

from collections.abc import Sequence
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


def zones(session: Session, actor: Actor, day: date) -> Sequence[Any]:
    """The core, the areas and the parks, with the firms located in each park."""
    here = and_(
        Location.park_id == Zone.park_id, Location.superseded_at.is_(None),
        Location.during.contains(day),
    )  # fmt: skip
    rungs = rung_on(day)
    seen = and_(Firm.id == Location.firm_id, visible(actor))
    place = case({kind: n for n, kind in enumerate(ZONE_KINDS)}, value=Zone.kind)
    return session.execute(
        select(
            Zone.name, Zone.name_en, Zone.kind, Organisation.code.label("park"),
            func.count(Firm.id).label("firms"),
            func.count().filter(rungs.c.rung.in_(("certified", "little_giant"))).label("certified"),
        )
        .outerjoin(Organisation, Organisation.id == Zone.park_id)
        .outerjoin(Location, here).outerjoin(Firm, seen)
        .outerjoin(rungs, rungs.c.firm_id == Firm.id)
        .group_by(Zone.id, Organisation.code).order_by(place, Zone.name)
    ).all()  # fmt: skip


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
