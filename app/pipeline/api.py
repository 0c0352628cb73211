"""The engine over HTTP: pool, funnel, assessment, what-if, and the changes that re-assess a firm.

A route lives in the highest package it calls: what changes a firm is here because the firm is held
against the criteria anew in the same transaction.
"""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import CurrentActor, Db, Noted, Reader, Tx
from app.core.clock import today
from app.core.errors import Invalid, Stale
from app.core.fields import nearest
from app.core.resource import Resource, written
from app.criteria.api import router as criteria
from app.criteria.models import CriteriaSet
from app.firms import queries as firms
from app.firms import reporting, service
from app.firms.api import (
    LIST_PARAMETERS,
    NEEDS_VERSION,
    SEARCH,
    VIEW,
    FirmId,
    demand_version,
    detail,
    note_search,
    tag,
    understood,
)
from app.firms.schemas import LARGEST_ID, FiltersOut, FirmDetail, FirmPatch
from app.pipeline import pool, schemas
from app.pipeline.fields import vocabulary
from app.pipeline.judging import check_criterion, judged
from app.pipeline.queries import explain
from app.pipeline.service import assess
from app.views import service as views

router = APIRouter(prefix="/api/v1", tags=["pipeline"], route_class=Resource)
router.include_router(criteria)

SET = {
    "name": "set",
    "in": "query",
    "required": False,
    "schema": {"type": "string"},
    "description": "Code of a criteria set in force; else that of the certified rung.",
}


@router.get(
    "/pool",
    operation_id="list_pool",
    response_model=schemas.PoolPage,
    openapi_extra={"parameters": [SET, SEARCH, VIEW, *LIST_PARAMETERS]},
)
def list_pool(request: Request, actor: Reader, readings: Noted, db: Db) -> Response:
    """Firms beside one criteria set: who is how far, filtered and ordered by what is missing."""
    params = views.asked(db, actor, "pool", request.query_params.multi_items())
    found = pool.listing(db, actor, params)
    note_search(readings, "pool", params, found)
    return written(vars(found))


@router.get("/pool/filters", operation_id="pool_filters", openapi_extra={"parameters": [SET]})
def pool_filters(request: Request, actor: Reader, db: Db) -> FiltersOut:
    """What the pool of one criteria set can be filtered and ordered by."""
    loaded = pool.chosen_set(db, request.query_params.multi_items(), today())
    return understood(vocabulary(db, loaded, today()))


@router.get("/funnel", operation_id="get_funnel")
def get_funnel(
    query: Annotated[schemas.FunnelQuery, Query()], actor: Reader, db: Db
) -> schemas.Funnel:
    """Firms by rung, within the actor's scope."""
    day = query.as_of or today()
    rungs = firms.funnel(db, actor, day)
    return schemas.Funnel(as_of=day, rungs=rungs, total=sum(rungs.values()))


@router.get("/firms/{firm_id}/assessment", operation_id="get_assessment")
def get_assessment(
    firm_id: FirmId, query: Annotated[schemas.AssessmentQuery, Query()], actor: Reader, db: Db
) -> schemas.Assessment:
    """One firm criterion by criterion, on any day, with what had been recorded by any instant."""
    firms.get(db, actor, firm_id)
    day = query.as_of or today()
    codes = _known_codes(db, query.sets)
    found = explain(db, firm_id, day, codes=codes, known=query.known_at)
    return schemas.Assessment(firm_id=firm_id, as_of=day, sets=found)


@router.post("/firms/{firm_id}/what-if", operation_id="what_if")
def what_if(firm_id: FirmId, body: schemas.WhatIfBody, actor: Reader, db: Db) -> schemas.Assessment:
    """The same with some figures, judgements or the date replaced; nothing is written."""
    firms.get(db, actor, firm_id)
    codes = _known_codes(db, body.sets)
    supposed = body.supposed(set(judged(db)) if body.judgements else set())
    day = body.as_of or today()
    found = explain(db, firm_id, day, codes=codes, what_if=supposed)
    return schemas.Assessment(firm_id=firm_id, as_of=day, sets=found)


def _known_codes(session: Session, codes: list[str]) -> list[str] | None:
    """The sets asked for, each once; Invalid names the nearest right one. None: those in force."""
    if not codes:
        return None
    known = list(session.scalars(select(CriteriaSet.code).order_by(CriteriaSet.id)))
    for code in codes:
        if code not in known:
            wrong = f"没有条件版本 {code} (unknown criteria set)" + nearest(code, known)
            raise Invalid(f"set: {wrong}", errors=[{"parameter": "set", "detail": wrong}])
    return list(dict.fromkeys(codes))


# --- changes ------------------------------------------------------------------------------------


@router.patch("/firms/{firm_id}", operation_id="change_firm", responses=NEEDS_VERSION)
def change_firm(
    firm_id: FirmId,
    body: FirmPatch,
    response: Response,
    actor: CurrentActor,
    tx: Tx,
    if_match: Annotated[str | None, Header()] = None,
) -> FirmDetail:
    """Change a firm's own record; `If-Match` names the version that was read."""
    actor.require("firms:write")
    firm = firms.get(tx, actor, firm_id)

    def stale(given: str) -> Stale:
        current = detail(tx, firm).model_dump(mode="json")
        return Stale(
            f'企业记录现为 "{firm.version}"，与 If-Match {given} 不符：请取回最新版再改 '
            "(changed meanwhile: read it again)",
            current=current,
        )

    demand_version(if_match, firm.version, stale)
    changes = body.model_dump(exclude_unset=True)
    service.update(tx, actor, firm, changes, firm.version)
    _assess(tx, firm_id)
    tag(response, firm)
    return detail(tx, firm)


@router.put("/firms/{firm_id}/judgements/{criterion}", operation_id="judge")
def judge(
    firm_id: FirmId,
    criterion: Annotated[str, Path(pattern=r"^[a-z][a-z0-9_.]{0,99}$")],
    body: schemas.JudgementBody,
    actor: CurrentActor,
    tx: Tx,
) -> schemas.JudgementOut:
    """Record what a person found where a criterion asks for judgement."""
    actor.require("firms:write")
    firm = firms.get(tx, actor, firm_id)
    check_criterion(tx, criterion)
    row = service.judge(tx, actor, firm, criterion, body.said, body.evidence)
    _assess(tx, firm_id)
    return schemas.JudgementOut(
        **{name: getattr(row, name) for name in schemas.JudgementOut.model_fields}
    )


@router.put("/conflicts/{submission_id}", operation_id="settle_conflict", status_code=204)
def settle_conflict(
    submission_id: Annotated[int, Path(ge=1, le=LARGEST_ID)],
    body: schemas.SettleBody,
    actor: CurrentActor,
    tx: Tx,
) -> None:
    """Decide which of two contradicting figures stands."""
    actor.require("figures:write")
    row = reporting.settle(tx, actor, submission_id, accept=body.accept, reason=body.reason)
    _assess(tx, row.firm_id)


def _assess(session: Session, firm_id: int) -> None:
    assess(session, [firm_id], today())
