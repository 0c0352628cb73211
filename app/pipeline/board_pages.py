"""The board by rung, and the decision that a dragged card asks for."""

from collections import defaultdict
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.actor import Actor, Role
from app.accounts.auth import CurrentActor, Db, Noted, Reader, Tx
from app.core.clock import today
from app.core.errors import AppError, Invalid, NotFound
from app.core.web import local_path, render
from app.criteria.store import measures, sets_in_force, sources
from app.firms import listing, queries
from app.firms.api import FirmId
from app.firms.models import Firm
from app.firms.schemas import LARGEST_ID
from app.pipeline import board, moving
from app.pipeline.pages import WORDS, Pairs, given, tried

router = APIRouter(include_in_schema=False)
DesignationId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Next = Annotated[str, Query(max_length=2000)]
# What the board's form asks for by itself; every other filter is carried along.
IN_FORM = ("q", "set", "gap_count__lte", "park", "industry_code__isw")


@router.get("/board")
def show(request: Request, actor: Reader, readings: Noted, db: Db) -> HTMLResponse:
    """Every rung with its firms."""
    pairs = given(request)
    found, fault = tried(lambda: board.board(db, actor, pairs, today()))
    asked = listing.searched(pairs)
    if found is not None and asked is not None:
        cards = sum(len(one.cards.items) for one in found.columns)
        readings.note("pool", purpose="search", filter=asked, row_count=cards)
    query = [(name, value) for name, value in pairs if name != "cursor"]
    return render(
        request, "pipeline/board.html", board=found, fault=fault, given=defaultdict(str, pairs),
        sets=sets_in_force(db, today()), parks=accounts.organisations(db, "park"),
        summed=board.SUMMED, totals=_totals(query),
        further=lambda name, cursor: _further(query, name, cursor), asked=urlencode(query),
        carried=[pair for pair in query if pair[0] not in IN_FORM],
        back=_back(request, query), **WORDS,
    )  # fmt: skip


@router.get("/board/totals")
def totals(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """How many firms stand on each rung and what they add up to: comes after the board."""
    found = board.totals(db, actor, given(request), today())
    whole = "hx-request" not in request.headers
    template = "pipeline/board_totals.html" if whole else "pipeline/_board_totals.html"
    return render(request, template, totals=found, year=today().year - 1, **WORDS)


@router.get("/board/{rung}")
def column(request: Request, rung: str, actor: Reader, readings: Noted, db: Db) -> HTMLResponse:
    """Further cards of one column."""
    if rung not in board.COLUMNS:
        raise NotFound("没有这个梯次：请从看板选择 (no such rung)")
    pairs = given(request)
    found = board.more(db, actor, pairs, rung, today())
    asked = listing.searched(pairs)
    if asked is not None:
        readings.note("pool", purpose="search", filter=asked, row_count=len(found.items))
    query = [(name, value) for name, value in pairs if name != "cursor"]
    return render(
        request, "pipeline/board_column.html", rung=rung, cards=found,
        further=lambda name, cursor: _further(query, name, cursor),
        back=_back(request, query), **WORDS,
    )  # fmt: skip


def _further(query: Pairs, name: str, cursor: str) -> str:
    return f"/board/{name}?{urlencode([*query, ('cursor', cursor)])}"


def _totals(query: Pairs) -> str:
    return "/board/totals" + (f"?{urlencode(query)}" if query else "")


def _back(request: Request, query: Pairs) -> str:
    """The board as it stands, to come back to; quoted for an address."""
    whole = "/board" + (f"?{urlencode(query)}" if query else "")
    return urlencode({"next": whole})


# --- moving -------------------------------------------------------------------------------------


@router.get("/firms/{firm_id}/move")
def choose(
    request: Request, firm_id: FirmId, actor: Reader, db: Db, next: Next = ""
) -> HTMLResponse:
    """To which rung, or which title beside the ladder."""
    firm = queries.get(db, actor, firm_id)
    return render(
        request, "pipeline/move_choice.html", firm=firm, next=next, beside=moving.BESIDE,
        stands=queries.rung_of(db, firm_id, today()), **WORDS,
    )  # fmt: skip


@router.get("/firms/{firm_id}/move/{rung}")
def ask(
    request: Request, firm_id: FirmId, rung: str, actor: Reader, db: Db, next: Next = ""
) -> HTMLResponse:
    """What the rung or title asks, what is missing, and for analysts the decision."""
    return _page(request, db, actor, queries.get(db, actor, firm_id), (rung, next))


class GrantForm(BaseModel):
    """A title as it was filled in."""

    kind: str = ""
    first: str = ""
    last: str = ""
    number: str = ""
    reason: str = ""
    despite: str = ""

    def grant(self) -> moving.Grant:
        """The decision; Invalid where a date is none."""
        last = None if not self.last else _day(self.last)
        return moving.Grant(kind=self.kind, first=_day(self.first), last=last,
                            number=self.number.strip()[:100] or None,
                            reason=self.reason[:1000], despite=self.despite == "yes")  # fmt: skip


def _day(raw: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise Invalid("请填写日期，例如 2026-06-30 (not a date)") from None


@router.post("/firms/{firm_id}/move/{rung}")
def decide(
    request: Request, firm_id: FirmId, rung: str, form: Annotated[GrantForm, Form()],
    actor: CurrentActor, tx: Tx, next: Next = "",
) -> Response:  # fmt: skip
    """Grant the title."""
    actor.require("firms:write")
    firm = queries.get(tx, actor, firm_id)
    try:
        with tx.begin_nested():
            moving.grant(tx, actor, firm, rung, form.grant())
    except AppError as error:
        return _refused(request, tx, actor, firm, (rung, next), error, form)
    return RedirectResponse(_after(firm_id, next), status_code=303)


@router.get("/firms/{firm_id}/designations/{designation_id}/end")
def closed(firm_id: FirmId, designation_id: DesignationId, actor: Reader) -> RedirectResponse:
    """An address that was only posted to."""
    return RedirectResponse(f"/firms/{firm_id}#designations", status_code=303)


class EndForm(BaseModel):
    """How a title ends, and the rung that was asked for."""

    last: str = ""
    code: str = ""
    more: str = ""
    rung: str = ""


@router.post("/firms/{firm_id}/designations/{designation_id}/end")
def end(
    request: Request, firm_id: FirmId, designation_id: DesignationId,
    form: Annotated[EndForm, Form()], actor: CurrentActor, tx: Tx, next: Next = "",
) -> Response:  # fmt: skip
    """Let a title end."""
    actor.require("firms:write")
    firm = queries.get(tx, actor, firm_id)
    try:
        with tx.begin_nested():
            reason = f"{form.code}: {form.more[:500]}"
            moving.end(tx, actor, firm, designation_id, _day(form.last), reason)
    except AppError as error:
        return _refused(request, tx, actor, firm, (form.rung, next), error)
    return RedirectResponse(_after(firm_id, next), status_code=303)


def _after(firm_id: int, back: str) -> str:
    return local_path(back) if back else f"/firms/{firm_id}#designations"


def _refused(
    request: Request, session: Session, actor: Actor, firm: Firm, place: tuple[str, str],
    error: AppError, form: GrantForm | None = None,
) -> HTMLResponse:  # fmt: skip
    if place[0] not in (*queries.RUNGS, *moving.BESIDE):
        raise error
    page = _page(request, session, actor, firm, place, error, form)
    page.status_code = error.status
    return page


def _page(
    request: Request, session: Session, actor: Actor, firm: Firm, place: tuple[str, str],
    problem: AppError | None = None, form: GrantForm | None = None,
) -> HTMLResponse:  # fmt: skip
    rung, back = place
    day = today()
    move = moving.proposed(session, firm, rung, day)
    return render(
        request, "pipeline/move.html", firm=firm, move=move, day=day, problem=problem, form=form,
        missing=list(moving.missing(move.sets)), measures=measures(), sources=sources(),
        ends={kind: moving.usual_end(kind, day) for kind in move.kinds}, back=back,
        query=urlencode({"next": back}) if back else "", reasons=moving.end_reasons(),
        may_decide=actor.role is Role.ANALYST, **WORDS,
    )  # fmt: skip
