"""Firms' own doors over HTTP: links made and revoked, and what firms say through them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from app.accounts.auth import CurrentActor, Db, Reader, Tx, settings_of
from app.accounts.invitations import public_address
from app.core.resource import Resource
from app.doors import corrections, service
from app.doors.models import DoorAnswer
from app.firms import queries
from app.firms.api import LIST_PARAMETERS, FirmId
from app.firms.schemas import LARGEST_ID, Body

router = APIRouter(prefix="/api/v1/corrections", tags=["support"], route_class=Resource)
doors = APIRouter(prefix="/api/v1/firms/{firm_id}", tags=["support"], route_class=Resource)
DoorId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
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


# --- the links ------------------------------------------------------------------------------------


class DoorIn(Body):
    """For whom a link is, by duty and not by name, and for how many days."""

    given_to: Annotated[str, Field(max_length=100)]
    days: int = service.USUAL_DAYS


class DoorOut(BaseModel):
    """A link as it is known after it was made: without its secret.

    `opened_at`: when a browser came to own it; `refusals`: how often another one was sent away.
    """

    model_config = ConfigDict(from_attributes=True)
    id: int
    firm_id: int
    given_to: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    opened_at: datetime | None
    used_at: datetime | None
    uses: int
    refusals: int
    revoked_at: datetime | None
    revoked_by: str | None


class DoorMade(DoorOut):
    """A new link; `link` is shown once."""

    link: str


class DoorsOut(BaseModel):
    """A firm's links, newest first."""

    items: list[DoorOut]


class AnswerOut(BaseModel):
    """How content a firm is, from 1 to 5: with a case, or with support as a whole."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    door_id: int
    case_id: int | None
    score: int
    words: str | None
    answered_at: datetime


class AnswersOut(BaseModel):
    """A firm's answers, the latest first."""

    items: list[AnswerOut]


@doors.get("/doors", operation_id="list_doors")
def list_doors(firm_id: FirmId, actor: Reader, db: Db) -> DoorsOut:
    """Every link of a firm: who has it, whether it was opened, how often another browser tried."""
    queries.get(db, actor, firm_id)
    found = service.listed(db, firm_id)
    return DoorsOut(items=[DoorOut.model_validate(one) for one in found])


@doors.post("/doors", operation_id="make_door", status_code=201)
def make_door(
    request: Request, firm_id: FirmId, body: DoorIn, response: Response, actor: CurrentActor, tx: Tx
) -> DoorMade:
    """Make a link for a firm; only this answer shows it."""
    firm = queries.get(tx, actor, firm_id)
    settings = settings_of(request)
    door, secret = service.make(tx, settings, actor, firm, body.given_to, body.days)
    tx.refresh(door)
    response.headers["Location"] = f"/api/v1/firms/{firm_id}/doors/{door.id}"
    known = DoorOut.model_validate(door).model_dump()
    return DoorMade(**known, link=service.address(public_address(settings), secret))


@doors.get("/doors/{door_id}", operation_id="get_door")
def get_door(firm_id: FirmId, door_id: DoorId, actor: Reader, db: Db) -> DoorOut:
    """One link of a firm."""
    return DoorOut.model_validate(service.get(db, actor, firm_id, door_id))


@doors.post("/doors/{door_id}/revoke", operation_id="revoke_door")
def revoke_door(firm_id: FirmId, door_id: DoorId, actor: CurrentActor, tx: Tx) -> DoorOut:
    """Shut a door at once and for good; one that is shut already stays as it was."""
    return DoorOut.model_validate(service.revoke(tx, actor, firm_id, door_id))


@doors.get("/door-answers", operation_id="list_door_answers")
def list_door_answers(firm_id: FirmId, actor: Reader, db: Db) -> AnswersOut:
    """How content a firm says it is."""
    queries.get(db, actor, firm_id)
    query = select(DoorAnswer).where(DoorAnswer.firm_id == firm_id)
    found = db.scalars(query.order_by(DoorAnswer.id.desc()).limit(1000))
    return AnswersOut(items=[AnswerOut.model_validate(one) for one in found])
