"""Forecasts as people look at them: the fan, what it takes, and how well it was told before."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core import charts, notices
from app.core.clock import today
from app.core.errors import Invalid
from app.core.web import render
from app.forecasts import service
from app.forecasts.backtest import backtest
from app.forecasts.drawing import DRAWS
from app.forecasts.fans import fan
from app.forecasts.nearest import way
from app.plans import store
from app.plans.api import TargetCode
from app.plans.measuring import Asked
from app.plans.parts import history
from app.plans.progress import Board
from app.plans.service import demand_analyst, wrong
from app.plans.target_pages import WORDS, day_of, days_of

router = APIRouter(prefix="/forecasts", include_in_schema=False)


@router.get("")
def show(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """Every target at the end of every year of the plan."""
    board = _board(db, actor)
    found = service.forecasts(board)
    rows = [(target, [one for one in found if one.target.code == target.code])
            for target in board.version.file.targets]  # fmt: skip
    return render(request, "forecasts/list.html", rows=rows, now={
        one.target.code: one for one in board.all()}, ends=service.horizons(board), day=today(),
        draws=DRAWS, **WORDS)  # fmt: skip


@router.get("/{code}")
def one(request: Request, code: TargetCode, actor: Reader, db: Db) -> HTMLResponse:
    """One target."""
    return _one(request, db, actor, code)


class OverrideForm(BaseModel):
    """A judgement as it was filled in."""

    until: str = ""
    low: str = ""
    expected: str = ""
    high: str = ""
    reason: str = ""
    expires_on: str = ""

    def read(self) -> dict[str, Any]:
        """What is to be kept; Invalid names the field."""
        found: dict[str, Any] = {name: _number(name, getattr(self, name))
                                 for name in ("low", "expected", "high")}  # fmt: skip
        return found | {"until": day_of(self.until, "until"), "reason": self.reason[:500],
                        "expires_on": day_of(self.expires_on, "expires_on")}  # fmt: skip


def _number(field: str, raw: str) -> Decimal:
    try:
        found = Decimal(raw.strip())
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite() or abs(found) > 10**12:
        raise wrong(field, f"{raw[:40]!r} 不是数字 (not a number)")
    return found


@router.post("/{code}/override")
def override(
    request: Request, code: TargetCode, form: Annotated[OverrideForm, Form()], actor: CurrentActor,
    tx: Tx,
) -> Response:  # fmt: skip
    """Put a judgement in the model's place; or the page again with what is wrong."""
    demand_analyst(actor)
    board = _board(tx, actor)
    target = store.target_of(board.version.file, code)
    try:
        service.override(tx, actor, board, target, form.read())
    except Invalid as error:
        return _one(request, tx, actor, code, error, form)
    answer = RedirectResponse(f"/forecasts/{code}", status_code=303)
    notices.leave(request, answer, "人工判断已记录，与模型并列显示",
                  "Your judgement is kept and stands beside the model's")  # fmt: skip
    return answer


def _board(session: Session, actor: Actor) -> Board:
    return Board(session, Asked(actor, today()), store.in_force(session, today()))


def _one(
    request: Request, db: Session, actor: Actor, code: str, fault: Invalid | None = None,
    given: OverrideForm | None = None,
) -> HTMLResponse:  # fmt: skip
    board = _board(db, actor)
    target = store.target_of(board.version.file, code)
    found = service.forecasts(board, [target])
    days = days_of(board.version.file.since, today())
    page = render(
        request, "forecasts/one.html", target=target, found=found, day=today(), draws=DRAWS,
        now=board.of(target), way=way(board, target), past=backtest(board, target),
        fan=fan(target, history(board, target, days), found), ends=service.horizons(board),
        charts=charts, fault=fault, given=given or OverrideForm(), **WORDS,
    )  # fmt: skip
    page.status_code = 200 if fault is None else fault.status
    return page
