"""Which firms an actor may write: none but those it may know of."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.firms.models import Firm
from app.firms.queries import visible

LIMITED = (Role.INCUBATOR_MANAGER, Role.PARK_OPERATOR)


def is_limited(actor: Actor) -> bool:
    """Whether the actor keeps the firms of one park or incubator only."""
    return actor.role in LIMITED


def known_to(session: Session, actor: Actor) -> set[int] | None:
    """Numbers of the firms the actor may know of; None where it may know of all."""
    if not is_limited(actor):
        return None
    return set(session.scalars(select(Firm.id).where(visible(actor))))
