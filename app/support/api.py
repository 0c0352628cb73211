"""Cases over HTTP: lists, one, opening, acts; and what would help a firm."""

from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, File, Form, Path, Request, UploadFile
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx, settings_of
from app.core import i18n
from app.core.clock import today
from app.core.resource import Resource
from app.firms import queries as firms
from app.firms.api import LIST_PARAMETERS, FirmId
from app.firms.catalogue import Label
from app.firms.schemas import LARGEST_ID
from app.pipeline.document_pages import LARGEST_FORM, largest
from app.support import handover, opening, queries, schemas, service
from app.support.models import SupportCase
from app.support.playbooks import proposals

router = APIRouter(prefix="/api/v1", tags=["support"], route_class=Resource)
CaseId = Annotated[int, Path(ge=1, le=LARGEST_ID)]


@router.get(
    "/cases",
    operation_id="list_cases",
    response_model=schemas.CasePage,
    response_model_exclude_unset=True,
    openapi_extra={"parameters": LIST_PARAMETERS},
)
def list_cases(request: Request, actor: Reader, db: Db) -> Any:
    """Cases of the firms within one's scope, filtered and ordered, a page at a time."""
    return vars(queries.listed(db, actor, request.query_params.multi_items()))


@router.get("/cases/{case_id}", operation_id="get_case")
def get_case(case_id: CaseId, actor: Reader, db: Db) -> schemas.CaseOut:
    """One case with what happened in it."""
    return _out(db, actor, service.get(db, actor, case_id))


def _out(session: Session, actor: Actor, case: SupportCase) -> schemas.CaseOut:
    found = schemas.CaseOut.model_validate(case)
    seen = service.entries(session, actor, case)
    found.entries = [schemas.EntryOut.model_validate(one) for one in seen]
    return found


@router.post("/cases:preview", operation_id="preview_cases")
def preview_cases(body: schemas.PreviewBody, actor: Reader, db: Db) -> schemas.PreviewOut:
    """The cases that opening these would make; nothing is written."""
    found = opening.found(db, actor, body.of, parse_qsl(body.query))
    seen = opening.preview(db, found, body.measure)
    return schemas.PreviewOut(selected=seen.selected, without=seen.without, items=[
        schemas.PlannedOut(
            firm_id=one.firm_id, firm=one.name, measure=one.measure, set_code=one.set_code,
            criteria=one.criteria, reason=one.reason, organisation_id=one.route.organisation_id,
            user_id=one.route.user_id, days=one.route.days,
        )
        for one in seen.cases
    ])  # fmt: skip


@router.post("/cases:open", operation_id="open_cases", status_code=201)
def open_cases(
    request: Request, body: schemas.OpenBody, actor: CurrentActor, tx: Tx
) -> schemas.OpenedOut:
    """Open the cases that the preview showed, all or none."""
    opening.demand_analyst(actor)
    found = opening.found(tx, actor, body.of, parse_qsl(body.query))
    wanted = opening.Wanted(body.measure, body.expected, body.reasons, body.remark or "", body.days,
                            i18n.locale_of(request))  # fmt: skip
    return schemas.OpenedOut(ids=opening.open_cases(tx, actor, found, wanted))


@router.post("/cases/{case_id}/acts", operation_id="act_on_case")
def act_on_case(
    case_id: CaseId, body: schemas.ActBody, actor: CurrentActor, tx: Tx
) -> schemas.CaseOut:
    """Accept, start, hand back, assign, move the date, note or close."""
    case = service.get(tx, actor, case_id)
    what = service.Act(
        body.act, body.text, body.outcome or "", body.firm_sees, body.organisation_id,
        body.user_id, body.due_on,
    )  # fmt: skip
    return _out(tx, actor, service.act(tx, actor, case, body.version, what))


@router.post("/cases/{case_id}/files", operation_id="attach_to_case", status_code=201,
             max_body_size=LARGEST_FORM)  # fmt: skip
def attach_to_case(
    request: Request, case_id: CaseId, actor: CurrentActor, tx: Tx,
    file: Annotated[UploadFile, File(description="PDF, office file or picture")],
    version: Annotated[int, Form(ge=1, le=LARGEST_ID, description="of the case, as it was read")],
) -> schemas.CaseOut:  # fmt: skip
    """Keep a file with a case, among the firm's documents."""
    case = service.get(tx, actor, case_id)
    named = (file.filename or "", file.file)
    service.attach(tx, actor, case, version, named, largest(settings_of(request)))
    return _out(tx, actor, case)


@router.post("/cases:hand-over", operation_id="hand_over_cases")
def hand_over_cases(
    body: schemas.HandoverBody, actor: CurrentActor, tx: Tx
) -> schemas.HandedOverOut:
    """Pass every open case of a person on, all or none."""
    numbers = handover.hand_over(tx, actor, body.leaving, body.to, body.expected)
    return schemas.HandedOverOut(ids=numbers)


@router.get("/firms/{firm_id}/proposals", operation_id="list_proposals")
def list_proposals(firm_id: FirmId, actor: Reader, db: Db) -> schemas.ProposalsOut:
    """The measures that would help a firm, by how many gaps they close and how near those are."""
    firms.get(db, actor, firm_id)
    known = queries.measures(db)
    return schemas.ProposalsOut(items=[
        schemas.ProposalOut(
            measure=one.measure, label=Label(**known[one.measure].label),
            lead=known[one.measure].lead, set_code=one.loaded.policy.code, criteria=one.criteria,
            gap_count=one.gap_count,
        )
        for one in proposals(db, [firm_id], today()).get(firm_id, [])
    ])  # fmt: skip
