"""What crosses the wire about webhooks."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Word = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Place = Annotated[int, Field(ge=0, lt=2**62)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class WebhookIn(_Body):
    """A subscription: no kinds are all kinds; indicators narrow it to figures of theirs, a query of
    the list of firms (`park=…&rung=certified`) to events of firms that it finds by then.
    """

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    kinds: Annotated[list[Word], Field(max_length=50)] = []
    indicators: Annotated[list[Word], Field(max_length=500)] = []
    query: Annotated[str, StringConstraints(max_length=2000)] = ""
    # Administrators say whose; a token's is its own organisation's.
    organisation: Word | None = None


class RangeIn(_Body):
    """Events after one position of the feed, up to and with another."""

    after: Place
    until: Place


class WebhookOut(BaseModel):
    """A subscription; its secret is told once, when it is made or rotated."""

    id: int
    organisation: str
    url: str
    kinds: list[str]
    indicators: list[str]
    query: str
    state: str
    disabled_why: str | None
    failing_since: datetime | None
    before_until: datetime | None
    created_at: datetime


class WebhookMade(WebhookOut):
    """With its secret."""

    secret: str


class WebhooksOut(BaseModel):
    """All that one may manage."""

    items: list[WebhookOut]


class AttemptOut(BaseModel):
    """One request and its reply."""

    at: datetime
    sent: dict[str, Any]
    status: int | None
    reply: str | None
    error: str | None
    milliseconds: int


class DeliveryOut(BaseModel):
    """One event on its way."""

    id: int
    seq: int
    kind: str
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime | None
    tries: list[AttemptOut]


class DeliveriesOut(BaseModel):
    """The latest first; `next` is the following `before`."""

    items: list[DeliveryOut]
    next: int | None


class Left(BaseModel):
    """How many deliveries were left for the worker."""

    deliveries: int
