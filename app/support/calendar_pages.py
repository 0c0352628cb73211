"""Cases by their days: a month on a page, and a calendar that other programs subscribe to."""

from collections import defaultdict
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.accounts import queries as accounts
from app.accounts.acting import act_as
from app.accounts.auth import CurrentActor, Db, Reader, Tx, settings_of, visiting
from app.core import notices
from app.core.clock import today
from app.core.web import render
from app.pipeline.pages import given, tried
from app.support import feed, month, queries, words

router = APIRouter(include_in_schema=False)
Secret = Annotated[str, Path(max_length=200)]


@router.get("/cases/calendar")
def show(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """A month of cases; which one, and which of them, the address says."""
    pairs = given(request)
    asked = dict(pairs).get("month", f"{today():%Y-%m}")
    filters = [(name, value) for name, value in pairs if name != "month"] or [("open", "true")]
    found, fault = tried(lambda: month.month(db, actor, filters, month.first_of(asked)))
    page = render(
        request, "support/calendar.html", month=found, fault=fault, day=today(),
        asked=defaultdict(str, filters), query=urlencode(filters), measures=queries.measures(db),
        words=words, bodies=accounts.organisations(db, "department"),
    )  # fmt: skip
    page.status_code = 200 if fault is None else 422
    return page


@router.get("/calendars/{secret}.ics")
def subscribed(request: Request, secret: Secret) -> Response:
    """The calendar that an address stands for."""
    settings = settings_of(request)
    with visiting(request) as session:
        actor = feed.actor_of(session, settings, secret)
        act_as(session, actor, request_id=request.state.request_id, reading=True)
        return Response(feed.calendar(session, settings, actor), media_type="text/calendar")


@router.post("/notices/calendar")
def renew(request: Request, actor: CurrentActor, tx: Tx) -> Response:
    """A new address; the one before reads nothing any more."""
    feed.renew(tx, actor)
    answer = RedirectResponse("/notices#calendar", status_code=303)
    notices.leave(request, answer, "已生成新的订阅地址", "There is a new address")
    return answer


@router.post("/notices/calendar/revoke")
def revoke(request: Request, actor: CurrentActor, tx: Tx) -> Response:
    """Take the address back."""
    feed.revoke(tx, actor)
    answer = RedirectResponse("/notices#calendar", status_code=303)
    notices.leave(request, answer, "订阅地址已作废", "The address is taken back")
    return answer
