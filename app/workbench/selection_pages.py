"""From ticked firms to what is done with them; a number is stated before anything happens."""

from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core import notices
from app.core.clock import today
from app.core.errors import AppError, Invalid
from app.core.web import render
from app.pipeline import moving
from app.pipeline.pages import WORDS
from app.views import service as views
from app.workbench import selection
from app.workbench.benches import Bench, from_query
from app.workbench.pages import Carried, ListName

router = APIRouter(prefix="/lists/{of}", include_in_schema=False)
Act = Literal["enter", "leave"]
ACTS = {"enter": selection.entering, "leave": selection.leaving}


class Ticked(BaseModel):
    """What was ticked, and what is to be done with it."""

    on: str = ""
    firm: list[Annotated[int, Form(ge=1, le=views.LARGEST_ID)]] = []
    everything: str = ""
    act: str = ""


class Decision(BaseModel):
    """The decision as it was filled in; `on` is the query of the selected firms."""

    on: str = ""
    first: str = ""
    last: str = ""
    reason: str = ""
    despite: str = ""
    code: str = ""
    more: str = ""
    expected: Annotated[int, Form(ge=0, le=10**6)] = 0


@router.post("/selection")
def selected(
    request: Request, of: ListName, form: Annotated[Ticked, Form()], actor: Reader, db: Db
) -> Response:
    """The way from ticked firms to what is done with them."""
    bench = from_query(db, actor, of, form.on)
    if form.act == "compare":
        pairs = selection.compared(bench, form.firm)
        return RedirectResponse(f"/pool?{urlencode(pairs)}", status_code=303)
    chosen = selection.chosen(db, bench, form.firm, everything=form.everything == "yes")
    if form.act == "export":
        return RedirectResponse(f"/{of}/export?{chosen.query}", status_code=303)
    if form.act == "support":
        asked = urlencode({"of": of, "on": chosen.query})
        return RedirectResponse(f"/support/open?{asked}", status_code=303)
    if form.act not in ACTS:
        raise Invalid("没有这种操作：请从列表页选择 (no such action)")
    query = urlencode({"on": chosen.query})
    return RedirectResponse(f"/lists/{of}/pool/{form.act}?{query}", status_code=303)


@router.get("/pool/{act}")
def ask(
    request: Request, of: ListName, act: Act, query: Annotated[Carried, Query()], actor: Reader,
    db: Db,
) -> HTMLResponse:  # fmt: skip
    """How many firms it is about, how they stand, and the decision."""
    return _page(request, db, from_query(db, actor, of, query.on), act)


@router.post("/pool/{act}")
def decide(
    request: Request, of: ListName, act: Act, form: Annotated[Decision, Form()],
    actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Decide, on all of them or none."""
    actor.require("firms:write")
    bench = from_query(tx, actor, of, form.on)
    try:
        with tx.begin_nested():
            count = _decided(tx, actor, bench, act, form)
    except AppError as error:
        return _page(request, tx, bench, act, form, error)
    answer = RedirectResponse(f"/{of}?{bench.query}", status_code=303)
    zh, en = {"enter": ("纳入", "taken into"), "leave": ("移出", "out of")}[act]
    notices.leave(request, answer, f"{count} 家企业已{zh}培育库",
                  f"{count} firms {en} the candidate pool")  # fmt: skip
    return answer


def _decided(session: Session, actor: Actor, bench: Bench, act: str, form: Decision) -> int:
    if act == "enter":
        last = _day(form.last) if form.last else None
        return selection.enter(session, actor, bench, selection.Entry(
            _day(form.first), last, form.reason[:1000], form.despite == "yes", form.expected,
        ))  # fmt: skip
    return selection.leave(session, actor, bench, selection.Exit(
        _day(form.last), form.code, form.more[:500], form.expected,
    ))  # fmt: skip


def _day(raw: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise Invalid("请填写日期，例如 2026-06-30 (not a date)") from None


def _page(
    request: Request, session: Session, bench: Bench, act: str, form: Decision | None = None,
    problem: AppError | None = None,
) -> HTMLResponse:  # fmt: skip
    day = today()
    page = render(
        request, "workbench/decision.html", of=bench.of, bench=bench, act=act, form=form, day=day,
        firms=ACTS[act](session, bench), problem=problem, reasons=moving.end_reasons(),
        usual=moving.usual_end(selection.POOL, day), **WORDS,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page
