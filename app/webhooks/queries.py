"""Subscriptions, their deliveries and attempts, read for pages and the interface."""

from typing import Any

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Organisation
from app.webhooks.models import Attempt, Delivery, Webhook

COLUMNS = (
    Webhook.id, Webhook.url, Webhook.kinds, Webhook.indicators, Webhook.query, Webhook.state,
    Webhook.disabled_why, Webhook.failing_since, Webhook.before_until, Webhook.created_by,
    Webhook.created_at, Organisation.code.label("organisation"),
    Organisation.name.label("organisation_name"),
)  # fmt: skip
# Signatures and secrets stay out.
DELIVERIES = (Delivery.id, Delivery.seq, Delivery.kind, Delivery.state, Delivery.attempts,
              Delivery.created_at, Delivery.next_at)  # fmt: skip


def _own(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.token_id is None else Webhook.organisation_id == actor.organisation_id


def webhooks(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """All of an organisation's; of everybody for an administrator."""
    query = select(*COLUMNS).join(Organisation).where(_own(actor)).order_by(Webhook.id)
    rows = session.execute(query)
    return [dict(row._mapping) for row in rows]


def webhook(session: Session, number: int) -> dict[str, Any]:
    """One, which is known to be there."""
    query = select(*COLUMNS).join(Organisation).where(Webhook.id == number)
    return dict(session.execute(query).one()._mapping)


def deliveries(
    session: Session, number: int, before: int | None = None, most: int = 50, *, replies: bool
) -> list[dict[str, Any]]:
    """The latest first, with their attempts; a reply may repeat what administrators do not see."""
    query = select(*DELIVERIES).where(Delivery.webhook_id == number)
    if before is not None:
        query = query.where(Delivery.id < before)
    found = [
        dict(row._mapping) | {"tries": []}
        for row in session.execute(query.order_by(Delivery.id.desc()).limit(most))
    ]
    by_number = {row["id"]: row for row in found}
    tries = select(Attempt).where(Attempt.delivery_id.in_(by_number)).order_by(Attempt.id)
    for one in session.scalars(tries):
        told = {name: getattr(one, name)
                for name in ("at", "sent", "status", "reply", "error", "milliseconds")}  # fmt: skip
        by_number[one.delivery_id]["tries"].append(told | ({} if replies else {"reply": None}))
    return found


def disabled(session: Session) -> int:
    """How many subscriptions wait for somebody to enable them."""
    query = select(func.count()).select_from(Webhook).where(Webhook.state == "disabled")
    return session.scalar(query) or 0
