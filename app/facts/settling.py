"""What a kind of record needs to know beyond itself before it is kept."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation
from app.core.errors import Invalid, NotFound
from app.firms import queries
from app.pipeline.judging import check_criterion

Values = dict[str, Any]


def served_by(session: Session, actor: Actor, values: Values) -> Values:
    """A service was given by the body that is named, or by the one that records it."""
    number = values["organisation_id"]
    if number is None:
        return values | {"organisation_id": actor.organisation_id}
    if session.scalar(select(Organisation.id).where(Organisation.id == number)) is None:
        raise _wrong("organisation_id", f"没有编号为 {number} 的单位：请填写已登记的单位，"
                     "或留空表示本单位 (no such organisation)")  # fmt: skip
    return values


def known_parent(session: Session, actor: Actor, values: Values) -> Values:
    """A parent firm is one that whoever records it may know of."""
    try:
        queries.get(session, actor, values["parent_id"])
    except NotFound as error:
        raise _wrong("parent_id", f"{error.detail}：请先登记母体企业 (register it first)") from None
    return values


def own(name: str) -> Callable[[Session, Actor, Values], Values]:
    """Parks and incubators say who is with them, and not who is with others."""

    def settled(_session: Session, actor: Actor, values: Values) -> Values:
        if not keeps(actor, values[name]):
            raise _wrong(name, f"{name} 只能是您所在的单位 (your own organisation only)")
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


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}])
