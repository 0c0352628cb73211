"""Cases on a board, and the question that a dragged card asks."""

from collections import defaultdict
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core import notices
from app.core.clock import today
from app.core.errors import AppError, Conflict
from app.core.web import local_path, render
from app.firms.models import Firm
from app.pipeline.pages import given, tried
from app.support import board, queries, service, words
from app.support.api import CaseId
from app.support.models import OUTCOMES, SupportCase
from app.support.pages import ActForm

router = APIRouter(include_in_schema=False)
ColumnName = Literal["open", "accepted", "in_progress", "closed"]
Next = Annotated[str, Query(max_length=2000)]


@router.get("/cases/board")
def show(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """Cases by state."""
    pairs = given(request)
    columns, fault = tried(lambda: board.board(db, actor, pairs, today()))
    whole = "/cases/board" + (f"?{urlencode(pairs)}" if pairs else "")
    page = render(
        request, "support/board.html", columns=columns or [], fault=fault,
        asked=defaultdict(str, pairs), query=urlencode(pairs), back=urlencode({"next": whole}),
        measures=queries.measures(db), words=words, day=today(), names=board.COLUMNS,
        since=today() - board.KEPT,
        bodies=accounts.organisations(db, "department"), act_to=board.act_to,
        may_work=lambda row: service.may_work(actor, row["organisation_id"]),
    )  # fmt: skip
    page.status_code = 200 if fault is None else 422
    return page


@router.get("/cases/{case_id}/move/{column}")
def ask(
    request: Request, case_id: CaseId, column: ColumnName, actor: Reader, db: Db, next: Next = ""
) -> HTMLResponse:
    """What the state asks of whoever moves a case there."""
    case = service.get(db, actor, case_id)
    return _page(request, db, actor, case, (column, next))


@router.post("/cases/{case_id}/move/{column}")
def move(
    request: Request, case_id: CaseId, column: ColumnName, form: Annotated[ActForm, Form()],
    actor: CurrentActor, tx: Tx, next: Next = "",
) -> Response:  # fmt: skip
    """Do what leads there."""
    case = service.get(tx, actor, case_id)
    try:
        with tx.begin_nested():
            if board.act_to(case.state, column) != form.act:
                raise Conflict("事项的状态刚有变化：请刷新看板 (moved meanwhile: reload)")
            service.act(tx, actor, case, form.version, form.what())
    except AppError as error:
        tx.refresh(case)
        return _page(request, tx, actor, case, (column, next), error, form)
    answer = RedirectResponse(local_path(next or "/cases/board"), status_code=303)
    notices.leave(request, answer, "已记录", "Recorded")
    return answer


def _page(
    request: Request, db: Session, actor: Actor, case: SupportCase, place: tuple[str, str],
    problem: AppError | None = None, form: ActForm | None = None,
) -> HTMLResponse:  # fmt: skip
    column, back = place
    page = render(
        request, "support/move.html", case=case, firm=db.get_one(Firm, case.firm_id), form=form,
        measure=queries.measures(db)[case.measure], column=column, problem=problem, words=words,
        act=board.act_to(case.state, column), outcomes=OUTCOMES,
        may_work=service.may_work(actor, case.organisation_id),
        query=urlencode({"next": back}) if back else "", day=today(),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page
