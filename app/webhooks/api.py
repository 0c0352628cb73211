"""Webhooks over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy.orm import Session

from app.accounts.acting import act_as
from app.accounts.actor import Actor
from app.accounts.auth import Db, Tx, asking, enrolled, settings_of
from app.accounts.models import Organisation
from app.accounts.service import organisation
from app.core.errors import Invalid, NotFound
from app.core.resource import Resource
from app.webhooks import queries, service
from app.webhooks.acting import check_manager
from app.webhooks.models import Delivery, Wanted
from app.webhooks.schemas import (
    DeliveriesOut,
    DeliveryOut,
    Left,
    RangeIn,
    WebhookIn,
    WebhookMade,
    WebhookOut,
    WebhooksOut,
)

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"], route_class=Resource)
Number = Annotated[int, Path(ge=1, lt=2**31)]
DeliveryNumber = Annotated[int, Path(ge=1, lt=2**63)]


def _manager(actor: Actor) -> Actor:
    check_manager(enrolled(actor))
    return actor


Manager = Annotated[Actor, Depends(asking(_manager))]


def body_for(session: Session, actor: Actor, code: str | None) -> Organisation:
    """Whose subscription it is to be."""
    if actor.token_id is not None and actor.organisation_id is not None:
        own = session.get_one(Organisation, actor.organisation_id)
        if code not in (None, own.code):
            raise NotFound(f"没有单位 {code} (no such organisation)")
        return own
    if code is None:
        raise Invalid("请指明单位 (name the organisation)",
                      errors=[{"pointer": "/organisation", "detail": "missing"}])  # fmt: skip
    return organisation(session, code)


@router.get("", operation_id="list_webhooks")
def list_webhooks(actor: Manager, db: Db) -> WebhooksOut:
    """Subscriptions."""
    return WebhooksOut.model_validate({"items": queries.webhooks(db, actor)})


@router.post("", operation_id="create_webhook", status_code=201)
def create_webhook(request: Request, data: WebhookIn, actor: Manager, tx: Tx) -> WebhookMade:
    """Subscribe; the secret in the answer is told this once."""
    wanted = Wanted(data.url, tuple(data.kinds), tuple(data.indicators), data.query)
    body = body_for(tx, actor, data.organisation)
    webhook, secret = service.subscribe(tx, settings_of(request), actor, body, wanted)
    return WebhookMade.model_validate(queries.webhook(tx, webhook.id) | {"secret": secret})


@router.get("/{number}", operation_id="get_webhook")
def get_webhook(number: Number, actor: Manager, db: Db) -> WebhookOut:
    """One subscription."""
    service.find(db, actor, number)
    return WebhookOut.model_validate(queries.webhook(db, number))


@router.delete("/{number}", operation_id="delete_webhook", status_code=204)
def delete_webhook(number: Number, actor: Manager, tx: Tx) -> None:
    """End a subscription; its log goes with it."""
    tx.delete(service.find(tx, actor, number))


@router.post("/{number}/rotate", operation_id="rotate_webhook_secret")
def rotate_webhook(request: Request, number: Number, actor: Manager, tx: Tx) -> WebhookMade:
    """A new secret; for a day requests are signed with both."""
    secret = service.rotate(tx, settings_of(request), service.find(tx, actor, number))
    return WebhookMade.model_validate(queries.webhook(tx, number) | {"secret": secret})


@router.post("/{number}/enable", operation_id="enable_webhook")
def enable_webhook(number: Number, actor: Manager, tx: Tx) -> WebhookOut:
    """Take it up where it was left."""
    service.enable(tx, service.find(tx, actor, number))
    return WebhookOut.model_validate(queries.webhook(tx, number))


@router.post("/{number}/disable", operation_id="disable_webhook")
def disable_webhook(number: Number, actor: Manager, tx: Tx) -> WebhookOut:
    """Send nothing more until it is enabled; nothing is lost for as long as the feed is kept."""
    service.disable(tx, service.find(tx, actor, number), f"由 {actor.name} 停用 (switched off)")
    return WebhookOut.model_validate(queries.webhook(tx, number))


@router.post("/{number}/test", operation_id="test_webhook", status_code=202)
def test_webhook(number: Number, actor: Manager, tx: Tx) -> Left:
    """Send a test event."""
    service.test(tx, service.find(tx, actor, number))
    return Left(deliveries=1)


@router.get("/{number}/deliveries", operation_id="list_deliveries")
def list_deliveries(
    number: Number,
    actor: Manager,
    db: Db,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> DeliveriesOut:
    """The log: each event, each request and its reply."""
    service.find(db, actor, number)
    found = queries.deliveries(db, number, before, limit, replies=actor.token_id is not None)
    following = found[-1]["id"] if len(found) == limit else None
    items = [DeliveryOut.model_validate(row) for row in found]
    return DeliveriesOut(items=items, next=following)


@router.post("/{number}/replay", operation_id="replay_events", status_code=202)
def replay_events(number: Number, data: RangeIn, actor: Manager, tx: Tx) -> Left:
    """Deliver again what the feed holds after one position up to another."""
    webhook = service.find(tx, actor, number)
    return Left(deliveries=replay(tx, actor, webhook.id, data))


@router.post(
    "/{number}/deliveries/{delivery}/replay", operation_id="replay_delivery", status_code=202
)
def replay_delivery(number: Number, delivery: DeliveryNumber, actor: Manager, tx: Tx) -> Left:
    """Deliver one event again."""
    send_again(tx, actor, number, delivery)
    return Left(deliveries=1)


def replay(session: Session, actor: Actor, number: int, data: RangeIn) -> int:
    """As the organisation, whoever asks: an administrator sees no firm."""
    webhook = service.find(session, actor, number)
    act_as(session, service.acting_for(session, webhook), reason=f"replay by {actor.name}")
    return service.replay(session, webhook, data.after, data.until)


def send_again(session: Session, actor: Actor, number: int, delivery: int) -> None:
    """One delivery of this subscription."""
    webhook = service.find(session, actor, number)
    found = session.get(Delivery, delivery)
    if found is None or found.webhook_id != webhook.id:
        raise NotFound(f"没有编号为 {delivery} 的推送 (no such delivery)")
    service.again(session, found, webhook)
