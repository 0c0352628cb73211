"""Firm plans (一企一策) over HTTP: the one that stands, every version, the next, documents."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Response
from sqlalchemy.orm import Session

from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core import papers
from app.core.clock import today
from app.core.errors import NotFound
from app.core.resource import Resource
from app.firms import queries as firms
from app.firms.api import NEEDS_VERSION, FirmId, demand_version
from app.firms.models import Firm
from app.support import plans, schemas
from app.support.plan_models import FirmPlan

router = APIRouter(prefix="/api/v1/firms/{firm_id}/plan", tags=["support"], route_class=Resource)
Number = Annotated[int, Path(ge=1, le=32_000)]
Locale = Literal["zh", "en"]
WRITERS = {"docx": (papers.to_docx, papers.DOCX), "pdf": (papers.to_pdf, papers.PDF)}
CONTENT = {media: {"schema": {"type": "string", "format": "binary"}}
           for _, media in WRITERS.values()}  # fmt: skip
FILES: dict[int | str, dict[str, Any]] = {200: {"content": CONTENT}}


@router.get("", operation_id="get_plan")
def get_plan(firm_id: FirmId, response: Response, actor: Reader, db: Db) -> schemas.PlanOut:
    """The version that stands and how far it is; its ETag is needed to make the next one."""
    firms.get(db, actor, firm_id)
    found = plans.latest(db, firm_id)
    if found is None:
        raise NotFound("该企业还没有一企一策 (no plan yet)")
    return _out(db, found, response)


def _out(session: Session, plan: FirmPlan, response: Response) -> schemas.PlanOut:
    response.headers["ETag"] = f'"{plan.number}"'
    how_far = schemas.PlanProgress(**vars(plans.progress(session, plan, today())))
    kept = {name: getattr(plan, name) for name in schemas.PlanOut.model_fields
            if name != "progress"}  # fmt: skip
    return schemas.PlanOut(**kept, progress=how_far)


@router.get("/versions", operation_id="list_plan_versions")
def list_plan_versions(firm_id: FirmId, actor: Reader, db: Db) -> schemas.PlanVersionsOut:
    """Every version, the latest first."""
    firms.get(db, actor, firm_id)
    return schemas.PlanVersionsOut(items=[
        schemas.PlanVersion.model_validate(one) for one in plans.versions(db, firm_id)
    ])  # fmt: skip


@router.get("/versions/{number}.{kind}", operation_id="get_plan_document",
            response_class=Response, responses=FILES)  # fmt: skip
def get_plan_document(
    firm_id: FirmId, number: Number, kind: Literal["docx", "pdf"], actor: Reader, db: Db,
    locale: Locale = "zh",
) -> Response:  # fmt: skip
    """One version as a document to be signed."""
    firm = firms.get(db, actor, firm_id)
    return document(db, firm, plans.get(db, firm_id, number), kind, locale)


@router.get("/versions/{number}", operation_id="get_plan_version")
def get_plan_version(
    firm_id: FirmId, number: Number, response: Response, actor: Reader, db: Db
) -> schemas.PlanOut:
    """One version, and how far it would be today."""
    firms.get(db, actor, firm_id)
    return _out(db, plans.get(db, firm_id, number), response)


@router.put("", operation_id="put_plan", status_code=201, responses=NEEDS_VERSION)
def put_plan(
    firm_id: FirmId, body: schemas.PlanIn, response: Response, actor: CurrentActor, tx: Tx,
    if_match: Annotated[str | None, Header()] = None,
) -> schemas.PlanOut:  # fmt: skip
    """Make the next version; the first one with `If-Match: "0"`. The old ones stay as they were."""
    firm = firms.get(tx, actor, firm_id)
    before = plans.latest(tx, firm_id)
    number = before.number if before else 0
    demand_version(if_match, number, lambda _given: plans.stale(number))
    items = {one.measure: one.by for one in body.items}
    goal = plans.Goal(body.goal_rung, body.goal_on, items, body.note or "", body.agreed_on,
                      body.agreed_with or "")  # fmt: skip
    return _out(tx, plans.make(tx, actor, firm, goal, number), response)


def document(db: Session, firm: Firm, plan: FirmPlan, kind: str, locale: str) -> Response:
    """A plan as a file to download."""
    write, media = WRITERS[kind]
    said = f'attachment; filename="firm-plan-{firm.id}-{plan.number}.{kind}"'
    return Response(write(plans.paper(db, firm, plan, locale)), media_type=media,
                    headers={"Content-Disposition": said})  # fmt: skip
