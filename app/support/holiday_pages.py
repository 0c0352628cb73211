"""Working days on a page: what is recorded of a year, and recording more."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.auth import CurrentActor, Db, Tx
from app.core.clock import today
from app.core.errors import AppError, Forbidden, Invalid
from app.core.web import render
from app.support import days, words
from app.support.rules_pages import back

router = APIRouter(prefix="/support/holidays", include_in_schema=False)
Year = Annotated[int, Query(ge=days.FIRST_YEAR, le=days.LAST_YEAR)]


class DaysForm(BaseModel):
    """Days as they were typed; `works` is `yes` or `no`."""

    first: str = ""
    last: str = ""
    works: str = "no"
    name: str = ""

    def wanted(self) -> days.Wanted:
        """As the service takes it; Invalid where a date cannot be read."""
        first = _day(self.first)
        return days.Wanted(first, _day(self.last) if self.last else first, self.works == "yes",
                           self.name)  # fmt: skip


def _day(raw: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise Invalid("请填写日期，例如 2026-10-01 (not a date)") from None


@router.get("")
def show(request: Request, actor: CurrentActor, db: Db, year: Year | None = None) -> HTMLResponse:
    """A year's days that are not what their weekday says."""
    if actor.role is Role.AUDITOR:
        raise Forbidden("这个角色不能查看帮扶规则 (not for auditors)")
    return _page(request, db, actor, year or today().year)


def _page(
    request: Request, db: Session, actor: Actor, year: int, problem: AppError | None = None,
    form: DaysForm | None = None,
) -> HTMLResponse:  # fmt: skip
    page = render(
        request, "support/holidays.html", year=year, found=days.of_year(db, year), words=words,
        problem=problem, form=form or DaysForm(), first_year=days.FIRST_YEAR,
        may_edit=actor.role in (Role.ANALYST, Role.ADMIN),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


@router.post("")
def record(
    request: Request, form: Annotated[DaysForm, Form()], actor: CurrentActor, tx: Tx
) -> Response:
    """Record days off, or days worked."""
    days.demand_keeper(actor)
    year = int(form.first[:4]) if form.first[:4].isdecimal() else today().year
    try:
        with tx.begin_nested():
            moved = days.record(tx, actor, form.wanted())
    except AppError as error:
        return _page(request, tx, actor, year, error, form)
    return _done(request, year, moved)


@router.post("/{day}/forget")
def forget(request: Request, day: date, actor: CurrentActor, tx: Tx) -> Response:
    """The day is what its weekday says again."""
    return _done(request, day.year, days.forget(tx, actor, day))


def _done(request: Request, year: int, moved: int) -> Response:
    zh, en = "已保存", "Saved"
    if moved:
        zh += f"；{moved} 件事项的期限顺延到下一个工作日"
        en += f"; {moved} cases moved to the next working day"
    return back(request, f"/support/holidays?year={year}", zh, en)
