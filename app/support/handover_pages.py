"""The handover on a page: who leaves, who takes over, the number, the decision."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core import notices
from app.core.clock import today
from app.core.errors import AppError
from app.core.web import render
from app.firms.schemas import LARGEST_ID
from app.support import handover, queries, words
from app.support.opening import demand_analyst

router = APIRouter(prefix="/cases/handover", include_in_schema=False)
UserId = Annotated[int, Field(ge=0, le=LARGEST_ID)]


class HandoverForm(BaseModel):
    """Who hands over to whom; 0 stands for nobody yet."""

    leaving: UserId = 0
    to: UserId = 0
    expected: Annotated[int, Field(ge=0, le=10**6)] = 0


@router.get("")
def ask(
    request: Request, query: Annotated[HandoverForm, Query()], actor: Reader, db: Db
) -> HTMLResponse:
    """How many cases it would be, which, and who could take them."""
    demand_analyst(actor)
    return _page(request, db, actor, query)


@router.post("")
def decide(
    request: Request, form: Annotated[HandoverForm, Form()], actor: CurrentActor, tx: Tx
) -> Response:
    """Hand all of them over, or none."""
    demand_analyst(actor)
    try:
        with tx.begin_nested():
            numbers = handover.hand_over(tx, actor, form.leaving, form.to or None, form.expected)
    except AppError as error:
        return _page(request, tx, actor, form, error)
    answer = RedirectResponse("/cases/handover", status_code=303)
    notices.leave(request, answer, f"已移交 {len(numbers)} 件帮扶事项",
                  f"{len(numbers)} support cases were handed over")  # fmt: skip
    return answer


def _page(
    request: Request, db: Session, actor: Actor, form: HandoverForm,
    problem: AppError | None = None,
) -> HTMLResponse:  # fmt: skip
    seen = handover.preview(db, actor, form.leaving) if form.leaving else None
    page = render(
        request, "support/handover.html", form=form, seen=seen, problem=problem,
        loads=handover.loads(db, actor), measures=queries.measures(db), words=words, day=today(),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page
