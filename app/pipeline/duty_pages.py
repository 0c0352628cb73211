"""Duties as people work on them: what is due, by duty and by firm, and that it was done."""

from collections import defaultdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.accounts.actor import KEEPERS, Actor
from app.accounts.auth import CurrentActor, Db, Noted, Reader, Readings, Tx
from app.accounts.queries import organisations
from app.core import notices
from app.core.clock import today
from app.core.errors import AppError, Invalid, NotFound
from app.core.web import local_path, render
from app.duties import queries
from app.duties.catalogue import DUTIES
from app.firms import queries as firms
from app.firms.api import FirmId, note_search
from app.firms.models import Firm
from app.firms.schemas import LARGEST_ID
from app.pipeline import flagging
from app.pipeline.pages import WORDS, following, given, tried

router = APIRouter(include_in_schema=False)
Period = Annotated[str, Path(max_length=10)]
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
# What the form of the list asks for by itself; every other filter is carried along.
IN_FORM = ("q", "duty", "stage", "park", "incubator", "cursor", "done_on__empty")


@router.get("/duties")
def duties(request: Request, actor: Reader, readings: Noted, db: Db) -> HTMLResponse:
    """What is due from which firm, the earliest first."""
    return _list(request, actor, readings, db)


def _list(
    request: Request, actor: Actor, readings: Readings, db: Session,
    problem: AppError | None = None,
) -> HTMLResponse:  # fmt: skip
    day, pairs = today(), given(request)
    page, fault = tried(lambda: queries.listed(db, actor, pairs, day))
    if page is not None:
        note_search(readings, "firm", pairs, page)
    bodies = organisations(db, "park", "incubator")
    answer = render(
        request,
        "duties/list.html",
        day=day,
        page=page,
        fault=fault,
        problem=problem,
        duties=DUTIES,
        stages=queries.STAGES,
        bodies=bodies,
        given=defaultdict(str, pairs),
        carried=[pair for pair in pairs if pair[0] not in IN_FORM],
        following=following(request, page),
        may_keep=actor.role in KEEPERS,
        **WORDS,
    )
    answer.status_code = Invalid.status if fault else 200 if problem is None else problem.status
    return answer


@router.get("/duties/counts")
def counts(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """How much is due of each duty: a part of the list that comes after it."""
    whole = "hx-request" not in request.headers
    template = "duties/counts.html" if whole else "duties/_counts.html"
    return render(
        request, template, counts=queries.by_duty(db, actor, today()), duties=DUTIES,
        stages=queries.STAGES,
    )  # fmt: skip


class TickedForm(BaseModel):
    """Several duties that were done on one day, each as `firm:duty:period`."""

    owed: list[Annotated[str, Field(max_length=80)]] = []
    done_on: str = ""
    evidence: str = Field(default="", max_length=500)


def _owed(raw: str) -> tuple[int, str, str]:
    firm, _, rest = raw.partition(":")
    duty, colon, period = rest.partition(":")
    if not (colon and firm.isascii() and firm.isdigit() and len(firm) < 10):
        raise Invalid(f"没有事项 {raw}：请从列表中勾选 (no such duty)")
    return int(firm), duty, period


@router.post("/duties")
def record_ticked(
    request: Request, form: Annotated[TickedForm, Form()], actor: CurrentActor,
    readings: Noted, tx: Tx,
) -> Response:  # fmt: skip
    """Record that the ticked ones were done, all or none."""
    actor.require("firms:write")
    try:
        with tx.begin_nested():
            done = (_day(form.done_on), form.evidence)
            count = flagging.record_duties(tx, actor, list(map(_owed, form.owed)), done)
    except AppError as error:
        return _list(request, actor, readings, tx, error)
    answer = RedirectResponse(f"/duties?{request.url.query}", status_code=303)
    notices.leave(request, answer, f"{count} 项已记为完成", f"{count} recorded as done")
    return answer


class DoneForm(BaseModel):
    """That a duty was done, as it was filled in; `back` is the page that one came from."""

    done_on: str = ""
    evidence: str = Field(default="", max_length=500)
    back: str = "/duties"


@router.get("/firms/{firm_id}/duties/{duty}/{period}")
def ask(
    request: Request, firm_id: FirmId, duty: str, period: Period, actor: Reader, db: Db,
    back: str = "/duties",
) -> HTMLResponse:  # fmt: skip
    """One firm's duty: what it is, and for those who keep the firm the form."""
    firm = firms.get(db, actor, firm_id)
    return _form(request, firm, (duty, period), DoneForm(done_on=str(today()), back=back), actor)


@router.post("/firms/{firm_id}/duties/{duty}/{period}")
def record(
    request: Request, firm_id: FirmId, duty: str, period: Period,
    form: Annotated[DoneForm, Form()], actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Record that it was done."""
    actor.require("firms:write")
    firm = firms.get(tx, actor, firm_id)
    try:
        with tx.begin_nested():
            done = (_day(form.done_on), form.evidence)
            flagging.record_duty(tx, actor, firm_id, duty, period, done)
    except AppError as error:
        return _form(request, firm, (duty, period), form, actor, error)
    answer = RedirectResponse(local_path(form.back), status_code=303)
    notices.leave(request, answer, f"{firm.name}：{DUTIES[duty].zh}已记为完成",
                  f"{firm.name}: “{DUTIES[duty].en}” is recorded as done")  # fmt: skip
    return answer


@router.post("/duties/done/{number}/take-back")
def take_back(request: Request, number: Number, actor: CurrentActor, tx: Tx) -> RedirectResponse:
    """It was not done after all: it is due again."""
    found = flagging.take_back_duty(tx, actor, number)
    answer = RedirectResponse(f"/duties?duty={found.code}", status_code=303)
    notices.leave(request, answer, "已撤回：该事项重新列为待办", "Taken back: it is due again")
    return answer


def _day(raw: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise Invalid("请填写完成日期，例如 2026-05-20 (not a date)") from None


def _form(
    request: Request, firm: Firm, owed: tuple[str, str], form: DoneForm, actor: Actor,
    problem: AppError | None = None,
) -> HTMLResponse:  # fmt: skip
    duty = DUTIES.get(owed[0])
    if duty is None:
        raise NotFound(f"没有事项 {owed[0]} (no such duty)")
    page = render(
        request, "duties/done.html", firm=firm, duty=duty, period=owed[1], form=form,
        problem=problem, may_keep=actor.role in KEEPERS, today=today(), **WORDS,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page
