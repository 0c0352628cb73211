"""A firm's links for whoever keeps the firm: made, seen, revoked; and what came through them."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import KEEPERS, Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx, settings_of
from app.accounts.invitations import public_address
from app.core import notices
from app.core.errors import AppError
from app.core.web import render
from app.criteria import phrases
from app.doors import corrections, service
from app.doors.models import DoorAnswer
from app.firms import queries
from app.firms.api import FirmId
from app.firms.catalogue import INDICATORS
from app.firms.schemas import LARGEST_ID
from app.pipeline.pages import following, given, tried

router = APIRouter(include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Typed = Annotated[str, Form(max_length=500)]


@router.get("/firms/{firm_id}/doors")
def links(request: Request, firm_id: FirmId, actor: Reader, db: Db) -> HTMLResponse:
    """Every link of a firm: who has it, whether it was opened, how often another browser tried."""
    return _page(request, db, actor, firm_id)


def _page(
    request: Request, session: Session, actor: Actor, firm_id: int, *, link: str | None = None,
    problem: AppError | None = None, given_to: str = "",
) -> HTMLResponse:  # fmt: skip
    firm = queries.get(session, actor, firm_id)
    answers = select(DoorAnswer).where(DoorAnswer.firm_id == firm.id).order_by(DoorAnswer.id.desc())
    asked = [("firm_id", str(firm.id)), ("ordering", "-id"), ("limit", "50"), ("count", "none")]
    page = render(
        request, "doors/links.html", firm=firm, doors=service.listed(session, firm.id), link=link,
        fault_of=service.fault_of, problem=problem, given_to=given_to, days=service.USUAL_DAYS,
        longest=service.LONGEST, may_keep=actor.role in KEEPERS, indicators=INDICATORS,
        corrections=corrections.listed(session, actor, asked).items, phrases=phrases,
        answers=session.scalars(answers.limit(50)).all(),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


@router.post("/firms/{firm_id}/doors")
def make(
    request: Request, firm_id: FirmId, actor: CurrentActor, tx: Tx, given_to: Typed = "",
    days: Typed = "",
) -> HTMLResponse:  # fmt: skip
    """A new link; this page alone shows it."""
    firm = queries.get(tx, actor, firm_id)
    settings = settings_of(request)
    try:
        with tx.begin_nested():
            length = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0
            _door, secret = service.make(tx, settings, actor, firm, given_to, length)
    except AppError as error:
        return _page(request, tx, actor, firm_id, problem=error, given_to=given_to)
    link = service.address(public_address(settings), secret)
    return _page(request, tx, actor, firm_id, link=link)


@router.post("/firms/{firm_id}/doors/{number}/revoke")
def revoke(
    request: Request, firm_id: FirmId, number: Number, actor: CurrentActor, tx: Tx
) -> RedirectResponse:
    """Shut a door at once."""
    service.revoke(tx, actor, firm_id, number)
    answer = RedirectResponse(f"/firms/{firm_id}/doors", status_code=303)
    notices.leave(request, answer, "链接已撤销", "The link was revoked")
    return answer


@router.get("/corrections")
def waiting(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """What firms say of their figures and nobody has decided yet."""
    pairs = given(request) or [("state", "open")]
    page, fault = tried(lambda: corrections.listed(db, actor, pairs))
    return render(
        request, "doors/corrections.html", page=page, fault=fault, asked=dict(pairs),
        following=following(request, page), indicators=INDICATORS, phrases=phrases,
        may_decide=actor.role in KEEPERS,
    )  # fmt: skip


@router.post("/corrections/{number}")
def decide(
    request: Request, number: Number, actor: CurrentActor, tx: Tx, decision: Typed = "",
    reason: Typed = "",
) -> Response:  # fmt: skip
    """Accept one, or refuse it with a reason that the firm reads."""
    accept = decision == "accept"
    done = corrections.decide(tx, actor, number, accept=accept, reason=reason)
    answer = RedirectResponse("/corrections", status_code=303)
    words = ("已采纳", "Accepted") if accept else ("已退回", "Refused")
    notices.leave(request, answer, *(f"{word}: {done.year} {INDICATORS[done.indicator].label.zh}"
                                     for word in words))  # fmt: skip
    return answer
