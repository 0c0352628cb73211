"""Record what was done for a firm: by whoever keeps it, or by the department that has a case.

It is a service record like any other; photos become documents of the firm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import KEEPERS, Actor
from app.core.clock import today
from app.core.errors import Forbidden, Invalid
from app.core.paging import Page
from app.core.wording import said
from app.facts import service as facts
from app.firms import documents, queries
from app.firms.models import Firm
from app.incubation.models import ServiceRecord
from app.incubation.schemas import ServiceRecordIn
from app.pipeline.records import BY_PATH
from app.pipeline.service import assess
from app.support.models import OPEN_STATES, SupportCase
from app.support.service import may_work

KIND = BY_PATH["service-records"]
MOST_PHOTOS = 6
RECENT = 20
Photo = tuple[str, IO[bytes]]


@dataclass(frozen=True)
class Entry:
    """A visit as it was filled in; `met` are numbers of contacts."""

    kind: str
    served_on: date
    effect: str = ""
    next_step: str = ""
    next_on: date | None = None
    case_id: int | None = None
    met: list[int] = field(default_factory=list)


def open_cases(session: Session, actor: Actor, firm_id: int | None = None) -> list[Any]:
    """The open cases that this actor works on, of one firm or of all, the most urgent first."""
    query: Any = (
        select(SupportCase.id, SupportCase.measure, SupportCase.due_on, SupportCase.state,
               SupportCase.firm_id, SupportCase.organisation_id, Firm.name.label("firm"))
        .join(Firm, Firm.id == SupportCase.firm_id)
        .where(SupportCase.state.in_(OPEN_STATES), queries.visible(actor))
        .order_by(SupportCase.due_on, SupportCase.id).limit(RECENT)
    )  # fmt: skip
    if firm_id is not None:
        query = query.where(SupportCase.firm_id == firm_id)
    else:
        query = query.where(SupportCase.user_id == (actor.user_id or 0))
    if actor.role not in KEEPERS:
        query = query.where(SupportCase.organisation_id == actor.organisation_id)
    return list(session.execute(query).mappings())


def recent(session: Session, actor: Actor) -> Page:
    """The latest service records that the actor may know of."""
    fields = "id,firm_id,firm_name,kind,served_on,effect,next_step,next_on"
    asked = [("ordering", "-served_on"), ("limit", str(RECENT)), ("count", "none")]
    asked.append(("fields", fields))
    return facts.listed(session, actor, KIND, asked)


def record(
    session: Session, actor: Actor, firm: Firm, entry: Entry, photos: Sequence[Photo], largest: int
) -> ServiceRecord:
    """Keep it with its photos, and hold the firm against the criteria anew.

    Invalid names what is wrong; Conflict where the body has recorded the same already.
    """
    demand(session, actor, firm, entry.case_id)
    if len(photos) > MOST_PHOTOS:
        detail = f"一次最多 {MOST_PHOTOS} 张照片 (at most {MOST_PHOTOS} photos)"
        raise Invalid(detail, errors=[{"pointer": "/photos", "detail": detail}])
    kept = [documents.take(session, actor.name, firm, "evidence", *one, largest=largest).id
            for one in photos]  # fmt: skip
    given = {
        "firm_id": firm.id, "kind": entry.kind, "served_on": entry.served_on,
        "person": actor.name, "effect": entry.effect.strip() or None,
        "next_step": entry.next_step.strip() or None, "next_on": entry.next_on,
        "case_id": entry.case_id, "met": entry.met, "attachments": kept,
    }  # fmt: skip
    found: ServiceRecord = facts.take(session, actor, KIND, _sound(given))
    assess(session, [firm.id], today())
    return found


def demand(session: Session, actor: Actor, firm: Firm, case_id: int | None) -> None:
    """Forbidden unless the actor keeps the firm, or its department works on this case of it."""
    if actor.scopes is not None or actor.role in KEEPERS:
        actor.require("firms:write")
        return
    case = None if case_id is None else session.get(SupportCase, case_id)
    if case is None or case.firm_id != firm.id or not may_work(actor, case.organisation_id):
        raise Forbidden(
            "部门只能为本部门正在办理的帮扶事项记录走访：请选择事项 "
            "(choose the case of your department that it belongs to)"
        )


def _sound(given: dict[str, Any]) -> ServiceRecordIn:
    try:
        return ServiceRecordIn.model_validate(given)
    except ValidationError as error:
        errors = [{"pointer": "/" + "/".join(map(str, one["loc"])), "detail": said(one)}
                  for one in error.errors()]  # fmt: skip
        raise Invalid(errors[0]["detail"], errors=errors) from error
