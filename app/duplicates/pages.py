"""Likely duplicates as people decide about them: the queue, two firms side by side, merges."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core import i18n, notices
from app.core.errors import AppError
from app.core.web import render
from app.criteria import phrases
from app.duplicates import deciding, merging, queries, unmerging
from app.firms import queries as firms
from app.firms.api import FirmId
from app.firms.divisions import names as divisions
from app.firms.schemas import LARGEST_ID
from app.pipeline.trail import column_label, table_label, value_label

router = APIRouter(prefix="/duplicates", include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
SHOWN = 50
# What tells two firms apart, side by side.
COMPARED = ("credit_code", "registered_on", "region_code", "address", "industry_code", "chain",
            "legal_form", "registered_capital", "origin", "status")  # fmt: skip


@router.get("")
def queue(
    request: Request, actor: Reader, db: Db, decided: bool = False,
    after: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:  # fmt: skip
    """What waits for a decision, what was decided, and merges."""
    found = queries.pairs(db, actor, decided=decided, after=after, most=SHOWN)
    return render(request, "duplicates/queue.html", found=found, decided=decided,
                  merges=queries.merges(db, actor), may_decide=_may(actor))  # fmt: skip


def _may(actor: Actor) -> bool:
    return actor.role is Role.ANALYST


@router.get("/{firm_id}/{other_id}")
def two(request: Request, firm_id: FirmId, other_id: FirmId, actor: Reader, db: Tx) -> HTMLResponse:
    """Two firms side by side, and what a merge of the second into the first would move.

    The preview is the merge itself, rolled back: this reading needs a transaction that can write.
    """
    return _two(request, db, actor, (firm_id, other_id), DecisionForm())


class DecisionForm(BaseModel):
    """What somebody decided, and why."""

    decision: Literal["", "merge", "distinct", "reopen"] = ""
    reason: Annotated[str, Field(max_length=2000)] = ""


@router.post("/{firm_id}/{other_id}")
def decide(
    request: Request, firm_id: FirmId, other_id: FirmId, form: Annotated[DecisionForm, Form()],
    actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Merge the second into the first, or say that they are two."""
    try:
        with tx.begin_nested():
            told = _decide(tx, actor, (firm_id, other_id), form)
    except AppError as error:
        if error.status in (403, 404):
            raise
        return _two(request, tx, actor, (firm_id, other_id), form, error)
    where = f"/firms/{firm_id}" if form.decision == "merge" else "/duplicates"
    answer = RedirectResponse(where, status_code=303)
    notices.leave(request, answer, *told)
    return answer


def _decide(
    tx: Session, actor: Actor, pair: tuple[int, int], form: DecisionForm
) -> tuple[str, str]:
    if form.decision == "merge":
        done = merging.merge(tx, actor, *pair, form.reason)
        return f"已并入：{done.merge.gone_name}", f"{done.merge.gone_name} was merged into this one"
    if form.decision == "reopen":
        deciding.reopen(tx, actor, *pair)
        return "已恢复为待核对", "They are in the queue again"
    deciding.distinct(tx, actor, *pair, form.reason)
    return "已记住：不是同一家", "Remembered: they are not the same"


def _two(
    request: Request, db: Session, actor: Actor, pair: tuple[int, int], form: DecisionForm,
    problem: AppError | None = None,
) -> HTMLResponse:  # fmt: skip
    both = [firms.get(db, actor, number) for number in pair]
    locale = i18n.locale_of(request)
    shown = [{"id": one.id, "name": one.name}
             | {name: _said(name, getattr(one, name), locale) for name in COMPARED}
             for one in both]  # fmt: skip
    seen, refused = None, None
    if _may(actor):
        try:
            seen = merging.preview(db, actor, *pair)
        except AppError as error:
            refused = error
    known = queries.pair(db, *pair)
    page = render(
        request, "duplicates/two.html", firms=shown, seen=seen, refused=refused, known=known,
        form=form, problem=problem, compared=COMPARED, column_label=column_label,
        table_label=table_label, may_decide=_may(actor),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


def _said(name: str, value: Any, locale: str) -> Any:
    """A value of a firm's own record in words."""
    if value is None:
        return None
    if name == "region_code":
        return divisions().get(value, value)
    if name == "registered_capital":
        return phrases.amount(value, "yuan", locale)
    return value_label("firm", name, value)[locale] if name in ("origin", "status") else value


@router.post("/merges/{number}/undo")
def undo(request: Request, number: Number, actor: CurrentActor, tx: Tx) -> RedirectResponse:
    """Take the firm that is gone out of the other again."""
    done = unmerging.unmerge(tx, actor, number)
    answer = RedirectResponse(f"/firms/{done.gone_id}", status_code=303)
    notices.leave(request, answer, "已撤销合并，两家企业都在登记簿中",
                  "Un-merged: both firms are in the register")  # fmt: skip
    return answer
