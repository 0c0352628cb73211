"""Flags on pages: how many firms each kind concerns, thresholds, what is done about one."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from app.accounts.actor import Role
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core import notices
from app.core.clock import today
from app.core.errors import Invalid, NotFound
from app.core.web import render
from app.firms import flags, queries
from app.firms.api import FirmId
from app.firms.flag_models import FLAG_KINDS
from app.pipeline import flagging
from app.pipeline.flag_api import Code
from app.pipeline.flag_words import Teller
from app.pipeline.flags import thresholds

router = APIRouter(include_in_schema=False)


class FlagForm(BaseModel):
    """The forms below a flag, as they were filled in."""

    until: Annotated[str, Field(max_length=10)] = ""
    reason: Annotated[str, Field(max_length=500)] = ""


@router.get("/flags")
def show(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """Every kind with its firms and its threshold."""
    return _page(request, db, actor)


def _page(request: Request, db: Any, actor: Any, problem: Invalid | None = None) -> HTMLResponse:
    page = render(
        request, "pipeline/flags.html", kinds=FLAG_KINDS, counts=flags.counts(db, actor, today()),
        thresholds=thresholds(db), may_set=actor.role is Role.ANALYST, problem=problem,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


@router.post("/flags/{kind}")
def set_threshold(
    request: Request, kind: Code, actor: CurrentActor, tx: Tx,
    threshold: Annotated[str, Form(max_length=10)] = "",
) -> Response:  # fmt: skip
    """Set a threshold."""
    try:
        if not (threshold.isascii() and threshold.isdigit()):
            raise Invalid("阈值应为整数 (a whole number)")
        flagging.set_threshold(tx, actor, kind, int(threshold))
    except Invalid as error:
        return _page(request, tx, actor, error)
    answer = RedirectResponse("/flags", status_code=303)
    notices.leave(request, answer, "阈值已保存，下次评估起生效",
                  "Saved; it holds from the next evaluation on")  # fmt: skip
    return answer


@router.get("/firms/{firm_id}/flags/{kind}/{subject}")
def ask(
    request: Request, firm_id: FirmId, kind: Code, subject: Code, actor: Reader, db: Db
) -> HTMLResponse:
    """One open flag, and what can be done about it."""
    return _flag(request, db, actor, (firm_id, kind, subject))


def _flag(
    request: Request, db: Any, actor: Any, which: tuple[int, str, str],
    problem: Invalid | None = None,
) -> HTMLResponse:  # fmt: skip
    firm_id, kind, subject = which
    firm = queries.get(db, actor, firm_id)
    told = [one for one in Teller(db).tell(flags.of_firm(db, firm_id))
            if (one.flag.kind, one.flag.subject) == (kind, subject)]  # fmt: skip
    if not told:
        raise NotFound("该企业没有这个标记，或它刚刚关闭：请刷新 (no such open flag)")
    page = render(
        request, "pipeline/flag.html", firm=firm, told=told[0], day=today(), problem=problem,
        may_snooze=actor.role is Role.ANALYST,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


@router.post("/firms/{firm_id}/flags/{kind}/{subject}/snooze")
def snooze(
    request: Request, firm_id: FirmId, kind: Code, subject: Code,
    form: Annotated[FlagForm, Form()], actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Put a flag off until a day; without one, no longer."""
    try:
        if form.until:
            until = _day(form.until)
            flagging.snooze(tx, actor, firm_id, (kind, subject), until, form.reason)
            said = ("标记已暂缓", "The flag is put off")
        else:
            flagging.wake(tx, actor, firm_id, (kind, subject))
            said = ("标记已恢复", "The flag is back")
    except Invalid as error:
        return _flag(request, tx, actor, (firm_id, kind, subject), error)
    return _back(request, firm_id, said)


def _back(request: Request, firm_id: int, said: tuple[str, str]) -> Response:
    answer = RedirectResponse(f"/firms/{firm_id}#flags", status_code=303)
    notices.leave(request, answer, *said)
    return answer


def _day(raw: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise Invalid("请填写日期，例如 2026-06-30 (not a date)") from None
