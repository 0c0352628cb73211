"""Figures of many firms as one list: what stands, what stood, and what contradicts it."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import BigInteger, Select, case, select, type_coerce
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import Db, Noted, Reader
from app.core.fields import Field, whole_number
from app.core.filters import Sort, Vocabulary, parse
from app.core.paging import Page, page
from app.core.resource import Resource
from app.firms import figure_schemas, queries, schemas
from app.firms.api import LIST_PARAMETERS, note_search, understood
from app.firms.catalogue import INDICATORS
from app.firms.models import SOURCES, Firm, Submission

router = APIRouter(prefix="/api/v1/figures", tags=["figures"], route_class=Resource)
STATES = ("best", "replaced", "conflict", "settled")
STATE = case(
    (Submission.superseded_at.is_not(None), "replaced"),
    (Submission.effective_at.is_not(None), "best"),
    (Submission.settled_at.is_not(None), "settled"),
    else_="conflict",
)
EXPRESSIONS: dict[str, Any] = {
    "id": Submission.id, "firm_id": Submission.firm_id, "credit_code": Firm.credit_code,
    "indicator": Submission.indicator, "year": Submission.year,
    "value": type_coerce(Submission.value, BigInteger), "state": STATE,
    "source": Submission.source, "origin_ref": Submission.origin_ref,
    "recorded_by": Submission.recorded_by, "recorded_at": Submission.recorded_at,
}  # fmt: skip
VOCABULARY = Vocabulary(
    fields={one.name: one for one in (
        Field("id", "number", Submission.id, convert=whole_number),
        Field("firm_id", "number", Submission.firm_id, convert=whole_number),
        Field("credit_code", "text", Firm.credit_code),
        Field("indicator", "choice", Submission.indicator, choices=tuple(INDICATORS)),
        Field("year", "number", Submission.year, convert=whole_number),
        Field("source", "choice", Submission.source, choices=SOURCES),
        Field("state", "choice", STATE, choices=STATES),
    )},
    sorts={"id": Sort(Submission.id), "year": Sort(Submission.year)},
    ordering="id",
    columns=tuple(EXPRESSIONS),
)  # fmt: skip


def listed(session: Session, actor: Actor, params: list[tuple[str, str]]) -> Page:
    """A page of figures in their indicators' units; those that stand, unless `state` is asked."""
    if not any(name.split("__")[0] == "state" for name, _ in params):
        params = [*params, ("state", "best")]
    filters = parse(params, VOCABULARY)
    columns = filters.columns or tuple(EXPRESSIONS)
    query: Select[Any] = (
        select(*(EXPRESSIONS[name].label(name) for name in columns),
               Submission.indicator.label("_of"))
        .join(Firm, Firm.id == Submission.firm_id).where(queries.visible(actor))
    )  # fmt: skip
    found = page(session, query, filters, Submission.id)
    for row in found.items:
        entry = INDICATORS[row.pop("_of")]
        if row.get("value") is not None:
            row["value"] = entry.shown(row["value"])
    return found


@router.get("", operation_id="list_figures", response_model=figure_schemas.FigurePage,
            response_model_exclude_unset=True,
            openapi_extra={"parameters": LIST_PARAMETERS})  # fmt: skip
def list_figures(request: Request, actor: Reader, readings: Noted, db: Db) -> Any:
    """Figures with their provenance, filtered, ordered, a page at a time."""
    params = request.query_params.multi_items()
    found = listed(db, actor, params)
    note_search(readings, "submission", params, found)
    return vars(found)


@router.get("/filters", operation_id="figure_filters")
def figure_filters(actor: Reader) -> schemas.FiltersOut:
    """What the list of figures can be filtered and ordered by."""
    return understood(VOCABULARY)
