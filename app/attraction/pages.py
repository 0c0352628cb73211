"""Pages of attraction: the board by stage, one lead with its steps, and the steps themselves."""

from collections import defaultdict
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.attraction import queries, service, words
from app.attraction.api import LeadId
from app.attraction.models import Lead
from app.attraction.schemas import LeadIn, MoveIn
from app.core.clock import today
from app.core.errors import AppError, Forbidden
from app.core.forms import checked, numbers
from app.core.notices import leave
from app.core.web import render
from app.firms import queries as firms
from app.pipeline import trail_queries
from app.pipeline.pages import WORDS, given, tried

Stage = Literal["contact", "visit", "talks", "signed", "landed", "lost"]
# What the board's form asks for by itself; every other filter is carried along.
IN_FORM = ("name__ic", "chain", "partner", "channel", "next_on__lte")
router = APIRouter(include_in_schema=False)


def _told(db: Session) -> dict[str, Any]:
    bodies = accounts.organisations(db, "department", "park")
    return {**WORDS, "lead_words": words, "bodies": bodies, "day": today(),
            "body_names": {one.id: one for one in bodies}}  # fmt: skip


def _may_write(db: Session, actor: Actor) -> bool:
    try:
        service.check_writes(db, actor)
    except Forbidden:
        return False
    return True


@router.get("/leads")
def board(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """Leads by stage."""
    pairs = given(request)
    found, fault = tried(lambda: queries.board(db, actor, pairs))
    page = render(
        request, "attraction/board.html", columns=found or [], fault=fault,
        given=defaultdict(str, pairs), asked=urlencode(pairs),
        carried=[pair for pair in pairs if pair[0] not in IN_FORM],
        may_write=_may_write(db, actor), **_told(db),
    )  # fmt: skip
    page.status_code = 200 if fault is None else 422
    return page


@router.get("/leads/stages/{stage}")
def stage(request: Request, stage: Stage, actor: Reader, db: Db) -> HTMLResponse:
    """All leads of one stage, a page at a time."""
    asked = [(n, v) for n, v in request.query_params.multi_items() if n != "stage" and v]
    found = queries.listed(db, actor, [*asked, ("stage", stage)])
    following = None
    if found.next is not None:
        rest = [(n, v) for n, v in asked if n != "cursor"]
        following = f"/leads/stages/{stage}?{urlencode([*rest, ('cursor', found.next)])}"
    return render(
        request, "attraction/stage.html", stage=stage, found=found, following=following,
        may_write=_may_write(db, actor), **_told(db),
    )  # fmt: skip


class LeadForm(BaseModel):
    """A lead as it was typed."""

    name: str = ""
    since: str = ""
    channel: str = ""
    chain: str = ""
    partner: str = ""
    introduced_by: str = ""
    investment: str = ""
    unit: Literal["元", "万元", "亿元"] = "元"
    description: str = ""
    organisation_id: str = ""
    owner: str = ""
    park_id: str = ""
    next_step: str = ""
    next_on: str = ""
    version: int = 0

    def lead(self) -> LeadIn:
        """What was typed; Invalid with every fault."""
        typed = self.model_dump(exclude={"version", "unit"}) | {"investment": self._yuan()}
        return checked(LeadIn, numbers(typed, "organisation_id", "park_id"))

    def _yuan(self) -> Decimal | str:
        """The investment in yuan; what is no number stays, and is refused by the rules."""
        try:
            return Decimal(self.investment.replace(",", "")) * words.UNITS[self.unit]
        except ArithmeticError:
            return self.investment


@router.get("/leads/new")
def new(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """An empty form."""
    service.check_writes(db, actor)
    return _form(request, db, None, LeadForm(since=today().isoformat()))


def _form(
    request: Request, db: Session, lead: Lead | None, typed: Any, problem: AppError | None = None
) -> HTMLResponse:
    page = render(
        request, "attraction/form.html", lead=lead, typed=typed, problem=problem, **_told(db)
    )
    page.status_code = 200 if problem is None else problem.status
    return page


@router.post("/leads/new")
def add(
    request: Request, form: Annotated[LeadForm, Form()], actor: CurrentActor, tx: Tx
) -> Response:
    """A new lead."""
    service.check_writes(tx, actor)
    try:
        with tx.begin_nested():
            found = service.add(tx, actor, form.lead())
    except AppError as error:
        return _form(request, tx, None, form, error)
    return _done(request, found.id, "线索已登记", "The lead is on record")


def _done(request: Request, lead_id: int, zh: str, en: str) -> Response:
    answer = RedirectResponse(f"/leads/{lead_id}", status_code=303)
    leave(request, answer, zh, en)
    return answer


@router.get("/leads/{lead_id}")
def lead(request: Request, lead_id: LeadId, actor: Reader, db: Db) -> HTMLResponse:
    """One lead with everything that was done."""
    found = queries.get(db, actor, lead_id)
    return render(
        request, "attraction/lead.html", lead=found, steps=queries.steps(db, lead_id),
        firm=None if found.firm_id is None else firms.find(db, actor, found.firm_id),
        may_write=_may_write(db, actor), **_told(db),
    )  # fmt: skip


@router.get("/leads/{lead_id}/history")
def history(request: Request, lead_id: LeadId, actor: Reader, db: Db) -> HTMLResponse:
    """Who changed what of a lead, and when."""
    found = queries.get(db, actor, lead_id)
    return render(request, "pipeline/acts.html", called=found.name, back=f"/leads/{lead_id}",
                  acts=trail_queries.apart(db, "lead", lead_id))  # fmt: skip


@router.get("/leads/{lead_id}/edit")
def edit(request: Request, lead_id: LeadId, actor: Reader, db: Db) -> HTMLResponse:
    """The lead's form as it stands."""
    service.check_writes(db, actor)
    found = queries.get(db, actor, lead_id)
    return _form(request, db, found, found)


@router.post("/leads/{lead_id}/edit")
def describe(
    request: Request, lead_id: LeadId, form: Annotated[LeadForm, Form()], actor: CurrentActor,
    tx: Tx,
) -> Response:  # fmt: skip
    """Store it, as it was when it was shown."""
    service.check_writes(tx, actor)
    found = queries.get(tx, actor, lead_id, lock=True)
    try:
        with tx.begin_nested():
            service.describe(tx, actor, found, form.lead(), form.version)
    except AppError as error:
        return _form(request, tx, found, form, error)
    return _done(request, lead_id, "线索已保存", "The lead is saved")


class MoveForm(BaseModel):
    """A step as it was typed."""

    day: str = ""
    note: str = ""
    next_step: str = ""
    next_on: str = ""
    lost_reason: str = ""
    name: str = ""
    credit_code: str = ""
    registered_on: str = ""


@router.get("/leads/{lead_id}/move/{stage}")
def ask(
    request: Request, lead_id: LeadId, stage: Stage, actor: Reader, db: Db
) -> HTMLResponse:  # fmt: skip
    """What the step needs."""
    service.check_writes(db, actor)
    found = queries.get(db, actor, lead_id)
    return _move(request, db, found, stage, MoveForm(day=today().isoformat(), name=found.name))


def _move(
    request: Request, db: Session, found: Lead, stage: str, form: MoveForm,
    problem: AppError | None = None,
) -> HTMLResponse:  # fmt: skip
    page = render(
        request, "attraction/move.html", lead=found, stage=stage, form=form, problem=problem,
        **_told(db),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


@router.post("/leads/{lead_id}/move/{stage}")
def move(
    request: Request, lead_id: LeadId, stage: Stage, form: Annotated[MoveForm, Form()],
    actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Take the step."""
    service.check_writes(tx, actor)
    found = queries.get(tx, actor, lead_id, lock=True)
    try:
        with tx.begin_nested():
            left_out = set() if stage == "landed" else {"name", "credit_code", "registered_on"}
            typed = {"stage": stage, **form.model_dump(exclude=left_out)}
            service.move(tx, actor, found, checked(MoveIn, typed))
    except AppError as error:
        tx.refresh(found)
        return _move(request, tx, found, stage, form, error)
    return _done(request, lead_id, "进展已登记", "The step is on record")
