"""The trail over HTTP: a firm's history for whoever sees the firm, everything for the auditor."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse

from app.accounts.auth import Auditor, Db, Noted, Reader, reading
from app.audit.queries import counted
from app.core import i18n
from app.core.filters import parse
from app.core.resource import Resource
from app.firms import queries as firms
from app.firms.api import LIST_PARAMETERS, FirmId, understood
from app.firms.schemas import FiltersOut
from app.pipeline import trail_queries
from app.pipeline.trail_schemas import EntryPage, HistoryPage, RowPage

router = APIRouter(prefix="/api/v1", tags=["audit"], route_class=Resource)
# Acts are shown whole.
PARAMETERS = [one for one in LIST_PARAMETERS if one["name"] != "fields"]
EntryId = Annotated[int, Path(ge=1, lt=2**63)]
After = Annotated[int, Query(ge=0, lt=2**62)]


@router.get(
    "/firms/{firm_id}/history",
    operation_id="get_history",
    response_model=HistoryPage,
    openapi_extra={"parameters": PARAMETERS},
)
def get_history(request: Request, firm_id: FirmId, actor: Reader, db: Db) -> Any:
    """What was done to a firm and all that belongs to it: who, when, before and after."""
    firms.get(db, actor, firm_id)
    return vars(trail_queries.history(db, firm_id, request.query_params.multi_items()))


@router.get(
    "/audit",
    operation_id="list_audit",
    response_model=EntryPage,
    openapi_extra={"parameters": PARAMETERS},
)
def list_audit(request: Request, actor: Auditor, db: Db) -> Any:
    """The trail, filtered, newest first; each act with its first rows."""
    return vars(trail_queries.entries(db, request.query_params.multi_items()))


@router.get("/audit/filters", operation_id="audit_filters")
def audit_filters(actor: Auditor, db: Db) -> FiltersOut:
    """What the trail can be filtered by."""
    return understood(trail_queries.vocabulary(db))


@router.get(
    "/audit/export",
    operation_id="export_audit",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    openapi_extra={"parameters": PARAMETERS},
)
def export_audit(request: Request, actor: Auditor, readings: Noted, db: Db) -> StreamingResponse:
    """The same as CSV, a line per changed row; the export is itself noted."""
    return exported(request, readings, db)


@router.get("/audit/{entry_id}", operation_id="get_audit_entry")
def get_audit_entry(entry_id: EntryId, actor: Auditor, db: Db, after: After = 0) -> RowPage:
    """One act with its rows, a hundred at a time: `next` is the following `after`."""
    item, following = trail_queries.entry(db, entry_id, after)
    return RowPage.model_validate({"entry": item, "next": following})


def exported(request: Request, readings: Noted, db: Db) -> StreamingResponse:
    """An export in the reader's language; its own transaction reads while it is sent."""
    params = [(k, v) for k, v in request.query_params.multi_items() if v != ""]
    filters = parse(params, trail_queries.vocabulary(db))
    readings.note("audit", purpose="export", filter=trail_queries.asked(params),
                  row_count=counted(db, filters))  # fmt: skip

    def sent() -> Any:
        with reading(request) as session:
            yield from trail_queries.lines(session, filters, i18n.locale_of(request))

    headers = {"content-disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(sent(), media_type="text/csv; charset=utf-8", headers=headers)
