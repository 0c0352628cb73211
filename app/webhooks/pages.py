"""Webhooks in the administrator's hands; every step works by forms."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.actor import ROLE_OF_ORGANISATION, Actor
from app.accounts.auth import Administrator, Db, Tx, settings_of
from app.core.errors import AppError, Conflict, Invalid, NotFound
from app.core.web import render
from app.webhooks import queries, service
from app.webhooks.api import body_for, replay, send_again
from app.webhooks.models import Wanted
from app.webhooks.schemas import RangeIn

router = APIRouter(prefix="/webhooks", include_in_schema=False)
Number = Annotated[int, Path(ge=1, lt=2**31)]
DeliveryNumber = Annotated[int, Path(ge=1, lt=2**63)]
SHOWN = 50


class WebhookForm(BaseModel):
    """The form as it was filled in."""

    organisation: str = ""
    url: str = ""
    kinds: str = ""
    indicators: str = ""
    query: str = ""


class RangeForm(BaseModel):
    """From where to where to deliver again."""

    after: Annotated[int, Form(ge=0, lt=2**62)]
    until: Annotated[int, Form(ge=0, lt=2**62)]


@router.get("")
def webhook_list(request: Request, actor: Administrator, db: Db) -> HTMLResponse:
    """Every subscription, and the form for another."""
    return _list(request, db, actor, WebhookForm())


@router.post("")
def subscribe(
    request: Request, form: Annotated[WebhookForm, Form()], actor: Administrator, tx: Tx
) -> HTMLResponse:
    """A new subscription, its secret shown once; or the form again with what is wrong."""
    wanted = Wanted(form.url.strip(), tuple(form.kinds.split()), tuple(form.indicators.split()),
                    form.query.strip().removeprefix("?"))  # fmt: skip
    try:
        body = body_for(tx, actor, form.organisation or None)
        webhook, secret = service.subscribe(tx, settings_of(request), actor, body, wanted)
    except (Invalid, NotFound) as error:
        return _list(request, tx, actor, form, problem=error)
    return _one(request, tx, webhook.id, secret=secret)


@router.get("/{number}")
def webhook_page(
    request: Request,
    number: Number,
    actor: Administrator,
    db: Db,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> HTMLResponse:
    """One subscription and its log."""
    service.find(db, actor, number)
    return _one(request, db, number, before=before)


@router.post("/{number}/rotate")
def rotate(request: Request, number: Number, actor: Administrator, tx: Tx) -> HTMLResponse:
    """A new secret, shown once."""
    secret = service.rotate(tx, settings_of(request), service.find(tx, actor, number))
    return _one(request, tx, number, secret=secret)


@router.post("/{number}/enable")
def enable(number: Number, actor: Administrator, tx: Tx) -> RedirectResponse:
    """Take it up where it was left."""
    service.enable(tx, service.find(tx, actor, number))
    return _back(number)


@router.post("/{number}/disable")
def disable(number: Number, actor: Administrator, tx: Tx) -> RedirectResponse:
    """Send nothing more until it is enabled."""
    service.disable(tx, service.find(tx, actor, number), f"由 {actor.name} 停用 (switched off)")
    return _back(number)


@router.post("/{number}/delete")
def delete(number: Number, actor: Administrator, tx: Tx) -> RedirectResponse:
    """End a subscription."""
    tx.delete(service.find(tx, actor, number))
    return RedirectResponse("/webhooks", status_code=303)


@router.post("/{number}/test")
def test(number: Number, actor: Administrator, tx: Tx) -> RedirectResponse:
    """Send a test event."""
    service.test(tx, service.find(tx, actor, number))
    return _back(number)


@router.post("/{number}/replay")
def replay_range(
    request: Request, number: Number, form: Annotated[RangeForm, Form()], actor: Administrator,
    tx: Tx,
) -> HTMLResponse:  # fmt: skip
    """Deliver a range of the feed again."""
    try:
        left = replay(tx, actor, number, RangeIn(after=form.after, until=form.until))
    except (Conflict, Invalid) as error:
        return _one(request, tx, number, problem=error)
    return _one(request, tx, number, left=left)


@router.post("/{number}/deliveries/{delivery}/replay")
def replay_one(
    number: Number, delivery: DeliveryNumber, actor: Administrator, tx: Tx
) -> RedirectResponse:
    """Deliver one event again."""
    send_again(tx, actor, number, delivery)
    return _back(number)


def _back(number: int) -> RedirectResponse:
    return RedirectResponse(f"/webhooks/{number}", status_code=303)


def _list(
    request: Request, session: Session, actor: Actor, form: WebhookForm,
    problem: AppError | None = None,
) -> HTMLResponse:  # fmt: skip
    bodies = [b for kind in ROLE_OF_ORGANISATION for b in accounts.organisations(session, kind)]
    page = render(request, "webhooks/webhooks.html", rows=queries.webhooks(session, actor),
                  bodies=bodies, form=form, problem=problem)  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


def _one(
    request: Request, session: Session, number: int, *, secret: str | None = None,
    problem: AppError | None = None, left: int | None = None, before: int | None = None,
) -> HTMLResponse:  # fmt: skip
    found = queries.deliveries(session, number, before, SHOWN, replies=False)
    page = render(
        request, "webhooks/webhook.html", row=queries.webhook(session, number), secret=secret,
        deliveries=found, problem=problem, left=left,
        following=found[-1]["id"] if len(found) == SHOWN else None,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page
