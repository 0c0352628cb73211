"""What services and spin-offs need to know beyond themselves before they are kept."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Organisation
from app.core.errors import NotFound
from app.firms import queries
from app.firms.record_kinds import Values, wrong


def served_by(session: Session, actor: Actor, values: Values) -> Values:
    """A service was given by the body that is named, or by the one that records it."""
    number = values["organisation_id"]
    if number is None:
        return values | {"organisation_id": actor.organisation_id}
    if session.scalar(select(Organisation.id).where(Organisation.id == number)) is None:
        raise wrong("organisation_id", f"没有编号为 {number} 的单位：请填写已登记的单位，"
                     "或留空表示本单位 (no such organisation)")  # fmt: skip
    return values


def known_parent(session: Session, actor: Actor, values: Values) -> Values:
    """A parent firm is one that whoever records it may know of."""
    try:
        queries.get(session, actor, values["parent_id"])
    except NotFound as error:
        raise wrong("parent_id", f"{error.detail}：请先登记母体企业 (register it first)") from None
    return values
