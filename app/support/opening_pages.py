"""Opening cases on a page: the number, who would be asked for what and why, the decision."""

from typing import Annotated, Literal
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core import i18n, notices
from app.core.errors import AppError
from app.core.web import render
from app.firms.schemas import no_null
from app.support import opening, queries
from app.support.schemas import Id

router = APIRouter(include_in_schema=False)
Reason = Annotated[str, Field(max_length=opening.LONGEST), AfterValidator(no_null)]


class Carried(BaseModel):
    """Which firms: a list and its query; with which measure, each firm's best one if none."""

    of: Literal["firms", "pool"] = "pool"
    on: Annotated[str, Field(max_length=20_000)] = ""
    measure: Annotated[str, Field(max_length=60)] = ""


class OpeningForm(Carried):
    """The decision as it was filled in; `why` has the reason of each `firm`, in the same order."""

    firm: Annotated[list[Id], Field(max_length=opening.MOST)] = []
    why: Annotated[list[Reason], Field(max_length=opening.MOST)] = []
    remark: Reason = ""
    days: Annotated[str, Field(max_length=3)] = ""
    expected: Annotated[int, Field(ge=0, le=10**6)] = 0

    @property
    def reasons(self) -> dict[int, str]:
        """What was written for each firm."""
        return dict(zip(self.firm, self.why, strict=False))


@router.get("/support/open")
def ask(
    request: Request, query: Annotated[Carried, Query()], actor: Reader, db: Db
) -> HTMLResponse:
    """How many cases it would be, and whom they would go to."""
    return _page(request, db, actor, OpeningForm(**query.model_dump()))


@router.post("/support/open")
def decide(
    request: Request, form: Annotated[OpeningForm, Form()], actor: CurrentActor, tx: Tx
) -> Response:
    """Open all of them or none."""
    try:
        with tx.begin_nested():
            opening.demand_analyst(actor)
            found = opening.found(tx, actor, form.of, parse_qsl(form.on))
            days = int(form.days) if form.days.isascii() and form.days.isdigit() else None
            wanted = opening.Wanted(form.measure or None, form.expected, form.reasons, form.remark,
                                    days, i18n.locale_of(request))  # fmt: skip
            numbers = opening.open_cases(tx, actor, found, wanted)
    except AppError as error:
        return _page(request, tx, actor, form, error)
    answer = RedirectResponse("/cases", status_code=303)
    notices.leave(request, answer, f"已发起 {len(numbers)} 件帮扶事项",
                  f"{len(numbers)} support cases were opened")  # fmt: skip
    return answer


def _page(
    request: Request, db: Session, actor: Actor, form: OpeningForm, problem: AppError | None = None
) -> HTMLResponse:
    seen = None
    try:
        found = opening.found(db, actor, form.of, parse_qsl(form.on))
        seen = opening.preview(db, found, form.measure or None)
    except AppError as error:
        problem = problem or error
    page = render(
        request, "support/open.html", form=form, seen=seen, problem=problem,
        measures=queries.measures(db),
        bodies={one.id: one for one in accounts.organisations(db)},
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page
