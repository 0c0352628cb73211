"""Duties over HTTP: the catalogue, who owes what by when; flag_api records that it was done."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from app.accounts.auth import CurrentActor, Db, Noted, Reader, Tx
from app.core.clock import today
from app.core.resource import Resource
from app.duties import queries
from app.firms.api import LIST_PARAMETERS, SEARCH, note_search
from app.firms.schemas import LARGEST_ID
from app.pipeline import duty_schemas as schemas
from app.pipeline import flagging

router = APIRouter(prefix="/api/v1", tags=["duties"], route_class=Resource)


@router.get("/duties/catalogue", operation_id="list_duty_kinds")
def list_duty_kinds(actor: CurrentActor) -> schemas.DutiesOut:
    """Every duty: whose it is, by which article, and how early one is told."""
    return schemas.catalogue()


@router.get(
    "/duties",
    operation_id="list_duties",
    response_model=schemas.DutyPage,
    response_model_exclude_unset=True,
    openapi_extra={"parameters": [SEARCH, *LIST_PARAMETERS]},
)
def list_duties(request: Request, actor: Reader, readings: Noted, db: Db) -> Any:
    """What is due from which firm, the earliest first; done ones with `done_on__empty=false`."""
    params = request.query_params.multi_items()
    found = queries.listed(db, actor, params, today())
    note_search(readings, "firm", params, found)
    return vars(found)


@router.delete("/duties/done/{done_id}", operation_id="take_back_duty_done", status_code=204)
def take_back_duty_done(
    done_id: Annotated[int, Path(ge=1, le=LARGEST_ID)], actor: CurrentActor, tx: Tx
) -> None:
    """Take back that it was done; the history keeps the record."""
    flagging.take_back_duty(tx, actor, done_id)
