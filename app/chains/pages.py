"""Pages of leading firms: chains with their leaders, the zone's parts, the ladder to a listing."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.actor import Actor, Role
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.chains import queries, service
from app.chains.api import ZoneId
from app.chains.schemas import PlaceIn, ZoneIn
from app.core.clock import today
from app.core.errors import AppError, Invalid, NotFound
from app.core.forms import checked, numbers
from app.core.notices import leave
from app.core.web import render
from app.leading.models import ZONE_KINDS
from app.pipeline.pages import WORDS
from app.pipeline.trail import words

router = APIRouter(include_in_schema=False)


class ZoneForm(BaseModel):
    """A part of the zone as it was typed."""

    name: str = ""
    name_en: str = ""
    kind: str = ""
    park_id: str = ""
    within_id: str = ""


@router.get("/chains")
def chains(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """Chains, zone and listings."""
    return _page(request, db, actor, ZoneForm())


def _page(
    request: Request, db: Session, actor: Actor, form: ZoneForm, problem: AppError | None = None
) -> HTMLResponse:
    day = today()
    page = render(
        request, "chains/chains.html", chains=queries.chains(db, actor, day), form=form,
        zones=queries.zones(db, actor, day), climbers=queries.climbers(db, actor), problem=problem,
        parks=accounts.organisations(db, "park"), kinds=ZONE_KINDS,
        may_decide=actor.role is Role.ANALYST, **_told(),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


def _told() -> dict[str, Any]:
    return {**WORDS, "values": words().values}


@router.post("/chains")
def add_zone(
    request: Request, form: Annotated[ZoneForm, Form()], actor: CurrentActor, tx: Tx
) -> Response:
    """A further part of the zone."""
    actor.require("firms:write")
    try:
        with tx.begin_nested():
            given = checked(ZoneIn, numbers(form.model_dump(), "park_id", "within_id"))
            service.add_zone(tx, actor, given)
    except AppError as error:
        return _page(request, tx, actor, form, error)
    return _saved(request)


def _saved(request: Request) -> Response:
    done = RedirectResponse("/chains#zone", status_code=303)
    leave(request, done, "布局已保存", "The zone is saved")
    return done


@router.post("/chains/zones/{zone_id}")
def change_zone(
    request: Request, zone_id: ZoneId, actor: CurrentActor, tx: Tx,
    within: Annotated[str, Form()] = "", act: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Place a park in a core or area, or take a part out of the zone."""
    try:
        with tx.begin_nested():
            if act == "remove":
                service.remove_zone(tx, actor, zone_id)
            else:
                chosen = checked(PlaceIn, {"within_id": None} | numbers({"within_id": within},
                                                                        "within_id"))  # fmt: skip
                service.place_zone(tx, actor, zone_id, chosen.within_id)
    except Invalid as error:
        return _page(request, tx, actor, ZoneForm(), error)
    return _saved(request)


@router.get("/chains/{chain}")
def chain(request: Request, chain: str, actor: Reader, db: Db) -> HTMLResponse:
    """The firms of a chain."""
    found = queries.firms_of(db, actor, chain, today())
    if not found:
        raise NotFound(f"没有产业链 {chain[:50]} 的企业：请从列表选择 (no such chain)")
    return render(request, "chains/chain.html", chain=chain, found=found, **_told())
