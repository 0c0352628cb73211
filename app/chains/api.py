"""Chains and the parts of the zone over HTTP; their firms are records, at /chain-members."""

from fastapi import APIRouter

from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.chains import queries, service
from app.chains.schemas import ChainOut, ChainsOut, ZoneIn, ZoneOut, ZonesOut
from app.core.clock import today
from app.core.resource import Resource

router = APIRouter(prefix="/api/v1", tags=["chains"], route_class=Resource)


@router.get("/chains", operation_id="list_chains")
def list_chains(actor: Reader, db: Db) -> ChainsOut:
    """Each chain with its leaders and how far its firms are."""
    found = queries.chains(db, actor, today())
    return ChainsOut(items=[ChainOut.model_validate(one) for one in found])


@router.get("/zones", operation_id="list_zones")
def list_zones(actor: Reader, db: Db) -> ZonesOut:
    """The core, the areas and the parks."""
    found = queries.zones(db, actor, today())
    return ZonesOut(items=[ZoneOut.model_validate(one) for one in found])


@router.post("/zones", operation_id="add_zone", status_code=201)
def add_zone(body: ZoneIn, actor: CurrentActor, tx: Tx) -> ZonesOut:
    """A further part; the answer is every part."""
    service.add_zone(tx, actor, body.name, body.name_en or "", body.kind, body.park_id)
    return list_zones(actor, tx)
