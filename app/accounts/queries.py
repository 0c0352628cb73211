"""Look-ups of people and bodies."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Organisation, User


def has_users(session: Session) -> bool:
    """Whether anybody can sign in."""
    return session.scalar(select(User.id).limit(1)) is not None


def has_demo_users(session: Session) -> bool:
    """Whether the demo's people are there."""
    return session.scalar(select(User.id).where(User.demo).limit(1)) is not None


def organisations(session: Session, kind: str) -> list[Organisation]:
    """Bodies of a kind, by name."""
    query = select(Organisation).where(Organisation.kind == kind)
    return list(session.scalars(query.order_by(Organisation.name)))
