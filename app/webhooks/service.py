"""Subscribe, rotate, enable, replay; turn the feed into deliveries, and deliver them."""

import json
import random
import secrets
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from app.accounts.acting import act_as
from app.accounts.actor import ROLE_OF_ORGANISATION, Actor
from app.accounts.keys import seal, unseal
from app.accounts.models import Organisation
from app.core.clock import now
from app.core.errors import Conflict, Invalid, NotFound
from app.core.outgoing import check_url
from app.core.settings import Settings
from app.events import queries as events
from app.events.schemas import EventOut
from app.jobs.service import enqueue
from app.webhooks import choosing
from app.webhooks.models import Attempt, Delivery, Wanted, Webhook
from app.webhooks.sending import SECRET_PREFIX, Outcome, send, sign

PURPOSE = "webhook secret"
# The first attempt is made at once; so long after each one that failed comes the next: a day.
DELAYS = (5, 300, 1_800, 7_200, 18_000, 28_800, 30_000)
JITTER = 0.2
LONGEST_DELAY = 8 * 3600
OVERLAP, GIVEN_UP = timedelta(hours=24), timedelta(hours=24)
BATCH, MOST_REPLAYED = 500, 5_000
TEST = "webhook.test"


def acting_for(session: Session, webhook: Webhook) -> Actor:
    """Who sees what the subscription is told: its organisation."""
    body = session.get_one(Organisation, webhook.organisation_id)
    role = ROLE_OF_ORGANISATION[body.kind]
    return Actor(role, body.id, f"webhook {webhook.id}")


def subscribe(
    session: Session, settings: Settings, actor: Actor, body: Organisation, wanted: Wanted
) -> tuple[Webhook, str]:
    """A new subscription, and its secret, which is told this once."""
    if body.kind not in ROLE_OF_ORGANISATION:
        raise Invalid("请选部门、园区或孵化载体 (a department, park or incubator)")
    check_url(settings, wanted.url)
    choosing.check(session, wanted)
    secret = _new_secret()
    webhook = Webhook(
        organisation_id=body.id, url=wanted.url, kinds=list(wanted.kinds),
        indicators=list(wanted.indicators), query=wanted.query,
        sealed=seal(settings, PURPOSE, secret), position=events.head(session),
        created_by=actor.name,
    )  # fmt: skip
    session.add(webhook)
    session.flush()
    return webhook, secret


def rotate(session: Session, settings: Settings, webhook: Webhook) -> str:
    """A new secret, told this once; for a day requests carry signatures by both."""
    secret = _new_secret()
    webhook.sealed_before, webhook.before_until = webhook.sealed, now() + OVERLAP
    webhook.sealed = seal(settings, PURPOSE, secret)
    session.flush()
    return secret


def enable(session: Session, webhook: Webhook) -> None:
    """Take a disabled subscription up again, where it was left; what waited is sent now."""
    webhook.state, webhook.disabled_why, webhook.failing_since = "active", None, None
    waiting = select(Delivery.id).where(
        Delivery.webhook_id == webhook.id, Delivery.state == "waiting"
    )
    session.flush()
    for number in session.scalars(waiting).all():
        _enqueue(session, number)


def disable(session: Session, webhook: Webhook, why: str) -> None:
    """Send nothing more until somebody enables it."""
    webhook.state, webhook.disabled_why = "disabled", why
    session.flush()


def test(session: Session, webhook: Webhook) -> int:
    """Have a test event delivered; the delivery's number."""
    return _deliver_later(session, webhook, 0, TEST)


def replay(session: Session, webhook: Webhook, after: int, until: int) -> int:
    """Deliver again what the feed holds between two positions; how many events."""
    if webhook.state != "active":
        raise Conflict("订阅已停用：请先启用 (enable it first)")
    events.check_position(session, after)
    found: list[EventOut] = []
    actor, position, full = acting_for(session, webhook), after, True
    while full and position < until and len(found) <= MOST_REPLAYED:
        page = events.read(session, position, webhook.kinds, BATCH)
        told = [one for one in page.items if one.seq <= until]
        found += choosing.chosen(session, actor, webhook, told)
        position, full = page.next, page.full
    if len(found) > MOST_REPLAYED:
        raise Invalid(f"一次最多重发 {MOST_REPLAYED} 条：请缩小范围 (too many at once)")
    for event in found:
        _deliver_later(session, webhook, event.seq, event.kind)
    return len(found)


def again(session: Session, delivery: Delivery, webhook: Webhook) -> int:
    """Deliver one event again; the new delivery's number."""
    if webhook.state != "active":
        raise Conflict("订阅已停用：请先启用 (enable it first)")
    return _deliver_later(session, webhook, delivery.seq, delivery.kind)


def _new_secret() -> str:
    return SECRET_PREFIX + b64encode(secrets.token_bytes(32)).decode()


def _deliver_later(session: Session, webhook: Webhook, seq: int, kind: str) -> int:
    delivery = Delivery(webhook_id=webhook.id, seq=seq, kind=kind)
    session.add(delivery)
    session.flush()  # the job names it
    _enqueue(session, delivery.id)
    return delivery.id


def _enqueue(session: Session, delivery: int, not_before: datetime | None = None) -> None:
    enqueue(session, "deliver", {"delivery": delivery}, only_one=f"deliver {delivery}",
            one_by_one=f"deliver {delivery}", not_before=not_before)  # fmt: skip


# --- from the feed ------------------------------------------------------------------------------


def fan_out(engine: Engine) -> int:
    """Turn what is new in the feed into deliveries; how many. Nothing is lost or done twice:
    the position moves in the transaction that makes the deliveries."""
    with Session(engine) as session, session.begin():
        end = events.head(session)
        behind = session.scalars(
            select(Webhook.id).where(Webhook.state == "active", Webhook.position < end)
        ).all()
    return sum(_fan_out_one(engine, number) for number in behind)


def _fan_out_one(engine: Engine, number: int) -> int:
    with Session(engine) as session, session.begin():
        webhook = session.scalar(
            select(Webhook).where(Webhook.id == number).with_for_update(skip_locked=True)
        )
        if webhook is None or webhook.state != "active":
            return 0
        actor = acting_for(session, webhook)
        act_as(session, actor)
        # A subscription that was disabled for longer than the feed goes back goes on from there.
        start = max(webhook.position, events.oldest(session))
        page = events.read(session, start, webhook.kinds, BATCH)
        try:
            wanted = choosing.chosen(session, actor, webhook, page.items)
        except Invalid as error:  # what its firms were found by is no more
            disable(session, webhook, error.detail)
            return 0
        for event in wanted:
            _deliver_later(session, webhook, event.seq, event.kind)
        webhook.position = page.next
        return len(wanted)


# --- deliveries ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Letter:
    """One request, ready to be sent."""

    delivery: int
    url: str
    headers: dict[str, str]
    body: bytes


def deliver(engine: Engine, settings: Settings, number: int) -> None:
    """Send one delivery, unless it was sent; between two short transactions, none while it waits.

    A worker killed in between sends it again, under the same `webhook-id`.
    """
    with Session(engine) as session, session.begin():
        letter = _write(session, settings, number)
    if letter is None:
        return
    outcome = send(settings, letter.url, letter.headers, letter.body)
    with Session(engine) as session, session.begin():
        _note(session, letter, outcome)


def _write(session: Session, settings: Settings, number: int) -> Letter | None:
    delivery = session.get(Delivery, number, with_for_update=True)
    if delivery is None or delivery.state != "waiting":
        return None
    webhook = session.get_one(Webhook, delivery.webhook_id)
    if webhook.state != "active" and delivery.kind != TEST:
        return None  # enabling it leaves the job anew
    body = body_of(session, webhook, delivery)
    if body is None:
        delivery.state = "failed"
        return None
    return Letter(delivery.id, webhook.url, _headers(settings, webhook, delivery, body), body)


def body_of(session: Session, webhook: Webhook, delivery: Delivery) -> bytes | None:
    """What is sent: the event as the organisation's feed has it; None once it has left the feed."""
    if delivery.kind == TEST:
        at, data = delivery.created_at, dict[str, Any]()
    else:
        act_as(session, acting_for(session, webhook))
        found = events.read(session, delivery.seq - 1, [], 1).items
        if not found or found[0].seq != delivery.seq:
            return None
        at, data = found[0].at, found[0].model_dump(mode="json")
    told = {"type": delivery.kind, "timestamp": at.isoformat(), "data": data}
    return json.dumps(told, ensure_ascii=False).encode()


def _headers(
    settings: Settings, webhook: Webhook, delivery: Delivery, body: bytes
) -> dict[str, str]:
    event = f"test_{delivery.id}" if delivery.kind == TEST else str(delivery.seq)
    message, instant = f"msg_{webhook.id}_{event}", int(now().timestamp())
    sealed = [webhook.sealed]
    if webhook.sealed_before and webhook.before_until and webhook.before_until > now():
        sealed.append(webhook.sealed_before)
    known = [s for s in (unseal(settings, PURPOSE, each) for each in sealed) if s is not None]
    return {
        "content-type": "application/json", "user-agent": "Tidu-Webhooks/1",
        "webhook-id": message, "webhook-timestamp": str(instant),
        "webhook-signature": " ".join(sign(each, message, instant, body) for each in known),
    }  # fmt: skip


def _note(session: Session, letter: Letter, outcome: Outcome) -> None:
    delivery = session.get_one(Delivery, letter.delivery, with_for_update=True)
    webhook = session.get_one(Webhook, delivery.webhook_id, with_for_update=True)
    delivery.attempts += 1
    sent = {k: v for k, v in letter.headers.items() if k != "webhook-signature"}
    session.add(Attempt(
        delivery_id=delivery.id, sent={"url": letter.url, **sent}, status=outcome.status,
        reply=outcome.reply, error=outcome.error, milliseconds=outcome.milliseconds,
    ))  # fmt: skip
    if outcome.delivered:
        delivery.state, delivery.next_at, webhook.failing_since = "delivered", None, None
        return
    webhook.failing_since = webhook.failing_since or now()
    _try_later(session, delivery, outcome)
    if outcome.status == 410:
        disable(session, webhook, "对方答复 410：不再接收 (the receiver is gone)")
    elif webhook.failing_since < now() - GIVEN_UP:
        disable(session, webhook, "连续一天推送失败 (a day of failures)")


def _try_later(session: Session, delivery: Delivery, outcome: Outcome) -> None:
    if delivery.attempts > len(DELAYS) or delivery.kind == TEST or outcome.status == 410:
        delivery.state, delivery.next_at = "failed", None
        return
    delay = DELAYS[delivery.attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    asked = min(outcome.retry_after or 0, LONGEST_DELAY)
    delivery.next_at = now() + timedelta(seconds=max(delay, asked))
    _enqueue(session, delivery.id, delivery.next_at)


def find(session: Session, actor: Actor, number: int) -> Webhook:
    """One subscription; a token's are its organisation's."""
    webhook = session.get(Webhook, number)
    own = actor.token_id is None or (
        webhook is not None and webhook.organisation_id == actor.organisation_id
    )
    if webhook is None or not own:
        raise NotFound(f"没有编号为 {number} 的推送订阅 (no such webhook)")
    return webhook


PURGE = text("delete from webhook_delivery where state <> 'waiting' and created_at < :before")
