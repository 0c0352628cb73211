"""The firm plan on a page: the version that stands, the next one, and its documents."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core import i18n, notices
from app.core.clock import today
from app.core.errors import AppError, Invalid
from app.core.web import render
from app.firms import queries as firms
from app.firms.api import FirmId
from app.firms.queries import RUNGS
from app.support import plans, queries
from app.support.pages import criteria_labels
from app.support.plan_api import Number
from app.support.plan_api import document as plan_document
from app.support.playbooks import proposals

router = APIRouter(prefix="/firms/{firm_id}/plan", include_in_schema=False)


class PlanForm(BaseModel):
    """The next version as it was filled in: `measure` are the ticked ones, `by` all their dates."""

    goal_rung: str = ""
    goal_on: str = ""
    measure: list[str] = []
    code: list[str] = []
    by: list[str] = []
    note: str = ""
    agreed_on: str = ""
    agreed_with: str = ""
    expected: int = 0

    def goal(self) -> plans.Goal:
        """As the service takes it; Invalid where a date cannot be read."""
        dates = dict(zip(self.code, self.by, strict=False))
        items = {code: _day(dates.get(code, "")) for code in self.measure}
        agreed = _day(self.agreed_on) if self.agreed_on else None
        return plans.Goal(self.goal_rung, _day(self.goal_on), items, self.note, agreed,
                          self.agreed_with)  # fmt: skip


def _day(raw: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise Invalid("请填写日期，例如 2026-06-30 (not a date)") from None


@router.get("")
def show(request: Request, firm_id: FirmId, actor: Reader, db: Db) -> HTMLResponse:
    """The version that stands, how far it is, and the form of the next one."""
    return _page(request, db, actor, firm_id)


def _page(
    request: Request, db: Session, actor: Actor, firm_id: int, problem: AppError | None = None,
    form: PlanForm | None = None,
) -> HTMLResponse:  # fmt: skip
    firm, day = firms.get(db, actor, firm_id), today()
    plan = plans.latest(db, firm_id)
    offered = proposals(db, [firm_id], day).get(firm_id, [])
    measures = queries.measures(db)
    page = render(
        request, "support/plan.html", firm=firm, plan=plan, problem=problem, form=form,
        progress=None if plan is None else plans.progress(db, plan, day), measures=measures,
        offered=[measures[one.measure] for one in offered], labels=criteria_labels(db),
        usual=plans.usual(db, list(measures.values()), day), words=plans.RUNG_WORDS, rungs=RUNGS,
        may_make=actor.role is Role.ANALYST,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


@router.post("")
def make(
    request: Request, firm_id: FirmId, form: Annotated[PlanForm, Form()], actor: CurrentActor,
    tx: Tx,
) -> Response:  # fmt: skip
    """Make the next version."""
    firm = firms.get(tx, actor, firm_id)
    try:
        with tx.begin_nested():
            found = plans.make(tx, actor, firm, form.goal(), form.expected)
    except AppError as error:
        return _page(request, tx, actor, firm_id, error, form)
    answer = RedirectResponse(f"/firms/{firm_id}/plan", status_code=303)
    notices.leave(request, answer, f"已保存第 {found.number} 版", f"Version {found.number} is kept")
    return answer


@router.get("/{number}.{kind}")
def document(
    request: Request, firm_id: FirmId, number: Number, kind: Literal["docx", "pdf"],
    actor: Reader, db: Db,
) -> Response:  # fmt: skip
    """One version as a document."""
    firm = firms.get(db, actor, firm_id)
    plan = plans.get(db, firm_id, number)
    return plan_document(db, firm, plan, kind, i18n.locale_of(request))
