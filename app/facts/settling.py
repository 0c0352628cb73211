"""What a kind of record needs to know beyond itself before it is kept."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.firms.record_kinds import Values, wrong
from app.pipeline.judging import check_criterion


def own(name: str) -> Callable[[Session, Actor, Values], Values]:
    """Parks and incubators say who is with them, and not who is with others."""

    def settled(_session: Session, actor: Actor, values: Values) -> Values:
        if not keeps(actor, values[name]):
            raise wrong(name, f"{name} 只能是您所在的单位 (your own organisation only)")
        return values

    return settled


def keeps(actor: Actor, organisation: int) -> bool:
    """Whether the actor keeps the records of who is with an organisation."""
    limited = actor.role in (Role.INCUBATOR_MANAGER, Role.PARK_OPERATOR)
    return not limited or organisation == actor.organisation_id


def known_criterion(session: Session, _actor: Actor, values: Values) -> Values:
    """A judgement answers a criterion that there is."""
    check_criterion(session, values["criterion"])
    return values
