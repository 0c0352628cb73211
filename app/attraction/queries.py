"""Leads, as far as somebody may know of them: the one predicate behind every read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, any_, exists, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation, OrganisationMember
from app.attraction.models import CHANNELS, STAGES, Lead, LeadStep
from app.core.errors import NotFound
from app.core.fields import Field, whole_number
from app.core.filters import Filters, Sort, Vocabulary, parse
from app.core.paging import Page, page
from app.plans.models import Task

# 多渠道引进创新企业: whoever answers for it works on every lead.
TASK = "3"
CARDS = 30
Params = list[tuple[str, str]]
SHOWN = ("id", "name", "since", "stage", "stage_on", "channel", "chain", "partner",
         "introduced_by", "investment", "description", "organisation_id", "owner", "park_id",
         "next_step", "next_on", "lost_reason", "firm_id", "version")  # fmt: skip


def visible(session: Session, actor: Actor) -> ColumnElement[bool]:
    """Which leads this actor may know of.

    Analysts and leaders of the district: all. Officers: all if their department answers for the
    plan's task of attraction, else those that it works on. Parks: those meant for them.
    """
    match actor.role:
        case Role.ANALYST | Role.LEADER:
            return true()
        case Role.OFFICER:
            return true() if is_responsible(session, actor) else _own(actor)
        case Role.PARK_OPERATOR:
            return Lead.park_id == actor.organisation_id
        case Role.INCUBATOR_MANAGER | Role.ADMIN | Role.AUDITOR:
            return false()


def _own(actor: Actor) -> ColumnElement[bool]:
    return Lead.organisation_id == actor.organisation_id


def is_responsible(session: Session, actor: Actor) -> bool:
    """Whether a department answers for the task, by itself or in a group that the plan names."""
    group = aliased(Organisation)
    in_group = exists().where(
        OrganisationMember.member_id == Organisation.id,
        OrganisationMember.group_id == group.id,
        or_(group.code == any_(Task.lead), group.code == any_(Task.supporting)),
    )
    named = or_(Organisation.code == any_(Task.lead), Organisation.code == any_(Task.supporting))
    query = select(func.count()).select_from(Task).join(Organisation, true())
    query = query.where(Task.code == TASK, Organisation.id == actor.organisation_id,
                        or_(named, in_group))  # fmt: skip
    return bool(session.scalar(query))


def vocabulary() -> Vocabulary:
    """What the list of leads understands."""
    table = Lead.__table__.c
    numbers = {name: Field(name, "number", table[name], convert=whole_number)
               for name in ("id", "organisation_id", "park_id", "firm_id")}  # fmt: skip
    texts = {name: Field(name, "text", table[name])
             for name in ("name", "chain", "partner", "owner")}  # fmt: skip
    dates = {name: Field(name, "date", table[name]) for name in ("since", "stage_on", "next_on")}
    choices = {
        "stage": Field("stage", "choice", Lead.stage, choices=STAGES),
        "channel": Field("channel", "choice", Lead.channel, choices=CHANNELS),
    }
    sorts = {"id": Sort(Lead.id), "since": Sort(Lead.since), "name": Sort(Lead.name),
             "next_on": Sort(Lead.next_on, nullable=True)}  # fmt: skip
    return Vocabulary(fields={**numbers, **texts, **dates, **choices}, sorts=sorts,
                      ordering="-since", columns=SHOWN)  # fmt: skip


def listed(session: Session, actor: Actor, params: Params) -> Page:
    """A page of leads."""
    filters = parse(params, vocabulary())
    columns = [getattr(Lead, name) for name in filters.columns or SHOWN]
    query = select(*columns).where(visible(session, actor))
    return page(session, query, filters, Lead.id)


def get(session: Session, actor: Actor, number: int, *, lock: bool = False) -> Lead:
    """One lead; NotFound also where it is not this actor's to know."""
    query = select(Lead).where(Lead.id == number, visible(session, actor))
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound(f"没有编号为 {number} 的招商线索 (no such lead)")
    return found


def steps(session: Session, lead_id: int) -> Sequence[LeadStep]:
    """What was done with a lead, the latest first."""
    query = select(LeadStep).where(LeadStep.lead_id == lead_id)
    return session.scalars(query.order_by(LeadStep.taken_on.desc(), LeadStep.id.desc())).all()


@dataclass(frozen=True)
class Column:
    """One stage: how many leads, what they would invest, and the first of their cards."""

    stage: str
    count: int
    investment: Any
    cards: list[dict[str, Any]]
    next: str | None


def board(session: Session, actor: Actor, params: Params) -> list[Column]:
    """Every stage with its leads; a constant number of statements."""
    asked = [(name, value) for name, value in params if name not in ("cursor", "stage")]
    filters = parse(asked, vocabulary())
    seen = visible(session, actor)
    totals = {
        stage: (count, total)
        for stage, count, total in session.execute(
            select(Lead.stage, func.count(), func.sum(Lead.investment))
            .where(seen, *filters.where).group_by(Lead.stage)
        )
    }  # fmt: skip
    return [_column(session, seen, filters, stage, totals.get(stage, (0, None)))
            for stage in STAGES]  # fmt: skip


def _column(
    session: Session, seen: Any, filters: Filters, stage: str, total: tuple[int, Any]
) -> Column:
    wanted = replace(filters, where=(*filters.where, Lead.stage == stage), limit=CARDS,
                     count="none")  # fmt: skip
    query = select(*(getattr(Lead, name) for name in SHOWN)).where(seen)
    found = page(session, query, wanted, Lead.id)
    return Column(stage, *total, found.items, found.next)


def of_firm(session: Session, actor: Actor, firm_id: int) -> Lead | None:
    """The lead that became a firm."""
    return session.scalar(select(Lead).where(Lead.firm_id == firm_id, visible(session, actor)))
