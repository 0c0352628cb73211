"""Flags over HTTP: of one firm, counts of all; delays, thresholds, duties done."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, StrictInt

from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core.clock import today
from app.core.resource import Resource
from app.firms import flags, queries
from app.firms.api import FirmId
from app.firms.catalogue import Label
from app.firms.flag_models import FLAG_KINDS, Flag
from app.firms.schemas import Body, Text
from app.pipeline import flagging
from app.pipeline.flag_words import Teller, Told
from app.pipeline.flags import thresholds
from app.pipeline.schemas import Query as NoOther

router = APIRouter(prefix="/api/v1", tags=["flags"], route_class=Resource)
Code = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
MOST_CLOSED = 100


class FlagOut(BaseModel):
    """One flag: what it is about, since when, on what it was raised, and what it says."""

    kind: str
    subject: str
    since: date
    closed_on: date | None
    label: Label
    sentence: Label
    criterion: str | None
    citation: str | None
    figures: dict[str, object]
    snoozed_until: date | None
    snooze_reason: str | None
    snoozed_by: str | None


class FlagsOut(BaseModel):
    """A firm's flags, the open ones first."""

    items: list[FlagOut]


class FlagKindOut(BaseModel):
    """A kind of flag, its threshold, and how many firms it concerns; each firm counts once."""

    kind: str
    label: Label
    hint: Label
    threshold: int | None
    unit: Label | None
    firms: int


class FlagKindsOut(BaseModel):
    """Every kind of flag."""

    items: list[FlagKindOut]


class FlagQuery(NoOther):
    """How many closed flags are wanted besides."""

    closed: Annotated[int, Field(ge=0, le=MOST_CLOSED)] = 0


class SnoozeBody(Body):
    """Until when a flag is put off, and why."""

    until: date
    reason: Text


class ThresholdBody(Body):
    """A kind's threshold, in its unit."""

    threshold: StrictInt


class DutyBody(Body):
    """The day on which a duty was done, and what shows it."""

    done_on: date
    evidence: Text | None = None


def flag_out(one: Told) -> FlagOut:
    """A flag as the API shows it."""
    own = {column.name: getattr(one.flag, column.name) for column in Flag.__table__.columns
           if column.name in FlagOut.model_fields}  # fmt: skip
    return FlagOut(**own, label=one.label, sentence=one.sentence, citation=one.citation)


@router.get("/flags", operation_id="count_flags")
def count_flags(actor: Reader, db: Db) -> FlagKindsOut:
    """Every kind of flag, its threshold, and how many firms of one's scope it concerns."""
    found, limits = flags.counts(db, actor, today()), thresholds(db)
    return FlagKindsOut(items=[
        FlagKindOut(kind=kind, label=one.label, hint=one.hint, threshold=limits.get(kind),
                    unit=one.unit, firms=found[kind])
        for kind, one in FLAG_KINDS.items()
    ])  # fmt: skip


@router.put("/flags/{kind}/threshold", operation_id="set_flag_threshold", status_code=204)
def set_flag_threshold(kind: Code, body: ThresholdBody, actor: CurrentActor, tx: Tx) -> None:
    """Set a kind's threshold; firms are flagged by it from their next evaluation on."""
    flagging.set_threshold(tx, actor, kind, body.threshold)


@router.get("/firms/{firm_id}/flags", operation_id="list_flags")
def list_flags(
    firm_id: FirmId, query: Annotated[FlagQuery, Query()], actor: Reader, db: Db
) -> FlagsOut:
    """The open flags of a firm, and as many closed ones as asked for."""
    queries.get(db, actor, firm_id)
    found = flags.of_firm(db, firm_id, closed=query.closed)
    return FlagsOut(items=[flag_out(one) for one in Teller(db).tell(found)])


@router.put("/firms/{firm_id}/flags/{kind}/{subject}/snooze", operation_id="snooze_flag")
def snooze_flag(
    firm_id: FirmId, kind: Code, subject: Code, body: SnoozeBody, actor: CurrentActor, tx: Tx
) -> FlagOut:
    """Put an open flag off until a day, with a reason."""
    found = flagging.snooze(tx, actor, firm_id, (kind, subject), body.until, body.reason)
    return flag_out(Teller(tx).tell([found])[0])


@router.delete("/firms/{firm_id}/flags/{kind}/{subject}/snooze", operation_id="wake_flag")
def wake_flag(
    firm_id: FirmId, kind: Code, subject: Code, actor: CurrentActor, tx: Tx
) -> FlagOut:  # fmt: skip
    """End a flag's delay."""
    found = flagging.wake(tx, actor, firm_id, (kind, subject))
    return flag_out(Teller(tx).tell([found])[0])


@router.put("/firms/{firm_id}/duties/{duty}/{period}", operation_id="record_duty",
            status_code=204)  # fmt: skip
def record_duty(
    firm_id: FirmId, duty: Code, period: Annotated[str, Path(max_length=10)], body: DutyBody,
    actor: CurrentActor, tx: Tx,
) -> None:  # fmt: skip
    """A statutory duty of a period was done; its flag closes."""
    done = (body.done_on, body.evidence or "")
    flagging.record_duty(tx, actor, firm_id, duty, period, done)
