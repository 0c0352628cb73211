"""Subscriptions, what is to be delivered to them, and every attempt.

No event is copied here: a delivery names its place in the feed, from which it is read when sent.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Organisation
from app.core.db import Base, Instant

STATES = ("waiting", "delivered", "failed")


@dataclass(frozen=True)
class Wanted:
    """What a subscription is to be: where, which kinds of events, of figures which indicators, of
    which firms (a query of their list); what is empty narrows nothing.
    """

    url: str
    kinds: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    query: str = ""


class Webhook(Base):
    """Where one organisation wants to be told of changes, and of which."""

    __tablename__ = "webhook"
    __table_args__ = (CheckConstraint("state in ('active', 'disabled')", name="state"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey(Organisation.id, ondelete="CASCADE"), index=True
    )
    url: Mapped[str]
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    indicators: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # A query of the list of firms, as an address has it.
    query: Mapped[str] = mapped_column(server_default="")
    # Encrypted; the one before holds for a while after a rotation.
    sealed: Mapped[str] = mapped_column(info={"secret": True})
    sealed_before: Mapped[str | None] = mapped_column(info={"secret": True})
    before_until: Mapped[Instant | None]
    state: Mapped[str] = mapped_column(default="active", server_default="active")
    disabled_why: Mapped[str | None]
    failing_since: Mapped[Instant | None]
    # Up to here the feed has been turned into deliveries.
    position: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[str]
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())


class Delivery(Base):
    """One event for one subscription, until it is delivered or given up; `seq` 0 is a test."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint(f"state in {STATES}", name="state"),
        Index("ix_webhook_delivery_webhook_id", "webhook_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey(Webhook.id, ondelete="CASCADE"))
    seq: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    next_at: Mapped[Instant | None]


class Attempt(Base):
    """One request and its reply; bodies of requests are the events themselves."""

    __tablename__ = "webhook_attempt"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    delivery_id: Mapped[int] = mapped_column(
        ForeignKey(Delivery.id, ondelete="CASCADE"), index=True
    )
    at: Mapped[Instant] = mapped_column(server_default=func.now())
    sent: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[int | None]
    reply: Mapped[str | None]
    error: Mapped[str | None]
    milliseconds: Mapped[int]
