"""Pages of what happens to a resident: it enters, registers, moves up, graduates, leaves."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.carriers import queries, service
from app.carriers.pages import CarrierId, told
from app.carriers.schemas import (
    DecisionIn,
    EntryIn,
    GraduationIn,
    LeaveIn,
    PromotionIn,
    RegistrationIn,
)
from app.core.clock import today
from app.core.errors import AppError, Invalid
from app.core.forms import checked, numbers, truths
from app.core.notices import leave
from app.core.web import render
from app.firms import queries as firms
from app.firms.models import Firm, Residency
from app.firms.schemas import LARGEST_ID
from app.incubation.models import CARRIER_KINDS

Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Act = Literal["register", "promote", "graduate", "leave"]
DONE = {
    "enter": ("已入驻", "It has moved in"),
    "register": ("团队已登记为企业，履历保留", "The team is a firm now and keeps its history"),
    "promote": ("晋级已登记", "The promotion is on record"),
    "graduate": ("已毕业", "It has graduated"),
    "leave": ("已离开", "It has left"),
    "decide": ("晋级建议已处理", "The proposal is decided"),
}
router = APIRouter(include_in_schema=False)


def _done(request: Request, carrier_id: int, act: str) -> Response:
    answer = RedirectResponse(f"/carriers/{carrier_id}", status_code=303)
    leave(request, answer, *DONE[act])
    return answer


# --- entering -----------------------------------------------------------------------------------


class EntryForm(BaseModel):
    """Who enters and how, as it was typed."""

    name: str = ""
    credit_code: str = ""
    registered_on: str = ""
    chain: str = ""
    since: str = ""
    premises_inside: str = ""
    field: str = ""
    limit_months: str = ""
    despite_namesake: str = ""


@router.get("/carriers/{carrier_id}/enter")
def ask_entry(request: Request, carrier_id: CarrierId, actor: Reader, db: Db) -> HTMLResponse:
    """Who enters."""
    service.check_keeps(actor, carrier_id)
    return _entry(request, db, carrier_id, EntryForm(since=today().isoformat()))


def _entry(
    request: Request, db: Session, carrier_id: int, form: EntryForm, problem: AppError | None = None
) -> HTMLResponse:
    body = service.carrier(db, carrier_id)
    page = render(request, "carriers/enter.html", body=body, form=form, problem=problem, **told())
    page.status_code = 200 if problem is None else problem.status
    return page


@router.post("/carriers/{carrier_id}/enter")
def enter(
    request: Request, carrier_id: CarrierId, form: Annotated[EntryForm, Form()],
    actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """A firm on record, or a new firm or team, moves in."""
    service.check_keeps(actor, carrier_id)
    try:
        with tx.begin_nested():
            _enter(tx, actor, carrier_id, form)
    except AppError as error:
        return _entry(request, tx, carrier_id, form, error)
    return _done(request, carrier_id, "enter")


def _enter(tx: Session, actor: Actor, carrier_id: int, form: EntryForm) -> Residency:
    body = service.carrier(tx, carrier_id)
    known = _on_record(tx, actor, form.credit_code.strip())
    typed = numbers(
        truths(form.model_dump(), "premises_inside", "despite_namesake"), "limit_months"
    )
    if known is not None:
        given = checked(EntryIn, {"firm_id": known.id, **{name: typed[name] for name in (
            "since", "premises_inside", "field", "limit_months")}})  # fmt: skip
        return service.enter(tx, actor, body, known, given.entry())
    given = checked(EntryIn, typed)
    return service.enter_new(tx, actor, body, given.team(), given.entry())


def _on_record(tx: Session, actor: Actor, code: str) -> Firm | None:
    """The firm of that code, where the actor may know of it."""
    return firms.find_by_credit_code(tx, actor, code) if code else None


# --- what happens to a resident -----------------------------------------------------------------


class ActForm(BaseModel):
    """Any of the acts as it was typed; `version` is the firm's as it was shown."""

    day: str = ""
    reason: str = ""
    more: str = ""
    to: str = ""
    despite: str = ""
    name: str = ""
    credit_code: str = ""
    registered_on: str = ""
    version: int = 0


@router.get("/residencies/{residency_id}/{step}")
def ask(request: Request, residency_id: Number, step: Act, actor: Reader, db: Db) -> HTMLResponse:
    """The act's form; for a graduation what its rules say."""
    found = queries.stay(db, actor, residency_id)
    return _act(request, db, actor, found, step)


def _act(
    request: Request, db: Session, actor: Actor, found: Residency, act: str,
    problem: AppError | None = None, form: ActForm | None = None,
) -> HTMLResponse:  # fmt: skip
    service.check_keeps(actor, found.incubator_id)
    firm = firms.get(db, actor, found.firm_id)
    rules = service.graduation_rules(db, firm.id, today()) if act == "graduate" else None
    page = render(
        request, "carriers/act.html", firm=firm, stay=found, act=act, rules=rules, day=today(),
        form=form or ActForm(name=firm.name), problem=problem, above=_above(db, found, act),
        may_decide=actor.role is Role.ANALYST, **told(),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


def _above(db: Session, found: Residency, act: str) -> Any:
    if act != "promote":
        return []
    known = queries.described(db, found.incubator_id)
    place = -1 if known is None else CARRIER_KINDS.index(known.kind)
    return queries.above(db, CARRIER_KINDS[place + 1 :])


@router.post("/residencies/{residency_id}/{step}")
def act(
    request: Request, residency_id: Number, step: Act, form: Annotated[ActForm, Form()],
    actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Do it."""
    actor.require("firms:write")
    found = queries.stay(tx, actor, residency_id)
    try:
        with tx.begin_nested():
            ACTS[step](tx, actor, service.stay(tx, actor, residency_id), form)
    except AppError as error:
        return _act(request, tx, actor, found, step, error, form)
    return _done(request, found.incubator_id, step)


def _graduate(tx: Session, actor: Actor, found: Residency, form: ActForm) -> None:
    typed = {"day": form.day, "reason": form.reason, "despite": form.despite == "yes"}
    service.graduate(tx, actor, found, checked(GraduationIn, typed).graduation())


def _leave(tx: Session, actor: Actor, found: Residency, form: ActForm) -> None:
    given = checked(LeaveIn, {"day": form.day, "reason": form.reason, "more": form.more})
    service.leave(tx, actor, found, given.day, given.said())


def _promote(tx: Session, actor: Actor, found: Residency, form: ActForm) -> None:
    typed = numbers({"to": form.to, "day": form.day, "reason": form.reason}, "to")
    given = checked(PromotionIn, typed)
    service.propose(tx, actor, found, service.carrier(tx, given.to), given.day, given.reason)


def _register(tx: Session, actor: Actor, found: Residency, form: ActForm) -> None:
    typed = {"name": form.name, "credit_code": form.credit_code,
             "registered_on": form.registered_on}  # fmt: skip
    given = checked(RegistrationIn, typed)
    firm = firms.get(tx, actor, found.firm_id)
    service.register_team(tx, actor, firm, given.team(), form.version)


ACTS: dict[str, Callable[[Session, Actor, Residency, ActForm], None]] = {
    "register": _register, "promote": _promote, "graduate": _graduate, "leave": _leave,
}  # fmt: skip


class DecisionForm(BaseModel):
    """What is decided of a proposal."""

    decision: str = ""
    reason: str = ""


@router.post("/promotions/{promotion_id}")
def decide(
    request: Request, promotion_id: Number, form: Annotated[DecisionForm, Form()],
    actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Accept or decline a proposal."""
    actor.require("firms:write")
    found = service.proposal(tx, actor, promotion_id)
    accepted = {"accept": True, "decline": False}.get(form.decision)
    if accepted is None:
        raise Invalid("请选择同意或驳回 (accept or decline)")
    given = checked(DecisionIn, {"accepted": accepted, "reason": form.reason})
    service.decide(tx, actor, found, accepted=accepted, reason=given.reason)
    return _done(request, found.from_id, "decide")
