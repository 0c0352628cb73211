"""Chains and the parts of the zone over HTTP; their firms are records, at /chain-members."""

from typing import Annotated

from fastapi import APIRouter, Path

from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.chains import queries, service
from app.chains.schemas import ChainOut, ChainsOut, PlaceIn, ZoneIn, ZoneOut, ZonesOut
from app.core.clock import today
from app.core.resource import Resource
from app.firms.schemas import LARGEST_ID

ZoneId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
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
    service.add_zone(tx, actor, body)
    return list_zones(actor, tx)


@router.put("/zones/{zone_id}/within", operation_id="place_zone")
def place_zone(zone_id: ZoneId, body: PlaceIn, actor: CurrentActor, tx: Tx) -> ZonesOut:
    """Say in which core or area a park lies; the answer is every part."""
    service.place_zone(tx, actor, zone_id, body.within_id)
    return list_zones(actor, tx)


@router.delete("/zones/{zone_id}", operation_id="remove_zone", status_code=204)
def remove_zone(zone_id: ZoneId, actor: CurrentActor, tx: Tx) -> None:
    """No longer a part of the zone; the parks in it stay."""
    service.remove_zone(tx, actor, zone_id)
