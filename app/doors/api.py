"""What firms say of their figures, over HTTP."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core.resource import Resource
from app.doors import corrections
from app.firms.api import LIST_PARAMETERS
from app.firms.schemas import LARGEST_ID, Body

router = APIRouter(prefix="/api/v1/corrections", tags=["support"], route_class=Resource)
OWN = [one for one in LIST_PARAMETERS if one["name"] != "fields"]


class CorrectionOut(BaseModel):
    """A figure as the firm says it is, beside the one that stands, in the indicator's unit."""

    id: int
    firm_id: int
    firm: str
    year: int
    indicator: str
    value: Decimal
    typed: str
    note: str | None
    stands: Decimal | None
    stands_by: str | None
    state: str
    made_at: datetime
    settled_by: str | None
    settled_at: datetime | None
    settled_reason: str | None


class CorrectionPage(BaseModel):
    """A page of corrections."""

    items: list[CorrectionOut]
    next: str | None
    count: int | None
    count_is_exact: bool | None


class Decision(Body):
    """Whether the figure is taken; a refusal says why."""

    accept: bool
    reason: Annotated[str, Field(max_length=500)] = ""


class Decided(BaseModel):
    """What became of it."""

    id: int
    state: str


@router.get(
    "", operation_id="list_corrections",
    openapi_extra={"parameters": OWN},
)  # fmt: skip
def list_corrections(request: Request, actor: Reader, db: Db) -> CorrectionPage:
    """Corrections that firms proposed, within one's scope, a page at a time."""
    found: Any = corrections.listed(db, actor, request.query_params.multi_items())
    return CorrectionPage.model_validate(vars(found))


@router.post("/{correction_id}/decide", operation_id="decide_correction")
def decide_correction(
    correction_id: Annotated[int, Path(ge=1, le=LARGEST_ID)], body: Decision, actor: CurrentActor,
    tx: Tx,
) -> Decided:  # fmt: skip
    """Accept a correction, or refuse it."""
    found = corrections.decide(tx, actor, correction_id, accept=body.accept, reason=body.reason)
    return Decided(id=found.id, state=found.state)
