"""An event as it crosses the wire; webhooks carry the same."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class EventOut(BaseModel):
    """One change of one record. `seq` grows in the order of commits, not by one.

    `firm_id` is null of what belongs to no firm: what an organisation hosts, carriers, leads.
    """

    seq: int
    kind: str
    at: datetime
    firm_id: int | None
    record: dict[str, Any]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    by: str
    request_id: str | None


class EventsOut(BaseModel):
    """Events after a position; `next` is the following `after`, also where nothing was found."""

    items: list[EventOut]
    next: int
    oldest: int
