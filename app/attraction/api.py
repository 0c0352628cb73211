"""Leads of attraction over HTTP: list, one with its steps, add, describe, move on."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response

from app.accounts.auth import CurrentActor, Db, Noted, Reader, Tx
from app.attraction import queries, schemas, service
from app.attraction.models import Lead
from app.core.resource import Resource
from app.firms.api import LIST_PARAMETERS, NEEDS_VERSION, demand_version, note_search, understood
from app.firms.schemas import LARGEST_ID, FiltersOut
from app.pipeline import trail_queries
from app.pipeline.trail_schemas import ActsOut

LeadId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
IfMatch = Annotated[str | None, Header()]
router = APIRouter(prefix="/api/v1", tags=["leads"], route_class=Resource)


def _shown(found: Lead, response: Response) -> schemas.LeadOut:
    response.headers["ETag"] = f'"{found.version}"'
    return schemas.LeadOut.model_validate(found)


@router.get("/leads", operation_id="list_leads", openapi_extra={"parameters": LIST_PARAMETERS})
def list_leads(request: Request, actor: Reader, readings: Noted, db: Db) -> schemas.LeadPage:
    """Leads, filtered, ordered, a page at a time."""
    params = request.query_params.multi_items()
    found = queries.listed(db, actor, params)
    note_search(readings, "lead", params, found)
    return schemas.LeadPage(**vars(found))


@router.get("/leads/filters", operation_id="lead_filters")
def lead_filters(actor: Reader) -> FiltersOut:
    """What the list of leads can be filtered and ordered by."""
    return understood(queries.vocabulary())


@router.get("/leads/{lead_id}", operation_id="get_lead")
def get_lead(lead_id: LeadId, response: Response, actor: Reader, db: Db) -> schemas.LeadOut:
    """One lead; its ETag is needed to change it."""
    return _shown(queries.get(db, actor, lead_id), response)


@router.get("/leads/{lead_id}/steps", operation_id="list_lead_steps")
def list_lead_steps(lead_id: LeadId, actor: Reader, db: Db) -> schemas.StepsOut:
    """What was done with it, the latest first."""
    queries.get(db, actor, lead_id)
    found = queries.steps(db, lead_id)
    return schemas.StepsOut(items=[schemas.StepOut.model_validate(one) for one in found])


@router.get("/leads/{lead_id}/history", operation_id="get_lead_history")
def get_lead_history(lead_id: LeadId, actor: Reader, db: Db) -> ActsOut:
    """What was done to it: who, when, before and after."""
    queries.get(db, actor, lead_id)
    return ActsOut.model_validate({"items": trail_queries.apart(db, "lead", lead_id)})


@router.post("/leads", operation_id="add_lead", status_code=201)
def add_lead(
    body: schemas.LeadIn, response: Response, actor: CurrentActor, tx: Tx
) -> schemas.LeadOut:
    """A new lead at its first contact."""
    found = service.add(tx, actor, body)
    response.headers["Location"] = f"/api/v1/leads/{found.id}"
    return _shown(found, response)


@router.post("/leads:batch", operation_id="batch_leads")
def batch_leads(body: schemas.LeadRows, actor: CurrentActor, tx: Tx) -> schemas.RowsOut:
    """Add or describe up to 1,000 leads; the same again is unchanged."""
    return service.upsert(tx, actor, body.rows)


@router.put("/leads/{lead_id}", operation_id="describe_lead", responses=NEEDS_VERSION)
def describe_lead(
    lead_id: LeadId, body: schemas.LeadIn, response: Response, actor: CurrentActor, tx: Tx,
    if_match: IfMatch = None,
) -> schemas.LeadOut:  # fmt: skip
    """Say otherwise what it is; where it stands is changed by a move."""
    found = queries.get(tx, actor, lead_id, lock=True)
    demand_version(if_match, found.version, lambda given: service.stale(found, given))
    return _shown(service.describe(tx, actor, found, body, found.version), response)


@router.post("/leads/{lead_id}:move", operation_id="move_lead")
def move_lead(
    lead_id: LeadId, body: schemas.MoveIn, response: Response, actor: CurrentActor, tx: Tx
) -> schemas.LeadOut:
    """A step: on to a stage, landed with its firm, or lost with the reason."""
    found = queries.get(tx, actor, lead_id, lock=True)
    return _shown(service.move(tx, actor, found, body), response)
