"""Reads of flags: which stand, of one firm or a page of firms, and how many each concerns."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import distinct, func, or_, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.fields import Predicate
from app.firms import queries
from app.firms.flag_models import FLAG_KINDS, Flag


def stands(day: date) -> Predicate:
    """A flag that is open and not put off on a day."""
    awake = or_(Flag.snoozed_until.is_(None), Flag.snoozed_until <= day)
    return Flag.closed_on.is_(None) & awake


def of_firm(session: Session, firm_id: int, *, closed: int = 0) -> list[Flag]:
    """A firm's open flags in the order of their kinds, then so many of the closed ones."""
    order = {kind: number for number, kind in enumerate(FLAG_KINDS)}
    query = select(Flag).where(Flag.firm_id == firm_id)
    found = sorted(
        session.scalars(query.where(Flag.closed_on.is_(None))),
        key=lambda one: (order[one.kind], one.subject),
    )
    past = query.where(Flag.closed_on.is_not(None))
    newest = past.order_by(Flag.closed_on.desc(), Flag.kind, Flag.subject).limit(closed)
    return [*found, *session.scalars(newest)] if closed else found


def counts(session: Session, actor: Actor, day: date) -> dict[str, int]:
    """How many firms each kind concerns, each once, within what the actor may know of."""
    query = (
        select(Flag.kind, func.count(distinct(Flag.firm_id)))
        .where(stands(day), queries.among(Flag.firm_id, actor, day))
        .group_by(Flag.kind)
    )
    found: dict[str, int] = {kind: firms for kind, firms in session.execute(query)}
    return {kind: found.get(kind, 0) for kind in FLAG_KINDS}


def kinds_of(session: Session, ids: Iterable[int], day: date) -> dict[int, list[str]]:
    """The kinds of the flags that stand, of several firms, each kind once."""
    query = select(Flag.firm_id, Flag.kind).where(Flag.firm_id.in_(list(ids)), stands(day))
    order = list(FLAG_KINDS)
    found: dict[int, list[str]] = {}
    for number, kind in session.execute(query.distinct()):
        found.setdefault(number, []).append(kind)
    return {number: sorted(kinds, key=order.index) for number, kinds in found.items()}
