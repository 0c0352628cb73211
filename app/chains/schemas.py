"""What crosses the wire about the parts of the zone."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.firms.record_schemas import Id
from app.firms.schemas import Body, Text
from app.leading.models import ZONE_KINDS


class ZoneIn(Body):
    """A core or an area by its name; a park by its organisation, and the part that it lies in."""

    name: Text
    name_en: Text | None = None
    kind: Literal[ZONE_KINDS]  # type: ignore[valid-type]
    park_id: Id | None = None
    within_id: Id | None = None


class PlaceIn(Body):
    """The core or area that a park lies in; null: none."""

    within_id: Id | None


class ZoneOut(BaseModel):
    """A part of the zone; `firms` are those in the caller's scope, of a core or area its parks'."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    within_id: int | None
    name: str
    name_en: str | None
    kind: str
    park: str | None
    firms: int
    certified: int


class ZonesOut(BaseModel):
    """Every part."""

    items: list[ZoneOut]


class ChainOut(BaseModel):
    """A chain: its leaders' names, and how many of the caller's firms belong to it."""

    model_config = ConfigDict(from_attributes=True)
    chain: str
    leaders: str | None
    members: int
    certified: int
    tech_based: int


class ChainsOut(BaseModel):
    """Every chain."""

    items: list[ChainOut]
