"""Pages of incubation: carriers with their year, one carrier with its residents, what is earned."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.carriers import keeping, queries, service, words
from app.carriers.schemas import CarrierIn, RateIn
from app.core import i18n
from app.core.clock import today
from app.core.errors import AppError
from app.core.forms import checked, numbers
from app.core.notices import leave
from app.core.web import render
from app.core.wording import named
from app.firms.schemas import LARGEST_ID
from app.incubation.models import CARRIER_KINDS, PLATFORM_PLACES, REWARDED, Carrier
from app.innovation.models import LEVELS
from app.pipeline import trail_queries
from app.pipeline.pages import WORDS
from app.pipeline.trail import words as trail_words

CarrierId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Year = Annotated[int | None, Query(ge=2000, le=2100)]
YEARS_BACK = 5
router = APIRouter(include_in_schema=False)


def told() -> dict[str, Any]:
    """The words that every page of carriers uses."""
    return {**WORDS, "carrier_words": words, "values": trail_words().values}


@router.get("/carriers")
def carriers(request: Request, actor: Reader, db: Db, year: Year = None) -> HTMLResponse:
    """Every carrier with what it achieved in a year."""
    return _list(request, db, actor, year or today().year)


def _list(
    request: Request, db: Session, actor: Actor, year: int, problem: AppError | None = None,
    form: "RateForm | None" = None,
) -> HTMLResponse:  # fmt: skip
    found = queries.performance(db, actor, year)
    page = render(
        request, "carriers/list.html", found=found, year=year, problem=problem, form=form,
        years=range(today().year, today().year - YEARS_BACK, -1), rates=queries.rates(db),
        proposals=queries.proposals(db, actor, queries.check_reads(actor)), measures=REWARDED,
        may_decide=actor.role is Role.ANALYST, day=today(), **told(),
        may_keep=actor.role in (Role.ANALYST, Role.INCUBATOR_MANAGER),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


class RateForm(BaseModel):
    """A rate as it was typed."""

    measure: str = ""
    amount: str = ""
    since: str = ""
    basis: str = ""


@router.post("/carriers")
def set_rate(
    request: Request, form: Annotated[RateForm, Form()], actor: CurrentActor, tx: Tx
) -> Response:
    """What one of a measure earns from a day on."""
    actor.require("firms:write")
    try:
        with tx.begin_nested():
            keeping.set_rate(tx, actor, checked(RateIn, form.model_dump()))
    except AppError as error:
        return _list(request, tx, actor, today().year, error, form)
    done = RedirectResponse("/carriers#rewards", status_code=303)
    leave(request, done, "奖励标准已保存", "The rate is saved")
    return done


@router.get("/carriers/{carrier_id}")
def carrier(
    request: Request, carrier_id: CarrierId, actor: Reader, db: Db, year: Year = None
) -> HTMLResponse:
    """One carrier: its year, who lives there, who left, what it did."""
    day, shown = today(), year or today().year
    found = queries.one(db, actor, carrier_id, shown)
    keeps = actor.role is Role.ANALYST or actor.organisation_id == carrier_id
    return render(
        request, "carriers/carrier.html", one=found, year=shown, day=day, keeps=keeps,
        known=queries.described(db, carrier_id), may_decide=actor.role is Role.ANALYST,
        residents=queries.residents(db, actor, carrier_id, day),
        former=queries.former(db, actor, carrier_id, day), outcome=queries.outcome_name,
        proposals=queries.proposals(db, actor, carrier_id), last_day=service.last_day,
        services=queries.services(db, actor, carrier_id),
        years=range(day.year, day.year - YEARS_BACK, -1), **told(),
    )  # fmt: skip


class CarrierForm(BaseModel):
    """A carrier as it was typed."""

    kind: str = ""
    level: str = ""
    platform: str = ""
    area_m2: str = ""
    seats: str = ""
    opened_on: str = ""
    field: str = ""
    operator: str = ""
    version: int = 0


@router.get("/carriers/{carrier_id}/history")
def history(request: Request, carrier_id: CarrierId, actor: Reader, db: Db) -> HTMLResponse:
    """Who changed what of a carrier, and when."""
    found = queries.one(db, actor, carrier_id, today().year).row
    called = named(found, i18n.locale_of(request))
    return render(request, "pipeline/acts.html", called=called, back=f"/carriers/{carrier_id}",
                  acts=trail_queries.apart(db, "carrier", carrier_id))  # fmt: skip


@router.get("/carriers/{carrier_id}/edit")
def edit(request: Request, carrier_id: CarrierId, actor: Reader, db: Db) -> HTMLResponse:
    """What is on record of the carrier, to be changed."""
    service.check_keeps(actor, carrier_id)
    return _edit(request, db, carrier_id)


def _edit(
    request: Request, db: Session, carrier_id: int, problem: AppError | None = None,
    form: CarrierForm | None = None,
) -> HTMLResponse:  # fmt: skip
    body = service.carrier(db, carrier_id)
    known = queries.described(db, carrier_id) or Carrier(version=0)
    page = render(
        request, "carriers/edit.html", body=body, typed=form or known, version=known.version,
        problem=problem, kinds=CARRIER_KINDS, levels=LEVELS, platforms=PLATFORM_PLACES, **told(),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


@router.post("/carriers/{carrier_id}/edit")
def describe(
    request: Request, carrier_id: CarrierId, form: Annotated[CarrierForm, Form()],
    actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Store it, as it was when it was shown."""
    service.check_keeps(actor, carrier_id)
    body = service.carrier(tx, carrier_id)
    try:
        with tx.begin_nested():
            typed = numbers(form.model_dump(exclude={"version"}), "area_m2", "seats")
            keeping.describe(tx, actor, body, checked(CarrierIn, typed), form.version)
    except AppError as error:
        return _edit(request, tx, carrier_id, error, form)
    done = RedirectResponse(f"/carriers/{carrier_id}", status_code=303)
    leave(request, done, "载体资料已保存", "The carrier is saved")
    return done
