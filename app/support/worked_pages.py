"""What worked, on a page and over HTTP: a table by measure and one by department."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict

from app.accounts import queries as accounts
from app.accounts.auth import Db, Reader
from app.core.resource import Resource
from app.core.web import render
from app.firms.api import LIST_PARAMETERS
from app.pipeline.pages import following, given, tried
from app.support import queries, worked

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1/case-effects", tags=["support"], route_class=Resource)
OWN = [one for one in LIST_PARAMETERS if one["name"] != "fields"]


@router.get("/cases/effects")
def effects(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """What came after cases, by measure and by department, beside firms like theirs."""
    return render(
        request, "support/effects.html", by_measure=worked.lines(db, actor, "measure"),
        by_body=worked.lines(db, actor, "organisation"), measures=queries.measures(db),
        bodies={one.code: one for one in accounts.organisations(db)}, fewest=worked.FEWEST,
    )  # fmt: skip


@router.get("/cases/effects/beside")
def beside(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """The firms without a case that stand beside those with one."""
    pairs = given(request)
    page, fault = tried(lambda: worked.beside(db, actor, pairs))
    return render(
        request, "support/beside.html", page=page, fault=fault, asked=defaultdict(str, pairs),
        following=following(request, page), measures=queries.measures(db),
    )  # fmt: skip


class SideOut(BaseModel):
    """Firms with or without a case; `share` in per cent, `days` a median of calendar days."""

    model_config = ConfigDict(from_attributes=True)
    firms: int
    closed: int
    share: Decimal | None
    days: Decimal | None


class LineOut(BaseModel):
    """What came after the cases of a measure or a department: an association, not a cause."""

    model_config = ConfigDict(from_attributes=True)
    key: str
    cases: int
    done: int
    answer_days: Decimal | None
    done_days: Decimal | None
    rungs: int
    own: SideOut
    peers: SideOut
    difference: Decimal | None


class EffectsOut(BaseModel):
    """A line for each measure or department."""

    items: list[LineOut]


@api.get("", operation_id="list_case_effects")
def list_case_effects(
    actor: Reader, db: Db, by: Annotated[worked.By, Query()] = "measure"
) -> EffectsOut:
    """What came after cases, beside firms like theirs without one."""
    return EffectsOut(items=[LineOut.model_validate(one) for one in worked.lines(db, actor, by)])


class PeerOut(BaseModel):
    """A firm without a case beside one with one."""

    id: int
    case_id: int
    case_firm_id: int
    firm_id: int
    firm: str
    measure: str
    opened_on: date
    gap_closed_on: date | None
    rung_reached_on: date | None


class PeerPage(BaseModel):
    """A page of such firms."""

    items: list[PeerOut]
    next: str | None
    count: int | None
    count_is_exact: bool | None


@api.get(
    "/peers", operation_id="list_case_peers",
    openapi_extra={"parameters": OWN},
)  # fmt: skip
def list_case_peers(request: Request, actor: Reader, db: Db) -> PeerPage:
    """The firms without a case that stand beside those with one, a page at a time."""
    found = worked.beside(db, actor, request.query_params.multi_items())
    return PeerPage.model_validate(vars(found))
